"""NumPy: one 2-2-1 network in scalar code, as one would write it down."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.rows import Task
from benchmarks.timing import Effort, Job


def trainers(task: Task, effort: Effort) -> list[Trainer]:
    return [Trainer(task)]


class Trainer:
    setting, networks = "one network", 1

    def __init__(self, task: Task) -> None:
        self.task = task

    def job(self, epochs: int) -> Job:
        (rate,) = self.task.rates(1)
        return lambda: train(self.task, rate, epochs)

    def final(self, outcome: Any) -> tuple[Any, Any]:
        weights, loss = outcome
        return np.array(weights)[:, None], np.array([loss])


def train(task: Task, rate: Any, epochs: int) -> tuple[list[Any], Any]:
    """The nine parameters and the mean cost of the last epoch, in the dtype of the task."""
    w1_11, w1_12, w1_21, w1_22, b1_1, b1_2, w2_11, w2_12, b2_1 = task.flat
    minus_two = task.data.dtype.type(-2)
    samples = [tuple(sample) for sample in task.data]
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
    return [w1_11, w1_12, w1_21, w1_22, b1_1, b1_2, w2_11, w2_12, b2_1], loss / task.data.dtype.type(len(samples))
