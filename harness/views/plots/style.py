"""How pictures look: the sheet with its title and caption, sizes, legends, and colours for colour-blind eyes too."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from harness.network.runs import Status
from harness.views.numbers import printed
from harness.views.palette import STATUS_COLOURS
from harness.views.plots.asked import DOT
from harness.views.plots.axes import log_ticks
from harness.views.plots.gather import floor
from harness.views.ticks import literal

WIDTH, HEIGHT, WIDE = 8.0, 5.4, 9.6
"""Inches of a picture with one panel, and the width of one with several."""
PANEL = 2.9
"""Inches that one of several panels is high."""
NONE = "#e4e4e4"
"""The colour of a cell that has no number."""
DASHES = ("-", "--", ":", "-.")
MARKED = 12
"""The most points of a line that are each drawn with a marker."""
GREATEST, LARGEST = 1e6, 1e300
"""Losses beyond the first are not in the picture unless all are, for those of runs on their way to infinity would
flatten the others; beyond the second, ticks overflow.
"""
ROOM = 1e-3
"""An axis of losses may reach up to its least loss divided by this, even where that is beyond `GREATEST`."""
LEGEND, MARK = 12.5, 8
"""Characters of a legend to an inch, and how many a mark takes."""
HEADING, LINE = 78, 0.16
"""Characters of the labels of panels side by side, all together, and the inches that a line of them is high."""
TITLE = 9.3
"""Characters of the title to an inch."""


class Picture(Figure):
    """A figure that shows itself in a notebook, which by itself displays only figures made by pyplot."""

    def _repr_png_(self) -> bytes:
        image = io.BytesIO()
        self.savefig(image, format="png")
        return image.getvalue()


def figure(width: float = WIDTH, height: float = HEIGHT) -> Figure:
    """A new figure outside pyplot: no window, no global state."""
    made = Picture(figsize=(width, height), layout="constrained", dpi=120)
    layout: Any = made.get_layout_engine()
    layout.set(wspace=0.06)
    return made


def sheet(
    question: str, shown: Sequence[str], width: float = WIDTH, height: float = HEIGHT
) -> tuple[Figure, SubFigure]:
    """An empty picture under a title that says what is asked, and a line that says what is shown; and its body.

    Panels and legends go into the body.
    """
    made = figure(width, height)
    title = literal("\n".join(textwrap.wrap(question, int(TITLE * width))))
    made.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
    middle: Any = made.subfigures()
    line = literal("\n".join(textwrap.wrap(DOT.join(filter(None, shown)), int(1.45 * TITLE * width))))
    middle.suptitle(line, x=0.01, ha="left", fontsize=9.5, color="0.25")
    return made, middle.subfigures()


def paneled(
    question: str, shown: Sequence[str], labels: Sequence[str], share_y: bool = True
) -> tuple[Figure, SubFigure, list[Axes]]:
    """A sheet, and on it a panel for each label, under the label."""
    made, body = sheet(question, shown, WIDTH if len(labels) == 1 else WIDE, height(labels))
    places = panels(body, len(labels), share_y)
    for axes, heading in zip(places, headings(labels), strict=True):
        axes.set_title(heading, fontsize=9)
    return made, body, places


def panels(body: Any, count: int, share_y: bool = True) -> list[Axes]:
    """Make `count` panels side by side, at most three in a row, which share their x axis, and y if asked for."""
    columns = across(count)
    rows = -(-count // columns)
    grid = body.subplots(rows, columns, sharex=True, sharey=share_y, squeeze=False)
    for axes in grid.flat[count:]:
        axes.set_visible(False)
    for at in range(count, rows * columns):  # the panel above an empty place has the labels
        grid.flat[at - columns].tick_params(labelbottom=True)
    return list(grid.flat[:count])


def across(count: int) -> int:
    """How many of `count` panels stand side by side."""
    return min(count, 3) if count != 4 else 2


def headings(labels: Sequence[str]) -> list[str]:
    """The labels of panels, in lines that are no wider than a panel."""
    return [literal(textwrap.fill(label, HEADING // across(len(labels)))) for label in labels]


def heading_height(labels: Sequence[str]) -> float:
    """The inches that the lines of the panels' labels beyond the first add to a picture."""
    lines = [heading.count("\n") for heading in headings(labels)]
    columns = across(len(labels))
    return LINE * sum(max(lines[at : at + columns]) for at in range(0, len(lines), columns))


def height(labels: Sequence[str]) -> float:
    """The height, in inches, of a picture with a panel for each label."""
    if len(labels) == 1:
        return HEIGHT
    return 1.9 + PANEL * -(-len(labels) // across(len(labels))) + heading_height(labels)


def named(axes: Axes, x: str, y: str) -> None:
    """Label the axes of a panel: x if it has no neighbour below, y if it has none to the left."""
    place = axes.get_subplotspec()
    shown = axes.xaxis.get_tick_params().get("labelbottom", True)
    axes.set_xlabel(x if place is None or place.is_last_row() or shown else "")
    axes.set_ylabel(y if place is None or place.is_first_col() else "")
    plain(axes)


def legend(body: Any, handles: Sequence[Any], title: str) -> None:
    """A legend with a title, above the panels, where no data are."""
    if handles:
        for handle in handles:
            text = literal(handle.get_label())
            handle.set_label(f" {text}" if text.startswith("_") else text)  # else matplotlib would leave it out
        widths = [len(str(handle.get_label())) + MARK for handle in handles]
        room = int(LEGEND * body.get_figure(root=True).get_figwidth())
        columns = len(handles) if sum(widths) <= room else max(1, room // max(widths))
        body.legend(
            handles=handles,
            loc="outside upper left",
            ncols=columns,
            frameon=False,
            fontsize=9,
            title=title,
            title_fontsize=9,
            alignment="left",
        )


def patch(status: Status) -> Patch:
    """What stands for a status in a legend."""
    return Patch(facecolor=STATUS_COLOURS[status], label=status.phrase)


def plain(axes: Axes) -> None:
    """Light lines behind, none on top and right."""
    axes.grid(True, color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def loss_scale(axes: Axes, drawn: Any) -> list[str]:
    """A logarithmic y for these losses, none of them 0; return what the caption says of those outside."""
    numbers: NDArray[np.float64] = np.asarray(drawn, float).ravel()
    there = np.minimum(numbers[np.isfinite(numbers)], LARGEST)
    if not len(there):
        return []
    low, greatest = there.min(), there.max()
    top = min(2 * greatest, max(GREATEST, low / ROOM))
    bottom, top = low / 1.2, min(top, max(1.2 * greatest, 3 * low))
    axes.set_autoscaley_on(False)  # else limits are computed that overflow
    axes.set_yscale("log")
    axes.set_ylim(bottom, top)
    log_ticks(axes.yaxis, bottom, top, 8)
    told = [f"losses of {printed(low, 4)} and less lie on the lower edge"] if low == floor(there) else []
    return told + ([f"losses above {printed(top, 4)} lie outside"] if top < greatest else [])
