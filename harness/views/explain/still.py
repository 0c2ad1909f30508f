"""The record of `explain` as a picture: the network, or maps of its weights, before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.patheffects import withStroke

from harness.network.layout import WEIGHT, Parameter, bias, parse, weight
from harness.views.explain.names import RowKind, large, network_of
from harness.views.numbers import printed
from harness.views.ticks import literal

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

POSITIVE, NEGATIVE, NONE, NAME = "#1f6fc4", "#b95000", "#6e7781", "#57606a"
MOST_LABELS = 16
"""Edges between two layers that still have room for their weights."""
MOST_BIASES = 4
"""Units in a layer that have room for their biases."""
RADIUS = 0.26
CHARACTER = 0.081
"""The width of a digit, in inches."""
SHARES = 0.5 + np.array([0.02 * (at // 2) * (-1) ** at for at in range(1, 32)])
"""Places along an edge, as shares of its length, where its weight may stand; the middle first."""
HALO = [withStroke(linewidth=3, foreground="white")]
WIDEST = 6.0
LINE, GAP = 0.16, 0.07
"""Inches between the lines of a label, and between it and its edge."""
MOST_NAMES = 24
DIGITS = 4


CLOSE = 0.12
"""Inches that keep a number apart from other edges, if there is room."""
POINTS = 40
"""Points along an edge that are looked at to see what the edge passes through."""
Places = dict[tuple[int, int], Any]
"""(layer, unit) -> (x, y)."""
Box = tuple[Any, tuple[float, float]]
"""The middle (x, y), and width and height."""


@dataclass(frozen=True)
class _Moment:
    """The network at one moment. network: its units, as `network_of` has them. values: of the forward pass that it did,
    by name; none after the last update.
    """

    title: str
    network: list[list[dict[str, Any]]]
    values: dict[str, float]
    weights: dict[Parameter, float]
    scale: float

    @property
    def layers(self) -> list[int]:
        return [*map(len, self.network)]


def before_and_after(recorded: pd.DataFrame) -> Figure:
    """The network before the first update and after the last, side by side; larger ones as maps, with the change."""
    first, last = _states(recorded)
    figure = _maps(first, last) if large(first.network) else _networks(first, last)
    settings = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in recorded.attrs["settings"].items())
    figure.suptitle(literal(f"{recorded.attrs['name']}: {settings}"), fontsize=13, fontweight="bold", wrap=True)
    about = recorded.attrs
    named = [f"{ours} = {theirs}" for ours, theirs in about["columns"].items()]
    units = [f"of each layer the first {about['units']} units"] if about["units"] else []
    if words := ", ".join([*named[:MOST_NAMES], *units]):
        figure.supxlabel(literal(words), fontsize=10, color=NAME, wrap=True)
    return figure


def _states(recorded: pd.DataFrame) -> tuple[_Moment, _Moment]:
    """What the first update found, with the first sample's forward pass, and what the last one left."""
    forward, network = recorded[recorded.phase == "forward"], network_of(recorded.attrs)
    update = recorded[recorded.kind.isin([RowKind.WEIGHT, RowKind.BIAS])]
    still = update.phase == "weights"
    update = update.assign(**{name: update[name].where(~still, update["value"]) for name in ("before", "after")})
    before, after = _weights(update.drop_duplicates("name"), "before"), _weights(update, "after")
    sizes = np.abs([*before.values(), *after.values()])
    scale = float(sizes[np.isfinite(sizes)].max(initial=0.0)) or 1.0
    epochs, samples = int(recorded.epoch.max()), recorded.attrs["samples"]
    steps = _counted(epochs, "epoch") + (f" of {samples:,} samples" if samples > 1 else "")

    values = _numbers(forward.drop_duplicates("name"), "value")
    losses = recorded[(recorded.name == "loss_mean") & (recorded.epoch == epochs)].value
    loss = f": loss_mean {_text(losses.iloc[-1])}" if len(losses) else ""
    first = forward.iloc[0]
    moment = "before" if first["epoch"] <= 1 else f"in epoch {first['epoch']:,}"
    found = _Moment(f"{moment}: cost {_text(values['cost'])}", network, values, before, scale)
    return found, _Moment(f"after {steps}{loss}", network, {}, after, scale)


def _numbers(rows: pd.DataFrame, column: str) -> dict[str, float]:
    """The numbers of a column by the names of their rows; where rows share a name, the last one's."""
    return dict(zip(rows["name"], rows[column].astype(float), strict=True))


def _weights(rows: pd.DataFrame, column: str) -> dict[Parameter, float]:
    numbers = _numbers(rows, column).items()
    return {parameter: value for name, value in numbers if (parameter := parse(name))}


def _text(value: float) -> str:
    return printed(value, DIGITS).replace("-", "\N{MINUS SIGN}")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' if number != 1 else ''}"


