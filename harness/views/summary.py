"""The end of a sweep in a few lines: how many runs settled, ran and diverged, and the best row."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from harness.block import Status
from harness.store.places import Place
from harness.store.reading import dataset

UNLIKE = ("loss",)
"""Settings whose values measure losses differently: a least loss, or a median, over several of them says nothing."""


def unlike(swept: Iterable[str]) -> tuple[str, ...]:
    """Which columns of swept parameters make the losses of their rows unlike; rows are compared within a value of each.

    swept: the names of the table's parameters, such as `Results.swept`, `Results.axes` or `Experiment.swept`.
    """
    return tuple(name for name in swept if name in UNLIKE)


@dataclass(frozen=True)
class Summary:
    """statuses: rows by label. best: the row with the least mean loss (the first of them), or None if none has any."""

    statuses: Mapping[str, int]
    best: Mapping[str, Any] | None


def summarise(place: Place, parameters: tuple[str, ...]) -> Summary:
    """Read a folder's statuses and its best row, one part at a time. parameters: the swept ones."""
    found = dataset(place, "runs")
    counts: Counter[str] = Counter()
    best: tuple[float, int, Any] = (math.inf, 0, None)
    for part in found.get_fragments():  # one after the other: a scan reads ahead, hundreds of megabytes
        table = part.to_table(columns=["config", "status", "loss_mean"])
        for entry in pc.value_counts(table["status"].cast("string")).to_pylist():
            counts[entry["values"]] += entry["counts"]
        least = pc.min(table["loss_mean"])
        if least.is_valid:
            config = pc.min(table["config"].filter(pc.equal(table["loss_mean"], least))).as_py()
            best = min(best, (least.as_py(), config, part), key=lambda one: one[:2])
    statuses = {status.label: counts[status.label] for status in Status}
    if best[2] is None:
        return Summary(statuses, None)
    columns = ["config", "loss_mean", *parameters, "repeat"]
    (row,) = best[2].to_table(columns=columns, filter=pc.field("config") == best[1]).to_pylist()
    return Summary(statuses, row)
