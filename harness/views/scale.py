"""The axes of a table, and where their values lie: logarithmic where they are geometric, equal steps for labels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.experiment.errors import either
from harness.experiment.model import REPEATING
from harness.network.layout import parse
from harness.store.schema import Column
from harness.views.numbers import printed, to_digits

DECADES = 2.0
"""A positive axis whose greatest value is so many powers of ten above its least is drawn on a logarithmic scale, as is
one whose values are asked for at equal ratios, or listed at about such.
"""
ROUNDED = 0.2
"""How far, as a share, the ratios of neighbouring values may differ in a list that spans a power of ten, as those of
300, 1000 and 3000 do."""
UNEVEN = 20.0
"""Few numbers whose largest gap is over this many times their smallest get equal steps, each with its value as label.
"""
MOST = 400
"""The most places along one axis; if it has more values, several share a place."""
FEW = 12
"""The most values that get a bar or box each if they are round, and the most that get equal steps for being uneven."""


def title_of(column: Column) -> str:
    """The title of a column: its name, with its unit unless the name says it already."""
    name = column.name if parse(column.name) else column.name.replace("_", " ")
    return f"{name} ({column.unit})" if column.unit and column.unit not in column.name else name


@dataclass(frozen=True)
class TableAxis:
    """A parameter that varies in a table. values: (V,) its numbers in order, or its labels in the order of the grid.

    spaced: whether the experiment asks for them at equal ratios; None where it lists them, or cannot be read any more.
    """

    column: Column
    values: Any
    spaced: bool | None = None

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def title(self) -> str:
        return title_of(self.column)

    @property
    def numeric(self) -> bool:
        return bool(np.issubdtype(self.values.dtype, np.number))

    @property
    def geometric(self) -> bool:
        """Whether a logarithmic scale suits it."""
        if not self.numeric or len(self.values) < 3 or self.values[0] <= 0:
            return False
        decades = np.log10(self.values[-1] / self.values[0])
        if decades >= DECADES or self.spaced is not None:
            return bool(decades >= DECADES or self.spaced)
        ratios = self.values[1:] / self.values[:-1]
        even = np.ptp(ratios) < (ROUNDED if decades >= 1 else 1e-3) * ratios[0]
        return bool(even and ratios[0] > 1.001)

    @property
    def rank(self) -> tuple[int, int]:
        """By what axes are sorted: learning rates, epochs, other numbers, labels, what repeats; the longest first."""
        kinds = (
            self.name.startswith("learning_rate"),
            self.name == "epochs",
            self.numeric and self.name not in REPEATING,
            not self.numeric,
            True,
        )
        return kinds.index(True), -len(self.values)

    def nearest(self, text: Any) -> Any:
        """The value that is meant. Raises `HarnessError` if there is none."""
        if not self.numeric:
            found = [value for value in self.values if value == str(text)]
            if not found:
                raise HarnessError(f"{self.name}: no value {str(text)!r}; there are {either(self.values)}")
            return found[0]
        try:
            number = float(text)
        except ValueError:
            number = np.nan
        if not self.values[0] <= number <= self.values[-1]:
            between = f"a number from {printed(self.values[0])} to {printed(self.values[-1])}"
            raise HarnessError(f"{self.name}: expected {between}, found {text}")
        return self.values[np.argmin(np.abs(self.values - number))]


@dataclass(frozen=True)
class Scale:
    """Where the values of an axis lie. kind: log, linear or steps. at: (V,) positions."""

    axis: TableAxis
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


def rounded(axis: TableAxis) -> bool:
    """Whether an axis has labels, or numbers of two digits: values that are read at a glance."""
    return not axis.numeric or all(to_digits(value, 2) == to_digits(value, 9) for value in axis.values)


def scale_of(axis: TableAxis, uneven: float = UNEVEN) -> Scale:
    """The scale that suits an axis. uneven: of few values, how many times the least gap the greatest may be."""
    values = axis.values
    if not axis.numeric or len(values) < 3:
        return steps_of(axis)
    gaps = np.diff(np.log(values) if axis.geometric else values)
    if len(values) <= FEW and gaps.max() > uneven * gaps.min():
        return steps_of(axis)
    return Scale(axis, "log" if axis.geometric else "linear", values.astype(float))


def steps_of(axis: TableAxis) -> Scale:
    """A scale of equal steps, each labelled with its value."""
    return Scale(axis, "steps", np.arange(len(axis.values), dtype=float))


def apart(axis: TableAxis) -> Scale:
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


def thinned(axis: TableAxis, there: NDArray[np.bool_]) -> TableAxis:
    """The axis with those of its values that are there; of more than `MOST`, some at equal distances."""
    values = axis.values[there]
    kept = np.unique(np.linspace(0, len(values) - 1, min(MOST, len(values))).round().astype(int))
    return replace(axis, values=values[kept])


def nearest(axis: TableAxis, column: pd.Series) -> NDArray[np.int64]:
    """(rows,) the position of the nearest value on the axis, -1 for NULL."""
    if not axis.numeric:
        return codes(axis.values, column)
    values = column.to_numpy(float, na_value=np.nan)
    middles = axis.values[1:] + (axis.values[:-1] - axis.values[1:]) / 2
    if axis.geometric:
        middles = np.sqrt(axis.values[1:]) * np.sqrt(axis.values[:-1])
    return np.where(np.isnan(values), -1, np.searchsorted(middles, values))
