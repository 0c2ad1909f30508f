"""The final weights against an axis, laid out like the network; and their paths over the epochs."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.errors import HarnessError
from harness.views.plots import style
from harness.views.plots.asked import Asked
from harness.views.plots.lines import bands
from harness.views.plots.scales import codes, scale_of

NAMED = re.compile(r"([wb])(\d+)_(\d+)(?:_(\d+))?")
MOST_PICTURES, MOST_LINES = 64, 200
"""Weights in pictures of their own, and in one."""


def weights(asked: Asked) -> Figure:
    """Each weight against an axis, where it stands in the network: a row for each unit, the bias in the last column."""
    names = _names(asked, MOST_PICTURES)
    held = asked.last_epochs(asked.x)
    x = asked.pick(asked.x, *held)
    frame = asked.frame([x.name, *names], held)
    places = _places(names)
    rows, columns = (1 + max(place[k] for place in places.values()) for k in (0, 1))
    made = style.figure(min(2.1 * columns + 1.2, 20), min(1.5 * rows + 1.4, 24))
    grid = made.subplots(rows, columns, sharex=True, sharey=False, squeeze=False)
    scale, at = scale_of(x), codes(x, frame[x.name])
    for axes in grid.flat:
        axes.set_visible(False)
    for name, (row, column) in places.items():
        axes = grid[row][column]
        axes.set_visible(True)
        _line(axes, frame[name], at, scale.at)
        axes.set_title(name, fontsize=9)
        axes.tick_params(labelsize=7, labelbottom=row + 1 == rows or (row + 1, column) not in places.values())
        scale.show(axes, "x")
        axes.set_xlabel("")
    made.supylabel("final weight", fontsize=9)
    over = ", ".join(asked.free(x.name, *held))
    asked.caption(
        made, f"against {x.title}", *([f"medians over {over}, and the middle nine tenths"] if over else []), held=held
    )
    return made


def paths(asked: Asked) -> Figure:
    """Each weight against the epochs, a colour for each layer. Raises `HarnessError` if the epochs do not vary."""
    names, x = _names(asked, MOST_LINES), asked.axis("epochs")
    frame = asked.frame([x.name, *names])
    scale, at = scale_of(x), codes(x, frame[x.name])
    made = style.figure()
    axes = made.subplots()
    few = len(names) <= 12
    for name in names:
        layer = int(name[1:].split("_")[0])
        colour = style.LINES[(layer - 1) % len(style.LINES)]
        number = sum(other.startswith(name[: name.index("_") + 1]) for other in names[: names.index(name)])
        dash = style.DASHES[number % len(style.DASHES)] if few else "-"
        found = frame[name].astype(float).groupby(at).median()
        mark = "o" if len(scale.at) <= 12 else ""
        label = name if few else f"layer {layer}" if number == 0 and name[0] == "w" else "_"
        axes.plot(
            scale.at[found.index],
            found,
            color=colour,
            linestyle=dash,
            marker=mark,
            markersize=4,
            label=label,
            alpha=1 if name[0] == "w" else 0.55,
        )
    scale.show(axes, "x")
    axes.set_ylabel("weight")
    style.plain(axes)
    style.legend(made, [line for line in axes.lines if not str(line.get_label()).startswith("_")], columns=6)
    over = ", ".join(asked.free(x.name))
    asked.caption(made, *([f"medians over {over}"] if over else []))
    return made


def _names(asked: Asked, most: int) -> list[str]:
    """The weights' columns. Raises `HarnessError` if there are none, or too many for a picture."""
    names = [name for name in asked.results.weights if NAMED.fullmatch(name)]
    if not names:
        raise HarnessError(f"{asked.results.folder}: the table has no columns of single weights")
    if len(names) > most:
        raise HarnessError(f"{asked.results.folder}: {len(names)} weights, and this picture has room for {most}")
    return names


def _places(names: list[str]) -> dict[str, tuple[int, int]]:
    """(row, column) of each weight: the layers below one another, a row for each unit, biases last."""
    parsed = {name: match for name in names if (match := NAMED.fullmatch(name))}
    inputs: dict[int, int] = {}
    units: dict[int, int] = {}
    for match in parsed.values():
        layer = int(match[2])
        units[layer] = max(units.get(layer, 0), int(match[3]))
        inputs[layer] = max(inputs.get(layer, 0), int(match[4] or 0))
    first = {layer: sum(units[below] for below in units if below < layer) for layer in units}
    return {
        name: (first[int(m[2])] + int(m[3]) - 1, int(m[4]) - 1 if m[4] else inputs[int(m[2])])
        for name, m in parsed.items()
    }


def _line(axes: Axes, column: Any, at: Any, where: Any) -> None:
    groups = column.astype(float).groupby(at)
    median = groups.median()
    if groups.size().max() > 1:
        bands(axes, groups, style.LINES[0], where, np.asarray)
    axes.plot(where[median.index], median, color=style.LINES[0], linewidth=1.4)
    style.plain(axes)
    low, high = np.nanquantile(column.astype(float), [0.01, 0.99]) if column.notna().any() else (0.0, 1.0)
    room = 0.08 * max(high - low, 1e-9)
    axes.set_ylim(low - room, high + room)
