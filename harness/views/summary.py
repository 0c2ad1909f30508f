"""The end of a sweep in a few lines: how many runs settled, ran and diverged, and the best row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from harness.block import Status
from harness.store.folder import load


@dataclass(frozen=True)
class Summary:
    """statuses: rows by label. best: the row with the least mean loss (the first of them), or None if none has any."""

    statuses: Mapping[str, int]
    best: Mapping[str, Any] | None


def summarise(folder: str, parameters: tuple[str, ...]) -> Summary:
    """Read a folder's statuses and its best row. parameters: the swept ones."""
    table = load(folder, ["config", "status", "loss_mean"])
    counted = {
        entry["values"]: entry["counts"] for entry in pc.value_counts(table["status"].cast("string")).to_pylist()
    }
    statuses = {status.label: counted.get(status.label, 0) for status in Status}
    least = pc.min(table["loss_mean"])
    if not least.is_valid:
        return Summary(statuses, None)
    config = pc.min(table.filter(pc.equal(table["loss_mean"], least))["config"]).as_py()
    row = load(folder, ["config", "loss_mean", *parameters, "repeat"]).filter(pc.field("config") == config)
    return Summary(statuses, row.to_pylist()[0])
