"""One sample forward, one sample backward, one update: the arithmetic of a step.

Plain Python over values. Run as it is, on NumPy numbers, it is the definition; the engine compiles the same for vectors
of networks, in two ways: traced, every loop unrolled, for one small network; and by Numba, loops and all, for any
network. Parameters lie as in `harness.network.layout`; units layer by layer, inputs first. The order of every sum is
part of the definition: `harness.reference` has it in textbook form, and `exact` must equal that bit for bit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from harness.formulas.codes import activate, change, cost, derivative, rate_of, tick
from harness.formulas.primitives import Value, each, multiply_add, select, square_root, window

NO_BIAS, LEARNT_BIAS, FIXED_BIAS = 0, 1, 2
MINUS_ZERO = -0.0
"""The start of every sum: adding it changes nothing, not even the sign of a zero."""
CLIP_EPSILON = 1e-6
"""The epsilon that is added to the norm, as in torch.nn.utils.clip_grad_norm_."""
SQUARE = 1
"""The row of `norm` that sums the squares of the gradients; row 0 is the greatest norm allowed."""
OWN, TOTAL = 0, 1
"""Rows of `costs`. OWN: the cost of the current sample, -0.0 between samples. TOTAL: the sum of all costs since the
runs were last looked at.
"""


class Architecture(NamedTuple):
    """What is trained, in codes. layers: (L + 1,) units. activations: (L,) codes. weights_at, biases_at: (L,) where the
    parameters of each layer begin; without biases the latter is where its weights end. parameters: their number P.
    bias, loss, rule, bias_rule, schedule: codes; the rules of weights and of biases.

    direct: every sample is an update of its own, and no gradient is kept. fast: the order of sums may be what is
    quickest. folded: moreover, the rate goes into delta. common: all layers have one rate. clip: whether gradients are
    clipped. shuffle: a new order of the samples every epoch. summed: a batch's gradients are not divided.
    frozen: a layer whose base rate is 0 stays as it is.
    """

    layers: Any
    activations: Any
    weights_at: Any
    biases_at: Any
    parameters: int
    bias: int
    loss: int
    batch_size: int
    rule: int
    bias_rule: int
    schedule: int
    direct: bool
    fast: bool
    folded: bool
    common: bool
    clip: bool
    shuffle: bool
    summed: bool
    frozen: bool


class State(NamedTuple):
    """Everything that training one network, or one vector of networks, works on.

    weights (P), slots (K P), clock (C): what is carried from epoch to epoch, when the rate stays as it is. base, rates
    (L): the learning rates as given, and those of this epoch. hyperparameters: the optimizer's, then its weight decay
    and its L1. slope, output_slope (1 or 0): of the activations of hidden layers and of the last. pace: the schedule's.
    norm: see `SQUARE`. epoch: their count, for a schedule. gradient (P): the sum over a batch. costs: see `OWN`.
    metrics (M): those of an epoch, folded so far. z, a, delta, scaled: (units) scratch.
    """

    weights: Any
    slots: Any
    clock: Any
    base: Any
    rates: Any
    hyperparameters: Any
    slope: Any
    output_slope: Any
    pace: Any
    norm: Any
    epoch: Any
    gradient: Any
    costs: Any
    metrics: Any
    z: Any
    a: Any
    delta: Any
    scaled: Any


SCRATCH = ("z", "a", "delta", "scaled")
"""The parts of a state that nothing is kept in from sample to sample."""


def forward(network: Architecture, state: State, x: Any) -> None:
    """Fill z and a for the inputs x (I,)."""
    weights, z, a = state.weights, state.z, state.a
    for i in range(network.layers[0]):
        a[i] = x[i]
    below, unit = 0, network.layers[0]
    for layer in range(len(network.activations)):
        inputs, outputs = network.layers[layer], network.layers[layer + 1]
        w, b = network.weights_at[layer], network.biases_at[layer]
        slope = state.slope if layer + 1 < len(network.activations) else state.output_slope
        for j in range(outputs):
            if network.fast and network.bias != NO_BIAS:
                total = multiply_add(weights[w], a[below], weights[b + j])
            else:
                total = weights[w] * a[below]
            for i in range(1, inputs):
                total = multiply_add(weights[w + i], a[below + i], total)
            if network.bias != NO_BIAS and not network.fast:
                total = total + weights[b + j]
            z[unit] = total
            a[unit] = activate(network.activations[layer], total, slope)
            w += inputs
            unit += 1
        below += inputs


def backward(network: Architecture, state: State, t: Any, row: int) -> None:
    """Walk the layers from the last to the first, each with delta = dcost/dz. The cost is added to costs[row]."""
    if network.direct:
        tick(network.rule, state)
    weights, z, a, delta = state.weights, state.z, state.a, state.delta
    layer = len(network.activations) - 1
    outputs = network.layers[layer + 1]
    unit = len(a) - outputs
    loss = cost(network.loss, t, window(a, unit, outputs), window(delta, unit, outputs))
    for j in range(outputs):
        of = network.activations[layer]
        delta[unit + j] = delta[unit + j] * derivative(of, z[unit + j], a[unit + j], state.output_slope)
        if network.folded and network.common:
            delta[unit + j] = delta[unit + j] * state.rates[layer]
    while layer >= 0:
        inputs, outputs = network.layers[layer], network.layers[layer + 1]
        w, b = network.weights_at[layer], network.biases_at[layer]
        if network.folded:
            for j in range(outputs):
                scaled = delta[unit + j]
                state.scaled[unit + j] = scaled if network.common else scaled * state.rates[layer]
        if network.bias == LEARNT_BIAS:
            for j in range(outputs):
                learn_bias(network, state, layer, b + j, unit + j)
        below = unit - inputs
        for i in range(inputs):
            if layer > 0:
                total = delta[unit] * weights[w + i]
                for j in range(1, outputs):
                    total = multiply_add(delta[unit + j], weights[w + j * inputs + i], total)
                of = network.activations[layer - 1]
                delta[below + i] = total * derivative(of, z[below + i], a[below + i], state.slope)
            for j in range(outputs):
                learn_weight(network, state, layer, w + j * inputs + i, unit + j, below + i)
        unit = below
        layer -= 1
    state.costs[row] = state.costs[row] + loss


def learn_weight(network: Architecture, state: State, layer: int, p: int, unit: int, below: int) -> None:
    """What a sample teaches the weight p, from unit `below` to `unit`: its gradient is delta*a."""
    if network.folded:
        move(network, state, layer, p, multiply_add(-state.scaled[unit], state.a[below], state.weights[p]))
    elif network.direct:
        descend(network, network.rule, state, layer, p, state.delta[unit] * state.a[below])
    else:
        state.gradient[p] = multiply_add(state.delta[unit], state.a[below], state.gradient[p])


def learn_bias(network: Architecture, state: State, layer: int, p: int, unit: int) -> None:
    """Update the bias of `unit`, or add to its gradient, which is delta."""
    if network.folded:
        move(network, state, layer, p, state.weights[p] - state.scaled[unit])
    elif network.direct:
        descend(network, network.bias_rule, state, layer, p, state.delta[unit])
    else:
        state.gradient[p] = state.gradient[p] + state.delta[unit]


def descend(network: Architecture, rule: int, state: State, layer: int, p: int, gradient: Value) -> None:
    """What the optimizer makes of a gradient."""
    move(network, state, layer, p, change(rule, state, p, state.rates[layer], gradient))


def move(network: Architecture, state: State, layer: int, p: int, moved: Value) -> None:
    """Change a weight, unless its layer is frozen: times a rate of 0, some changes would be -0, NaN or no product."""
    if network.frozen:
        state.weights[p] = select(state.base[layer] > 0.0, moved, state.weights[p])
    else:
        state.weights[p] = moved


def learnt_to(network: Architecture, layer: int) -> Any:
    """Where those parameters of a layer end that are learnt; they begin with its weights."""
    b = network.biases_at[layer]
    return b + network.layers[layer + 1] if network.bias == LEARNT_BIAS else b


def update(network: Architecture, state: State, scale: Any) -> None:
    """The end of a batch: the sum of the gradients times a scale is the batch's; clip it if so asked; then optimize."""
    if network.direct:
        return
    tick(network.rule, state)
    if network.clip:
        clip(network, state, scale)
    for layer in range(len(network.activations)):
        w, b, end = network.weights_at[layer], network.biases_at[layer], learnt_to(network, layer)
        alike = end if network.bias_rule == network.rule else b
        descend_all(network, network.rule, state, layer, w, alike, scale)
        if alike < end:
            descend_all(network, network.bias_rule, state, layer, alike, end, scale)


