"""The map: two axes of the grid, colour the loss; what settled and what diverged at a glance, with its boundary."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from harness.block import Status
from harness.errors import HarnessError
from harness.views.plots import style
from harness.views.plots.asked import Asked
from harness.views.plots.scales import Scale, codes, grouped, nearest, present, scale_of
from harness.views.results import Axis

EVEN = 3.0
"""Values that lie more unevenly have cells of one size."""
LABELS = [status.label for status in Status]
GREATEST = 1e3
"""Losses beyond are drawn like it: those of runs on their way to infinity would take all of the colours."""
INNER = [0.02, 0.98]
"""The quantiles that the colours span."""
KEPT = ("diverged_epoch", "last_finite_loss")
"""Of runs that diverged these are drawn, for they are about them."""
LIGHT = 0.5
"""Of the colours, those on which marks are black."""


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
    x = asked.pick(asked.x, *([asked.y] if asked.y and not asked.x else []))
    y = asked.beside(x.name, asked.y)
    frame = asked.frame([x.name, y.name, asked.colour, "status"])
    frame = frame[frame[asked.colour].notna() | (frame["status"] == Status.DIVERGED.label)]
    if frame.empty:
        raise HarnessError(f"{asked.results.folder}: no row has a {asked.title}")
    across, up = (scale_of(present(axis, frame[axis.name]), EVEN) for axis in (x, y))
    cells = gathered(frame, across.axis, up.axis, asked.colour)
    if asked.colour not in KEPT:
        cells = replace(cells, median=np.where(cells.has(Status.DIVERGED), np.nan, cells.median))
    made = style.figure()
    axes = made.subplots()
    axes.set_facecolor(style.NONE)
    handles = _colours(made, axes, cells, (across, up), asked)
    handles += overlay(axes, cells, (across, up))
    across.show(axes, "x")
    up.show(axes, "y")
    style.legend(made, handles)
    several = f"each cell the median, and the commonest status, of up to {cells.rows:,} rows"
    many = [" ".join([several, *asked.over(x.name, y.name)])] if cells.rows > 1 else []
    asked.caption(made, *many, *asked.binned(x, y))
    return made


def gathered(frame: pd.DataFrame, x: Axis, y: Axis, colour: str) -> Cells:
    """The rows of each cell together; those of values that have no cell go to the nearest."""
    across, up = nearest(x, frame[x.name]), nearest(y, frame[y.name])
    size = len(x.values) * len(y.values)
    at = np.where((across >= 0) & (up >= 0), up * len(x.values) + across, -1)
    there = at >= 0
    status = codes(LABELS, frame["status"])
    tally = np.bincount(at[there] * len(LABELS) + status[there], minlength=size * len(LABELS)).reshape(size, -1)
    commonest = np.where(tally.sum(axis=1) > 0, tally.argmax(axis=1), -1)
    medians = np.full(size, np.nan)
    found = grouped(frame[colour], at).median()
    medians[found.index] = found
    shape = (len(y.values), len(x.values))
    return Cells(medians.reshape(shape), commonest.reshape(shape), int(tally.sum(axis=1).max()))


def norm(medians: NDArray[np.float64], is_loss: bool) -> Normalize:
    """From number to colour, without the few that are extreme; logarithmic for losses."""
    there = medians[np.isfinite(medians) & ((medians > 0) | (not is_loss))]
    if not len(there):
        return Normalize(0, 1)
    low, high = np.quantile(there, INNER, method="nearest")
    if not is_loss:
        return Normalize(low, high if high > low else low + 1)
    high = max(min(high, GREATEST), float(np.median(there)))
    return LogNorm(low, high) if high > 1.1 * low else LogNorm(low / 2, low * 2)


def shades(medians: NDArray[np.float64], colours: Normalize) -> Any:
    """What is coloured; a loss of 0 like the least there is."""
    if isinstance(colours, LogNorm):
        medians = np.where(medians == 0, (colours.vmin or 0.0) / 2, medians)
    return np.ma.masked_invalid(medians)


def _colours(made: Figure, axes: Axes, cells: Cells, scales: tuple[Scale, Scale], asked: Asked) -> list[Any]:
    """Draw the medians with a bar that says what the colours mean, and return what the legend says of them."""
    across, up = scales
    colours = norm(cells.median, asked.is_loss)
    shown = shades(cells.median, colours)
    mesh = axes.pcolormesh(across.edges, up.edges, shown, cmap=style.LOSSES, norm=colours, rasterized=True)
    if shown.count():
        below, above = shown.min() < (colours.vmin or 0.0), shown.max() > (colours.vmax or 0.0)
        extend = "both" if below and above else "min" if below else "max" if above else "neither"
        bar = made.colorbar(mesh, ax=axes, label=asked.title, extend=extend)
        if isinstance(colours, LogNorm):
            style.decimals(bar.ax.yaxis, colours.vmin or 0.0, colours.vmax or 0.0)
    _marks(axes, cells.has(Status.SETTLED), scales, lightness(shown, colours))
    empty = np.isnan(cells.median) & ~cells.has(Status.DIVERGED)
    return [Patch(facecolor=style.NONE, label="no rows")] if empty.any() else []


def lightness(shown: Any, colours: Normalize) -> NDArray[np.float64]:
    """(Y, X) from 0 to 1: how light the colour of each cell is."""
    red, green, blue, _ = np.moveaxis(colormaps[style.LOSSES](colours(shown)), -1, 0)
    return np.asarray(0.3 * red + 0.59 * green + 0.11 * blue)


def _marks(axes: Axes, settled: NDArray[np.bool_], scales: tuple[Scale, Scale], light: NDArray[np.float64]) -> None:
    """Dots over what settled, white on dark colours and black on light ones."""
    for colour, mask in (("white", settled & (light < LIGHT)), ("black", settled & (light >= LIGHT))):
        _hatch(axes, mask, scales, style.HATCHES[Status.SETTLED], colour)


def overlay(axes: Axes, cells: Cells, scales: tuple[Scale, Scale]) -> list[Any]:
    """Draw what diverged over the colours, and its boundary; return what the legend says of it and of what settled."""
    diverged, settled = cells.has(Status.DIVERGED), cells.has(Status.SETTLED)
    handles: list[Any] = [style.patch(Status.SETTLED)] if settled.any() else []
    if not diverged.any():
        return handles
    flat = np.ma.masked_where(~(diverged & np.isnan(cells.median)), diverged)
    colour = ListedColormap([style.COLOURS[Status.DIVERGED]])
    axes.pcolormesh(*(scale.edges for scale in scales), flat, cmap=colour, rasterized=True)
    _hatch(axes, diverged, scales, style.HATCHES[Status.DIVERGED], "white")
    handles.append(style.patch(Status.DIVERGED))
    if not diverged.all():
        axes.contour(*_wide(diverged, scales), [0.5], colors="black", linewidths=1.4)
        handles.append(Line2D([], [], color="black", linewidth=1.4, label="boundary of what diverged"))
    return handles


def _hatch(axes: Axes, mask: NDArray[np.bool_], scales: tuple[Scale, Scale], hatch: str, colour: str) -> None:
    if mask.any():
        hatched = axes.contourf(*_wide(mask, scales), [0.5, 1.5], colors="none", hatches=[hatch])
        hatched.set_edgecolor(colour)
        hatched.set_linewidth(0)


def _wide(mask: NDArray[np.bool_], scales: tuple[Scale, Scale]) -> tuple[Any, Any, Any]:
    """Four points to a cell, in its corners, so that what is drawn around them has the cells' outline."""
    across, up = (np.repeat(scale.edges, 2)[1:-1] for scale in scales)
    return across, up, mask.repeat(2, axis=0).repeat(2, axis=1).astype(float)
