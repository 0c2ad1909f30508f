"""One sample forward, one sample backward, one update: the arithmetic of a step, on vectors of networks.

Plain Python over values, which is compiled in two ways (`engine.sweep`): traced, every loop unrolled, for one small
network; and by Numba, loops and all, for any network. Parameters lie layer by layer, W row by row and then b; units
layer by layer, inputs first. The order of every sum is part of the definition: `harness.reference` has it in textbook
form, and `exact` must equal that bit for bit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from harness.engine.functions import activate, change, cost, rate_of, slope, tick
from harness.engine.rows import each, window
from harness.formulas.primitives import multiply_add, select, square_root

NO_BIAS, LEARNT_BIAS, FIXED_BIAS = 0, 1, 2
MINUS_ZERO = -0.0
"""The start of every sum: adding it changes nothing, not even the sign of a zero."""
CLIP_EPSILON = 1e-6
"""The epsilon that is added to the norm, as in torch.nn.utils.clip_grad_norm_."""
SQUARE = 1
"""The row of `norm` that sums the squares of the gradients; row 0 is the greatest norm allowed."""


class Network(NamedTuple):
    """What a kernel trains. layers: (L + 1,) units. activations: (L,) codes. bias, loss, rule, schedule: codes.

    direct: every sample is an update of its own, and no gradient is kept. fast: the order of sums may be what is
    quickest. folded: moreover, the rate goes into delta. clip: whether gradients are clipped. shuffle: a new order of
    the samples every epoch.
    """

    layers: Any
    activations: Any
    bias: int
    loss: int
    batch_size: int
    rule: int
    schedule: int
    direct: bool
    fast: bool
    folded: bool
    common: bool
    clip: bool
    shuffle: bool


class State(NamedTuple):
    """The rows of one vector of networks: weights (P), slots (K P), clock (C), base and rates (L), and so on.

    The first three are the whole of what training carries from epoch to epoch, when the rate stays as it is.
    costs: of one sample, and the sum of all since the last look. losses: the sum, least and greatest of the costs of an
    epoch. z, a, delta, scaled: (units) scratch.
    """

    weights: Any
    slots: Any
    clock: Any
    base: Any
    rates: Any
    numbers: Any
    pace: Any
    norm: Any
    epoch: Any
    gradient: Any
    costs: Any
    losses: Any
    z: Any
    a: Any
    delta: Any
    scaled: Any


def forward(network, state, x):
    """Fill z and a for the inputs x (I,)."""
    if network.direct:
        tick(network.rule, state)
    weights, z, a = state.weights, state.z, state.a
    for i in range(network.layers[0]):
        a[i] = x[i]
    w, below, unit = 0, 0, network.layers[0]
    for layer in range(len(network.activations)):
        inputs, outputs = network.layers[layer], network.layers[layer + 1]
        b = w + outputs * inputs
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
            a[unit] = activate(network.activations[layer], total)
            w += inputs
            unit += 1
        if network.bias != NO_BIAS:
            w += outputs
        below += inputs


def backward(network, state, t, row):
    """Walk the layers from the last to the first, each with delta = dcost/dz. The cost is added to costs[row]."""
    weights, z, a, delta = state.weights, state.z, state.a, state.delta
    layer = len(network.activations) - 1
    outputs = network.layers[layer + 1]
    unit, w = len(a) - outputs, len(weights)
    loss = cost(network.loss, t, window(a, unit, outputs), window(delta, unit, outputs))
    for j in range(outputs):
        delta[unit + j] = delta[unit + j] * slope(network.activations[layer], z[unit + j], a[unit + j])
        if network.folded and network.common:
            delta[unit + j] = delta[unit + j] * state.rates[layer]
    while layer >= 0:
        inputs, outputs = network.layers[layer], network.layers[layer + 1]
        if network.folded:
            for j in range(outputs):
                scaled = delta[unit + j]
                state.scaled[unit + j] = scaled if network.common else scaled * state.rates[layer]
        if network.bias != NO_BIAS:
            w -= outputs
        if network.bias == LEARNT_BIAS:
            for j in range(outputs):
                learn_bias(network, state, layer, w + j, unit + j)
        w -= outputs * inputs
        below = unit - inputs
        for i in range(inputs):
            if layer > 0:
                total = delta[unit] * weights[w + i]
                for j in range(1, outputs):
                    total = multiply_add(delta[unit + j], weights[w + j * inputs + i], total)
                delta[below + i] = total * slope(network.activations[layer - 1], z[below + i], a[below + i])
            for j in range(outputs):
                learn_weight(network, state, layer, w + j * inputs + i, unit + j, below + i)
        unit = below
        layer -= 1
    state.costs[row] = state.costs[row] + loss


def learn_weight(network, state, layer, p, unit, below):
    """What a sample teaches the weight p, from unit `below` to `unit`: its gradient is delta*a."""
    if network.folded:
        state.weights[p] = multiply_add(-state.scaled[unit], state.a[below], state.weights[p])
    elif network.direct:
        descend(network, state, layer, p, state.delta[unit] * state.a[below])
    else:
        state.gradient[p] = multiply_add(state.delta[unit], state.a[below], state.gradient[p])


def learn_bias(network, state, layer, p, unit):
    """Update the bias of `unit`, or add to its gradient, which is delta."""
    if network.folded:
        state.weights[p] = state.weights[p] - state.scaled[unit]
    elif network.direct:
        descend(network, state, layer, p, state.delta[unit])
    else:
        state.gradient[p] = state.gradient[p] + state.delta[unit]


def descend(network, state, layer, p, gradient):
    """What the optimizer makes of a gradient."""
    state.weights[p] = change(network.rule, state, p, state.rates[layer], gradient)


def update(network, state, scale):
    """The end of a batch: the samples' gradients times a scale are their mean; clip it if so asked; then optimize."""
    gradient = state.gradient
    if network.direct:
        return
    tick(network.rule, state)
    if network.clip:
        clip(network, state, scale)
    p = 0
    for layer in range(len(network.activations)):
        inputs, outputs = network.layers[layer], network.layers[layer + 1]
        learnt = outputs * (inputs + (network.bias == LEARNT_BIAS))
        for q in each(gradient, p, p + learnt):
            mean = gradient[q] if network.clip else gradient[q] * scale
            gradient[q] = MINUS_ZERO
            descend(network, state, layer, q, mean)
        p += outputs * (inputs + (network.bias != NO_BIAS))


def clip(network, state, scale):
    """Make the gradient the mean over the samples, no longer than the norm allows."""
    gradient = state.gradient
    state.norm[SQUARE] = 0.0
    p = 0
    for layer in range(len(network.activations)):
        inputs, outputs = network.layers[layer], network.layers[layer + 1]
        learnt = outputs * (inputs + (network.bias == LEARNT_BIAS))
        for q in each(gradient, p, p + learnt):
            mean = gradient[q] * scale
            gradient[q] = mean
            state.norm[SQUARE] = multiply_add(mean, mean, state.norm[SQUARE])
        p += outputs * (inputs + (network.bias != NO_BIAS))
    share = state.norm[0] / (square_root(state.norm[SQUARE]) + CLIP_EPSILON)
    share = select(share < 1.0, share, 1.0)
    for q in each(gradient, 0, len(gradient)):
        gradient[q] = gradient[q] * share


def begin(network, state):
    """The rates of the next epoch."""
    for layer in range(len(network.activations)):
        state.rates[layer] = rate_of(network.schedule, state, layer)
    state.epoch[0] = state.epoch[0] + 1.0