def _colour(value: float) -> str:
    if not np.isfinite(value) or value == 0:
        return NONE
    return POSITIVE if value > 0 else NEGATIVE


def _width(state: _Moment, value: float) -> float:
    return 1.0 + (WIDEST - 1.0) * min(1.0, abs(value) / state.scale) if np.isfinite(value) else 1.0


def _networks(first: _Moment, last: _Moment) -> Figure:
    most, depth = max(first.layers), len(first.layers) - 1
    panel = 1.5 + 2.5 * depth
    figure = Figure(figsize=(2 * panel, 1.4 + max(2.6, (1.5 if most <= 4 else 0.95) * most)), layout="constrained")
    height = figure.get_figheight() - 1.2
    places = {
        (layer, unit): np.array([2.5 * layer, -height * (unit - 0.5) / count])
        for layer, count in enumerate(first.layers)
        for unit in range(1, count + 1)
    }
    spots = _spots((first, last), places)
    for axes, state in zip(figure.subplots(1, 2), (first, last), strict=True):
        axes.set(xlim=(-0.4, 2.5 * depth + 1.1), ylim=(-height - 0.1, 0.1), aspect="equal")
        _network(axes, state, places, spots)
    return figure


def _network(axes: Axes, state: _Moment, places: Places, spots: dict[Parameter, Any]) -> None:
    """Draw the network at one moment, on axes whose unit is an inch of the figure."""
    depth = len(state.layers) - 1
    axes.set_title(state.title, fontsize=12)
    axes.axis("off")
    for edge in (one for one in state.weights if one.kind == WEIGHT):
        _edge(axes, state, edge, places, spots.get(edge))
    for (layer, unit), place in places.items():
        _unit(axes, state, state.network[layer][unit - 1]["name"], place)
        own = state.weights.get(bias(layer, unit))
        if own is not None and max(state.layers) <= MOST_BIASES:
            style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 9, "path_effects": HALO}
            axes.text(place[0], place[1] - RADIUS - 0.13, f"b {_text(own)}", color=_colour(own), **style)
    for unit, names in enumerate(state.network[-1] if state.values else (), start=1):
        x, y = places[depth, unit]
        axes.text(x + RADIUS + 0.08, y, f"target {_text(state.values[names['target']])}", va="center", fontsize=9)


def _edge(axes: Axes, state: _Moment, edge: Parameter, places: Places, spot: Any) -> None:
    value, boxed = state.weights[edge], {"boxstyle": "round,pad=0.12", "facecolor": "white", "edgecolor": "none"}
    width, style = _width(state, value), "-" if np.isfinite(value) and value != 0 else ":"
    axes.plot(*zip(*_ends(edge, places), strict=True), color=_colour(value), linewidth=width, linestyle=style, zorder=1)
    if spot is not None:
        style_of: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 9, "zorder": 2}
        axes.text(spot[0], spot[1] - LINE / 2, _text(value), fontweight="bold", **style_of, bbox=boxed)
        axes.text(spot[0], spot[1] + LINE / 2, edge.name, color=_colour(value), **style_of, path_effects=HALO)


def _spots(states: tuple[_Moment, _Moment], places: Places) -> dict[Parameter, Any]:
    """Where the weights of the layers with few edges stand: beside them, apart from one another and from the units.

    Weights with the fewest spots left come first, each where the fewest other edges pass, then nearest to the middle.
    """
    edges = {edge: _ends(edge, places) for edge in states[0].weights if edge.kind == WEIGHT}
    points = np.array([a + np.linspace(0, 1, POINTS)[:, None] * (b - a) for a, b in edges.values()])
    taken, left = _boxes(states, places), {}
    for edge, (a, b) in edges.items():
        if states[0].layers[edge.layer] * states[0].layers[edge.layer - 1] <= MOST_LABELS:
            width, height = _size(*(state.weights[edge] for state in states))
            size = max(width, CHARACTER * len(edge.name) + 0.06), height + LINE
            left[edge] = _beside(a, b, size)
    found = {}
    while left:
        covered = {edge: np.array([_overlap(box, taken) for box in boxes]) for edge, boxes in left.items()}
        edge = min(left, key=lambda edge: int((covered[edge] == 0).sum()))
        crossed = np.array([_crossings(box, points) for box in left[edge]])
        best = np.lexsort((np.arange(len(left[edge])), crossed, covered[edge]))[0]
        box = left.pop(edge)[best]
        taken.append(box)
        found[edge] = box[0]
    return found


def _beside(a: Any, b: Any, size: tuple[float, float]) -> list[Box]:
    """Boxes of this size beside the line from a to b, on both sides, those near its middle first."""
    along = (b - a) / np.hypot(*(b - a))
    normal = np.array([-along[1], along[0]])
    away = (np.abs(normal) * size).sum() / 2 + GAP
    return [(a + share * (b - a) + side * away * normal, size) for share in SHARES for side in (1, -1)]


