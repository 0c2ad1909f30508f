"""The door to what trains: `prepare` a structure once, and its `Trainer` trains any runs of it.

The same runs give the same bits for any thread, order, engine or vector width (`fast`: for one vector width).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Protocol

from harness.experiment.measured import Part
from harness.experiment.model import Samples
from harness.network.parts import NetworkSamples
from harness.network.runs import Floats, Outcome, Runs
from harness.network.structure import Structure


class Trainer(Protocol):
    """What trains runs of one structure, from any thread."""

    def train(self, runs: Runs, data: Samples, parts: Mapping[Part, NetworkSamples] = ...) -> Outcome:
        """Train runs. data: the targets already one column per output. parts: those whose scores are watched.

        Never raises for what the numbers do: a run that diverges is a row with that status.
        """
        ...

    def score(self, weights: Floats, hyperparameters: Floats, part: NetworkSamples, names: Sequence[str]) -> Floats:
        """(K, R) scores of R networks on samples, by their K names: of weights (P, R), and learning no more.

        hyperparameters: (H, R), as `structure.hyperparameters` names them.
        """
        ...

    def compile(self) -> None:
        """Compile what trains, or find it in the cache, so that the first block does not wait for it."""
        ...

    def uncompiled(self) -> dict[Hashable, float]:
        """What `compile` would not find in the cache: each kernel, and roughly the seconds that it takes to compile."""
        ...


def prepare(structure: Structure, *, common: bool = True, own_kernel: bool = True, scored: bool = False) -> Trainer:
    """The trainer of a structure, the same one each time; nothing is compiled yet.

    common: whether all layers have one learning rate. own_kernel: whether the structure is worth compiling for, if it
    is small; the numbers are the same without. scored: whether what compiles also compiles what scores. Raises
    `FailedError` where there is no memory for a compiler, or Numba is told not to compile.
    """
    from harness.engine import cpu

    return cpu.prepare(structure, common, own_kernel, scored)


def what_decides_fast() -> tuple[str, ...]:
    """What the bits of `fast` arithmetic depend on, beside the sources."""
    from harness.engine import cpu

    return cpu.what_decides_fast()
