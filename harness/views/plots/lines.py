"""Pictures against one axis: how the loss spreads over initial weights, and what share of rows has each status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.views.numbers import printed
from harness.views.palette import LINES, SIGNS
from harness.views.plots import style
from harness.views.plots.asked import DOT, Asked
from harness.views.plots.axes import show_scale, span_scale
from harness.views.plots.facets import facets_of
from harness.views.plots.gather import STATUSES, floored, has, numbers, present, shares
from harness.views.plots.order import SPREAD
from harness.views.scale import Scale, TableAxis, apart, scale_of

BANDS = "bands: middle 50% and 90%"
BOXES = "boxes: middle 50%, whiskers: middle 90%"


@dataclass(frozen=True)
class Spread:
    """The losses of a panel. at: (V,) the places of the axis that have some. found: (quantiles, V) of these.

    rows: that have a loss. one_each: whether each place has one row.
    """

    at: NDArray[np.int64]
    found: NDArray[np.float64]
    rows: int
    one_each: bool


def spread(asked: Asked) -> Figure:
    """The distribution of the loss over initialisations and repeats, for each value of an axis.

    All in one if nothing but the repeat varies; of one row a value, the losses.
    """
    x = _across(asked, "init" if "init" in asked.free() else None)
    asked = asked.at_last_epochs(*([x.name] if x else []))
    asked.comparable(*([x.name] if x else []))
    facets = facets_of(asked, *([x.name] if x else []))
    axis = present(asked.results, x, asked.where, has(asked.colour), asked.title) if x else None
    panels = [_spread(facet.asked, axis) for facet in facets.drawn]
    rows = sum(one.rows for one in panels)
    if not rows:
        raise HarnessError(f"{asked.results.folder}: no row has {asked.title}")
    one_each = all(one.one_each for one in panels)
    scale = scale_of(axis) if axis and one_each else apart(axis or _all(asked, rows))
    size = (style.WIDTH if len(panels) == 1 else 9.6, style.height(facets.labels))
    question = asked.question or f"What is the {asked.title}{f', by {x.title}' if x else ' of each row'}?"
    drawn = [*facets.names, *([x.name] if x else [])]
    shown = [asked.measured, f"{rows:,} rows", asked.held, *asked.over(*drawn), *facets.told]
    made, body = style.sheet(question, DOT.join(part for part in shown if part), *size)
    alike = len(facets.kinds) == 1
    if asked.is_loss:
        clipped = floored([one.found for one in panels], alike)
        panels = [replace(one, found=found) for one, found in zip(panels, clipped, strict=True)]
    places = style.panels(body, len(panels), share_y=alike)
    kind: list[Any] = []
    for axes, label, one in zip(places, style.headings(facets.labels), panels, strict=True):
        kind = _levels(axes, one, scale, one_each)
        show_scale(scale, axes, "x", 10 if len(panels) == 1 else 5)
        name(axes, label, scale.axis.title if axis else "", asked.title)
    outside = (
        scales([(axes, one.found) for axes, one in zip(places, panels, strict=True)], alike) if asked.is_loss else []
    )
    told = [BOXES if scale.kind == "steps" else BANDS] if not one_each else []
    style.legend(body, kind, " ".join([asked.title, *asked.over(*drawn)]))
    every = sum(int(shares(asked.results, None, facet.asked.where)[0].sum()) for facet in facets.drawn)
    told += asked.left_out(x.name) if x else []
    told += [f"without the {1 - rows / every:.1%} of rows that have no {asked.title}"] if rows < every else []
    asked.caption(made, *told, *outside, *(asked.binned(x) if x else []))
    return made


def share(asked: Asked) -> Figure:
    """The share of rows that ran, settled and diverged against an axis; and of those with a number below a bound."""
    bound = _bound(asked)
    x = _across(asked, None)
    asked = asked.at_last_epochs(*([x.name] if x else []))
    asked.comparable(*([x.name] if x and bound else []))
    facets = facets_of(asked, *([x.name] if x else []))
    axis = present(asked.results, x, asked.where) if x else None
    counted = [shares(asked.results, axis, facet.asked.where, bound) for facet in facets.drawn]
    rows, below = (sum(int(one[at].sum()) for one in counted) for at in (0, 2))
    scale = apart(axis or _all(asked, rows))
    question = asked.question or f"How do runs end{f', by {x.title}' if x else ''}?"
    drawn = [*facets.names, *([x.name] if x else [])]
    line = f"{asked.title} below {printed(asked.below, 4)}" if asked.below is not None else ""
    told = f"how {rows:,} rows ended{asked.after}"
    if line:
        told = f"{line}{asked.after}: {below:,} of {rows:,} rows ({below / max(rows, 1):.1%})"
    shown = [told, asked.held, *asked.over(*drawn), *facets.told]
    size = (style.WIDTH if len(counted) == 1 else 9.6, style.height(facets.labels))
    made, body = style.sheet(question, DOT.join(part for part in shown if part), *size)
    seen: set[int] = set()
    marks: list[Any] = []
    places = style.panels(body, len(counted))
    for axes, label, (total, tally, under) in zip(places, style.headings(facets.labels), counted, strict=True):
        with np.errstate(invalid="ignore"):
            _areas(axes, scale, tally / total)
            marks = [_mark(axes, scale, under / total, line)] if line else []
        seen |= set(np.flatnonzero(tally.any(axis=1)))
        show_scale(scale, axes, "x", 10 if len(counted) == 1 else 5)
        axes.set(ylim=(0, 1))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        name(axes, label, scale.axis.title if axis else "", f"share of rows; {line}" if line else "share of rows")
    handles: list[Any] = [style.patch(status) for at, status in enumerate(STATUSES) if at in seen]
    style.legend(body, [*handles, *marks], "how rows ended")
    asked.caption(made, *([*asked.left_out(x.name), *asked.binned(x)] if x else []))
    return made


def scales(panels: Sequence[tuple[Axes, NDArray[np.float64]]], alike: bool) -> list[str]:
    """A logarithmic y for the losses of panels, one for all if they are alike; return what the caption says of it."""
    every = np.concatenate([np.ravel(losses) for _, losses in panels])
    told = [line for axes, losses in panels for line in style.loss_scale(axes, every if alike else losses)]
    return list(dict.fromkeys(told))


def bands(axes: Axes, at: NDArray[Any], found: NDArray[np.float64], colour: str) -> None:
    """The middle 50 % and 90 % of the numbers at each place. found: (quantiles, V)."""
    for low, high, alpha in ((0, 4, 0.15), (1, 3, 0.25)):
        axes.fill_between(at, found[low], found[high], color=colour, alpha=alpha, linewidth=0)


def _across(asked: Asked, usual: str | None) -> TableAxis | None:
    """The horizontal axis; None if only the repeat varies and no axis was asked for."""
    if not asked.x and asked.free() == ["repeat"]:
        return None
    return asked.pick(asked.x or usual or next(iter(asked.entire()), None))


def _all(asked: Asked, rows: int) -> TableAxis:
    """An axis with a single place, which holds all rows."""
    return replace(asked.results.axes["repeat"], values=np.array([f"all {rows:,} rows"]))


def _bound(asked: Asked) -> tuple[str, float] | None:
    """The column and the bound that are asked for. Raises `HarnessError` unless it is above 0, or if there is none."""
    if asked.below is None:
        if asked.color:
            raise HarnessError(f"share: {asked.color} needs a bound; expected --below as well")
        return None
    if not asked.below > 0:
        raise HarnessError(f"below: expected a loss above 0, found {asked.below}")
    return asked.colour, asked.below


def name(axes: Axes, label: str, x: str, y: str) -> None:
    """Label a panel: its axes, and above it the setting, if there are several."""
    axes.set_title(label, fontsize=9)
    style.outer(axes, x, y)
    style.plain(axes)


def _spread(asked: Asked, axis: TableAxis | None) -> Spread:
    found = numbers(asked.results, axis, asked.colour, asked.where)
    there = np.flatnonzero(found.rows)
    return Spread(there, found.at(SPREAD)[0][:, there], int(found.rows.sum()), bool(found.rows.max() <= 1))


def _levels(axes: Axes, one: Spread, scale: Scale, one_each: bool) -> list[Any]:
    """Boxes, bands around a line, or, of one row at each place, a line; return what a legend could say of them."""
    where = scale.at[one.at]
    if not one_each and scale.kind == "steps":
        _boxes(axes, where, one.found)
        axes.set_xlim(-0.6, len(scale.at) - 0.4)
        return []
    span_scale(scale, axes)
    if not one_each:
        bands(axes, where, one.found, LINES[0])
    look: dict[str, Any] = {
        "linestyle": "-" if scale.axis.numeric else "",
        "marker": "o" if one_each and len(where) <= style.MARKED else "",
    }
    (line,) = axes.plot(where, one.found[2], color=LINES[0], label="median", **look)
    if one_each:
        return []
    shades = [Patch(color=LINES[0], alpha=alpha, linewidth=0) for alpha in (0.4, 0.15)]
    for patch, label in zip(shades, ("middle 50%", "middle 90%"), strict=True):
        patch.set_label(label)
    return [line, *shades]


def _boxes(axes: Axes, where: NDArray[np.float64], found: NDArray[np.float64]) -> None:
    names = ("whislo", "q1", "med", "q3", "whishi")
    stats = [{**dict(zip(names, row, strict=True)), "fliers": []} for row in found.T]
    look = {"facecolor": "#cfe3f1", "edgecolor": LINES[0]}
    middle = {"color": LINES[1], "linewidth": 2}
    axes.bxp(
        stats, positions=where, widths=0.5, patch_artist=True, boxprops=look, medianprops=middle, manage_ticks=False
    )


def _areas(axes: Axes, scale: Scale, parts: NDArray[np.float64]) -> None:
    """Shares of the statuses upon one another: bars for equal steps, else areas. parts: (statuses, V)."""
    bottom = np.zeros(len(scale.at))
    for status, part in zip(STATUSES, parts, strict=True):
        look: dict[str, Any] = {"facecolor": SIGNS[status].colour, "linewidth": 0, "gid": status.label}
        if scale.kind == "steps":
            axes.bar(scale.at, part, 0.7, bottom, **look)
        else:
            axes.fill_between(scale.at, bottom, bottom + part, **look)
        bottom = bottom + part
    axes.set_xlim(*((-0.6, len(scale.at) - 0.4) if scale.kind == "steps" else scale.at[[0, -1]]))


def _mark(axes: Axes, scale: Scale, below: NDArray[np.float64], label: str) -> Any:
    """A line over the areas, or a mark on each bar, with a white rim to stand out."""
    mark = ("D", "none") if scale.kind == "steps" else ("", "-")
    axes.plot(scale.at, below, color="white", marker=mark[0], linestyle=mark[1], linewidth=4.5, markersize=11)
    (line,) = axes.plot(scale.at, below, color="black", marker=mark[0], linestyle=mark[1], markersize=7, label=label)
    return line
