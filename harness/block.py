"""A block of runs, the unit of everything: what goes into the engine, and what comes out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from harness.experiment.initialisation import Initialisation
    from harness.experiment.model import Structure

Floats = NDArray[np.floating]
Integers = NDArray[np.int64]


OWN_KERNEL = 400
"""Networks of more parameters are trained by the kernel for any: unrolled, they would take seconds to compile."""


class Status(IntEnum):
    """How a run stood after the epochs of a row."""

    RAN = 0
    SETTLED = 1
    DIVERGED = 2

    @property
    def sentence(self) -> str:
        return {
            Status.RAN: "not finished: every epoch was run, and the last one still changed a weight",
            Status.SETTLED: "weights no longer change: an entire epoch changed no bit of any weight, so none ever will",
            Status.DIVERGED: "a weight or a loss stopped being finite, or a loss exceeded training.max_loss",
        }[self]

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Block:
    """N runs of one structure, with R rows in all: one row for each number of epochs asked of each run.

    initialisation: (N,) index into `initialisations`. repeat: (N,). rates: (L, N), one learning rate per layer, or
    (1, N), one for all. numbers: (H, N), as `structure.numbers` names them. max_loss: (N,), infinite where there is
    none. stops: (R,) epochs, those of run i in ascending order at first_stop[i]:first_stop[i + 1]. place: (R,) where
    in the outcome the row of each stop belongs. every: epochs between two points of the loss curves, or 0. own_kernel:
    whether it is worth compiling one for this structure; the numbers are the same without.
    """

    structure: Structure
    seed: int
    initialisations: tuple[Initialisation, ...]
    initialisation: Integers
    repeat: Integers
    rates: NDArray[np.float64]
    numbers: NDArray[np.float64]
    max_loss: NDArray[np.float64]
    first_stop: Integers
    stops: Integers
    place: Integers
    every: int = 0
    own_kernel: bool = True

    @property
    def runs(self) -> int:
        return len(self.repeat)

    def subset(self, runs: Integers) -> tuple[Block, Integers]:
        """Some of the runs (n,), in ascending order, as a block; and which rows of this one's outcome its rows are."""
        counts = np.diff(self.first_stop)[runs]
        first_stop = np.concatenate([[0], np.cumsum(counts)])
        stops = np.repeat(self.first_stop[runs] - first_stop[:-1], counts) + np.arange(first_stop[-1])
        rows, place = np.unique(self.place[stops], return_inverse=True)
        part = replace(
            self,
            initialisation=self.initialisation[runs],
            repeat=self.repeat[runs],
            rates=self.rates[:, runs],
            numbers=self.numbers[:, runs],
            max_loss=self.max_loss[runs],
            first_stop=first_stop,
            stops=self.stops[stops],
            place=place,
        )
        return part, rows


@dataclass(frozen=True)
class Curves:
    """The loss curves of a block: run (C,) within the block, epoch (C,), losses (3, C): min, mean, max."""

    run: Integers
    epoch: Integers
    losses: Floats


@dataclass(frozen=True)
class Outcome:
    """The R rows of a block. NaN stands for "no number" and 0 for "no epoch".

    status: (R,) `Status`. settled_epoch, diverged_epoch: (R,). losses: (3, R), the min, mean and max over the samples
    of the last epoch. first_loss: (R,), the mean of the first. last_finite_loss: (R,). weights: (P, R), layer by layer,
    W row by row and then b. steps: samples learnt from, over all epochs that the runs trained here went through until
    they ended: a run that settles, diverges or skips whole periods of a cycle takes fewer than were `asked` of it.
    """

    status: NDArray[np.uint8]
    settled_epoch: Integers
    diverged_epoch: Integers
    losses: Floats
    first_loss: Floats
    last_finite_loss: Floats
    weights: Floats
    curves: Curves
    steps: int
    asked: int


def parameter_count(structure: Structure) -> int:
    """The number P of weights and biases of one network."""
    return sum(outputs * (inputs + (structure.bias != "false")) for inputs, outputs in pairwise(structure.layers))


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
