"""Formulas by the codes under which a kernel knows them, where only the run decides which of them it wants.

A kind of value whose codes are not known until then defines these functions anew, as a jump to one of all.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from harness.formulas.activations import ACTIVATIONS, SLOPED
from harness.formulas.functions import sign
from harness.formulas.losses import LOSSES
from harness.formulas.optimizers import OPTIMIZERS
from harness.formulas.primitives import Value, multiply_add, window
from harness.formulas.schedules import SCHEDULES

ACTIVATION_CODES = {name: code for code, name in enumerate(ACTIVATIONS)}
SLOPED_CODES = {name: code for code, name in enumerate(SLOPED, start=len(ACTIVATIONS))}
LOSS_CODES = {name: code for code, name in enumerate(LOSSES)}
SCHEDULE_CODES = {name: code for code, name in enumerate(SCHEDULES)}
RULES = [*product(OPTIMIZERS, (False, True), (False, True))]
"""An optimizer, with or without weight decay, with or without an L1 penalty; its code is its place."""
_ACTIVATIONS, _SLOPED, _LOSSES = tuple(ACTIVATIONS.values()), tuple(SLOPED.values()), tuple(LOSSES.values())
_SCHEDULES = tuple(SCHEDULES.values())


def activate(code: int, z: Value, slope: Any) -> Value:
    """The activation's f(z). slope (1,): of those that are `SLOPED`."""
    sloped = code - len(_ACTIVATIONS)
    return _ACTIVATIONS[code].f(z) if sloped < 0 else _SLOPED[sloped].f(z, slope[0])


def derivative(code: int, z: Value, a: Value, slope: Any) -> Value:
    """The activation's da/dz. slope (1,): of those that are `SLOPED`."""
    sloped = code - len(_ACTIVATIONS)
    return _ACTIVATIONS[code].derivative(z, a) if sloped < 0 else _SLOPED[sloped].derivative(z, a, slope[0])


def cost(code: int, t: Any, y: Any, derivative: Any) -> Value:
    """The loss of a sample with targets t (O,) and outputs y (O,), after filling derivative (O,) with dcost/dy."""
    return _LOSSES[code].cost(t, y, derivative)


def change(rule: int, state: Any, p: Any, rate: Value, gradient: Value) -> Value:
    """The weight p after an update, by the optimizer and its penalties. state: as `harness.formulas.step` has it.

    A coupled weight decay is added to the gradient first, then the L1 penalty: l1*sign(w), of the weight before.
    """
    name, decayed, penalized = RULES[rule]
    optimizer, w = OPTIMIZERS[name], state.weights[p]
    count = len(optimizer.hyperparameters)
    own = tuple(state.hyperparameters[i] for i in range(count))
    if decayed and not optimizer.decoupled:
        gradient = multiply_add(state.hyperparameters[count], w, gradient)
    if penalized:
        gradient = multiply_add(state.hyperparameters[count + decayed], sign(w), gradient)
    if decayed and optimizer.decoupled:
        w = w * (1.0 - rate * state.hyperparameters[count])
    slots = window(state.slots, p * optimizer.slots, optimizer.slots)
    return optimizer.change(w, gradient, rate, slots, state.clock, own)


def tick(rule: int, state: Any) -> None:
    """Move the optimizer's clock on."""
    optimizer = OPTIMIZERS[RULES[rule][0]]
    if optimizer.tick is not None:
        optimizer.tick(state.clock, tuple(state.hyperparameters[i] for i in range(len(optimizer.hyperparameters))))


def rate_of(schedule: int, state: Any, layer: int) -> Value:
    """The rate of a layer in the epoch that begins."""
    chosen = _SCHEDULES[schedule]
    own = tuple(state.pace[i] for i in range(len(chosen.hyperparameters)))
    return chosen.rate(state.base[layer], state.rates[layer], state.epoch[0], own)
