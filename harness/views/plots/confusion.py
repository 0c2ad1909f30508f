"""Which classes a network takes for which: how many samples of each it calls what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from harness.experiment.measured import Part
from harness.views.palette import LINES
from harness.views.plots import marks, style
from harness.views.plots.asked import Asked
from harness.views.plots.axes import set_ticks
from harness.views.plots.moments import PartSamples, Subject, subject_of
from harness.views.ticks import literal
from harness.views.trained.network import TrainedNetwork

MOST, WORDED = 30, 12
"""The most classes that a picture has room for, and the most with shares beside counts."""
DARK = 0.6
"""The share from which on letters are white."""
SHADES = LinearSegmentedColormap.from_list("shares", ["white", LINES[0]])


@dataclass(frozen=True)
class Confusion:
    """counts: for each part (C, C) samples, a row for each class, a column for what they are called."""

    subject: Subject
    counts: dict[Part, NDArray[np.int64]]


def confusion_of(asked: Asked) -> Confusion:
    """What the network calls the samples. Raises `HarnessError` if its targets are no classes, or too many."""
    subject = subject_of(asked, alone=True)
    classes = subject.network.classes
    if classes is None:
        raise subject.refused("a confusion needs targets that are classes, and these are numbers")
    if len(classes) > MOST:
        raise subject.refused(f"{len(classes)} classes, and this picture has room for {MOST}")
    return Confusion(subject, {part: counted(subject.network, subject.points[part]) for part in subject.judged})


def counted(network: TrainedNetwork, points: PartSamples) -> NDArray[np.int64]:
    """(C, C) how many samples of each class, a row each, the network calls what."""
    assert network.classes is not None
    assert points.classes is not None
    count = len(network.classes)
    order = np.argsort(network.classes)
    said = order[np.searchsorted(network.classes, network.predict(points.inputs), sorter=order)]
    return np.bincount(points.classes * count + said, minlength=count * count).reshape(count, count)


def draw(found: Confusion) -> Figure:
    """The counts, and shares of the samples of a class as colours, a panel for each part."""
    subject, names = found.subject, marks.named(found.subject.classes)
    first = next(iter(found.counts))
    accuracy = {part: np.trace(counts) / counts.sum() for part, counts in found.counts.items()}
    question = "Which classes are mistaken for which?"
    title = f"{question} Accuracy {accuracy[first]:.1%} on the {marks.LOOKS[first][0]} part"
    headings = [
        f"{marks.LOOKS[part][0]}: {np.trace(own):,} of {own.sum():,} right ({accuracy[part]:.1%})"
        for part, own in found.counts.items()
    ]
    made, _, places = style.paneled(title, subject.shown, headings)
    made.set_figheight(style.HEIGHT)
    for axes, counts in zip(places, found.counts.values(), strict=True):
        _table(axes, counts, names)
        style.named(axes, "what the network says", f"{literal(subject.targets[0])}: what it is")
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
    shares = "colour and percentages: shares of the samples of a class, which a row holds"
    subject.asked.caption(made, shares, *subject.told)
    return made


def _table(axes: Axes, counts: NDArray[np.int64], names: list[str]) -> None:
    count = len(names)
    with np.errstate(invalid="ignore"):
        shares = counts / counts.sum(axis=1, keepdims=True)
    axes.imshow(np.nan_to_num(shares), cmap=SHADES, vmin=0, vmax=1, aspect="auto", gid="shares")
    for row, column in np.ndindex(counts.shape):
        share = shares[row, column]
        more = f"\n{share:.0%}" if count <= WORDED and counts[row, column] else ""
        colour = "white" if share > DARK else "black" if counts[row, column] else "0.6"
        look: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 11 - count * 6 // MOST, "color": colour}
        axes.text(column, row, f"{counts[row, column]:,}{more}", **look)
    for edge in range(1, count):
        axes.axhline(edge - 0.5, color="white", linewidth=2)
    set_ticks(axes.xaxis, range(count), [literal(name) for name in names])
    set_ticks(axes.yaxis, range(count), [literal(name) for name in names])
    axes.tick_params(length=0, labelsize=10 - count * 4 // MOST)
    if max(map(len, names)) * count > 60 / len(axes.figure.axes):
        for label in axes.get_xticklabels():
            label.set(rotation=90 if count > 5 else 30, ha="right", rotation_mode="anchor")
