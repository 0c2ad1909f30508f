"""What a network of one input says of numbers: its curve, and the samples that it was to fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from harness.views.palette import LINES
from harness.views.plots import marks, style
from harness.views.plots.asked import Asked
from harness.views.plots.axes import linear_ticks
from harness.views.plots.moments import Snapshot, Subject, subject_of
from harness.views.ticks import literal

POINTS = 400
"""Points of a curve."""
ROOM, BEYOND = 0.05, 0.5
"""How far the picture goes beyond the samples, as a share of their extent; at most, upwards, where the curve does."""


@dataclass(frozen=True)
class Fitted:
    """A network along its input. x: (X,). moments: each with what it says, (X, T), in the units of the targets.

    ends: of what is drawn upwards.
    """

    subject: Subject
    x: NDArray[np.float64]
    moments: list[tuple[Snapshot, NDArray[np.floating]]]
    ends: tuple[float, float]


def fit_of(asked: Asked) -> Fitted:
    """What the network says over its samples and a little further. Raises `HarnessError` if it has another input."""
    subject = subject_of(asked)
    if len(subject.names) != 1:
        raise subject.refused(f"a fit needs a network of 1 input, and this one has {len(subject.names)}")
    if subject.network.classes is not None:
        raise subject.refused("a fit needs targets that are numbers, and these are classes")
    if len(subject.targets) > len(LINES):
        raise subject.refused(f"{len(subject.targets)} targets, and this picture has colours for {len(LINES)}")
    samples, targets = (
        np.concatenate(some) for some in zip(*(own[:2] for own in subject.points.values()), strict=True)
    )
    low, high = float(samples.min()), float(samples.max())
    room = ROOM * (high - low) or 0.5 * max(1.0, abs(low))
    x = np.linspace(low - room, high + room, POINTS)
    found = [(one, one.network.answers(x[:, np.newaxis])) for one in subject.moments]
    low, high = float(targets.min()), float(targets.max())
    extent = high - low or max(1.0, abs(low))
    said = np.concatenate([curve for _, curve in found])
    bottom = max(min(low, float(said.min())), low - BEYOND * extent) - ROOM * extent
    top = min(max(high, float(said.max())), high + BEYOND * extent) + ROOM * extent
    return Fitted(subject, x, found, (bottom, top))


def draw(found: Fitted) -> Figure:
    """The curve over the samples, a panel for each moment."""
    subject, targets = found.subject, _colours(found.subject)
    question = f"How well does the network fit {' and '.join(subject.targets)}, by {subject.names[0]}?"
    made, body, places = style.paneled(question, subject.shown, [subject.label(one) for one, _ in found.moments])
    for axes, (_, curves) in zip(places, found.moments, strict=True):
        for number, (colour, line) in enumerate(targets.values()):
            _samples(axes, subject, number, colour)
            axes.plot(found.x, curves[:, number], color=line, linewidth=2.4, zorder=4, gid="curve")
        linear_ticks(axes.xaxis, found.x[0], found.x[-1], 8 if len(places) == 1 else 5)
        linear_ticks(axes.yaxis, *found.ends, 8 if len(places) == 1 else 5)
        axes.set(xlim=found.x[[0, -1]], ylim=found.ends)
        style.named(axes, literal(subject.names[0]), literal(" and ".join(targets)))
    lines = [Line2D([], [], color=line, linewidth=2.4, label=f"network: {name}") for name, (_, line) in targets.items()]
    style.legend(body, lines + marks.of_parts(subject.points), "")
    subject.asked.caption(made, *subject.told, *marks.thinned(subject.points))
    return made


def _colours(subject: Subject) -> dict[str, tuple[str, str]]:
    """The colours of the samples and of the curve of each target; a single one's curve stands out from them."""
    if len(subject.targets) == 1:
        return {subject.targets[0]: LINES[:2]}
    return {name: (colour, colour) for name, colour in zip(subject.targets, LINES, strict=False)}


def _samples(axes: Axes, subject: Subject, number: int, colour: str) -> None:
    for part, points in subject.points.items():
        some = marks.some(points)
        marks.scatter(axes, part, points.inputs[some, 0], points.targets[some, number], colour)
