"""Schedules: the learning rate of each epoch, as PyTorch defines them (`torch.optim.lr_scheduler`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from harness.formulas.functions import nearest, raised_cosine
from harness.formulas.optimizers import Hyperparameter
from harness.formulas.primitives import multiply_add, select

Values = Any


class Schedule(NamedTuple):
    """rate(base, before, epoch, hyperparameters) -> the rate of an epoch, counted from 0.

    base: the layer's rate as it was given. before: its rate of the epoch before, or the base rate.
    steady(hyperparameters) -> the first epoch whose rate is that of all later ones.
    """

    hyperparameters: tuple[Hyperparameter, ...]
    rate: Callable[[Values, Values, Values, tuple[Values, ...]], Values]
    steady: Callable[[tuple[float, ...]], float]
    text: str


def never(hyperparameters: Any) -> float:
    return math.inf


def constant(base: Values, before: Values, epoch: Values, hyperparameters: Any) -> Values:
    return base


def step(base: Values, before: Values, epoch: Values, hyperparameters: Any) -> Values:
    """StepLR: the rate is multiplied by gamma every step_size epochs."""
    step_size, gamma = hyperparameters
    due = nearest(epoch / step_size) * step_size
    return select((due >= epoch) & (due <= epoch) & (epoch > 0.0), before * gamma, before)


def exponential(base: Values, before: Values, epoch: Values, hyperparameters: Any) -> Values:
    """ExponentialLR: the rate is multiplied by gamma every epoch."""
    (gamma,) = hyperparameters
    return select(epoch > 0.0, before * gamma, before)


def cosine(base: Values, before: Values, epoch: Values, hyperparameters: Any) -> Values:
    """CosineAnnealingLR: eta_min + (base - eta_min)*(1 + cos(pi*epoch/t_max))/2, which rises again after t_max."""
    t_max, eta_min = hyperparameters
    return multiply_add(base - eta_min, raised_cosine(epoch / t_max), eta_min)


def warmup(base: Values, before: Values, epoch: Values, hyperparameters: Any) -> Values:
    """LinearLR: the rate grows from start_factor*base to base in warmup_epochs equal steps."""
    warmup_epochs, start_factor = hyperparameters
    share = select(epoch < warmup_epochs, epoch / warmup_epochs, 1.0)
    return select(epoch < warmup_epochs, base * multiply_add(1.0 - start_factor, share, start_factor), base)


SCHEDULES = {
    "constant": Schedule((), constant, lambda hyperparameters: 0, "lr"),
    "step": Schedule(
        (Hyperparameter("step_size", None, least=1.0, whole=True), Hyperparameter("gamma", 0.1)),
        step,
        never,
        "lr*gamma^floor(epoch/step_size)",
    ),
    "exponential": Schedule((Hyperparameter("gamma", None),), exponential, never, "lr*gamma^epoch"),
    "cosine": Schedule(
        (Hyperparameter("t_max", None, least=1.0, whole=True), Hyperparameter("eta_min", 0.0)),
        cosine,
        never,
        "eta_min + (lr - eta_min)*(1 + cos(pi*epoch/t_max))/2",
    ),
    "warmup": Schedule(
        (Hyperparameter("warmup_epochs", 5, least=1.0, whole=True), Hyperparameter("start_factor", 1 / 3)),
        warmup,
        lambda hyperparameters: hyperparameters[0],
        "lr*(start_factor + (1 - start_factor)*min(epoch/warmup_epochs, 1))",
    ),
}
