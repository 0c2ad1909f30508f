"""One sample forward, one sample backward, one update: the arithmetic of a step, on vectors of networks.

Parameters lie layer by layer, W row by row and then b; units layer by layer, inputs first. The order of every sum is
part of the definition: `harness.reference` has it in textbook form, and `exact` must equal that bit for bit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba.extending import register_jitable

from harness.engine.functions import activate, cost, slope
from harness.engine.rows import window

NO_BIAS, LEARNT_BIAS, FIXED_BIAS = 0, 1, 2


class Network(NamedTuple):
    """layers: (L + 1,) units. activations: (L,) codes. bias, loss: codes. batch_size: samples per update."""

    layers: Any
    activations: Any
    bias: int
    loss: int
    batch_size: int


class State(NamedTuple):
    """Rows of vectors, one network per lane: weights, gradient (P); rates (L); z, a, delta (units)."""

    weights: Any
    gradient: Any
    rates: Any
    z: Any
    a: Any
    delta: Any


@register_jitable
def forward(network, state, x):
    """Fill z and a for the inputs x (I,)."""
    weights, z, a = state.weights, state.z, state.a
    for i in range(network.layers[0]):
        a[i] = x[i]
    w, below, unit = 0, 0, network.layers[0]
    for layer in range(len(network.activations)):
        inputs, outputs = network.layers[layer], network.layers[layer + 1]
        b = w + outputs * inputs
        for j in range(outputs):
            total = weights[w] * a[below]
            for i in range(1, inputs):
                total = total + weights[w + i] * a[below + i]
            if network.bias != NO_BIAS:
                total = total + weights[b + j]
            z[unit] = total
            a[unit] = activate(network.activations[layer], total)
            w += inputs
            unit += 1
        if network.bias != NO_BIAS:
            w += outputs
        below += inputs


@register_jitable
def backward(network, state, t, first):
    """Add the sample's gradient to the batch's (or start it, if it is the first); return the cost.

    Walks the layers from the last to the first; delta = dcost/dz.
    """
    weights, gradient, z, a, delta = state.weights, state.gradient, state.z, state.a, state.delta
    layer = len(network.activations) - 1
    outputs = network.layers[layer + 1]
    unit, w = len(a) - outputs, len(weights)
    loss = cost(network.loss, t, window(a, unit, outputs), window(delta, unit, outputs))
    for j in range(outputs):
        delta[unit + j] = delta[unit + j] * slope(network.activations[layer], z[unit + j], a[unit + j])
    while layer >= 0:
        inputs, outputs = network.layers[layer], network.layers[layer + 1]
        if network.bias != NO_BIAS:
            w -= outputs
            for j in range(outputs):
                add(gradient, w + j, delta[unit + j], first)
        w -= outputs * inputs
        below = unit - inputs
        for i in range(inputs):
            for j in range(outputs):
                add(gradient, w + j * inputs + i, delta[unit + j] * a[below + i], first)
            if layer > 0:
                total = delta[unit] * weights[w + i]
                for j in range(1, outputs):
                    total = total + delta[unit + j] * weights[w + j * inputs + i]
                delta[below + i] = total * slope(network.activations[layer - 1], z[below + i], a[below + i])
        unit, layer = below, layer - 1
    return loss


@register_jitable
def add(gradient, p, value, first):
    gradient[p] = value if first else gradient[p] + value


@register_jitable
def update(network, state, samples):
    """W = w - lr * gradient, the gradient being the mean over the batch's samples."""
    weights, gradient = state.weights, state.gradient
    p = 0
    for layer in range(len(network.activations)):
        inputs, outputs = network.layers[layer], network.layers[layer + 1]
        rate = state.rates[layer]
        learnt = outputs * (inputs + (network.bias == LEARNT_BIAS))
        for q in range(p, p + learnt):
            weights[q] = weights[q] - rate * (gradient[q] / samples)
        p += outputs * (inputs + (network.bias != NO_BIAS))
