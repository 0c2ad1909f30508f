"""One network in plain NumPy, in the order of the textbook: what `exact` arithmetic must equal bit for bit.

Slow and obvious on purpose. It shares the formulas of `harness.formulas` with the engine and nothing else, and it is
what `harness explain` records from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.block import Status, random_key, rounded
from harness.formulas.activations import ACTIVATIONS
from harness.formulas.functions import log
from harness.formulas.losses import LOSSES

if TYPE_CHECKING:
    from harness.experiment.initialisation import Initialisation
    from harness.experiment.model import Data, Structure

Array = NDArray[Any]


@dataclass
class Network:
    """weights: one (O, I) a layer. biases: one (O,) a layer, or none. Both in the structure's dtype."""

    structure: Structure
    weights: list[Array]
    biases: list[Array]

    def flat(self) -> Array:
        """(P,) every parameter, layer by layer, W row by row and then b."""
        biases = self.biases or [np.empty(0, self.structure.dtype)] * len(self.weights)
        return np.concatenate([part for w, b in zip(self.weights, biases, strict=True) for part in (w.ravel(), b)])


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
    slope: Array
    delta: list[Array]
    weight_gradient: list[Array]
    bias_gradient: list[Array]


@dataclass(frozen=True)
class Update:
    """The end of a batch: the mean gradients, the learning rates and the parameters before and after."""

    epoch: int
    batch: list[Sample]
    weight_gradient: list[Array]
    bias_gradient: list[Array]
    rates: Array
    before: tuple[list[Array], list[Array]]
    after: tuple[list[Array], list[Array]]


@dataclass(frozen=True)
class Losses:
    """min, mean and max of the samples' costs of one epoch, each taken before its sample's update."""

    epoch: int
    min: Any
    mean: Any
    max: Any


@dataclass
class Row:
    """What the table holds for one number of epochs; None where it holds NULL."""

    status: Status = Status.RAN
    settled_epoch: int | None = None
    diverged_epoch: int | None = None
    losses: Losses | None = None
    last_finite_loss: Any = None
    weights: Array | None = None


@dataclass
class Trajectory:
    """The rows of one run, by their number of epochs, and the losses of every epoch until it diverged."""

    rows: dict[int, Row] = field(default_factory=dict)
    losses: list[Losses] = field(default_factory=list)


def forward(network: Network, x: Array) -> tuple[list[Array], list[Array]]:
    """(z, a) of every layer; a starts with the input itself. z_j = (w_j1*a_1 + w_j2*a_2 + ..) + b_j."""
    z, a = [], [x]
    for layer, w in enumerate(network.weights):
        total = w[:, 0] * a[-1][0]
        for i in range(1, w.shape[1]):
            total = total + w[:, i] * a[-1][i]
        if network.biases:
            total = total + network.biases[layer]
        z.append(total)
        a.append(ACTIVATIONS[network.structure.activations[layer]].f(total))
    return z, a


def backward(network: Network, z: list[Array], a: list[Array], slope: Array) -> list[Array]:
    """Delta = dcost/dz of every layer, from slope = dcost/dy of the outputs."""
    activations = network.structure.activations
    delta = [slope * ACTIVATIONS[activations[-1]].slope(z[-1], a[-1])]
    for layer in range(len(z) - 1, 0, -1):
        w = network.weights[layer]
        total = delta[0][0] * w[0]
        for j in range(1, w.shape[0]):
            total = total + delta[0][j] * w[j]
        delta.insert(0, total * ACTIVATIONS[activations[layer - 1]].slope(z[layer - 1], a[layer]))
    return delta


def sample_gradient(network: Network, epoch: int, index: int, x: Array, t: Array) -> Sample:
    """One sample forward and backward. gradient of w_ji = delta_j*a_i, of b_j = delta_j."""
    z, a = forward(network, x)
    slope = np.empty_like(a[-1])
    cost = LOSSES[network.structure.loss].cost(t, a[-1], slope)
    delta = backward(network, z, a, slope)
    weight_gradient = [d[:, None] * below[None, :] for d, below in zip(delta, a, strict=False)]
    return Sample(epoch, index, t, z, a, cost, slope, delta, weight_gradient, delta)


def mean_gradient(gradients: Sequence[list[Array]], count: int) -> list[Array]:
    """For each layer the samples' gradients summed in order, then divided by their number."""
    total = gradients[0]
    for more in gradients[1:]:
        total = [one + other for one, other in zip(total, more, strict=True)]
    return [gradient / count for gradient in total]


def descend(parameters: list[Array], gradients: list[Array], rates: Array) -> list[Array]:
    """W - lr*gradient for every layer: the gradient is rounded first, then multiplied, then subtracted."""
    return [p - lr * g for p, g, lr in zip(parameters, gradients, rates, strict=True)]


