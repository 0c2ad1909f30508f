"""Runs of one structure, as arrays: what goes into the engine, and what comes out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment.initialisations import Initialisation
from harness.experiment.measured import Monitoring
from harness.network.parts import AS_IT_IS, DataForm
from harness.network.structure import Structure

Floats = NDArray[np.floating]
Integers = NDArray[np.int64]


def _nothing() -> Floats:
    return np.empty((0, 0))


class Status(IntEnum):
    """How a run stood after the epochs of a row."""

    RAN = 0
    SETTLED = 1
    DIVERGED = 2
    STOPPED = 3

    @property
    def words(self) -> str:
        """What it means, in a few words."""
        return ("not finished", "weights no longer change", "no finite result", "as training.stop says")[self]

    @property
    def sentence(self) -> str:
        """What it means exactly."""
        return (
            "every epoch was run, and the last one still changed a weight",
            "an entire epoch changed no bit of any weight, so none ever will",
            "a weight or a loss stopped being finite, or a loss exceeded training.max_loss",
            "training.stop ended it before all of its epochs",
        )[self]

    @property
    def phrase(self) -> str:
        """The label with what it means: `settled: weights no longer change`."""
        return f"{self.label}: {self.words}"

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Runs:
    """N runs of one structure, with R rows in all: one for each of the epochs recorded of each run.

    initialisation: (N,) index into `initialisations`. repeat: (N,). rates: (L, N), one learning rate per layer, or
    (1, N), one for all. hyperparameters: (H, N), as `structure.hyperparameters` names them. max_loss: (N,), infinite
    where there is none. recorded: (R,) epochs, those of run i in ascending order at
    first_recorded[i]:first_recorded[i + 1]. place: (R,) where in the outcome the row of each recorded epoch belongs.
    every: epochs between two points of the loss curves, or 0. curve_weights: whether the weights of these points are
    kept. chosen: on which samples the runs are trained. monitoring: what is watched of them, if anything is.
    """

    structure: Structure
    seed: int
    initialisations: tuple[Initialisation, ...]
    initialisation: Integers
    repeat: Integers
    rates: NDArray[np.float64]
    hyperparameters: NDArray[np.float64]
    max_loss: NDArray[np.float64]
    first_recorded: Integers
    recorded: Integers
    place: Integers
    every: int = 0
    curve_weights: bool = False
    chosen: DataForm = AS_IT_IS
    monitoring: Monitoring | None = None

    @property
    def count(self) -> int:
        """The number N of runs."""
        return len(self.repeat)

    @property
    def last(self) -> Integers:
        """(N,) the last epoch that is recorded of each run."""
        return self.recorded[self.first_recorded[1:] - 1]

    @property
    def of_rows(self) -> Integers:
        """(R,) which run each row of the outcome is of."""
        found = np.empty(len(self.place), np.int64)
        found[self.place] = np.repeat(np.arange(self.count), np.diff(self.first_recorded))
        return found

    def subset(self, which: Integers) -> tuple[Runs, Integers]:
        """Some of the runs (n,), in ascending order; and which rows of the whole outcome their rows are."""
        counts = np.diff(self.first_recorded)[which]
        first = np.concatenate([[0], np.cumsum(counts)])
        at = np.repeat(self.first_recorded[which] - first[:-1], counts) + np.arange(first[-1])
        rows, place = np.unique(self.place[at], return_inverse=True)
        part = replace(
            self,
            initialisation=self.initialisation[which],
            repeat=self.repeat[which],
            rates=self.rates[:, which],
            hyperparameters=self.hyperparameters[:, which],
            max_loss=self.max_loss[which],
            first_recorded=first,
            recorded=self.recorded[at],
            place=place,
        )
        return part, rows


@dataclass(frozen=True)
class Curves:
    """The loss curves of N runs: run (C,) among them, epoch (C,), metrics (M, C) as `METRICS` has them.

    weights: (P, C) after these epochs; (0, C) if they are not kept. scores: (Q, C), as the experiment has them.
    """

    run: Integers
    epoch: Integers
    metrics: Floats
    weights: Floats
    scores: Floats = field(default_factory=_nothing)


@dataclass(frozen=True)
class Outcome:
    """The R rows of N runs. NaN stands for "no number" and 0 for "no epoch".

    status: (R,) `Status`. settled_epoch, diverged_epoch, stopped_epoch: (R,). best_epoch, best: (R,), which epoch was
    the best so far, and what was monitored in it. reached: (G, R), in which epoch each goal was. metrics: (M, R), of
    the last epoch, as `METRICS` has them. first_loss: (R,), the mean of the first. last_finite_loss: (R,). weights:
    (P, R), as a `Layout` has them. steps: samples learnt from, over all epochs that the runs trained here went through
    until they ended: a run that settles, diverges, stops or skips whole periods of a cycle takes fewer than were
    `asked` of it. scores: (Q, R), as the experiment has them.
    """

    status: NDArray[np.uint8]
    settled_epoch: Integers
    diverged_epoch: Integers
    stopped_epoch: Integers
    best_epoch: Integers
    best: Floats
    reached: Integers
    metrics: Floats
    first_loss: Floats
    last_finite_loss: Floats
    weights: Floats
    curves: Curves
    steps: int
    asked: int
    scores: Floats = field(default_factory=_nothing)


def rounded(values: Any, dtype: str) -> Any:
    """The values in a dtype; those beyond its range are infinite, and say so by diverging, not by a warning."""
    with np.errstate(over="ignore"):
        return np.asarray(values).astype(dtype)


def random_key(seed: int, initialisation: Initialisation) -> int:
    """The first word of the key for random draws; the repeat is the second.

    It depends on the seed and the initialisation alone, so that the same repeat starts from the same weights at every
    learning rate, and another value on any axis changes no other row.
    """
    hashed = hashlib.sha256(seed.to_bytes(8, "little") + initialisation.digest())
    return int.from_bytes(hashed.digest()[:8], "little")


def shuffle_key(seed: int) -> int:
    """The key for the order of the samples: every run has the same, so that they can be compared."""
    hashed = hashlib.sha256(b"shuffle" + seed.to_bytes(8, "little"))
    return int.from_bytes(hashed.digest()[:7], "little")
