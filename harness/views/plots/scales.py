"""An axis of the grid on an axis of the picture: logarithmic where it is geometric, equal steps for labels."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from harness.views.results import Axis

UNEVEN = 20.0
"""Numbers with one gap so many times another's get equal steps, each with its value below."""
MOST = 400
"""Places along one axis; of more values, each place has several."""
FEW = 8
"""So many values or fewer have a tick each, if there is room."""
CHARACTERS = 80
"""Of all labels along an axis of a picture's width."""


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

    def show(self, axes: Axes, which: str, ticks: int = FEW) -> None:
        """Set the scale, label and at most about so many ticks of the picture's x or y."""
        axis = axes.xaxis if which == "x" else axes.yaxis
        axis.set_label_text(self.axis.title)
        if self.kind == "log":
            axes.set_xscale("log") if which == "x" else axes.set_yscale("log")
        values = self.axis.values
        if self.kind == "steps" or len(values) <= ticks:
            chosen = np.arange(0, len(values), -(-len(values) // ticks))
            axis.set_ticks(self.at[chosen], self._texts(chosen, which))
            axis.set_minor_locator(NullLocator())
        elif self.kind == "linear":
            axis.set_major_locator(MaxNLocator(ticks, integer=np.issubdtype(values.dtype, np.integer)))
        elif ticks < FEW:
            axis.set_major_locator(LogLocator(numticks=ticks + 1))
            axis.set_minor_locator(NullLocator())

    def _texts(self, chosen: NDArray[np.int64], which: str) -> list[str]:
        values = self.axis.values[chosen]
        if self.axis.numeric:
            return [shown(value) for value in values.tolist()]
        width = max(10, CHARACTERS // len(values)) if which == "x" else 20
        return [textwrap.fill(str(value), width, break_long_words=False) for value in values]


def shown(value: Any) -> str:
    """A number to four digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def scale_of(axis: Axis, uneven: float = UNEVEN) -> Scale:
    """The scale that suits an axis."""
    values = axis.values
    if axis.geometric:
        return Scale(axis, "log", values.astype(float))
    gaps = np.diff(values) if axis.numeric else np.ones(0)
    if axis.numeric and len(values) > 2 and gaps.max() <= uneven * gaps.min():
        return Scale(axis, "linear", values.astype(float))
    return steps_of(axis)


def steps_of(axis: Axis) -> Scale:
    """Equal steps, each with its value below."""
    return Scale(axis, "steps", np.arange(len(axis.values), dtype=float))


def codes(labels: Any, column: pd.Series) -> NDArray[np.int64]:
    """(rows,) the position of each of a column's values among these, of numbers in order; -1 for none."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        found = pd.Index(labels).get_indexer(column.cat.categories.astype(str))
        return np.append(found, -1)[column.cat.codes.to_numpy()].astype(np.int64)
    values = column.to_numpy(float, na_value=np.nan)
    at = np.searchsorted(labels, values)
    return np.where(np.take(labels, at, mode="clip") == values, at, -1)


def present(axis: Axis, column: pd.Series) -> Axis:
    """The axis with those of its values that these rows have; of more than `MOST`, some at equal distances."""
    at = codes(axis.values, column)
    values = axis.values[np.bincount(at[at >= 0], minlength=len(axis.values)) > 0]
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


def grouped(column: pd.Series, at: NDArray[np.int64]) -> Any:
    """The numbers of a column that there are, by position; rows at -1 are left out."""
    numbers = column.to_numpy(float, na_value=np.nan)
    there = (at >= 0) & ~np.isnan(numbers)
    return pd.Series(numbers[there]).groupby(at[there])
