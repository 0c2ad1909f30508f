"""How pictures look: sizes, and colours that hold in grey and to colour-blind eyes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator

from harness.block import Status

WIDTH, HEIGHT = 8.0, 5.0
"""Inches."""
STATUSES = (Status.RAN, Status.SETTLED, Status.DIVERGED)
COLOURS = {Status.RAN: "#9bd3cb", Status.SETTLED: "#440154", Status.DIVERGED: "#d95f02"}
"""Far apart in lightness, which is all that grey leaves."""
HATCHES = {Status.RAN: "", Status.SETTLED: "....", Status.DIVERGED: "////"}
NONE = "#e4e4e4"
"""Of a cell that has no number."""
LOSSES = "viridis"
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's."""
DASHES = ("-", "--", ":", "-.")
MARKED = 12
"""So many points or fewer have a mark each."""
GREATEST, LARGEST = 1e6, 1e300
"""Losses beyond the first are not in the picture unless all are, for those of runs on their way to infinity would
flatten the others; beyond the second, ticks overflow.
"""
LEADING = "1235"
NARROW = 1e-4
"""The digits that ticks between two powers of ten start with, if written as decimals: from `NARROW` to its inverse."""
LEGEND_WIDTH = 120
"""Characters beside one another in a legend."""


class Picture(Figure):
    """A figure that a notebook shows; those that pyplot has not made it does not know."""

    def _repr_png_(self) -> bytes:
        image = io.BytesIO()
        self.savefig(image, format="png")
        return image.getvalue()


def figure(width: float = WIDTH, height: float = HEIGHT) -> Figure:
    """An empty picture that no window and no other picture knows of."""
    return Picture(figsize=(width, height), layout="constrained", dpi=120)


def legend(made: Figure, handles: Sequence[Any]) -> None:
    """A legend above the picture, where no data are."""
    if handles:
        widest = max(len(str(handle.get_label())) for handle in handles) + 8
        rows = -(-len(handles) // max(1, LEGEND_WIDTH // widest))
        columns = -(-len(handles) // rows)
        made.legend(handles=handles, loc="outside upper center", ncols=columns, frameon=False, fontsize=9)


def patch(status: Status) -> Patch:
    """What stands for a status in a legend."""
    return Patch(facecolor=COLOURS[status], hatch=HATCHES[status], edgecolor="white", linewidth=0, label=status.label)


def plain(axes: Axes) -> None:
    """Light lines behind, none on top and right."""
    axes.grid(True, color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def loss_scale(axes: Axes, drawn: Any) -> None:
    """A logarithmic y for these losses; if some are 0, it stands one step below the least of the others."""
    numbers = np.asarray(drawn, float)
    positive = np.minimum(numbers[np.isfinite(numbers) & (numbers > 0)], LARGEST)
    if not len(positive):
        return
    top = min(2 * positive.max(), max(GREATEST, 1e3 * positive.min()))
    if (numbers == 0).any():
        least = 10 ** np.floor(np.log10(positive.min()))
        axes.set_yscale("symlog", linthresh=least, linscale=1)
        axes.set_ylim(0, top)
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        if top < np.nanmax(numbers):
            axes.set_autoscaley_on(False)  # else it computes limits that overflow
            axes.set_ylim(positive.min() / 2, top)
        axes.set_yscale("log")
        decimals(axes.yaxis, positive.min(), top)


def decimals(axis: Axis, low: float, high: float) -> None:
    """On a logarithmic axis of less than two decades: 0.2 and not 2 x 10^-1."""
    if NARROW <= low <= high < min(100 * low, 1 / NARROW):
        axis.set_major_formatter(_decimal)
        axis.set_minor_formatter(_decimal)


def _decimal(value: float, _: float | None) -> str:
    return f"{value:g}" if value > 0 and f"{value:e}"[0] in LEADING else ""
