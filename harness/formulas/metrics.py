"""What an epoch comes to: numbers folded from the costs of its samples, in the order in which they were trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from harness.formulas.primitives import Value, select

LOSS = "loss"
"""The unit of numbers that a loss is measured in: those of unlike losses are never compared."""


class Metric(NamedTuple):
    """fold(so far, cost) -> the same with one more sample's cost; the first sample's is where it starts.

    finish(folded, samples) -> the metric, samples being their number as a float. what: the metric, in words that go
    before "of the costs of the samples". title: the same, in words that stand alone. unit: of its numbers.
    """

    fold: Callable[[Value, Value], Value]
    finish: Callable[[Value, Value], Value]
    what: str
    title: str
    unit: str = LOSS


def smaller(a: Value, b: Value) -> Value:
    return select(b < a, b, a)


def larger(a: Value, b: Value) -> Value:
    return select(b > a, b, a)


def plus(a: Value, b: Value) -> Value:
    return a + b


def as_it_is(folded: Value, samples: Value) -> Value:
    return folded


def divided(folded: Value, samples: Value) -> Value:
    return folded / samples


METRICS = {
    "loss_min": Metric(smaller, as_it_is, "least", "least loss of a sample"),
    "loss_mean": Metric(plus, divided, "mean", "mean loss"),
    "loss_max": Metric(larger, as_it_is, "greatest", "greatest loss of a sample"),
}
COUNT = len(METRICS)
MEAN, GREATEST = (list(METRICS).index(name) for name in ("loss_mean", "loss_max"))
"""The metrics by which a run counts as diverged: where they stand among all."""


def begin(metrics: Any, cost: Value) -> None:
    """Fill metrics (M,) with the cost of the first sample."""
    for number in range(len(METRICS)):
        metrics[number] = cost


def fold(metrics: Any, cost: Value) -> None:
    """Fold the cost of one more sample into metrics (M,)."""
    for number, metric in enumerate(METRICS.values()):
        metrics[number] = metric.fold(metrics[number], cost)


def finish(metrics: Any, samples: Value) -> None:
    """Make metrics (M,), with every cost folded in, those of the epoch. samples: their number, as a float."""
    for number, metric in enumerate(METRICS.values()):
        metrics[number] = metric.finish(metrics[number], samples)
