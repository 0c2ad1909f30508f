"""The axes of a picture: the scale on which values are drawn, its label and its ticks."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedFormatter, FixedLocator, LogLocator, NullFormatter, NullLocator

from harness.views import ticks
from harness.views.numbers import distinct, tick_texts
from harness.views.scale import Scale, TableAxis, rounded

TICKS = 10
"""The most ticks along an axis that is as wide as the picture."""
CHARACTERS = 80
"""How many characters all labels together have along an axis that is as wide as the picture."""
MARGIN = 0.02
"""The part of an axis that lies beyond the first value, and beyond the last, where there are lines."""
MINOR = 6
"""A logarithmic axis of fewer decades than this has small ticks between the labelled ones."""


def show_scale(scale: Scale, axes: Axes, which: str, most: int = TICKS) -> None:
    """Set the scale, label and at most so many ticks of the picture's x or y."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_label_text(scale.axis.title)
    if scale.kind == "log":
        axes.set_xscale("log") if which == "x" else axes.set_yscale("log")
    if scale.kind == "steps" or (len(scale.at) <= most and rounded(scale.axis)):
        every = -(-len(scale.at) // most)
        set_ticks(axis, scale.at[::every], _texts(scale.axis, which, every, most))
    elif scale.kind == "linear":
        linear_ticks(axis, scale.at[0], scale.at[-1], most, np.issubdtype(scale.axis.values.dtype, np.integer))
    else:
        log_ticks(axis, scale.at[0], scale.at[-1], most)


def span_scale(scale: Scale, axes: Axes) -> None:
    """Make x as long as all values, even where there is nothing to draw, so that its ticks are there."""
    if scale.kind == "steps" or len(scale.at) < 2:
        axes.set_xlim(scale.edges[0], scale.edges[-1])
        return
    turn, back = (np.log, np.exp) if scale.kind == "log" else (np.positive, np.positive)
    low, high = turn(scale.at[[0, -1]])
    room = MARGIN * (high - low)
    axes.set_xlim(back(low - room), back(high + room))


def _texts(named: TableAxis, which: str, every: int, most: int) -> list[str]:
    """The labels of every `every`-th value, wrapped to the room that they have."""
    values = named.values[::every]
    if named.numeric:
        return distinct(values.tolist(), 3)
    width = max(10, CHARACTERS * most // (TICKS * len(values))) if which == "x" else 20
    return [ticks.literal(textwrap.fill(str(value), width, break_long_words=False)) for value in values]


def linear_ticks(axis: Axis, low: float, high: float, most: int = TICKS, whole: bool = False) -> None:
    """Round numbers on a linear axis, as `ticks.linear` has them."""
    found = ticks.linear(low, high, most, whole)
    set_ticks(axis, found, tick_texts(found))


def log_ticks(axis: Axis, low: float, high: float, most: int = TICKS) -> None:
    """Round numbers on a logarithmic axis, as `ticks.logarithmic` has them, and small ticks between few decades."""
    found = ticks.logarithmic(low, high, most)
    set_ticks(axis, found, tick_texts(found))
    if high < low * 10**MINOR:
        axis.set_minor_locator(LogLocator(subs=list(range(2, 10))))
        axis.set_minor_formatter(NullFormatter())


def set_ticks(axis: Axis, at: Any, texts: list[str]) -> None:
    """Put ticks with these texts at these positions of an axis, and no others."""
    axis.set_major_locator(FixedLocator(list(at)))
    axis.set_major_formatter(FixedFormatter(texts))
    axis.set_minor_locator(NullLocator())
