"""The final weights against an axis, laid out like the network; and their paths over the epochs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from harness.errors import HarnessError
from harness.store.arrays import NAMED
from harness.views.plots import style
from harness.views.plots.asked import Asked
from harness.views.plots.lines import BANDS, bands, quantiles
from harness.views.plots.scales import Scale, grouped, nearest, present, scale_of

MOST_PICTURES, MOST_LINES = 64, 200
"""Weights in pictures of their own, and in one."""
LABELLED = 16
"""So many lines or fewer are told apart."""
FIRST = 4
"""So many equal weights or fewer are all named."""
TICKS = 4


def weights(asked: Asked) -> Figure:
    """Each weight against an axis, where it stands in the network: a row for each unit, the bias in the last column."""
    names = _names(asked, MOST_PICTURES)
    asked = asked.at_last_epochs()
    x = asked.pick(asked.x)
    frame = asked.frame([x.name, *names])
    names = _there(asked, frame, names)
    scale = scale_of(present(x, frame[x.name]))
    at = nearest(scale.axis, frame[x.name])
    layers = _layers(names)
    rows = [len(units) for units in layers.values()]
    columns = [max(map(len, units.values())) for units in layers.values()]
    made = style.figure(max(style.WIDTH, 1.6 * max(columns) + 0.6), 1.25 * sum(rows) + 0.5 * len(rows) + 0.6)
    parts = made.subfigures(len(rows), 1, height_ratios=[row + 0.4 for row in rows], squeeze=False)[:, 0]
    for part, (layer, units), wide in zip(parts, layers.items(), columns, strict=True):
        last = layer == max(layers)
        for axes, name in _grid(part, units, wide):
            _trend(axes, grouped(frame[name], at), scale, style.LINES[(layer - 1) % len(style.LINES)])
            _limits(axes, frame[name])
            axes.set_title(name, fontsize=9, pad=3)
            scale.show(axes, "x", TICKS)
            axes.tick_params(labelsize=7)
            axes.yaxis.get_offset_text().set_fontsize(7)
            lowest = name in list(units.values())[-1]
            axes.set_xlabel(x.title if last and lowest else "", fontsize=8)
            axes.tick_params(labelbottom=lowest)
        part.suptitle(f"layer {layer}: final weights", fontsize=9, fontweight="bold", x=0.01, ha="left")
    told = [" ".join(["medians", *asked.over(x.name)]), BANDS] if asked.over(x.name) else []
    asked.caption(made, *told, *asked.binned(x))
    return made


def paths(asked: Asked) -> Figure:
    """Each weight against the epochs, a colour for each layer. Raises `HarnessError` if the epochs do not vary."""
    names, x = _names(asked, MOST_LINES), asked.axis("epochs")
    frame = asked.frame([x.name, *names])
    names = _there(asked, frame, names)
    scale = scale_of(present(x, frame[x.name]))
    at = nearest(scale.axis, frame[x.name])
    medians = {name: grouped(frame[name], at).median().reindex(range(len(scale.at))) for name in names}
    made = style.figure()
    axes = made.subplots()
    lines = _equal(medians)
    few = len(lines) <= LABELLED
    drawn: dict[int, int] = {}
    for same in lines:
        layer = _layer(same[0])
        number = drawn[layer] = drawn.get(layer, -1) + 1
        label = _label(same) if few else f"layer {layer}" if number == 0 else "_"
        axes.plot(
            scale.at,
            medians[same[0]],
            color=style.LINES[(layer - 1) % len(style.LINES)],
            linestyle=style.DASHES[number % len(style.DASHES)] if few else "-",
            marker="os^Dv<>"[number // len(style.DASHES) % 7] if few and len(scale.at) <= style.MARKED else "",
            markersize=5,
            label=label,
            alpha=1 if few else 0.5,
        )
    scale.show(axes, "x")
    axes.set_ylabel("weight")
    style.plain(axes)
    style.legend(made, [line for line in axes.lines if not str(line.get_label()).startswith("_")])
    told = [" ".join(["medians", *asked.over(x.name)])] if asked.over(x.name) else []
    asked.caption(made, *told, *asked.binned(x))
    return made


def _names(asked: Asked, most: int) -> list[str]:
    """The weights' columns. Raises `HarnessError` if there are too many for a picture."""
    names = asked.results.weight_columns
    if any(not NAMED.fullmatch(name) for name in names):
        raise HarnessError(f"{asked.results.folder}: a network too large for this picture of {most} weights")
    if len(names) > most:
        raise HarnessError(f"{asked.results.folder}: {len(names)} weights, and this picture has room for {most}")
    return names


def _there(asked: Asked, frame: pd.DataFrame, names: list[str]) -> list[str]:
    """Those of the weights that these rows have. Raises `HarnessError` if there are none."""
    found = [name for name in names if frame[name].notna().any()]
    if not found:
        raise HarnessError(f"{asked.results.folder}: no row has finite weights: every run diverged")
    return found


def _layer(name: str) -> int:
    return int(name[1:].split("_")[0])


def _layers(names: list[str]) -> dict[int, dict[int, list[str]]]:
    """Layer -> unit -> its weights in the order of the units below, and its bias."""
    found: dict[int, dict[int, list[str]]] = {}
    for name in names:
        layer, unit, *_ = map(int, name[1:].split("_"))
        found.setdefault(layer, {}).setdefault(unit, []).append(name)
    return found


def _grid(part: SubFigure, units: dict[int, list[str]], wide: int) -> list[tuple[Axes, str]]:
    grid = part.subplots(len(units), wide, squeeze=False)
    found = []
    for row, names in zip(grid, units.values(), strict=True):
        found += list(zip(row, names, strict=False))
        for axes in row[len(names) :]:
            axes.set_visible(False)
    return found


def _trend(axes: Axes, groups: Any, scale: Scale, colour: str) -> None:
    """Medians with bands; of labels, marks with bars, for there is nothing between labels."""
    found = quantiles(groups)
    where = scale.at[found.index]
    if scale.axis.numeric:
        bands(axes, found, colour, scale.at)
        mark = "o" if len(scale.at) <= style.MARKED else ""
        axes.plot(where, found[0.5], color=colour, linewidth=1.4, marker=mark, markersize=3)
    else:
        for low, high, width in ((0.05, 0.95, 1), (0.25, 0.75, 4)):
            axes.vlines(where, found[low], found[high], color=colour, alpha=0.5, linewidth=width)
        axes.plot(where, found[0.5], color=colour, linestyle="", marker="o", markersize=4)
        axes.set_xlim(-0.5, len(scale.at) - 0.5)
    style.plain(axes)


def _limits(axes: Axes, column: pd.Series) -> None:
    """The middle of the numbers and some room: weights on their way to infinity would flatten the others."""
    numbers = column.dropna().to_numpy(float)
    most = 10 * np.quantile(np.abs(numbers), 0.9) or np.inf
    low, high = np.clip(np.quantile(numbers, [0.005, 0.995]), -most, most)
    room = 0.12 * max(high - low, 1e-3 * max(abs(low), abs(high), 1e-3))
    axes.set_ylim(low - room, high + room)


def _equal(medians: dict[str, pd.Series]) -> list[list[str]]:
    """The weights that go the same way together, bit for bit: they share a line."""
    found: dict[tuple[int, bytes], list[str]] = {}
    for name, median in medians.items():
        found.setdefault((_layer(name), median.to_numpy(float).tobytes()), []).append(name)
    return list(found.values())


def _label(same: list[str]) -> str:
    return " = ".join(same) if len(same) <= FIRST else f"{same[0]} = .. = {same[-1]} ({len(same)} weights)"
