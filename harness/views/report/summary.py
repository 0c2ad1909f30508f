"""A finished sweep in a few lines: how its runs ended, what was spared, and the rows of least training loss."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from harness.network.runs import Status
from harness.store.place import Place
from harness.store.reading import dataset, pieces, table_of
from harness.views.losses import FIRST, unlike


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


def summarise(place: Place, parameters: Iterable[str]) -> Summary:
    """Read a folder's statuses and its best rows, a piece at a time. parameters: the swept ones, which a row shows.

    Raises `StoreError` if there are no results.
    """
    found, parameters = dataset(place, "runs"), tuple(parameters)
    kinds, told = unlike(parameters), FIRST in found.schema.names
    counts: Counter[str] = Counter()
    grew, least = 0, dict[tuple[Any, ...], tuple[float, int, Any]]()
    for part in pieces(found):  # one after the other: a scan reads ahead, hundreds of megabytes
        table = table_of(part, ["config", "status", "loss_mean", *kinds, *([FIRST] if told else [])])
        for entry in pc.value_counts(table["status"].cast("string")).to_pylist():
            counts[entry["values"]] += entry["counts"]
        if told:
            more = pc.fill_null(pc.greater(table["loss_mean"], table[FIRST]), False)
            grew += pc.sum(more).as_py() or 0
            table = table.filter(pc.invert(more))
        for kind, loss, config in _least(table, kinds):
            least[kind] = min(least.get(kind, (loss, config, part)), (loss, config, part), key=lambda one: one[:2])
    rows = [_row(part, config, parameters) for _, config, part in least.values()]
    statuses = {status.label: counts[status.label] for status in Status}
    return Summary(statuses, grew if told else None, tuple(rows))


def _least(table: pa.Table, kinds: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], float, int]]:
    """For each kind of loss that has a number: (its values, the least mean loss, the first row that has it)."""
    labels = {name: table[name].cast("string") for name in kinds}
    losses = pa.table({**labels, "loss_mean": table["loss_mean"], "config": table["config"]}).drop_null()
    for row in losses.group_by(list(kinds)).aggregate([("loss_mean", "min")]).to_pylist():
        here = pc.equal(losses["loss_mean"], row["loss_mean_min"])
        for name in kinds:
            here = pc.and_(here, pc.equal(losses[name], row[name]))
        config = pc.min(losses["config"].filter(here)).as_py()
        if config is not None:
            yield tuple(row[name] for name in kinds), row["loss_mean_min"], config


def _row(part: Any, config: int, parameters: tuple[str, ...]) -> Mapping[str, Any]:
    columns = ["config", "loss_mean", *parameters, "repeat"]
    return dict(table_of(part, columns, pc.field("config") == config).to_pylist()[0])
