"""The map: two axes of the grid, colour the loss; what settled and what diverged at a glance, with its boundary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from harness.block import Status
from harness.views.plots import style
from harness.views.plots.asked import Asked
from harness.views.plots.scales import codes, scale_of
from harness.views.results import Axis

MOST = 400
"""Cells along one axis; of more values, each cell has several."""
LABELS = [status.label for status in Status]
GREATEST = 1e3
"""Losses beyond are drawn like it: those of runs on their way to infinity would take all of the colours."""


@dataclass(frozen=True)
class Cells:
    """(Y, X) of each cell: the median, the commonest status (-1 for no row). rows: the most in one."""

    median: NDArray[np.float64]
    status: NDArray[np.int64]
    rows: int

    def has(self, status: Status) -> NDArray[np.bool_]:
        return np.asarray(self.status == status)


def map_of(asked: Asked) -> Figure:
    """Colour over x and y: the median where a cell holds several rows. Raises `HarnessError`."""
    taken = [name for name in (asked.x, asked.y) if name]
    x = asked.pick(asked.x, *taken)
    y = asked.pick(asked.y, x.name, *taken)
    colour = asked.color or "loss_mean"
    asked.results.column(colour)
    frame = asked.frame([x.name, y.name, colour, "status"])
    x, y = shortened(x), shortened(y)
    cells = gathered(frame, x, y, colour)
    made = style.figure()
    axes = made.subplots()
    mesh = axes.pcolormesh(
        scale_of(x).edges, scale_of(y).edges, shades(cells, colour), cmap=style.LOSSES, norm=norm(cells, colour)
    )
    made.colorbar(mesh, ax=axes, label=colour.replace("_", " "), extend="both" if colour.startswith("loss") else None)
    handles = overlay(axes, cells, x, y)
    for scale, which in ((scale_of(x), "x"), (scale_of(y), "y")):
        scale.show(axes, which)
    style.legend(made, handles)
    several = ", ".join(asked.free(x.name, y.name))
    many = [f"each cell the median and the commonest status of up to {cells.rows:,} rows"] if cells.rows > 1 else []
    asked.caption(made, *many, *([f"over {several}"] if several and many else []))
    return made


def shortened(axis: Axis) -> Axis:
    """An axis of at most `MOST` values, at equal distances."""
    if len(axis.values) <= MOST:
        return axis
    kept = np.unique(np.linspace(0, len(axis.values) - 1, MOST).round().astype(int))
    return Axis(axis.column, axis.values[kept])


def gathered(frame: pd.DataFrame, x: Axis, y: Axis, colour: str) -> Cells:
    """The rows of each cell together; those of values that have no cell go to the nearest."""
    at = nearest(frame[y.name], y) * len(x.values) + nearest(frame[x.name], x)
    there = at >= 0
    size = len(x.values) * len(y.values)
    status = pd.Categorical(frame["status"].astype(str), LABELS).codes.astype(np.int64)
    tally = np.bincount(at[there] * len(LABELS) + status[there], minlength=size * len(LABELS)).reshape(size, -1)
    commonest = np.where(tally.sum(axis=1) > 0, tally.argmax(axis=1), -1)
    medians = np.full(size, np.nan)
    found = frame[colour][there].astype(float).groupby(at[there]).median()
    medians[found.index] = found
    shape = (len(y.values), len(x.values))
    return Cells(medians.reshape(shape), commonest.reshape(shape), int(tally.sum(axis=1).max()))


def nearest(column: Any, axis: Axis) -> NDArray[np.int64]:
    """The position of the nearest value on the axis, far below 0 for NULL."""
    if not axis.numeric:
        return np.where((found := codes(axis, column)) >= 0, found, -(2**40))
    values = column.to_numpy(float)
    middles = scale_of(axis).edges[1:-1] if scale_of(axis).kind != "steps" else (axis.values[1:] + axis.values[:-1]) / 2
    return np.where(np.isnan(values), -(2**40), np.searchsorted(middles, values))


def norm(cells: Cells, colour: str) -> Normalize:
    """Logarithmic for losses, without the few that are extreme."""
    if "loss" not in colour:
        return Normalize()
    there = cells.median[~cells.has(Status.DIVERGED) & (cells.median > 0)]
    if not len(there):
        return LogNorm(0.1, 10)
    low, high = np.quantile(there, [0.02, 0.98])
    high = max(min(high, GREATEST), float(np.median(there)))
    return LogNorm(low, max(high, low * 1.1))


def shades(cells: Cells, colour: str) -> Any:
    """What is coloured: a loss of none, once some runs of a cell diverged, is not; one of 0 is drawn as the least."""
    if "loss" not in colour:
        return np.ma.masked_invalid(cells.median)
    least = norm(cells, colour).vmin or 0.0
    return np.ma.masked_where(cells.has(Status.DIVERGED) | np.isnan(cells.median), np.maximum(cells.median, least / 2))


def overlay(axes: Axes, cells: Cells, x: Axis, y: Axis) -> list[Any]:
    """Draw what diverged and what settled over the colours; return what the legend says of it."""
    across, up = (np.repeat(scale_of(axis).edges, 2)[1:-1] for axis in (x, y))
    handles: list[Any] = []
    diverged, settled = cells.has(Status.DIVERGED), cells.has(Status.SETTLED)
    for status, mask in ((Status.DIVERGED.label, diverged), (Status.SETTLED.label, settled)):
        if mask.any():
            flat = ListedColormap([style.COLOURS[status]])
            if status == Status.DIVERGED.label:
                axes.pcolormesh(scale_of(x).edges, scale_of(y).edges, np.ma.masked_where(~mask, mask), cmap=flat)
            wide = mask.repeat(2, axis=0).repeat(2, axis=1).astype(float)
            hatched = axes.contourf(across, up, wide, [0.5, 1.5], colors="none", hatches=[style.HATCHES[status]])
            hatched.set_edgecolor("white")
            hatched.set_linewidth(0)
            handles.append(style.patch(status))
            if not mask.all():
                axes.contour(across, up, wide, [0.5], colors="black", linewidths=1.4)
    if handles and not (diverged.all() or settled.all()):
        handles.append(Line2D([], [], color="black", linewidth=1.4, label="boundary"))
    return handles
