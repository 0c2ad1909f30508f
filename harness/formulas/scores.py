"""What a network that no longer learns scores on samples: sums over them, and what these come to.

Every sum is taken over the samples in order, left to right, and from output to output likewise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from harness.formulas.codes import cost
from harness.formulas.metrics import LOSS
from harness.formulas.primitives import Value, absolute, constant, select, square_root, window

NAN = float("nan")
SOLVED = "solved"
"""The score that only the samples have which a run learns from."""


class Sums(NamedTuple):
    """Sums over samples. cost: of their costs. squares, distances: (O, ..) of (t - y)^2 and |t - y|, each output's.

    right: (C, ..) how many samples of each class are taken for what they are.
    """

    cost: Value
    squares: Any
    distances: Any
    right: Any


class About(NamedTuple):
    """What is known of samples without a network. samples: how many. classes: (C,) how many of each; none if they are
    not of classes. spread: (O,) the sum of (t - mean)^2 of each output's targets. scale: (O,) their own unit in that of
    the targets that the network has. estimates: whether its outputs are estimates of the targets, not of their odds.
    """

    samples: int
    classes: Any
    spread: Any
    scale: Any
    estimates: bool


class ScoreKind(NamedTuple):
    """finish(sums, about) -> the score, of any shape that the sums have. what: in words. classes, estimates: whether it
    takes targets that are classes, or numbers that the outputs estimate. rising: whether more of it is better.
    """

    finish: Callable[[Sums, About], Value]
    what: str
    unit: str = ""
    classes: bool = False
    estimates: bool = False
    rising: bool = False

    def applies(self, about: About) -> bool:
        """Whether it exists for such samples."""
        return not (self.classes and not len(about.classes)) and not (self.estimates and not about.estimates)


def classes_of(outputs: int) -> int:
    """The number C of classes that a network can tell apart: one output tells two."""
    return max(outputs, 2)


def count(outputs: int) -> int:
    """How many numbers `Sums` are, for a network of so many outputs."""
    return 1 + 2 * outputs + classes_of(outputs)


def add(loss: int, t: Any, y: Any, scratch: Any, answers: Any, middle: Any, sums: Any) -> None:
    """Add what one sample comes to: targets t (O,) and outputs y (O,) to sums (`count`,), as `Sums` has them.

    scratch: (O,) room. answers: (C,) 1 for the class of the sample and 0 for others. The class that the outputs say is
    the first of the largest; of a single output the second class where it is above middle[0].
    """
    outputs = len(y)
    sums[0] = sums[0] + cost(loss, t, y, scratch)
    one = constant(y[0], 1.0)
    right = one * answers[0]
    if outputs == 1:
        right = select(y[0] > middle[0], one * answers[1], right)
    else:
        most = y[0]
        for k in range(1, outputs):
            right = select(y[k] > most, one * answers[k], right)
            most = select(y[k] > most, y[k], most)
    for k in range(outputs):
        error = t[k] - y[k]
        sums[1 + k] = sums[1 + k] + error * error
        sums[1 + outputs + k] = sums[1 + outputs + k] + absolute(error)
    for k in range(len(answers)):
        sums[1 + 2 * outputs + k] = sums[1 + 2 * outputs + k] + right * answers[k]


def split(sums: Any, outputs: int) -> Sums:
    """Sums (`count`, ..) by their names."""
    return Sums(
        sums[0],
        window(sums, 1, outputs),
        window(sums, 1 + outputs, outputs),
        window(sums, 1 + 2 * outputs, classes_of(outputs)),
    )


def hits(sums: Sums) -> Value:
    """How many samples are taken for what they are."""
    total = sums.right[0]
    for k in range(1, len(sums.right)):
        total = total + sums.right[k]
    return total


def loss(sums: Sums, about: About) -> Value:
    return sums.cost / about.samples


def accuracy(sums: Sums, about: About) -> Value:
    return hits(sums) / about.samples


def balanced_accuracy(sums: Sums, about: About) -> Value:
    total, there = constant(sums.cost, 0.0), 0
    for k in range(len(about.classes)):
        if about.classes[k] > 0:
            total = total + sums.right[k] / about.classes[k]
            there += 1
    return total / there


def solved(sums: Sums, about: About) -> Value:
    return select(hits(sums) >= about.samples, constant(sums.cost, 1.0), constant(sums.cost, 0.0))


def r2(sums: Sums, about: About) -> Value:
    total, alike = constant(sums.cost, 0.0), False
    for k in range(len(about.spread)):
        alike = alike or about.spread[k] == 0
        total = total + (1.0 - sums.squares[k] / about.spread[k])
    return constant(total, NAN) if alike else total / len(about.spread)


def rmse(sums: Sums, about: About) -> Value:
    total = constant(sums.cost, 0.0)
    for k in range(len(about.scale)):
        total = total + square_root(sums.squares[k] / about.samples) * about.scale[k]
    return total / len(about.scale)


def mae(sums: Sums, about: About) -> Value:
    total = constant(sums.cost, 0.0)
    for k in range(len(about.scale)):
        total = total + sums.distances[k] / about.samples * about.scale[k]
    return total / len(about.scale)


SCORES = {
    "loss": ScoreKind(loss, "mean loss", LOSS),
    "accuracy": ScoreKind(accuracy, "share of the samples whose class is right", classes=True, rising=True),
    "balanced_accuracy": ScoreKind(
        balanced_accuracy, "mean over the classes of the share that is right", classes=True, rising=True
    ),
    SOLVED: ScoreKind(solved, "whether the class of every sample is right", classes=True, rising=True),
    "r2": ScoreKind(
        r2,
        "1 less the squared errors by those of the mean; NULL if the targets are all the same",
        estimates=True,
        rising=True,
    ),
    "rmse": ScoreKind(rmse, "root of the mean squared error", "the targets'", estimates=True),
    "mae": ScoreKind(mae, "mean absolute error", "the targets'", estimates=True),
}
"""What a network can be judged by. Of several outputs r2, rmse and mae are means over them, as in scikit-learn."""
