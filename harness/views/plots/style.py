"""How pictures look: sizes, and colours that hold in grey and to colour-blind eyes."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from harness.block import Status

WIDTH, HEIGHT = 8.0, 5.2
"""Inches."""
COLOURS = {Status.RAN.label: "#2a788e", Status.SETTLED.label: "#440154", Status.DIVERGED.label: "#e8762d"}
HATCHES = {Status.RAN.label: "", Status.SETTLED.label: "....", Status.DIVERGED.label: "////"}
LOSSES = "viridis"
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's."""
DASHES = ("-", "--", ":", "-.")


def figure(width: float = WIDTH, height: float = HEIGHT) -> Figure:
    """An empty picture that no window and no other picture knows of."""
    return Figure(figsize=(width, height), layout="constrained", dpi=120)


def legend(made: Figure, handles: list[Any], columns: int = 4) -> None:
    """A legend above the picture, where no data are."""
    if handles:
        made.legend(handles=handles, loc="outside upper center", ncols=columns, frameon=False, fontsize=9)


def patch(status: str, label: str | None = None) -> Patch:
    """What stands for a status in a legend."""
    return Patch(facecolor=COLOURS[status], hatch=HATCHES[status], edgecolor="white", label=label or status)


def plain(axes: Axes) -> None:
    """Light lines behind, none on top and right."""
    axes.grid(True, color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
