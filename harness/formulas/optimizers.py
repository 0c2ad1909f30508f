"""Optimizers: the rules that update a parameter by its gradient, as PyTorch defines them (`torch.optim`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from harness.formulas.functions import exp, sign
from harness.formulas.primitives import absolute, multiply_add, select, square_root

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


def adagrad(w: Values, gradient: Values, rate: Values, slots: Values, clock: Values, hyperparameters: Any) -> Values:
    (eps,) = hyperparameters
    slots[0] = multiply_add(gradient, gradient, slots[0])
    return multiply_add(-rate, gradient / (square_root(slots[0]) + eps), w)


def adadelta(w: Values, gradient: Values, rate: Values, slots: Values, clock: Values, hyperparameters: Any) -> Values:
    rho, eps = hyperparameters
    slots[0] = multiply_add(rho, slots[0], (1.0 - rho) * (gradient * gradient))
    step = square_root(slots[1] + eps) / square_root(slots[0] + eps) * gradient
    slots[1] = multiply_add(rho, slots[1], (1.0 - rho) * (step * step))
    return multiply_add(-rate, step, w)


def adamax(w: Values, gradient: Values, rate: Values, slots: Values, clock: Values, hyperparameters: Any) -> Values:
    beta1, beta2, eps = hyperparameters
    slots[0] = multiply_add(beta1, slots[0], (1.0 - beta1) * gradient)
    kept, size = beta2 * slots[1], absolute(gradient) + eps
    slots[1] = select(size < kept, kept, size)
    return multiply_add(-(rate / (1.0 - clock[0])), slots[0] / slots[1], w)


def nadam(w: Values, gradient: Values, rate: Values, slots: Values, clock: Values, hyperparameters: Any) -> Values:
    """clock: beta1^t and beta2^t; then p = 0.96^(t momentum_decay), mu(t), mu(t + 1), and the product of mu(1..t)."""
    beta1, beta2, eps, _ = hyperparameters
    slots[0] = multiply_add(beta1, slots[0], (1.0 - beta1) * gradient)
    slots[1] = multiply_add(beta2, slots[1], (1.0 - beta2) * (gradient * gradient))
    size = square_root(slots[1] / (1.0 - clock[1])) + eps
    w = multiply_add(-(rate * (1.0 - clock[3]) / (1.0 - clock[5])), gradient / size, w)
    return multiply_add(-(rate * clock[4] / (1.0 - clock[5] * clock[4])), slots[0] / size, w)


LOG_096 = -0.040821994520255166


def nadam_tick(clock: Values, hyperparameters: Any) -> None:
    """Advance the clock to the next update t."""
    beta1, _, _, decay = hyperparameters
    adam_tick(clock, hyperparameters)
    share = exp(decay * LOG_096)
    clock[2] = select(clock[2] < TINY, clock[2], clock[2] * share)
    clock[3] = beta1 * (1.0 - 0.5 * clock[2])
    clock[4] = beta1 * (1.0 - 0.5 * (clock[2] * share))
    clock[5] = select(clock[5] < TINY, clock[5], clock[5] * clock[3])


def rprop(w: Values, gradient: Values, rate: Values, slots: Values, clock: Values, hyperparameters: Any) -> Values:
    """slots: the last gradient, 0 after it changed its sign; and the length of the last step, `rate` for the first."""
    eta_minus, eta_plus, least, most = hyperparameters
    same = gradient * slots[0]
    length = select(slots[1] > 0.0, slots[1], rate)
    length = select(same > 0.0, length * eta_plus, select(same < 0.0, length * eta_minus, length))
    length = select(length < least, least, select(length > most, most, length))
    gradient = select(same < 0.0, 0.0, gradient)
    slots[0], slots[1] = gradient, length
    return multiply_add(-length, sign(gradient), w)


def lion(w: Values, gradient: Values, rate: Values, slots: Values, clock: Values, hyperparameters: Any) -> Values:
    """Chen et al., "Symbolic discovery of optimization algorithms", 2023."""
    beta1, beta2 = hyperparameters
    step = sign(multiply_add(beta1, slots[0], (1.0 - beta1) * gradient))
    slots[0] = multiply_add(beta2, slots[0], (1.0 - beta2) * gradient)
    return multiply_add(-rate, step, w)


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
BETA1, BETA2 = ADAM[:2]
OPTIMIZERS |= {
    "adagrad": Optimizer(
        (Hyperparameter("eps", 1e-10),), 1, adagrad, text="{w} - lr*{g}/(sqrt(v) + eps)", kept={"v": "v + {g}^2"}
    ),
    "adadelta": Optimizer(
        (Hyperparameter("rho", 0.9, below=1.0), Hyperparameter("eps", 1e-6)),
        2,
        adadelta,
        text="{w} - lr*sqrt(d + eps)/sqrt(v + eps)*{g}",
        kept={"v": "rho*v + (1 - rho)*{g}^2", "d": "rho*d + (1 - rho)*(d + eps)/(v + eps)*{g}^2"},
    ),
    "adamax": Optimizer(
        ADAM,
        2,
        adamax,
        2,
        adam_tick,
        text="{w} - lr/(1 - beta1^t)*m/u",
        kept={"m": "beta1*m + (1 - beta1)*{g}", "u": "max(beta2*u, abs({g}) + eps)"},
    ),
    "nadam": Optimizer(
        (*ADAM, Hyperparameter("momentum_decay", 0.004)),
        2,
        nadam,
        6,
        nadam_tick,
        text="{w} - lr*((1 - mu(t))/(1 - mu(1)..mu(t))*{g} + mu(t+1)/(1 - mu(1)..mu(t+1))*m)"
        "/(sqrt(v/(1 - beta2^t)) + eps)",
        kept={"m": "beta1*m + (1 - beta1)*{g}", "v": "beta2*v + (1 - beta2)*{g}^2"},
    ),
    "rprop": Optimizer(
        (
            Hyperparameter("eta_minus", 0.5, below=1.0),
            Hyperparameter("eta_plus", 1.2, least=1.0),
            Hyperparameter("step_min", 1e-6),
            Hyperparameter("step_max", 50.0),
        ),
        2,
        rprop,
        text="{w} - s*sign({g})",
        kept={"g": "{g}, or 0 where its sign changed", "s": "s*eta_plus where its sign stayed, s*eta_minus where not"},
    ),
    "lion": Optimizer(
        (BETA1, BETA2._replace(default=0.99)),
        1,
        lion,
        decoupled=True,
        text="{w} - lr*sign(beta1*m + (1 - beta1)*{g})",
        kept={"m": "beta2*m + (1 - beta2)*{g}"},
    ),
}
