"""The processor's engine: runs take their places in the lanes of vectors, in kernels that Numba compiles."""

from __future__ import annotations

from harness.engine.cpu import needs  # noqa: F401, loaded first: it says in a line what is missing

# isort: split
from harness.engine.cpu import functions  # noqa: F401, which teaches Numba the formulas on vectors

# isort: split
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
from numba import typeof

from harness.engine.cpu import loops, scoring
from harness.engine.cpu.cache import cached, once, uncollected
from harness.engine.cpu.epochs import callback, compiled
from harness.engine.cpu.initial import initial_weights
from harness.engine.cpu.lanes import Kind
from harness.engine.cpu.monitoring import Monitored
from harness.engine.cpu.processor import native_width, what_decides_fast
from harness.engine.cpu.train import train as kernel
from harness.engine.cpu.workspace import Workspace
from harness.experiment.measured import Part
from harness.experiment.model import Samples
from harness.formulas import step
from harness.formulas.codes import ACTIVATION_CODES, LOSS_CODES, RULES, SCHEDULE_CODES, SLOPED_CODES
from harness.formulas.step import Architecture
from harness.network.layout import Layout
from harness.network.parts import NetworkSamples
from harness.network.runs import Floats, Outcome, Runs, rounded
from harness.network.structure import OWN_KERNEL, Structure

__all__ = ["CpuTrainer", "prepare", "what_decides_fast"]

BIAS_CODES = {"false": step.NO_BIAS, "true": step.LEARNT_BIAS, "fixed": step.FIXED_BIAS}
COMPILE_ROWS, COMPILE_ANY, COMPILE_OWN, COMPILE_WEIGHT, COMPILE_SCORES = 3.0, 5.0, 0.6, 0.004, 0.5
"""Seconds that compiling takes, roughly: the kernel that seats runs and writes rows, once for each dtype; the epochs
for any network; the epochs for one network; in addition to these, each of its parameters; and what scores it."""


NOTHING: Mapping[Part, NetworkSamples] = {}


class CpuTrainer:
    """What trains runs of one structure. common: whether all layers have one learning rate. own_kernel: whether the
    structure is worth compiling for, if it is small; the numbers are the same without. scored: whether what is compiled
    includes what scores.
    """

    def __init__(self, structure: Structure, common: bool, own_kernel: bool, scored: bool) -> None:
        self.structure, self.scored = structure, scored
        self.network = network_of(structure, common)
        self.kind = Kind(native_width(structure.dtype), structure.dtype, structure.arithmetic)
        self.own = own_kernel and self.network.parameters <= OWN_KERNEL
        self.pairs = self.own and loops.pairs(self.network, self.kind.lanes)

    @property
    def shape(self) -> tuple[Kind, Architecture | None]:
        """What the epochs are compiled for."""
        return self.kind, self.network if self.own else None

    def train(self, runs: Runs, data: Samples, parts: Mapping[Part, NetworkSamples] = NOTHING) -> Outcome:
        """Train runs, without the interpreter's lock. data: the targets already one column per output. parts: those
        whose scores are watched.

        Never raises for what the numbers do: a run that diverges is a row with that status.
        """
        monitored = Monitored(self.network, self.kind, runs.monitoring, parts)
        workspace = Workspace(monitored, self.pairs, runs, data, initial_weights(runs))
        kernel(workspace.bundle(compiled(*self.shape), *(scoring.compiled(*self.shape) if monitored.scored else ())))
        return workspace.outcome()

    def score(self, weights: Floats, hyperparameters: Floats, part: NetworkSamples, names: Sequence[str]) -> Floats:
        """(K, R) scores of R networks on samples, by their K names: of weights (P, R), and learning no more.

        hyperparameters: (H, R), as `structure.hyperparameters` names them.
        """
        given = np.vstack([weights, rounded(hyperparameters, self.kind.dtype)])
        return scoring.scores(self.shape, self.network, given, part, names)

    def compile(self) -> None:
        """Compile what trains, or find it in the cache, so that the first block does not wait for it."""
        with uncollected():
            self.train(*self._nothing())
            if self.scored:
                scoring.compiled(*self.shape)

    def uncompiled(self) -> dict[Hashable, float]:
        """What `compile` would not find in the cache: each kernel, and roughly the seconds that it takes to compile."""
        count = self.network.parameters
        nothing = np.zeros((count, 0), self.kind.dtype)
        monitored = Monitored(self.network, self.kind, None, NOTHING)
        workspace = Workspace(monitored, self.pairs, *self._nothing(), nothing)
        missing: dict[Hashable, float] = {}
        if not cached(kernel, (typeof(workspace.bundle(0)),)):
            missing[self.kind.dtype] = COMPILE_ROWS
        epochs = callback(*self.shape)
        if not cached(epochs, epochs._sig):
            missing[self.shape] = COMPILE_OWN + COMPILE_WEIGHT * count if self.own else COMPILE_ANY
        scores = scoring.callback(*self.shape)
        if self.scored and not cached(scores, scores._sig):
            missing["scores", self.shape] = COMPILE_SCORES if self.own else COMPILE_ANY / 2
        return missing

    def _nothing(self) -> tuple[Runs, Samples]:
        """No run at all."""
        structure, none = self.structure, np.zeros(0, np.int64)
        runs = Runs(
            structure,
            seed=0,
            initialisations=(),
            initialisation=none,
            repeat=none,
            rates=np.zeros((1, 0)),
            hyperparameters=np.zeros((len(structure.hyperparameters), 0)),
            max_loss=np.zeros(0),
            first_recorded=np.zeros(1, np.int64),
            recorded=none,
            place=none,
        )
        return runs, Samples(np.zeros((1, structure.layers[0])), np.zeros((1, structure.layers[-1])))


@once
def prepare(structure: Structure, common: bool, own_kernel: bool, scored: bool) -> CpuTrainer:
    """The trainer of a structure, the same one each time; nothing is compiled yet."""
    return CpuTrainer(structure, common, own_kernel, scored)


def network_of(structure: Structure, common: bool) -> Architecture:
    """The structure in codes. common: one learning rate for all layers."""
    fast, layout = structure.arithmetic == "fast", Layout(structure)
    direct = structure.batch_size == 1 and not structure.gradient_clip
    rule = structure.optimizer, structure.weight_decay, structure.l1
    return Architecture(
        layers=structure.layers,
        activations=tuple(
            (SLOPED_CODES if own else ACTIVATION_CODES)[name]
            for name, own in zip(structure.activations, structure.sloped, strict=True)
        ),
        weights_at=tuple(tensor.start for tensor in layout.weights),
        biases_at=tuple(tensor.stop for tensor in layout.weights),
        parameters=layout.count,
        bias=BIAS_CODES[structure.bias],
        loss=LOSS_CODES[structure.loss],
        batch_size=structure.batch_size,
        rule=RULES.index(rule),
        bias_rule=RULES.index(rule if structure.decay_biases else (structure.optimizer, False, False)),
        schedule=SCHEDULE_CODES[structure.schedule],
        direct=direct,
        fast=fast,
        folded=fast and direct and rule == ("sgd", False, False),
        common=common,
        clip=structure.gradient_clip,
        shuffle=structure.shuffle,
        summed=structure.reduction == "sum",
        frozen=structure.frozen,
    )
