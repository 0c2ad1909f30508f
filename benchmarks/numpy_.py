"""NumPy: one 2-2-1 network in scalar code, as one would write it down."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.rows import Workload
from benchmarks.timing import Effort, Job


def contenders(workload: Workload, effort: Effort) -> list[Plain]:
    return [Plain(workload)]


class Plain:
    setting, networks = "one network", 1

    def __init__(self, workload: Workload) -> None:
        self.workload = workload

    def job(self, epochs: int) -> Job:
        (rate,) = self.workload.rates(1)
        return lambda: train(self.workload, rate, epochs)

    def final(self, outcome: Any) -> tuple[Any, Any]:
        weights, loss = outcome
        return np.array(weights)[:, None], np.array([loss])


def train(workload: Workload, rate: Any, epochs: int) -> tuple[list[Any], Any]:
    """The nine parameters and the mean cost of the last epoch, in the dtype of the workload."""
    w1_11, w1_12, w1_21, w1_22, b1_1, b1_2, w2_11, w2_12, b2_1 = workload.flat
    minus_two = workload.data.dtype.type(-2)
    samples = [tuple(sample) for sample in workload.data]
    loss = minus_two
    for _ in range(epochs):
        loss = minus_two - minus_two
        for x1, x2, t in samples:
            a1 = w1_11 * x1 + w1_12 * x2 + b1_1
            a2 = w1_21 * x1 + w1_22 * x2 + b1_2
            error = t - (w2_11 * a1 + w2_12 * a2 + b2_1)
            loss = loss + error * error
            delta = minus_two * error
            delta1, delta2 = delta * w2_11, delta * w2_12
            w1_11, w1_12, b1_1 = w1_11 - rate * (delta1 * x1), w1_12 - rate * (delta1 * x2), b1_1 - rate * delta1
            w1_21, w1_22, b1_2 = w1_21 - rate * (delta2 * x1), w1_22 - rate * (delta2 * x2), b1_2 - rate * delta2
            w2_11, w2_12, b2_1 = w2_11 - rate * (delta * a1), w2_12 - rate * (delta * a2), b2_1 - rate * delta
    return [w1_11, w1_12, w1_21, w1_22, b1_1, b1_2, w2_11, w2_12, b2_1], loss / workload.data.dtype.type(len(samples))
