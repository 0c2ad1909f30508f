"""A finished sweep in a few lines: how its runs ended, what was spared, and the rows of least training loss."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.network.runs import Status
from harness.store.expressions import both, equal
from harness.store.place import Place
from harness.store.reading import dataset, pieces, table_of
from harness.views.losses import FIRST, unlike

if TYPE_CHECKING:
    import pyarrow as pa


def percent(count: int, rows: int) -> str:
    """A number of rows as a share of all, to 0.1 %; a number above none is never shown as 0 %."""
    share = count / max(rows, 1)
    return "under 0.1%" if 0 < share < 0.0005 else f"{share:.1%}"


def spared(steps: int, asked: int) -> str:
    """The share of the steps asked for that was not run, rounded down, so that a few steps never seem to be none."""
    share = 100 * (asked - steps) // asked
    return f"{share}%" if share or steps == asked else "under 1%"


@dataclass(frozen=True)
class Summary:
    """statuses: rows by label. grew: rows that end above the loss of their run's first epoch, or None if the table does
    not tell. least: the row of least mean training loss (the first of several) among those that did not grow; where
    losses are unlike, the row of each kind.
    """

    statuses: Mapping[str, int]
    grew: int | None
    least: tuple[Mapping[str, Any], ...]


def summarise(place: Place, parameters: Iterable[str] | None = None) -> Summary:
    """Read a folder's statuses and its best rows, a piece at a time. Raises `StoreError` if there are no results.

    parameters: the swept ones, which the rows of least loss show; None if nobody looks for these rows.
    """
    found, shown = dataset(place, "runs"), tuple(parameters or ())
    kinds, told = unlike(shown), FIRST in found.schema.names
    counts: Counter[str] = Counter()
    grew, least = 0, dict[tuple[Any, ...], tuple[float, int, Any]]()
    for part in pieces(found):  # one after the other: a scan reads ahead, hundreds of megabytes
        table = table_of(part, ["config", "status", "loss_mean", *kinds, *([FIRST] if told else [])])
        for entry in table["status"].cast("string").value_counts().to_pylist():
            counts[entry["values"]] += entry["counts"]
        if told:
            more = table["loss_mean"].to_numpy() > table[FIRST].to_numpy()  # never where there is no loss
            grew += int(more.sum())
            table = table.filter(~more)
        for kind, loss, config in _least(table, kinds) if parameters is not None else ():
            least[kind] = min(least.get(kind, (loss, config, part)), (loss, config, part), key=lambda one: one[:2])
    rows = [_row(part, config, shown) for _, config, part in least.values()]
    may_stop = "stopped_epoch" in found.schema.names
    statuses = {status.label: counts[status.label] for status in Status if may_stop or status != Status.STOPPED}
    return Summary(statuses, grew if told else None, tuple(rows))


def _least(table: pa.Table, kinds: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], float, int]]:
    """For each kind of loss that has a number: (its values, the least mean loss, the first row that has it)."""
    for name in kinds:
        table = table.set_column(table.schema.get_field_index(name), name, table[name].cast("string"))
    losses = table.select([*kinds, "loss_mean", "config"]).drop_null()
    for row in losses.group_by(list(kinds)).aggregate([("loss_mean", "min")]).to_pylist():
        alike = (equal(name, row[name]) for name in kinds)
        configs = losses.filter(both(equal("loss_mean", row["loss_mean_min"]), *alike))["config"]
        if len(configs):
            yield tuple(row[name] for name in kinds), row["loss_mean_min"], int(configs.to_numpy().min())


def _row(part: Any, config: int, parameters: tuple[str, ...]) -> Mapping[str, Any]:
    columns = ["config", "loss_mean", *parameters, "repeat"]
    return dict(table_of(part, columns, equal("config", config)).to_pylist()[0])
