"""Optimizers: the rules that update a parameter by its gradient, as PyTorch defines them (`torch.optim`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from harness.formulas.primitives import multiply_add, select, square_root

Values = Any


class Hyperparameter(NamedTuple):
    """A hyperparameter of an optimizer or a schedule: least <= value < below. default: None if it must be given."""

    name: str
    default: float | None
    least: float = 0.0
    below: float | None = None
    whole: bool = False


class Optimizer(NamedTuple):
    """change(w, gradient, rate, slots, clock, hyperparameters) -> the new w, for one parameter or an array of them.

    slots: how many values each parameter keeps between updates, all 0 at first; `change` replaces them.
    clock: how many values, all 1 at first, change with the number of updates alone; tick(clock, hyperparameters) moves
    them on before each update. decoupled: weight decay shrinks the parameter itself, instead of adding to its gradient.
    weight_decay: its default. text: the new w in print, of a weight {w} and its gradient {g}. kept: the slots by their
    names, and what each becomes, in print.
    """

    hyperparameters: tuple[Hyperparameter, ...]
    slots: int
    change: Callable[[Values, Values, Values, Values, Values, tuple[Values, ...]], Values]
    clock: int = 0
    tick: Callable[[Values, tuple[Values, ...]], None] | None = None
    decoupled: bool = False
    weight_decay: float | None = None
    text: str = ""
    kept: Mapping[str, str] = {}


def sgd(w: Values, gradient: Values, rate: Values, slots: Values, clock: Values, hyperparameters: Any) -> Values:
    return multiply_add(-rate, gradient, w)


def momentum(w: Values, gradient: Values, rate: Values, slots: Values, clock: Values, hyperparameters: Any) -> Values:
    (decay,) = hyperparameters
    slots[0] = multiply_add(decay, slots[0], gradient)
    return multiply_add(-rate, slots[0], w)


def nesterov(w: Values, gradient: Values, rate: Values, slots: Values, clock: Values, hyperparameters: Any) -> Values:
    (decay,) = hyperparameters
    slots[0] = multiply_add(decay, slots[0], gradient)
    return multiply_add(-rate, multiply_add(decay, slots[0], gradient), w)


def rmsprop(w: Values, gradient: Values, rate: Values, slots: Values, clock: Values, hyperparameters: Any) -> Values:
    alpha, eps = hyperparameters
    slots[0] = multiply_add(alpha, slots[0], (1.0 - alpha) * (gradient * gradient))
    return multiply_add(-rate, gradient / (square_root(slots[0]) + eps), w)


def adam(w: Values, gradient: Values, rate: Values, slots: Values, clock: Values, hyperparameters: Any) -> Values:
    beta1, beta2, eps = hyperparameters
    slots[0] = multiply_add(beta1, slots[0], (1.0 - beta1) * gradient)
    slots[1] = multiply_add(beta2, slots[1], (1.0 - beta2) * (gradient * gradient))
    size = square_root(slots[1]) / square_root(1.0 - clock[1]) + eps
    return multiply_add(-(rate / (1.0 - clock[0])), slots[0] / size, w)


TINY = 1e-30
"""beta^t stays as it is once it is below this: 1 - beta^t is 1 by then, and subnormal hyperparameters would be slow."""


def adam_tick(clock: Values, hyperparameters: Any) -> None:
    """Advance the clock, beta1^t and beta2^t, to the next update t."""
    for which in (0, 1):
        clock[which] = select(clock[which] < TINY, clock[which], clock[which] * hyperparameters[which])


MOMENTUM = (Hyperparameter("momentum", 0.9, below=1.0),)
ADAM = (Hyperparameter("beta1", 0.9, below=1.0), Hyperparameter("beta2", 0.999, below=1.0), Hyperparameter("eps", 1e-8))
OPTIMIZERS = {
    "sgd": Optimizer((), 0, sgd, text="{w} - lr * {g}"),
    "momentum": Optimizer(MOMENTUM, 1, momentum, text="{w} - lr*v", kept={"v": "momentum*v + {g}"}),
    "nesterov": Optimizer(MOMENTUM, 1, nesterov, text="{w} - lr*({g} + momentum*v)", kept={"v": "momentum*v + {g}"}),
    "rmsprop": Optimizer(
        (Hyperparameter("alpha", 0.99, below=1.0), Hyperparameter("eps", 1e-8)),
        1,
        rmsprop,
        text="{w} - lr*{g}/(sqrt(v) + eps)",
        kept={"v": "alpha*v + (1 - alpha)*{g}^2"},
    ),
    "adam": Optimizer(
        ADAM,
        2,
        adam,
        2,
        adam_tick,
        text="{w} - lr/(1 - beta1^t)*m/(sqrt(v)/sqrt(1 - beta2^t) + eps)",
        kept={"m": "beta1*m + (1 - beta1)*{g}", "v": "beta2*v + (1 - beta2)*{g}^2"},
    ),
}
OPTIMIZERS["adamw"] = OPTIMIZERS["adam"]._replace(decoupled=True, weight_decay=0.01)
