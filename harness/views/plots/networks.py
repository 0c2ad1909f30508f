"""Pictures of weights, laid out like the network: where each ends along an axis, and how it changes over the epochs."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from harness.network.layout import Parameter
from harness.views.numbers import printed
from harness.views.palette import LINES
from harness.views.plots import style
from harness.views.plots.axes import linear_ticks, show_scale, span_scale
from harness.views.plots.lines import BANDS, bands
from harness.views.plots.paths import Paths, Trends, equal
from harness.views.scale import Scale

TICKS = 4
BESIDE = 0.1
"""How far apart marks of several settings stand at a label, where the next is 1 away."""
LABELLED = 16
"""The most lines that are told apart by dash, marker and name; if there are more, all lines of a layer look alike."""
FIRST = 4
"""The most weights that share a line and are all named in the legend; of more, it names the first and the last."""


def weights(found: Trends) -> Figure:
    """Each weight against an axis, where it stands in the network: a row for each unit, the bias in the last column."""
    asked, facets, title = found.asked, found.facets, found.x.title
    alone, over = len(facets.drawn) == 1, asked.over(found.x.name, *facets.names)
    question = asked.question or f"Where does each weight end, by {title}?"
    medians = " ".join(["medians", *over]) if over else ""
    shown = [f"weights{asked.after}, by {title}", asked.held, medians, *facets.told]
    made, body, grid = _network(list(found.weights), question, shown)
    for axes, one, lowest in grid:
        parts = found.weights[one]
        for number, part in enumerate(parts):
            beside = BESIDE * (number - (len(parts) - 1) / 2)
            colour = LINES[(one.layer - 1 if alone else number) % len(LINES)]
            _trend(axes, part, found.scale, colour, alone, beside)
        _limits(axes, np.concatenate([(part if alone else part[2]).ravel() for part in parts]))
        _finish(axes, one.name, found.scale, title, lowest)
    handles = [
        Line2D([], [], color=LINES[number % len(LINES)], label=facet.value) for number, facet in enumerate(facets.drawn)
    ]
    style.legend(body, [] if alone else handles, ", ".join(facets.names))
    bands_told = [BANDS] if over and alone else []
    asked.caption(made, *bands_told, *asked.left_out(found.x.name), *asked.binned(found.x))
    return made


def paths(found: Paths) -> Figure:
    """Each weight against the epochs: of one run all in one picture; of several, each run a thin line."""
    question = found.asked.question or "How does each weight change over the epochs?"
    return (_one if len(found.runs) == 1 else _several)(found, question)


def _one(found: Paths, question: str) -> Figure:
    """All weights of a run together, a colour for each layer; equal ones share a line."""
    asked, scale = found.asked, found.scale
    made, body = style.sheet(question, ["weights at each number of epochs", asked.held])
    axes = body.subplots()
    lines = equal({one: array[0] for one, array in found.weights.items()})
    few = len(lines) <= LABELLED
    drawn: dict[int, int] = {}
    for same in lines:
        layer = same[0].layer
        number = drawn[layer] = drawn.get(layer, -1) + 1
        axes.plot(
            scale.at,
            found.weights[same[0]][0],
            color=LINES[(layer - 1) % len(LINES)],
            linestyle=style.DASHES[number % len(style.DASHES)] if few else "-",
            marker="os^Dv<>"[number // len(style.DASHES) % 7] if few and len(scale.at) <= style.MARKED else "",
            markersize=5,
            label=_label(same) if few else f"layer {layer}" if number == 0 else "_",
            alpha=1 if few else 0.5,
        )
    show_scale(scale, axes, "x")
    span_scale(scale, axes)
    axes.set_ylabel("weight")
    linear_ticks(axes.yaxis, *axes.get_ylim(), 10)
    style.plain(axes)
    handles = [line for line in axes.lines if not str(line.get_label()).startswith("_")]
    style.legend(body, handles, "weights, equal ones together" if few else "weights")
    asked.caption(made, *asked.binned(asked.axis("epochs")))
    return made


def _several(found: Paths, question: str) -> Figure:
    """A panel for each weight, a thin line for each run; colours tell the first label apart that varies."""
    asked, scale = found.asked, found.scale
    colours, handles, title = _told_apart(found)
    number = f"{len(found.runs):,} of {found.every:,} runs, at equal distances" if len(found.runs) < found.every else ""
    shown = [number or f"{found.every:,} runs", asked.held, *asked.over("epochs")]
    made, body, grid = _network(list(found.weights), question, shown)
    for axes, one, lowest in grid:
        thin: dict[str, Any] = {"linewidth": 0.8, "alpha": 0.7} if len(found.runs) > 6 else {"linewidth": 1.4}
        for line, colour in zip(found.weights[one], colours, strict=True):
            mark = "o" if len(scale.at) <= style.MARKED and len(found.runs) <= 6 else ""
            axes.plot(scale.at, line, color=colour, marker=mark, markersize=3, **thin)
        _limits(axes, found.weights[one])
        _finish(axes, one.name, scale, scale.axis.title, lowest)
    style.legend(body, handles, title)
    asked.caption(made, "a run that diverges has no weights from there on", *asked.binned(asked.axis("epochs")))
    return made


def _told_apart(found: Paths) -> tuple[list[str], list[Any], str]:
    """A colour for each run, and what the legend says: of few runs each; else the first labels that vary."""
    free = [str(name) for name in found.settings.columns]
    labels = [name for name in free if not found.asked.results.axes[name].numeric]
    names = free if len(found.runs) <= len(LINES) else labels[:1]
    if not names:
        return [LINES[0]] * len(found.runs), [], ""
    texts = [", ".join(printed(value, 4) for value in row) for row in found.settings[names].itertuples(index=False)]
    kinds = list(dict.fromkeys(texts))
    colour = {text: LINES[at % len(LINES)] for at, text in enumerate(kinds)}
    handles = [Line2D([], [], color=colour[text], label=text) for text in kinds[: len(LINES)]]
    return [colour[text] for text in texts], handles, ", ".join(name.replace("_", " ") for name in names)


def _label(same: list[Parameter]) -> str:
    names = [one.name for one in same]
    return " = ".join(names) if len(names) <= FIRST else f"{names[0]} = .. = {names[-1]} ({len(names)} weights)"


def _network(
    parameters: list[Parameter], question: str, shown: list[str]
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


def _finish(axes: Axes, name: str, scale: Scale, x: str, lowest: bool) -> None:
    """The looks of a small panel. lowest: of its layer, so that it has the axis's labels."""
    show_scale(scale, axes, "x", TICKS)
    span_scale(scale, axes)
    style.plain(axes)
    axes.set_title(name, fontsize=9, pad=3)
    axes.tick_params(labelsize=7, labelbottom=lowest)
    axes.yaxis.get_offset_text().set_fontsize(7)
    axes.set_xlabel(x if lowest else "", fontsize=8)


def _limits(axes: Axes, numbers: NDArray[np.float64]) -> None:
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
