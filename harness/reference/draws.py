"""Random numbers by counter, as the engine draws them: the network before its first epoch, the order of samples."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.formulas.functions import log
from harness.network.runs import random_key, rounded, shuffle_key
from harness.reference.network import Array, Network

if TYPE_CHECKING:
    from harness.experiment.initialisations import Initialisation
    from harness.network.structure import Structure


def initial_network(structure: Structure, initialisation: Initialisation, seed: int, repeat: int = 0) -> Network:
    """The network before its first epoch: the same numbers as the engine draws."""
    key = (random_key(seed, initialisation), repeat)
    weights, biases = [], []
    for layer, (inputs, outputs) in enumerate(pairwise(structure.layers)):
        w = draw(initialisation.tensor(layer + 1, inputs, outputs), key, layer, 0, (outputs, inputs))
        b = draw(initialisation.biases(layer + 1, inputs), key, layer, outputs * inputs, (outputs,))
        weights.append(rounded(w, structure.dtype))
        biases.append(rounded(b, structure.dtype))
    return Network(structure, weights, biases if structure.bias != "false" else [])


def draw(primitive: tuple[Any, ...], key: tuple[int, int], layer: int, first: int, shape: tuple[int, ...]) -> Array:
    """The float64 initial weights (O, I) or biases (O,) of one layer. first: the number of the first of them in it."""
    recipe, *numbers = primitive
    end = first + math.prod(shape)
    made: Array
    if recipe == "uniform":
        low, high = numbers
        made = low + (high - low) * units(key, layer, 0, end)[first:, 0]
    elif recipe == "normal":
        mean, std = numbers
        made = mean + std * normal(key, layer, end)[first:]
    elif recipe == "orthogonal":
        made = orthogonal(normal(key, layer, end).reshape(shape))
    elif recipe == "sparse":
        zeros, std = numbers
        made = std * normal(key, layer, end).reshape(shape)
        drawn = units(key, layer, 0, end + shape[0] + end)[end + shape[0] :, 0].reshape(shape[::-1])
        for column, own in enumerate(drawn):
            made[shuffled(own)[:zeros], column] = 0.0
    else:
        made = np.broadcast_to(np.asarray(numbers[0], np.float64), shape)
    return made.reshape(shape)


def permutation(seed: int, epoch: int, samples: int) -> list[int]:
    """The order of the samples in an epoch, counted from 0, the same for every run."""
    return shuffled(units((shuffle_key(seed), 0), epoch, 0, samples)[:, 0])


def shuffled(drawn: Array) -> list[int]:
    """The permutation that n numbers (n,) from [0, 1) make of 0 to n - 1, by Fisher and Yates."""
    order = list(range(len(drawn)))
    for i in range(len(drawn) - 1, 0, -1):
        j = int(drawn[i] * (i + 1))
        order[i], order[j] = order[j], order[i]
    return order


def units(key: tuple[int, int], layer: int, attempt: int, count: int) -> Array:
    """(count, 4) numbers in [0, 1), four an element, from NumPy's Philox, which steps its counter before it draws."""
    counter = (layer << 64 | attempt << 128) - 1
    words = np.random.Philox(key=key[0] | key[1] << 64, counter=counter % 2**256).random_raw(4 * count)
    found: Array = (words.reshape(count, 4) >> np.uint64(11)) * 2.0**-53
    return found


def normal(key: tuple[int, int], layer: int, count: int) -> Array:
    """(count,) standard normal numbers, each by Marsaglia's polar method: of the first attempt that it accepts."""
    made, left, attempt = np.empty(count), np.arange(count), 0
    while len(left):
        u, v = (2.0 * units(key, layer, attempt, count)[left, :2] - 1.0).T
        s = u * u + v * v
        fine = (s > 0.0) & (s < 1.0)
        u, s = u[fine], s[fine]
        made[left[fine]] = u * np.sqrt(-2.0 * log(s) / s)
        left, attempt = left[~fine], attempt + 1
    return made


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
    return np.add.accumulate(terms)[-1]
