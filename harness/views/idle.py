"""What doing nothing costs: the loss above which, in every picture, colours and scales end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow.compute as pc

from harness.views.report.summary import FIRST
from harness.views.results import Results

NOTHING = 1e-12
"""A loss of this or less is none: what remains is rounding."""
SAMPLE = 1_000_000
"""The most first losses, at equal distances in the table, of which the median is taken."""


def idle_loss(results: Results, where: Mapping[str, Any]) -> float | None:
    """The loss of doing nothing: the median of the first epochs' mean losses of all rows with these values.

    Rows that diverged later count as well. None if there are none, or none above `NOTHING`. Tables without the column
    `first_loss` have them where they have rows of one epoch.
    """
    epochs = results.axes.get("epochs")
    if FIRST in results.runs.schema.names:
        column, held = FIRST, dict(where)
    elif epochs is not None and 1 in epochs.values:
        column, held = "loss_mean", {**where, "epochs": 1}
    else:
        return None
    chosen, every = results.filter(held), -(-results.rows // SAMPLE)
    valid = pc.field(column).is_valid()
    only = valid if chosen is None else valid & chosen
    found = [table[column].to_numpy()[::every].copy() for table in results.tables([column], only)]
    losses = np.concatenate([np.empty(0), *found]).astype(float)
    middle = float(np.median(losses)) if len(losses) else 0.0
    return middle if middle > NOTHING else None
