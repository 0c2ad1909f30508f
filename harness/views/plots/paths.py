"""How weights change over the epochs: of one run, all in one picture; of several, each run a thin line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.network.layout import Parameter
from harness.views.numbers import printed
from harness.views.palette import LINES
from harness.views.plots import networks, style
from harness.views.plots.asked import DOT, Asked
from harness.views.plots.axes import linear_ticks, show_scale, span_scale
from harness.views.plots.gather import Parts, present
from harness.views.scale import TableAxis, codes, scale_of

RUNS = 48
"""The most runs that are drawn; of more, runs at equal distances in the grid are taken."""
MOST_LINES = 200
"""The most weights a network may have for their paths to be drawn."""
LABELLED = 16
"""The most lines that are told apart by dash, marker and name; if there are more, all lines of a layer look alike."""
FIRST = 4
"""The most weights that share a line and are all named in the legend; of more, it names the first and the last."""


@dataclass(frozen=True)
class Paths:
    """What is drawn. runs: (N,) numbers. every: how many runs there are. weights: (N, V) of each at the epochs.

    settings: a row for each run, what it was trained with.
    """

    runs: NDArray[np.int64]
    every: int
    weights: dict[Parameter, NDArray[np.float64]]
    settings: pd.DataFrame


def paths(asked: Asked) -> Figure:
    """Each weight against the epochs. Raises `HarnessError` if the epochs do not vary, or no row has finite weights."""
    x = asked.axis("epochs")
    epochs = present(asked.results, x, asked.where)
    found = paths_of(asked, networks.parameters_of(asked, MOST_LINES), epochs)
    if not found.weights:
        raise HarnessError(f"{asked.results.folder}: no row has finite weights: every run diverged")
    question = asked.question or "How does each weight change over the epochs?"
    if len(found.runs) == 1:
        return _one(asked, found, epochs, question)
    if len(found.weights) > networks.MOST:
        several = f"{len(found.runs)} runs of {len(found.weights)} weights"
        raise HarnessError(
            f"{asked.results.folder}: {several}, and this picture has room for {networks.MOST}; hold more axes"
        )
    return _several(asked, found, epochs, question)


def paths_of(asked: Asked, parameters: list[Parameter], epochs: TableAxis) -> Paths:
    """The weights of some runs at these epochs, NaN where a run has none; weights that no run has are left out."""
    runs, every = asked.runs(RUNS)
    free = asked.free("epochs")
    columns = ["run", "epochs", *free, *(one.name for one in parameters)]
    rows = pd.concat(Parts(asked.results, columns, asked.where, pc.field("run").isin(runs.tolist())))
    at, number = codes(epochs.values, rows["epochs"]), np.searchsorted(runs, rows["run"])
    weights = {}
    for one in parameters:
        dense = np.full((len(runs), len(epochs.values)), np.nan)
        dense[number[at >= 0], at[at >= 0]] = rows[one.name].to_numpy(float, na_value=np.nan)[at >= 0]
        if np.isfinite(dense).any():
            weights[one] = dense
    return Paths(runs, every, weights, rows.drop_duplicates("run").sort_values("run")[["run", *free]])


def _one(asked: Asked, found: Paths, epochs: TableAxis, question: str) -> Figure:
    """All weights of a run together, a colour for each layer; equal ones share a line."""
    scale = scale_of(epochs)
    shown = ["weights at each number of epochs", asked.held]
    made, body = style.sheet(question, DOT.join(part for part in shown if part))
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


def _several(asked: Asked, found: Paths, epochs: TableAxis, question: str) -> Figure:
    """A panel for each weight, a thin line for each run; colours tell the first label apart that varies."""
    scale = scale_of(epochs)
    colours, handles, title = _told_apart(asked, found)
    number = f"{len(found.runs):,} of {found.every:,} runs, at equal distances" if len(found.runs) < found.every else ""
    shown = [number or f"{found.every:,} runs", asked.held, *asked.over("epochs")]
    made, body, grid = networks.network(list(found.weights), question, DOT.join(part for part in shown if part))
    for axes, one, lowest in grid:
        thin: dict[str, Any] = {"linewidth": 0.8, "alpha": 0.7} if len(found.runs) > 6 else {"linewidth": 1.4}
        for line, colour in zip(found.weights[one], colours, strict=True):
            mark = "o" if len(scale.at) <= style.MARKED and len(found.runs) <= 6 else ""
            axes.plot(scale.at, line, color=colour, marker=mark, markersize=3, **thin)
        networks.limits(axes, found.weights[one])
        show_scale(scale, axes, "x", networks.TICKS)
        span_scale(scale, axes)
        networks.finish(axes, one.name, epochs.title, lowest)
    style.legend(body, handles, title)
    asked.caption(made, "a run that diverges has no weights from there on", *asked.binned(asked.axis("epochs")))
    return made


def _told_apart(asked: Asked, found: Paths) -> tuple[list[str], list[Any], str]:
    """A colour for each run, and what the legend says: of few runs each; else the first labels that vary."""
    free = [str(name) for name in found.settings.columns if name != "run"]
    labels = [name for name in free if not asked.results.axes[name].numeric]
    names = free if len(found.runs) <= len(LINES) else labels[:1]
    if not names:
        return [LINES[0]] * len(found.runs), [], ""
    texts = [", ".join(printed(value, 4) for value in row) for row in found.settings[names].itertuples(index=False)]
    kinds = list(dict.fromkeys(texts))
    colour = {text: LINES[at % len(LINES)] for at, text in enumerate(kinds)}
    handles = [Line2D([], [], color=colour[text], label=text) for text in kinds[: len(LINES)]]
    return [colour[text] for text in texts], handles, ", ".join(name.replace("_", " ") for name in names)


def equal(lines: dict[Parameter, NDArray[np.float64]]) -> list[list[Parameter]]:
    """The weights of a layer that go the same way together, bit for bit: they share a line."""
    found: dict[tuple[int, bytes], list[Parameter]] = {}
    for one, line in lines.items():
        found.setdefault((one.layer, line.tobytes()), []).append(one)
    return list(found.values())


def _label(same: list[Parameter]) -> str:
    names = [one.name for one in same]
    return " = ".join(names) if len(names) <= FIRST else f"{names[0]} = .. = {names[-1]} ({len(names)} weights)"
