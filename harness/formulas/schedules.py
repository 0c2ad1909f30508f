"""Schedules: the learning rate of each epoch, as PyTorch defines them (`torch.optim.lr_scheduler`)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from harness.formulas.functions import nearest, raised_cosine
from harness.formulas.optimizers import Number
from harness.formulas.primitives import multiply_add, select

Values = Any


class Schedule(NamedTuple):
    """rate(base, before, epoch, numbers) -> the rate of an epoch, counted from 0, of a layer with this base rate.

    before: the rate of the epoch before, or the base rate. steady(numbers) -> the first epoch whose rate is that of
    all later ones.
    """

    numbers: tuple[Number, ...]
    rate: Callable[[Values, Values, Values, tuple[Values, ...]], Values]
    steady: Callable[[tuple[float, ...]], float]
    text: str


def never(numbers: Any) -> float:
    return math.inf


def constant(base: Values, before: Values, epoch: Values, numbers: Any) -> Values:
    return base


def step(base: Values, before: Values, epoch: Values, numbers: Any) -> Values:
    """StepLR: the rate is multiplied by gamma every step_size epochs."""
    step_size, gamma = numbers
    due = nearest(epoch / step_size) * step_size
    return select((due >= epoch) & (due <= epoch) & (epoch > 0.0), before * gamma, before)


def exponential(base: Values, before: Values, epoch: Values, numbers: Any) -> Values:
    """ExponentialLR: the rate is multiplied by gamma every epoch."""
    (gamma,) = numbers
    return select(epoch > 0.0, before * gamma, before)


def cosine(base: Values, before: Values, epoch: Values, numbers: Any) -> Values:
    """CosineAnnealingLR: eta_min + (base - eta_min)*(1 + cos(pi*epoch/t_max))/2, which rises again after t_max."""
    t_max, eta_min = numbers
    return multiply_add(base - eta_min, raised_cosine(epoch / t_max), eta_min)


def warmup(base: Values, before: Values, epoch: Values, numbers: Any) -> Values:
    """LinearLR: the rate grows from start_factor*base to base in warmup_epochs equal steps."""
    warmup_epochs, start_factor = numbers
    share = select(epoch < warmup_epochs, epoch / warmup_epochs, 1.0)
    return select(epoch < warmup_epochs, base * multiply_add(1.0 - start_factor, share, start_factor), base)


SCHEDULES = {
    "constant": Schedule((), constant, lambda numbers: 0, "lr"),
    "step": Schedule(
        (Number("step_size", None, least=1.0, whole=True), Number("gamma", 0.1)),
        step,
        never,
        "lr*gamma^floor(epoch/step_size)",
    ),
    "exponential": Schedule((Number("gamma", None),), exponential, never, "lr*gamma^epoch"),
    "cosine": Schedule(
        (Number("t_max", None, least=1.0, whole=True), Number("eta_min", 0.0)),
        cosine,
        never,
        "eta_min + (lr - eta_min)*(1 + cos(pi*epoch/t_max))/2",
    ),
    "warmup": Schedule(
        (Number("warmup_epochs", 5, least=1.0, whole=True), Number("start_factor", 1 / 3)),
        warmup,
        lambda numbers: numbers[0],
        "lr*(start_factor + (1 - start_factor)*min(epoch/warmup_epochs, 1))",
    ),
}
