"""One sample through one network, in the order of the textbook, keeping everything that it computes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.formulas.activations import ACTIVATIONS, SLOPED
from harness.formulas.losses import LOSSES
from harness.network.layout import Layout

if TYPE_CHECKING:
    from harness.network.structure import Structure

Array = NDArray[Any]


@dataclass
class Network:
    """weights: one (O, I) a layer. biases: one (O,) a layer, or none. Both in the structure's dtype.

    slope, output_slope: of the activations of hidden layers and of the last, where the run has one.
    """

    structure: Structure
    weights: list[Array]
    biases: list[Array]
    slope: Any = None
    output_slope: Any = None

    @cached_property
    def layout(self) -> Layout:
        """Where its parameters lie."""
        return Layout(self.structure)

    def f(self, layer: int, z: Array) -> Any:
        """The activations of a layer, counted from 0."""
        name, slope = self._activation(layer)
        return SLOPED[name].f(z, slope) if self.structure.sloped[layer] else ACTIVATIONS[name].f(z)

    def derivative(self, layer: int, z: Array, a: Array) -> Any:
        """Da/dz of a layer, counted from 0."""
        name, slope = self._activation(layer)
        sloped = self.structure.sloped[layer]
        return SLOPED[name].derivative(z, a, slope) if sloped else ACTIVATIONS[name].derivative(z, a)

    def _activation(self, layer: int) -> tuple[str, Any]:
        names = self.structure.activations
        return names[layer], self.slope if layer + 1 < len(names) else self.output_slope

    def flat(self) -> Array:
        """(P,) every parameter, layer by layer, W row by row and then b."""
        return self.layout.join(self.weights, self.biases)


@dataclass(frozen=True)
class Sample:
    """One sample through the network: everything a step computes.

    a[0] is the input, a[l] and z[l - 1] belong to layer l, as do delta[l - 1] = dcost/dz and the gradients.
    """

    epoch: int
    index: int
    t: Array
    z: list[Array]
    a: list[Array]
    cost: Any
    derivative: Array
    delta: list[Array]

    def gradient(self) -> list[Array]:
        """The gradient of every layer's weights, (O, I) each, then of its biases, (O,) each.

        dcost/dw_ji = delta_j*a_i, dcost/db_j = delta_j. Made when asked for: a sample's is as large as the network.
        """
        weights = [d[:, None] * below[None, :] for d, below in zip(self.delta, self.a, strict=False)]
        return [*weights, *self.delta]


def forward(network: Network, x: Array) -> tuple[list[Array], list[Array]]:
    """(z, a) of every layer; a starts with the input itself. z_j = (w_j1*a_1 + w_j2*a_2 + ..) + b_j.

    x: (I,), or (S, I) of samples each by itself.
    """
    z, a = [], [x]
    for layer, w in enumerate(network.weights):
        total = w[:, 0] * a[-1][..., :1]
        for i in range(1, w.shape[1]):
            total = total + w[:, i] * a[-1][..., i : i + 1]
        if network.biases:
            total = total + network.biases[layer]
        z.append(total)
        a.append(network.f(layer, total))
    return z, a


def backward(network: Network, z: list[Array], a: list[Array], derivative: Array) -> list[Array]:
    """Delta = dcost/dz of every layer, from derivative = dcost/dy of the outputs."""
    delta = [derivative * network.derivative(len(z) - 1, z[-1], a[-1])]
    for layer in range(len(z) - 1, 0, -1):
        w = network.weights[layer]
        total = delta[0][0] * w[0]
        for j in range(1, w.shape[0]):
            total = total + delta[0][j] * w[j]
        delta.insert(0, total * network.derivative(layer - 1, z[layer - 1], a[layer]))
    return delta


def sample_gradient(network: Network, epoch: int, index: int, x: Array, t: Array) -> Sample:
    """One sample forward and backward."""
    z, a = forward(network, x)
    derivative = np.empty_like(a[-1])
    cost = LOSSES[network.structure.loss].cost(t, a[-1], derivative)
    delta = backward(network, z, a, derivative)
    return Sample(epoch, index, t, z, a, cost, derivative, delta)


def batch_gradient(samples: Iterable[Sample], divisor: int) -> list[Array]:
    """Each of the samples' gradients summed in their order, then divided; see `Sample.gradient`."""
    gradients = (sample.gradient() for sample in samples)
    total = next(gradients)
    for more in gradients:
        total = [one + other for one, other in zip(total, more, strict=True)]
    return [gradient / divisor for gradient in total]
