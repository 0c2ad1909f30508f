"""Pictures against one axis: how the loss spreads over initial weights, how rows end, the loss from epoch to epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from harness.network.runs import Status
from harness.views.losses import what_of
from harness.views.numbers import printed
from harness.views.palette import LINES, STATUS_COLOURS
from harness.views.plots import style
from harness.views.plots.axes import TICKS, linear_ticks, show_scale, span_scale
from harness.views.plots.bands import Along, CurveBands, Spread
from harness.views.plots.gather import STATUSES
from harness.views.plots.milestones import mark
from harness.views.scale import Scale

BANDS = "bands: middle 50% and 90%"
BOXES = "boxes: middle 50%, whiskers: middle 90%"
MEAN = "loss_mean"


def spread(found: Along) -> Figure:
    """The distribution of the loss for each value of an axis; of one row a value, the losses."""
    asked, panels, scale = found.asked, found.panels, found.scale
    across = scale.axis.title if found.x else ""
    question = asked.question or f"What is the {asked.title}{f', by {across}' if across else ' of each row'}?"
    shown = [asked.measured, f"{found.rows:,} rows", asked.held, *asked.over(*found.drawn), *found.facets.told]
    alike, one_each = len(found.facets.kinds) == 1, all(one.one_each for one in panels)
    made, body, places = style.paneled(question, shown, found.facets.labels, alike)
    kind: list[Any] = []
    for axes, one in zip(places, panels, strict=True):
        kind = _levels(axes, one, scale, one_each)
        show_scale(scale, axes, "x", TICKS if len(panels) == 1 else TICKS // 2)
        style.named(axes, across, asked.title)
    drawn = [(axes, one.found) for axes, one in zip(places, panels, strict=True)]
    outside = _loss_scales(drawn, alike) if asked.is_loss else []
    style.legend(body, kind, " ".join([asked.title, *asked.over(*found.drawn)]))
    told = [] if one_each else [BOXES if scale.kind == "steps" else BANDS]
    told += asked.left_out(*(axis.name for axis in found.x))
    if found.rows < found.every:
        told += [f"without the {1 - found.rows / found.every:.1%} of rows that have no {asked.title}"]
    asked.caption(made, *told, *outside, *asked.binned(*found.x))
    return made


def share(found: Along) -> Figure:
    """The share of rows that ran, settled and diverged against an axis; and of those with a number below a bound."""
    asked, scale, rows = found.asked, found.scale, found.rows
    across = scale.axis.title if found.x else ""
    question = asked.question or f"How do runs end{f', by {across}' if across else ''}?"
    line = f"{asked.title} below {printed(asked.below, 4)}" if asked.below is not None else ""
    told = f"how {rows:,} rows ended{asked.after}"
    if line:
        below = sum(int(under.sum()) for _, _, under in found.panels)
        told = f"{line}{asked.after}: {below:,} of {rows:,} rows ({below / max(rows, 1):.1%})"
    shown = [told, asked.held, *asked.over(*found.drawn), *found.facets.told]
    made, body, places = style.paneled(question, shown, found.facets.labels)
    marks: list[Any] = []
    seen = sum(tally.sum(axis=1) for _, tally, _ in found.panels)
    ended = [status for status, count in zip(STATUSES, seen, strict=True) if count]
    for axes, (total, tally, under) in zip(places, found.panels, strict=True):
        with np.errstate(invalid="ignore"):
            _areas(axes, scale, {status: tally[status] / total for status in ended})
            marks = [_mark(axes, scale, under / total, line)] if line else []
        show_scale(scale, axes, "x", TICKS if len(found.panels) == 1 else TICKS // 2)
        axes.set(ylim=(0, 1))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        style.named(axes, across, f"share of rows; {line}" if line else "share of rows")
    style.legend(body, [*map(style.patch, ended), *marks], "how rows ended")
    asked.caption(made, *asked.left_out(*(axis.name for axis in found.x)), *asked.binned(*found.x))
    return made


def curves(found: CurveBands) -> Figure:
    """Least, mean and greatest loss against the epoch: of one run; or the medians of many, with bands of the mean."""
    asked, panels = found.asked, found.panels
    many = found.read > len(panels)
    sample = f" of {found.runs:,}" if found.runs > found.read else ""
    over = " ".join([f"medians of {found.read:,}{sample} runs", *asked.over("epochs", *found.facets.names)])
    shown = ["loss at each epoch", asked.held, over if many else "", *found.facets.told]
    question = asked.question or "How does the loss change from epoch to epoch?"
    alike = len(found.facets.kinds) == 1
    made, body, places = style.paneled(question, shown, found.facets.labels, alike)
    handles: list[Any] = []
    stopped: dict[str, Any] = {}
    for axes, (epochs, levels), milestones in zip(places, panels, found.milestones, strict=True):
        if len(epochs):
            most = TICKS if len(panels) == 1 else TICKS // 2
            handles = _losses(axes, epochs, dict(zip(found.names, levels, strict=True)), many, most) or handles
            stopped |= mark(axes, milestones)
        style.named(axes, "epoch", "loss")
    mean = found.names.index(MEAN)
    losses = [np.concatenate([levels[:, 2], levels[mean]]) if many else levels[:, 2] for _, levels in panels]
    outside = _loss_scales(list(zip(places, losses, strict=True)), alike)
    style.legend(body, [*handles, *stopped.values()], "over the samples of an epoch")
    told = [f"{BANDS} of the mean loss", "a run that diverges counts until it does"] if many else []
    asked.caption(made, *told, *outside)
    return made


def bands(axes: Axes, at: NDArray[Any], found: NDArray[np.float64], colour: str) -> None:
    """The middle 50 % and 90 % of the numbers at each place. found: (quantiles, V)."""
    for low, high, alpha in ((0, 4, 0.15), (1, 3, 0.25)):
        axes.fill_between(at, found[low], found[high], color=colour, alpha=alpha, linewidth=0)


def _loss_scales(panels: Sequence[tuple[Axes, NDArray[np.float64]]], alike: bool) -> list[str]:
    """A logarithmic y for the losses of panels, one for all if they are alike; return what the caption says of it."""
    every = np.concatenate([np.ravel(losses) for _, losses in panels])
    told = [line for axes, losses in panels for line in style.loss_scale(axes, every if alike else losses)]
    return list(dict.fromkeys(told))


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


def _areas(axes: Axes, scale: Scale, parts: Mapping[Status, NDArray[np.float64]]) -> None:
    """Shares of statuses upon one another: bars for equal steps, else areas. parts: (V,) of each."""
    bottom = np.zeros(len(scale.at))
    for status, part in parts.items():
        look: dict[str, Any] = {"facecolor": STATUS_COLOURS[status], "linewidth": 0, "gid": status.label}
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


def _losses(
    axes: Axes, epochs: NDArray[np.int64], levels: dict[str, NDArray[np.float64]], many: bool, most: int
) -> list[Any]:
    """Draw the losses of the runs of a panel, over so many ticks at most; return what the legend says."""
    alone = all((found == levels[MEAN]).all() for found in levels.values())  # of one sample
    dashes = iter(style.DASHES[1:] * len(levels))
    for (column, found), colour in zip(levels.items(), cycle(LINES), strict=False):
        if alone and column != MEAN:
            continue
        if many and column == MEAN:
            bands(axes, epochs, found, colour)
        dash = "-" if column == MEAN else next(dashes)
        mark = "o" if len(epochs) <= style.MARKED else None
        axes.plot(epochs, found[2], color=colour, linestyle=dash, marker=mark, markersize=4, label=what_of(column))
    linear_ticks(axes.xaxis, float(epochs[0]), float(epochs[-1]), most, whole=True)
    return [] if alone else list(axes.lines)
