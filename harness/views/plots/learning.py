"""Learning curves: each score of the training part beside that of the validation part, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from harness.experiment.measured import MEASURES, Measure, Part
from harness.formulas.metrics import LOSS
from harness.formulas.scores import SCORES
from harness.views.choosing.settings import score_of
from harness.views.palette import LINES
from harness.views.plots import bands, lines, style
from harness.views.plots.asked import Asked
from harness.views.plots.axes import TICKS, linear_ticks
from harness.views.plots.bands import CurveBands, levels_of, read_curves
from harness.views.plots.facets import MOST, Facets
from harness.views.plots.gather import floor
from harness.views.plots.marks import LOOKS
from harness.views.plots.milestones import Milestones, mark

DASHES: dict[Part, Literal["-", "--"]] = {Part.TRAIN: "-", Part.VALIDATION: "--"}
"""The parts that are drawn, and their lines: nothing is chosen by the test part, so it is not watched either."""
LEAST = -1.0
"""Scores of which more is better are not drawn below this: an r2 of an untrained network can be anything."""


class ScorePanel(NamedTuple):
    """A score in a facet. epochs: (V,). levels: for each part (quantiles, V) over its runs."""

    label: str
    score: str
    epochs: NDArray[np.int64]
    levels: dict[Part, NDArray[np.float64]]
    milestones: Milestones


@dataclass(frozen=True)
class LearningCurves:
    """Scores at the epochs of runs. runs: how many there are. read: of how many of them."""

    asked: Asked
    facets: Facets
    panels: list[ScorePanel]
    runs: int
    read: int


def curves_of(asked: Asked) -> CurveBands | LearningCurves:
    """The scores of the curves, or where there are none the losses. Raises `HarnessError` if none were recorded."""
    asked = asked if asked.config is None else asked.of_run(asked.config)
    scores = _scores(asked) if asked.results.has_curves else {}
    if not scores:
        return bands.curves_of(asked)
    read = read_curves(asked)
    if len(read.facets.drawn) * len(scores) > MOST:
        decides = MEASURES.get(score_of(asked.results, None))
        scores = {name: parts for name, parts in scores.items() if name == (decides.name if decides else "loss")}
    panels = []
    for facet, points, milestones in zip(read.facets.drawn, read.points, read.milestones, strict=True):
        for name, parts in scores.items():
            epochs, levels = levels_of(points, [Measure(part, name).column for part in parts])
            label = ": ".join(filter(None, [facet.label, name.replace("_", " ") if len(scores) > 1 else ""]))
            panels.append(ScorePanel(label, name, epochs, dict(zip(parts, levels, strict=True)), milestones))
    return LearningCurves(asked, read.facets, panels, read.runs, read.read)


def _scores(asked: Asked) -> dict[str, list[Part]]:
    """The scores that the curves have, and of which of the parts that are drawn."""
    there = {MEASURES[column.name] for column in asked.results.curve_metrics if column.name in MEASURES}
    found = {name: [part for part in DASHES if Measure(part, name) in there] for name in SCORES}
    return {name: parts for name, parts in found.items() if parts}


def draw(found: CurveBands | LearningCurves) -> Figure:
    """A panel for each score: of the training part a solid line, of the validation part a dashed one."""
    if isinstance(found, CurveBands):
        return lines.curves(found)
    asked, many = found.asked, found.read > len(found.facets.drawn)
    sample = f" of {found.runs:,}" if found.runs > found.read else ""
    over = " ".join([f"medians of {found.read:,}{sample} runs", *asked.over("epochs", *found.facets.names)])
    row = "" if asked.config is None else f"config {asked.config}"
    shown = [row, "scores after each epoch", asked.held, over if many else "", *found.facets.told]
    question = asked.question or "Does what the network learns hold for samples that it does not learn from?"
    made, body, places = style.paneled(question, shown, [one.label for one in found.panels], share_y=False)
    stopped: dict[str, Any] = {}
    scores = list(dict.fromkeys(one.score for one in found.panels))
    for axes, one in zip(places, found.panels, strict=True):
        if len(one.epochs):
            _lines(axes, one, LINES[scores.index(one.score) % len(LINES)], many)
            most = TICKS if len(places) == 1 else TICKS // 2
            linear_ticks(axes.xaxis, float(one.epochs[0]), float(one.epochs[-1]), most, whole=True)
            stopped |= mark(axes, one.milestones)
        style.named(axes, "epoch", "")
        axes.set_ylabel(one.score.replace("_", " "))
    told = ["bands: middle 50%", "a run that diverges counts until it does"] if many else []
    for score in scores:
        group = [(axes, one) for axes, one in zip(places, found.panels, strict=True) if one.score == score]
        told += _scale(group, score, len(found.facets.kinds) == 1)
    style.legend(body, [*_parts(found.panels), *stopped.values()], "")
    asked.caption(made, *told)
    return made


def _parts(panels: Sequence[ScorePanel]) -> list[Any]:
    """What the legend says of lines, whatever colour their score has."""
    there = [part for part in DASHES if any(part in one.levels for one in panels)]
    return [Line2D([], [], color="0.25", linestyle=DASHES[part], label=f"{LOOKS[part][0]} part") for part in there]


def _lines(axes: Axes, one: ScorePanel, colour: str, many: bool) -> None:
    marker = "o" if len(one.epochs) <= style.MARKED else None
    look: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 4, "linewidth": 1.8}
    for part, levels in one.levels.items():
        if many:
            axes.fill_between(one.epochs, levels[1], levels[3], color=colour, alpha=0.15, linewidth=0)
        axes.plot(one.epochs, levels[2], linestyle=DASHES[part], gid=LOOKS[part][0], **look)


def _scale(group: Sequence[tuple[Axes, ScorePanel]], score: str, alike: bool) -> list[str]:
    """The y of the panels of a score, one for all if they are alike; return what the caption says of it."""
    every = [np.stack([levels[1:4] for levels in one.levels.values()]) for _, one in group]
    if SCORES[score].unit == LOSS:
        drawn = [np.maximum(numbers, floor(numbers)) for numbers in every]
        joined = np.concatenate([numbers.ravel() for numbers in drawn])
        told = [style.loss_scale(axes, joined if alike else own) for (axes, _), own in zip(group, drawn, strict=True)]
        return list(dict.fromkeys(line for some in told for line in some))
    there = np.concatenate([numbers[np.isfinite(numbers)] for numbers in every])
    if not len(there):
        return []
    low, high = float(there.min()), float(there.max())
    cut = SCORES[score].rising and low < LEAST < high
    low = LEAST if cut else low
    room = 0.05 * (high - low) or 0.05
    for axes, _ in group:
        axes.set_ylim(low - room, high + room)
        linear_ticks(axes.yaxis, low - room, high + room, 8)
    return [f"{score} below {LEAST:g} lies outside"] if cut else []
