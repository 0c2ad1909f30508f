"""An axis of the grid on an axis of the picture: logarithmic where it is geometric, equal steps for labels."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis as Drawn
from matplotlib.ticker import FixedFormatter, FixedLocator, LogLocator, NullFormatter, NullLocator
from numpy.typing import NDArray

from harness.views import ticks
from harness.views.results import Axis

UNEVEN = 20.0
"""Few numbers whose largest gap is over this many times their smallest get equal steps, each with its value as label.
"""
MOST = 400
"""The most places along one axis; if it has more values, several share a place."""
FEW = 12
"""The most values that get a bar or box each if they are round, and the most that get equal steps for being uneven."""
TICKS = 10
"""The most ticks along an axis that is as wide as the picture."""
CHARACTERS = 80
"""How many characters all labels together have along an axis that is as wide as the picture."""
MARGIN = 0.02
"""The part of an axis that lies beyond the first value, and beyond the last, where there are lines."""
MINOR = 6
"""A logarithmic axis of fewer decades than this has small ticks between the labelled ones."""


@dataclass(frozen=True)
class Scale:
    """Where the values of an axis lie. kind: log, linear or steps. at: (V,) positions."""

    axis: Axis
    kind: str
    at: NDArray[np.float64]

    @property
    def edges(self) -> NDArray[np.float64]:
        """(V + 1,) the borders between the values' cells, and those outside."""
        at = np.log(self.at) if self.kind == "log" else self.at
        gaps = np.diff(at) if len(at) > 1 else np.ones(1)
        inner = (at[1:] + at[:-1]) / 2
        edges = np.concatenate([[at[0] - gaps[0] / 2], inner, [at[-1] + gaps[-1] / 2]])
        return np.exp(edges) if self.kind == "log" else edges

    def show(self, axes: Axes, which: str, most: int = TICKS) -> None:
        """Set the scale, label and at most so many ticks of the picture's x or y."""
        axis = axes.xaxis if which == "x" else axes.yaxis
        axis.set_label_text(self.axis.title)
        if self.kind == "log":
            axes.set_xscale("log") if which == "x" else axes.set_yscale("log")
        if self.kind == "steps" or (len(self.at) <= most and rounded(self.axis)):
            every = -(-len(self.at) // most)
            set_ticks(axis, self.at[::every], self._texts(which, every, most))
        elif self.kind == "linear":
            found = ticks.linear(self.at[0], self.at[-1], most, np.issubdtype(self.axis.values.dtype, np.integer))
            set_ticks(axis, found, ticks.texts(found))
        else:
            log_ticks(axis, self.at[0], self.at[-1], most)

    def span(self, axes: Axes) -> None:
        """Make x as long as all values, even where there is nothing to draw, so that its ticks are there."""
        if self.kind == "steps" or len(self.at) < 2:
            axes.set_xlim(self.edges[0], self.edges[-1])
            return
        turn, back = (np.log, np.exp) if self.kind == "log" else (np.positive, np.positive)
        low, high = turn(self.at[[0, -1]])
        room = MARGIN * (high - low)
        axes.set_xlim(back(low - room), back(high + room))

    def _texts(self, which: str, every: int, most: int) -> list[str]:
        """The labels of every `every`-th value, wrapped to the room that they have."""
        values = self.axis.values[::every]
        if self.axis.numeric:
            return ticks.distinct(values.tolist(), 3)
        width = max(10, CHARACTERS * most // (TICKS * len(values))) if which == "x" else 20
        return [ticks.literal(textwrap.fill(str(value), width, break_long_words=False)) for value in values]


def log_ticks(axis: Drawn, low: float, high: float, most: int = TICKS) -> None:
    """Round numbers on a logarithmic axis, as `ticks.logarithmic` has them, and small ticks between few decades."""
    found = ticks.logarithmic(low, high, most)
    set_ticks(axis, found, ticks.texts(found))
    if high < low * 10**MINOR:
        axis.set_minor_locator(LogLocator(subs=list(range(2, 10))))
        axis.set_minor_formatter(NullFormatter())


def set_ticks(axis: Drawn, at: Any, texts: list[str]) -> None:
    """Put ticks with these texts at these positions of an axis, and no others."""
    axis.set_major_locator(FixedLocator(list(at)))
    axis.set_major_formatter(FixedFormatter(texts))
    axis.set_minor_locator(NullLocator())


def rounded(axis: Axis) -> bool:
    """Whether an axis has labels, or numbers of two digits: values that are read at a glance."""
    return not axis.numeric or all(float(f"{value:.2g}") == float(f"{value:.9g}") for value in axis.values)


def scale_of(axis: Axis, uneven: float = UNEVEN) -> Scale:
    """The scale that suits an axis. uneven: of few values, how many times the least gap the greatest may be."""
    values = axis.values
    if not axis.numeric or len(values) < 3:
        return steps_of(axis)
    gaps = np.diff(np.log(values) if axis.geometric else values)
    if len(values) <= FEW and gaps.max() > uneven * gaps.min():
        return steps_of(axis)
    return Scale(axis, "log" if axis.geometric else "linear", values.astype(float))


def steps_of(axis: Axis) -> Scale:
    """A scale of equal steps, each labelled with its value."""
    return Scale(axis, "steps", np.arange(len(axis.values), dtype=float))


def apart(axis: Axis) -> Scale:
    """Equal steps for few labels or round numbers, so that each has a bar or a box; else the scale that suits."""
    return steps_of(axis) if len(axis.values) <= FEW and rounded(axis) else scale_of(axis)


def codes(labels: Any, column: pd.Series) -> NDArray[np.int64]:
    """(rows,) the position of each of a column's values among these, of numbers in order; -1 for none."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        found = pd.Index(labels).get_indexer(column.cat.categories.astype(str))
        return np.append(found, -1)[column.cat.codes.to_numpy()].astype(np.int64)
    values = column.to_numpy(float, na_value=np.nan)
    at = np.searchsorted(labels, values)
    return np.where(np.take(labels, at, mode="clip") == values, at, -1)


def thinned(axis: Axis, there: NDArray[np.bool_]) -> Axis:
    """The axis with those of its values that are there; of more than `MOST`, some at equal distances."""
    values = axis.values[there]
    kept = np.unique(np.linspace(0, len(values) - 1, min(MOST, len(values))).round().astype(int))
    return replace(axis, values=values[kept])


def nearest(axis: Axis, column: pd.Series) -> NDArray[np.int64]:
    """(rows,) the position of the nearest value on the axis, -1 for NULL."""
    if not axis.numeric:
        return codes(axis.values, column)
    values = column.to_numpy(float, na_value=np.nan)
    middles = axis.values[1:] + (axis.values[:-1] - axis.values[1:]) / 2
    if axis.geometric:
        middles = np.sqrt(axis.values[1:]) * np.sqrt(axis.values[:-1])
    return np.where(np.isnan(values), -1, np.searchsorted(middles, values))
