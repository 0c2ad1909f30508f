"""The final weights against an axis, laid out like the network; unlike settings have a line each."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.network.layout import Parameter, parse
from harness.views.palette import LINES
from harness.views.plots import style
from harness.views.plots.asked import DOT, Asked
from harness.views.plots.axes import linear_ticks, show_scale, span_scale
from harness.views.plots.facets import facets_of
from harness.views.plots.gather import numbers, present
from harness.views.plots.lines import BANDS, bands
from harness.views.plots.order import SPREAD
from harness.views.scale import Scale, scale_of

MOST = 64
"""Weights in panels of their own."""
TICKS = 4
BESIDE = 0.1
"""How far apart marks of several settings stand at a label, where the next is 1 away."""


def weights(asked: Asked) -> Figure:
    """Each weight against an axis, where it stands in the network: a row for each unit, the bias in the last column."""
    parameters = parameters_of(asked, MOST)
    x = asked.pick(asked.x or next(iter(asked.entire()), None))
    asked = asked.at_last_epochs(x.name)
    facets = facets_of(asked, x.name)
    scale = scale_of(present(asked.results, x, asked.where))
    alone = len(facets.drawn) == 1
    found: dict[Parameter, list[NDArray[np.float64]]] = {}
    for one in parameters:
        read = [numbers(asked.results, scale.axis, one.name, facet.asked.where) for facet in facets.drawn]
        if any(part.rows.any() for part in read):
            found[one] = [part.at(SPREAD)[0] for part in read]
    if not found:
        raise HarnessError(f"{asked.results.folder}: no row has finite weights: every run diverged")
    over = asked.over(x.name, *facets.names)
    shown = [
        f"weights{asked.after}, by {x.title}",
        asked.held,
        *([" ".join(["medians", *over])] if over else []),
        *facets.told,
    ]
    question = asked.question or f"Where does each weight end, by {x.title}?"
    made, body, grid = network(list(found), question, DOT.join(part for part in shown if part))
    for axes, one, lowest in grid:
        for number, part in enumerate(found[one]):
            beside = BESIDE * (number - (len(found[one]) - 1) / 2)
            _trend(axes, part, scale, LINES[(one.layer - 1 if alone else number) % len(LINES)], alone, beside)
        limits(axes, np.concatenate([(part if alone else part[2]).ravel() for part in found[one]]))
        show_scale(scale, axes, "x", TICKS)
        span_scale(scale, axes)
        finish(axes, one.name, x.title, lowest)
    handles = [
        Line2D([], [], color=LINES[number % len(LINES)], label=facet.value) for number, facet in enumerate(facets.drawn)
    ]
    style.legend(body, [] if alone else handles, ", ".join(facets.names))
    asked.caption(made, *([BANDS] if over and alone else []), *asked.left_out(x.name), *asked.binned(x))
    return made


def network(
    parameters: list[Parameter], question: str, shown: str
) -> tuple[Figure, SubFigure, list[tuple[Axes, Parameter, bool]]]:
    """A picture and its body, with a panel for each weight where it stands; and whether it is its layer's lowest."""
    layers = _layers(parameters)
    rows = [len(units) for units in layers.values()]
    columns = [max(map(len, units.values())) for units in layers.values()]
    width = max(style.WIDTH, 1.6 * max(columns) + 0.6)
    made, body = style.sheet(question, shown, width, 1.3 * sum(rows) + 0.55 * len(rows) + 1.5)
    parts = body.subfigures(len(rows), 1, height_ratios=[row + 0.4 for row in rows], squeeze=False)[:, 0]
    found = []
    for part, (layer, units), wide in zip(parts, layers.items(), columns, strict=True):
        found += [(axes, one, one in list(units.values())[-1]) for axes, one in _grid(part, units, wide)]
        part.suptitle(f"layer {layer}", fontsize=9, fontweight="bold", x=0.01, ha="left")
    return made, body, found


def finish(axes: Axes, name: str, x: str, lowest: bool) -> None:
    """The looks of a small panel. lowest: of its layer, so that it has the axis's labels."""
    style.plain(axes)
    axes.set_title(name, fontsize=9, pad=3)
    axes.tick_params(labelsize=7, labelbottom=lowest)
    axes.yaxis.get_offset_text().set_fontsize(7)
    axes.set_xlabel(x if lowest else "", fontsize=8)


def parameters_of(asked: Asked, most: int) -> list[Parameter]:
    """The weights and biases. Raises `HarnessError` if there are too many for a picture, or none."""
    names = asked.results.weight_columns
    if not names:
        raise HarnessError(
            f"{asked.results.folder}: no weights there; an experiment without record.weights: false keeps them"
        )
    parameters = [parameter for parameter in map(parse, names) if parameter and parameter.units]
    if len(parameters) < len(names):
        raise HarnessError(f"{asked.results.folder}: a network too large for this picture of {most} weights")
    if len(names) > most:
        raise HarnessError(f"{asked.results.folder}: {len(names)} weights, and this picture has room for {most}")
    return parameters


def limits(axes: Axes, numbers: NDArray[np.float64]) -> None:
    """Limit y to the middle of the numbers and some room: weights on their way to infinity would flatten the rest."""
    there = numbers[np.isfinite(numbers)]
    most = 10 * np.quantile(np.abs(there), 0.9) or np.inf
    low, high = np.clip(np.quantile(there, [0.005, 0.995]), -most, most)
    room = 0.12 * max(high - low, 1e-3 * max(abs(low), abs(high), 1e-3))
    axes.set_ylim(low - room, high + room)
    linear_ticks(axes.yaxis, low - room, high + room, 5)


def _layers(parameters: list[Parameter]) -> dict[int, dict[int, list[Parameter]]]:
    """Layer -> unit -> its weights in the order of the units below, and its bias."""
    found: dict[int, dict[int, list[Parameter]]] = {}
    for one in parameters:
        found.setdefault(one.layer, {}).setdefault(one.units[0], []).append(one)
    return found


def _grid(part: SubFigure, units: dict[int, list[Parameter]], wide: int) -> list[tuple[Axes, Parameter]]:
    grid = part.subplots(len(units), wide, squeeze=False)
    found: list[tuple[Axes, Parameter]] = []
    for row, own in zip(grid, units.values(), strict=True):
        found += list(zip(row, own, strict=False))
        for axes in row[len(own) :]:
            axes.set_visible(False)
    return found


def _trend(axes: Axes, found: NDArray[np.float64], scale: Scale, colour: str, one: bool, beside: float) -> None:
    """Medians, with bands if they are the only ones; of labels marks, for there is nothing between labels."""
    there = ~np.isnan(found[2])
    where, found = scale.at[there], found[:, there]
    if scale.axis.numeric:
        if one:
            bands(axes, where, found, colour)
        mark = "o" if len(scale.at) <= style.MARKED else ""
        axes.plot(where, found[2], color=colour, linewidth=1.4, marker=mark, markersize=3)
        return
    where = where + beside
    for low, high, width in ((0, 4, 1), (1, 3, 4)) if one else ():
        axes.vlines(where, found[low], found[high], color=colour, alpha=0.5, linewidth=width)
    axes.plot(where, found[2], color=colour, linestyle="", marker="o", markersize=4)
