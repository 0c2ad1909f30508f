"""The structure of a network: what compiled code depends on, and how an experiment's settings make it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.experiment.measured import Part
from harness.experiment.model import FOLD, Experiment, Value
from harness.experiment.settings import defaults_of
from harness.formulas.activations import SLOPED
from harness.formulas.optimizers import OPTIMIZERS
from harness.formulas.schedules import SCHEDULES

OWN_KERNEL = 400
"""Networks of more parameters are trained by the kernel for any: unrolled, they would take seconds to compile."""


@dataclass(frozen=True)
class Structure:
    """One value of every structural setting: which arithmetic trains a run.

    layers: units of each layer, inputs first. activations: one name per layer of weights, the output's last.
    batch_size: samples per update, `full` resolved to the number of samples. weight_decay, l1, gradient_clip: whether
    runs have one. decay_biases: whether the first two are of biases, too. shuffle: whether the samples come in another
    order every epoch. reduction: of the gradients of a batch. slope, output_slope: whether runs have one, of their
    hidden layers and of the last. frozen: whether a layer may have the learning rate 0.
    """

    layers: tuple[int, ...]
    activations: tuple[str, ...]
    bias: Literal["true", "false", "fixed"]
    loss: str
    optimizer: str
    batch_size: int
    dtype: Literal["float64", "float32"]
    arithmetic: Literal["exact", "fast"]
    schedule: str = "constant"
    weight_decay: bool = False
    gradient_clip: bool = False
    shuffle: bool = False
    reduction: Literal["mean", "sum"] = "mean"
    l1: bool = False
    decay_biases: bool = True
    slope: bool = False
    output_slope: bool = False
    frozen: bool = False

    @property
    def hyperparameters(self) -> tuple[str, ...]:
        """The names of the numbers that each run has besides its learning rates, in the engine's order."""
        own = (number.name for number in OPTIMIZERS[self.optimizer].hyperparameters)
        pace = (number.name for number in SCHEDULES[self.schedule].hyperparameters)
        given = [key for key in ("weight_decay", "l1", "slope", "output_slope") if getattr(self, key)]
        return (*own, *given, *pace, *["gradient_clip"] * self.gradient_clip)

    @property
    def sloped(self) -> tuple[bool, ...]:
        """Whether each layer's activation is one whose slope is the run's."""
        given = (*[self.slope] * (len(self.activations) - 1), self.output_slope)
        return tuple(own and name in SLOPED for own, name in zip(given, self.activations, strict=True))


def structure(experiment: Experiment, values: Mapping[str, Value]) -> Structure:
    """The structure of the runs with these swept values."""
    chosen = experiment.used(values)
    layers, batch_size = chosen["layers"], chosen["batch_size"]
    samples = len(experiment.data.parts(chosen.get(FOLD))[Part.TRAIN])
    activation = chosen.get("activation", ())  # a network without hidden layers has none
    hidden = (activation,) * (len(layers) - 2) if isinstance(activation, str) else activation
    return Structure(
        layers,
        (*hidden, chosen["output"]),
        chosen["bias"],
        chosen["loss"],
        chosen["optimizer"],
        samples if batch_size == "full" else min(batch_size, samples),
        chosen["dtype"],
        chosen["arithmetic"],
        chosen["schedule"],
        OPTIMIZERS[chosen["optimizer"]].weight_decay is not None or _given(experiment, "weight_decay"),
        _given(experiment, "gradient_clip"),
        chosen["shuffle"],
        chosen["reduction"],
        _given(experiment, "l1"),
        chosen["decay_biases"],
        _given(experiment, "slope") and "slope" in defaults_of("activation", hidden),
        _given(experiment, "output_slope") and "output_slope" in defaults_of("output", chosen["output"]),
        bool(np.dtype(chosen["dtype"]).type(min(experiment.least_rate, 1.0)) == 0),
    )


def _given(experiment: Experiment, key: str) -> bool:
    """Whether any run has a value of this setting."""
    return key in experiment.settings or key in experiment.swept