def epochs(network: Network, data: Data, rates: Sequence[float]) -> Iterator[Update | Losses]:
    """Train for ever, changing the network: every `Update` as it happens and, after each epoch, its `Losses`."""
    structure = network.structure
    inputs, targets, lr = (rounded(values, structure.dtype) for values in (data.inputs, data.targets, rates))
    epoch = 0
    while True:
        epoch += 1
        costs = []
        for start in range(0, len(inputs), structure.batch_size):
            indices = range(start, min(start + structure.batch_size, len(inputs)))
            batch = [sample_gradient(network, epoch, s, inputs[s], targets[s]) for s in indices]
            costs += [sample.cost for sample in batch]
            dw = mean_gradient([sample.weight_gradient for sample in batch], len(batch))
            db = mean_gradient([sample.bias_gradient for sample in batch], len(batch))
            before = network.weights, network.biases
            network.weights = descend(network.weights, dw, lr)
            if structure.bias == "true":
                network.biases = descend(network.biases, db, lr)
            yield Update(epoch, batch, dw, db, lr, before, (network.weights, network.biases))
        total = costs[0]
        for cost in costs[1:]:
            total = total + cost
        yield Losses(epoch, min(costs), total / len(costs), max(costs))


def trajectory(
    network: Network, data: Data, rates: Sequence[float], stops: Sequence[int], max_loss: float = np.inf
) -> Trajectory:
    """Train one network and keep what the table keeps, by the plain loop: no epoch is left out."""
    kept = Trajectory()
    before = network.flat()
    row = Row(weights=before)
    bound = rounded(max_loss, network.structure.dtype)
    if 0 in stops:
        kept.rows[0] = row
    with np.errstate(all="ignore"):
        for losses in islice(epoch_losses(network, data, rates), max(stops)):
            after = network.flat()
            if row.status != Status.DIVERGED:
                row = next_row(row, losses, before, after, bound)
            if row.status != Status.DIVERGED:
                kept.losses.append(losses)
            if losses.epoch in stops:
                kept.rows[losses.epoch] = row
            before = after
    return kept


def epoch_losses(network: Network, data: Data, rates: Sequence[float]) -> Iterator[Losses]:
    """Train for ever, changing the network: the losses of each epoch."""
    return (event for event in epochs(network, data, rates) if isinstance(event, Losses))


def next_row(row: Row, losses: Losses, before: Array, after: Array, max_loss: Any) -> Row:
    """The row after one more epoch of a run that has not diverged."""
    last_finite_loss = losses.mean if np.isfinite(losses.mean) else row.last_finite_loss
    if not (np.isfinite(after).all() and np.isfinite(losses.mean) and losses.max <= max_loss):
        return Row(Status.DIVERGED, diverged_epoch=losses.epoch, last_finite_loss=last_finite_loss)
    if row.status == Status.SETTLED or before.tobytes() == after.tobytes():
        settled = row.settled_epoch or losses.epoch
        return Row(Status.SETTLED, settled, None, losses, last_finite_loss, after)
    return Row(Status.RAN, None, None, losses, last_finite_loss, after)


def initial_network(structure: Structure, initialisation: Initialisation, seed: int, repeat: int = 0) -> Network:
    """The network before its first epoch: the same numbers as the engine draws."""
    key = (random_key(seed, initialisation), repeat)
    weights, biases = [], []
    for layer, (inputs, outputs) in enumerate(pairwise(structure.layers)):
        recipe, *numbers = initialisation.tensor(layer + 1, inputs, outputs)
        w = draw(recipe, numbers, key, layer, (outputs, inputs))
        weights.append(rounded(w, structure.dtype))
        biases.append(rounded(initialisation.biases(layer + 1, outputs), structure.dtype))
    return Network(structure, weights, biases if structure.bias != "false" else [])


def draw(recipe: str, numbers: list[Any], key: tuple[int, int], layer: int, shape: tuple[int, int]) -> Array:
    """(O, I) float64 initial weights of one layer."""
    elements = range(shape[0] * shape[1])
    if recipe == "uniform":
        low, high = numbers
        return np.array([low + (high - low) * units(key, layer, e, 0)[0] for e in elements]).reshape(shape)
    if recipe == "normal":
        mean, std = numbers
        return np.array([mean + std * normal(key, layer, e) for e in elements]).reshape(shape)
    if recipe == "orthogonal":
        return orthogonal(np.array([normal(key, layer, e) for e in elements]).reshape(shape))
    return np.broadcast_to(np.asarray(numbers[0], np.float64), shape)


def units(key: tuple[int, int], layer: int, element: int, attempt: int) -> Array:
    """Four numbers in [0, 1) from NumPy's Philox, which steps its counter before it draws."""
    counter = (element | layer << 64 | attempt << 128) - 1
    words = np.random.Philox(key=key[0] | key[1] << 64, counter=counter % 2**256).random_raw(4)
    return (words >> np.uint64(11)) * 2.0**-53


def normal(key: tuple[int, int], layer: int, element: int) -> Any:
    """A standard normal number, by Marsaglia's polar method."""
    attempt = 0
    while True:
        u, v = 2.0 * units(key, layer, element, attempt)[:2] - 1.0
        s = u * u + v * v
        if 0.0 < s < 1.0:
            return u * np.sqrt(-2.0 * log(s) / s)
        attempt += 1


def orthogonal(matrix: Array) -> Array:
    """The rows, or the columns if they are fewer, made orthonormal by Gram-Schmidt, each cleared twice."""
    vectors = [row.copy() for row in (matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T)]
    for i, vector in enumerate(vectors):
        for _ in range(2):
            for earlier in vectors[:i]:
                vector = vector - in_order(earlier * vector) * earlier
        vectors[i] = vector / np.sqrt(in_order(vector * vector))
    made = np.array(vectors)
    return made if matrix.shape[0] <= matrix.shape[1] else made.T


def in_order(terms: Array) -> Any:
    """Their sum from left to right, which np.sum does not promise."""
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
