"""Whether the probabilities of a network can be believed: of what it calls 80 % likely, four in five should be so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.experiment.measured import Part
from harness.views.numbers import printed
from harness.views.palette import LINES
from harness.views.plots import marks, style
from harness.views.plots.asked import Asked
from harness.views.plots.moments import Subject, subject_of
from harness.views.ticks import literal

BINS = 10
"""Bins of equal width, from 0 to 1, each with its upper end."""
MARK = 130
"""The area of the largest mark, in square points."""
Floats = NDArray[np.floating]


class Reliability(NamedTuple):
    """Samples in bins of their probability; (B,) of those bins that have some.

    said: the mean probability. true: the share of which it came true. counts: (`BINS`,) samples of every bin. brier:
    the mean of the squared distances to what is: of two classes of the second's probability, of more summed over all.
    """

    said: Floats
    true: Floats
    counts: NDArray[np.int64]
    brier: float


@dataclass(frozen=True)
class Calibration:
    """parts: what is drawn of each."""

    subject: Subject
    parts: dict[Part, Reliability]


def calibration_of(asked: Asked) -> Calibration:
    """How often what is probable is so. Raises `HarnessError` if the network has no probabilities."""
    subject = subject_of(asked, alone=True)
    try:
        said = {part: subject.network.predict_proba(subject.points[part].inputs) for part in subject.judged}
    except HarnessError as wrong:
        raise subject.refused("; ".join(wrong.lines)) from None
    return Calibration(subject, {part: reliability(own, _classes(subject, part)) for part, own in said.items()})


def _classes(subject: Subject, part: Part) -> NDArray[np.intp]:
    classes = subject.points[part].classes
    assert classes is not None
    return classes


def reliability(probabilities: Floats, classes: NDArray[np.intp]) -> Reliability:
    """What came of probabilities: of two classes that of the second, of more that of the class that is said.

    probabilities: (S, C). classes: (S,) which each sample is of. Bins and Brier score as in scikit-learn's
    `calibration_curve` and `brier_score_loss`.
    """
    samples, count = probabilities.shape
    truth = np.eye(count)[classes]
    errors = (probabilities - truth) ** 2
    if count == 2:
        p, true, brier = probabilities[:, 1], truth[:, 1], errors[:, 1].mean()
    else:
        which = probabilities.argmax(axis=1)
        p, true, brier = probabilities[np.arange(samples), which], which == classes, errors.sum(axis=1).mean()
    at = np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], p)
    counts = np.bincount(at, minlength=BINS)
    there = counts > 0
    said, so = (np.bincount(at, numbers, BINS)[there] / counts[there] for numbers in (p, true))
    return Reliability(said, so, counts, float(brier))


def draw(found: Calibration) -> Figure:
    """The share that came true against the probability, over how many samples there are of each."""
    subject, names = found.subject, marks.named(found.subject.classes)
    first = next(iter(found.parts))
    score = f"Brier score {printed(found.parts[first].brier, 3)} on the {marks.LOOKS[first][0]} part"
    made, body = style.sheet(f"Can its probabilities be believed? {score}", subject.shown, *_size(found))
    what = names[1] if len(names) == 2 else "the class that it says"
    grid = body.subplots(2, len(found.parts), sharex=True, sharey="row", squeeze=False, height_ratios=[3, 1])
    for (curve, bars), (part, own) in zip(grid.T, found.parts.items(), strict=True):
        name, brier = marks.LOOKS[part][0], printed(own.brier, 3)
        curve.set_title(f"{name} part: {own.counts.sum():,} samples, Brier score {brier}", fontsize=9)
        _curve(curve, own)
        _bars(bars, own)
        style.named(curve, "", literal(f"share that is {what}"))
        style.named(bars, literal(f"probability of {what}"), "samples")
    curve.set(xlim=(0, 1), ylim=(0, 1))
    for axes in grid.flat:
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    for axes in grid[1]:
        axes.tick_params(labelleft=False, left=False)
        axes.grid(visible=False)
    for axes in grid[0]:
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    style.legend(body, grid[0, 0].lines, "")
    size = "the larger a mark, the more samples"
    brier = "Brier score: mean squared distance of probabilities from what is, 0 at best"
    brier = brier if len(names) == 2 else f"{brier}, summed over classes"
    subject.asked.caption(made, size, brier, *subject.told)
    return made


def _size(found: Calibration) -> tuple[float, float]:
    return style.WIDTH if len(found.parts) == 1 else style.WIDE, style.HEIGHT + 0.8


def _curve(axes: Axes, own: Reliability) -> None:
    """The share of each bin as a mark, the larger the more samples there are: one alone says little."""
    axes.plot([0, 1], [0, 1], color="0.55", linestyle="--", linewidth=1.2, label="as often as it says")
    axes.plot(own.said, own.true, color=LINES[0], marker="o", markersize=4, linewidth=1, label="the network")
    sizes = MARK * own.counts[own.counts > 0] / own.counts.max()
    axes.scatter(own.said, own.true, np.maximum(sizes, MARK / 16), color=LINES[0], zorder=3, clip_on=False)


def _bars(axes: Axes, own: Reliability) -> None:
    width = 1 / BINS
    bars = axes.bar((np.arange(BINS) + 0.5) * width, own.counts, 0.9 * width, color=LINES[0], alpha=0.5)
    axes.bar_label(bars, [f"{count:,}" if count else "" for count in own.counts], fontsize=8)
    axes.margins(y=0.25)
