"""Losses: which can be compared with one another, and which is that of doing nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.formulas.metrics import LOSS, METRICS
from harness.store.expressions import both, has

if TYPE_CHECKING:
    from harness.views.results import Results

UNLIKE = ("loss",)
"""Settings whose values measure losses differently: a least loss, or a median, over several of them says nothing."""
FIRST = "first_loss"
"""The loss that a row's own is held against. Tables of an earlier version do not have it."""
NOTHING = 1e-12
"""A loss of this or less is none: what remains is rounding."""
SAMPLE = 1_000_000
"""The most first losses, at equal distances in the table, of which the median is taken."""


def unlike(swept: Iterable[str]) -> tuple[str, ...]:
    """Which columns of swept parameters make the losses of their rows unlike; rows are compared within a value of each.

    swept: the names of the table's parameters, such as `Results.swept`, `Results.axes` or `Experiment.swept`.
    """
    return tuple(name for name in swept if name in UNLIKE)


def kinds(results: Results) -> list[dict[str, Any]]:
    """Each combination of settings whose losses can be compared: one without any where all losses are alike."""
    names = unlike(results.axes)
    return [dict(zip(names, values, strict=True)) for values in product(*(results.axes[name].values for name in names))]


def curve_losses(results: Results) -> list[str]:
    """The metrics of the loss curves that are losses. Raises `StoreError` if no curves were recorded."""
    return [column.name for column in results.curve_metrics if column.unit == LOSS]


def what_of(name: str) -> str:
    """What a legend calls a metric: least, mean, greatest; one of another version by its name."""
    return METRICS[name].what if name in METRICS else name


def idle_loss(results: Results, where: Mapping[str, Any]) -> float | None:
    """The loss of doing nothing: the median of the first epochs' mean losses of all rows with these values.

    In every picture, colours and scales end there. Rows that diverged later count as well. None if there are none, or
    none above `NOTHING`. Tables without the column `first_loss` have them where they have rows of one epoch.
    """
    epochs = results.axes.get("epochs")
    if FIRST in results.runs.schema.names:
        column, held = FIRST, dict(where)
    elif epochs is not None and 1 in epochs.values:
        column, held = "loss_mean", {**where, "epochs": 1}
    else:
        return None
    chosen, every = results.filter(held), -(-results.rows // SAMPLE)
    only = both(has(column), chosen)
    found = [table[column].to_numpy()[::every].copy() for table in results.tables([column], only)]
    losses = np.concatenate([np.empty(0), *found]).astype(float)
    middle = float(np.median(losses)) if len(losses) else 0.0
    return middle if middle > NOTHING else None
