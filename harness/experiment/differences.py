"""How an experiment differs from the one that was trained, where that leaves nothing of its results to keep."""

from __future__ import annotations

import numpy as np

from harness.experiment.errors import count, found, shorten
from harness.experiment.model import Experiment

SHOWN = 12
"""Columns that a message names."""
SHARED = {
    "seed": "seed",
    "record_weights": "record.weights",
    "losses_every": "record.losses",
    "metrics": "record.metrics",
    "monitoring": "training.stop, record.epochs_to or kind of record.weights",
    "predictions": "record.predictions",
}
"""What all runs of an experiment share beside the data, and what the file calls it."""


def unlike(before: Experiment, now: Experiment) -> str | None:
    """Why no run of one experiment can be one of the other, in words; None if some may be."""
    if before.data.digest() != now.data.digest():
        return f"made from other data ({_data(before, now)})"
    for name, key in SHARED.items():
        if getattr(before, name) != getattr(now, name):
            return f"made with another {key}"
    return None


def _data(before: Experiment, now: Experiment) -> str:
    """Where the data of two experiments differ: columns, the number of rows, or numbers."""
    tables = [np.hstack([one.data.inputs, one.data.targets]) for one in (before, now)]
    (was, _), (rows, columns) = tables[0].shape, tables[1].shape
    if before.columns != now.columns or tables[0].shape[1] != columns:
        return f"{_columns(before)} then, {_columns(now)} now"
    if was != rows:
        return f"{count(was, 'row')} then, {rows:,} now"
    if before.data.inputs.shape != now.data.inputs.shape:
        return f"{count(before.data.inputs.shape[1], 'input')} then, {now.data.inputs.shape[1]} now"
    other = np.argwhere(tables[0].view(np.int64) != tables[1].view(np.int64))
    if not len(other):
        renamed = before.data.classes != now.data.classes
        return "classes of other names" if renamed else "other rows in their parts, by data.split"
    row, column = other[0]
    name = f"column '{shorten(now.columns[column])}'" if now.columns else f"number {column + 1}"
    values = (found(float(table[row, column])) for table in tables)
    more = f", and {count(len(other) - 1, 'more number')} differ" if len(other) > 1 else ""
    return f"row {row + 1}, {name}: {' then, '.join(values)} now{more}"


def _columns(experiment: Experiment) -> str:
    names = experiment.columns
    if not names:
        return count(experiment.data.inputs.shape[1] + experiment.data.targets.shape[1], "column")
    return f"columns {', '.join(map(shorten, names[:SHOWN]))}{', ..' if len(names) > SHOWN else ''}"
