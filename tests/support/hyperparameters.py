"""The hyperparameters of each optimizer and schedule, written down a second time, and what the engine is given."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.experiment import Experiment, load
from harness.sweeps.plan import Plan

ADAM = {"beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
DEFAULTS: dict[str, dict[str, float | None]] = {
    "sgd": {},
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9},
    "rmsprop": {"alpha": 0.99, "eps": 1e-8},
    "adam": {**ADAM},
    "adamw": {**ADAM, "weight_decay": 0.01},
    "adagrad": {"eps": 1e-10},
    "adadelta": {"rho": 0.9, "eps": 1e-6},
    "adamax": {**ADAM},
    "nadam": {**ADAM, "momentum_decay": 0.004},
    "rprop": {"eta_minus": 0.5, "eta_plus": 1.2, "step_min": 1e-6, "step_max": 50.0},
    "lion": {"beta1": 0.9, "beta2": 0.99},
    "constant": {},
    "step": {"step_size": None, "gamma": 0.1},
    "exponential": {"gamma": None},
    "cosine": {"t_max": None, "eta_min": 0.0},
    "warmup": {"warmup_epochs": 5, "start_factor": 1 / 3},
}
"""PyTorch's defaults, in the engine's order, but for momentum, which it has at 0; None if a value must be given."""
OPTIMIZERS, SCHEDULES = list(DEFAULTS)[:-5], list(DEFAULTS)[-5:]
WHOLE = ("step_size", "t_max", "warmup_epochs")
"""The hyperparameters that are whole numbers."""
FROM_ONE = (*WHOLE, "eta_plus")
"""The hyperparameters that are at least 1."""


def given_numbers(source: dict[str, Any] | Experiment) -> list[dict[str, float]]:
    """What the engine is given for each configuration, in order, under the names of the structure's numbers."""
    plan = Plan(source if isinstance(source, Experiment) else load(source))
    found: dict[int, dict[str, float]] = {}
    for block in plan.blocks:
        runs, rows = plan.asked(block)
        assert runs.hyperparameters.dtype == np.float64
        assert runs.hyperparameters.shape == (len(block.structure.hyperparameters), block.runs)
        names = block.structure.hyperparameters
        for config, run in zip(rows.config.tolist(), (rows.run - block.start).tolist(), strict=True):
            found[config] = dict(zip(names, runs.hyperparameters[:, run].tolist(), strict=True))
    assert sorted(found) == list(range(plan.rows))
    return [found[config] for config in range(plan.rows)]