def _ends(edge: Parameter, places: Places) -> tuple[Any, Any]:
    to, start = edge.units
    return places[edge.layer - 1, start], places[edge.layer, to]


def _crossings(box: Box, points: Any) -> int:
    """How many edges pass through a box or close by it. points: (edges, POINTS, 2), along each edge."""
    inside = (np.abs(points - box[0]) < np.array(box[1]) / 2 + CLOSE).all(axis=2)
    return int(inside.any(axis=1).sum())


def _boxes(states: tuple[_Moment, _Moment], places: Places) -> list[Box]:
    """The boxes that the units cover, and the texts above and below them."""
    found = []
    for (layer, unit), place in places.items():
        found += [(place, (2 * RADIUS, 2 * RADIUS)), (place + np.array([0, RADIUS + 0.1]), (0.4, 0.15))]
        own = bias(layer, unit)
        if own in states[0].weights and max(states[0].layers) <= MOST_BIASES:
            width, height = _size(*(state.weights[own] for state in states))
            found.append((place - np.array([0, RADIUS + 0.13]), (width + 2 * CHARACTER, height)))
    return found


def _size(*values: float) -> tuple[float, float]:
    """Width and height of the longest of these numbers in print."""
    return CHARACTER * max(len(_text(value)) for value in values) + 0.06, 0.19


def _overlap(box: Box, taken: list[Box]) -> float:
    """The area of a box, in square inches, that boxes placed earlier cover."""
    centres = np.array([place for place, _ in taken]) - box[0]
    room = (np.array([size for _, size in taken]) + box[1]) / 2 - np.abs(centres)
    return float(np.clip(room, 0, None).prod(axis=1).sum())


def _unit(axes: Axes, state: _Moment, name: str, place: Any) -> None:
    axes.add_patch(Circle(place, RADIUS, facecolor="white", edgecolor=NAME, linewidth=1.2, zorder=3))
    middle: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 4}
    if not state.values:
        axes.text(place[0], place[1], name, fontsize=9, color=NAME, **middle)
        return
    value = _text(state.values[name])
    axes.text(place[0], place[1], value, fontsize=min(12.0, 55 / len(value)), fontweight="bold", **middle)
    axes.text(place[0], place[1] + RADIUS + 0.1, name, fontsize=8, color=NAME, path_effects=HALO, **middle)


def _maps(first: _Moment, last: _Moment) -> Figure:
    """A row of three maps for each layer, biases in the last column: before, after, and the change."""
    layers = first.layers
    signed = LinearSegmentedColormap.from_list("signed", [NEGATIVE, "white", POSITIVE])
    colours = signed.with_extremes(bad="#1b1f24")
    heights = [min(5.0, max(1.5, 0.16 * count)) for count in layers[1:]]
    figure = Figure(figsize=(12, 1.0 + 1.1 * sum(heights)), layout="constrained")
    grid = figure.subplots(len(layers) - 1, 3, squeeze=False, height_ratios=heights)
    for layer, row in enumerate(grid, start=1):
        before, after = (_matrix(state, layer) for state in (first, last))
        with np.errstate(invalid="ignore"):
            change = after - before
        titles = ("before", last.title.partition(":")[0], "change")
        for axes, matrix, title in zip(row, (before, after, change), titles, strict=True):
            finite = np.abs(matrix[np.isfinite(matrix)]).max(initial=0.0)
            scale = (first.scale if axes is not row[2] else finite) or 1.0
            image = axes.imshow(np.ma.masked_invalid(matrix), cmap=colours, vmin=-scale, vmax=scale, aspect="auto")
            biases = " and the bias" if bias(layer, 1) in first.weights else ""
            axes.set(xticks=[], yticks=[], xlabel=_counted(layers[layer - 1], "input") + biases)
            axes.set_ylabel(f"layer {layer}: {_counted(layers[layer], 'unit')}" if axes is row[0] else "")
            if layer == 1:
                axes.set_title(title)
            if axes is not row[0]:
                figure.colorbar(image, ax=axes)
    return figure


def _matrix(state: _Moment, layer: int) -> Any:
    """(O, I) or, with biases, (O, I + 1)."""
    outputs, inputs = state.layers[layer], state.layers[layer - 1]
    weights = [[state.weights[weight(layer, j, i)] for i in range(1, inputs + 1)] for j in range(1, outputs + 1)]
    biases = [[state.weights.get(bias(layer, j), np.nan)] for j in range(1, outputs + 1)]
    return np.hstack([weights, biases]) if bias(layer, 1) in state.weights else np.array(weights)
