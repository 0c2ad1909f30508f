"""How it is measured: sizes that take about as long, then every contender in turn, several rounds of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

Job = Callable[[], Any]
MOST_EPOCHS = 100_000


@dataclass(frozen=True)
class Effort:
    """How long to measure. quick: tiny sizes, which only show that everything runs."""

    rounds: int = 5
    quick: bool = False

    @property
    def seconds(self) -> float:
        """The seconds that one measurement takes, about."""
        return 0.01 if self.quick else 0.4

    def size(self, whole: int, tiny: int) -> int:
        return tiny if self.quick else whole


class Contender(Protocol):
    """A contender with one of its settings, ready to train some number of networks.

    job: what is timed, to be called once. final: weights (P, N) and the last epoch's mean losses (N,) it came to.
    """

    setting: str
    networks: int

    def job(self, epochs: int) -> Job: ...

    def final(self, outcome: Any) -> tuple[Any, Any]: ...


def seconds(job: Job) -> float:
    started = time.perf_counter()
    job()
    return time.perf_counter() - started


def calibrated(contender: Contender, target: float) -> tuple[int, float]:
    """Epochs that take about the target's seconds, and the seconds of one of them; compiles whatever is compiled."""
    epochs = 1
    while True:
        contender.job(epochs)()
        took = seconds(contender.job(epochs))
        wanted = min(max(1, round(epochs * target / took)), MOST_EPOCHS)
        if wanted < 1.5 * epochs:
            return wanted, took / epochs
        epochs = min(wanted, 16 * epochs)


def interleaved(measures: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Round 1 of every measure, then round 2, and so on: what slows the machine down for a while slows them all."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return found


def timed(jobs: Mapping[str, Job], rounds: int) -> dict[str, list[float]]:
    """Seconds of each job in each round."""
    return interleaved({name: partial(seconds, job) for name, job in jobs.items()}, rounds)


def median(values: Any) -> float:
    return float(np.median(values))


def ratio(above: list[float], below: list[float]) -> float:
    """The median of the rounds' ratios."""
    return median(np.divide(above, below))