def descend_all(network: Architecture, rule: int, state: State, layer: int, start: int, stop: int, scale: Any) -> None:
    """What the optimizer makes of the gradients of parameters [start, stop) of a layer."""
    gradient = state.gradient
    for p in each(gradient, start, stop):
        whole = gradient[p] if network.clip else gradient[p] * scale
        gradient[p] = MINUS_ZERO
        descend(network, rule, state, layer, p, whole)


def clip(network: Architecture, state: State, scale: Any) -> None:
    """Make the gradient that of the batch, no longer than the norm allows."""
    gradient = state.gradient
    state.norm[SQUARE] = 0.0
    for layer in range(len(network.activations)):
        for p in each(gradient, network.weights_at[layer], learnt_to(network, layer)):
            whole = gradient[p] * scale
            gradient[p] = whole
            state.norm[SQUARE] = multiply_add(whole, whole, state.norm[SQUARE])
    share = state.norm[0] / (square_root(state.norm[SQUARE]) + CLIP_EPSILON)
    share = select(share < 1.0, share, 1.0)
    for p in each(gradient, 0, len(gradient)):
        gradient[p] = gradient[p] * share


def begin(network: Architecture, state: State) -> None:
    """The rates of the next epoch."""
    for layer in range(len(network.activations)):
        state.rates[layer] = rate_of(network.schedule, state, layer)
    state.epoch[0] = state.epoch[0] + 1.0
