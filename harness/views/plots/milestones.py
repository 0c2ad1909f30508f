"""When training was stopped, and which epoch was the best, as far as the table has columns that say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from harness.store.expressions import among
from harness.store.reading import to_frame
from harness.store.tables import together
from harness.views.results import Results

COLUMNS = {"best_epoch": ("best epoch", ":"), "stopped_epoch": ("stopped", "-.")}
"""Columns of epochs, NULL where a run has none: what the legend calls each, and its line."""
Milestones = Mapping[str, NDArray[np.float64]]
"""Column -> the epochs of the runs that have one."""


def milestones_of(results: Results, runs: NDArray[np.int64]) -> Milestones:
    """What the last rows of these runs say of each of the `COLUMNS`; nothing of those that the table does not have."""
    names = [name for name in COLUMNS if name in results.runs.schema.names]
    if not names:
        return {}
    rows = to_frame(together(results.tables(["run", "epochs", *names], among("run", runs))))
    last = rows.sort_values("epochs").drop_duplicates("run", keep="last")
    found = {name: last[name].dropna().to_numpy(float) for name in names}
    return {name: epochs for name, epochs in found.items() if len(epochs)}


def mark(axes: Axes, milestones: Milestones) -> dict[str, Any]:
    """Draw a line at each epoch, of several runs at their median; return them by their columns, for a legend."""
    drawn = {}
    for name, epochs in milestones.items():
        label, dash = COLUMNS[name]
        text = f"{label} (median)" if len(epochs) > 1 else label
        drawn[name] = axes.axvline(float(np.median(epochs)), color="0.25", linestyle=dash, label=text, gid=name)
    return drawn
