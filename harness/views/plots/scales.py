"""An axis of the grid on an axis of the picture: logarithmic where it is geometric, equal steps for labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from harness.views.results import Axis

UNEVEN = 20.0
"""Numbers with one gap so many times another's get equal steps, each with its value below."""
TICKS = 8


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

    def show(self, axes: Axes, which: str) -> None:
        """Set the scale, ticks and label of the picture's x or y."""
        getattr(axes, f"set_{which}label")(self.axis.title)
        if self.kind == "log":
            getattr(axes, f"set_{which}scale")("log")
        if self.kind == "steps":
            chosen = np.unique(np.linspace(0, len(self.at) - 1, min(TICKS, len(self.at))).round().astype(int))
            texts = [f"{v:g}" if self.axis.numeric else str(v) for v in self.axis.values[chosen]]
            getattr(axes, f"set_{which}ticks")(self.at[chosen], texts)


def scale_of(axis: Axis) -> Scale:
    """The scale that suits an axis."""
    values = axis.values
    if axis.numeric and axis.geometric:
        return Scale(axis, "log", values.astype(float))
    gaps = np.diff(values) if axis.numeric else np.ones(0)
    if axis.numeric and len(values) > 2 and gaps.max() <= UNEVEN * gaps.min():
        return Scale(axis, "linear", values.astype(float))
    return Scale(axis, "steps", np.arange(len(values), dtype=float))


def codes(axis: Axis, column: Any) -> NDArray[np.int64]:
    """The position of each of a column's values on its axis, -1 for none."""
    import pandas as pd

    values = column if axis.numeric else column.astype(str)
    return np.asarray(pd.Index(axis.values).get_indexer(pd.Index(values)), np.int64)
