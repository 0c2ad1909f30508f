"""Random initial weights, drawn by counter: a number depends on what it is for and on nothing else.

Philox 4x64-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) turns (key, counter) into four
random words. The key is the experiment's seed with the initialisation's meaning, and the repeat; the counter is the
element, the layer and the attempt. Drawn in float64 whatever the dtype.
"""

from __future__ import annotations

import numpy as np

from harness.engine.cpu.cache import kernel, routine
from harness.formulas.functions import log

UNIFORM, NORMAL, ORTHOGONAL, SPARSE = 1, 2, 3, 4
MULTIPLIERS = (np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157))
INCREMENTS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B))
LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
ELEVEN, UNIT = np.uint64(11), 2.0**-53


@routine
def multiply(a, b):
    """(high, low) 64-bit words of the product of two."""
    a_low, a_high, b_low, b_high = a & LOW, a >> HALF, b & LOW, b >> HALF
    middle = a_high * b_low + (a_low * b_low >> HALF)
    other = a_low * b_high + (middle & LOW)
    return a_high * b_high + (middle >> HALF) + (other >> HALF), a * b


@routine
def philox(key, counter):
    """Four random words for a key of two words and a counter of three (the fourth is 0)."""
    c0, c1, c2, c3 = counter[0], counter[1], counter[2], np.uint64(0)
    k0, k1 = key
    for _ in range(10):
        high0, low0 = multiply(MULTIPLIERS[0], c0)
        high1, low1 = multiply(MULTIPLIERS[1], c2)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = k0 + INCREMENTS[0], k1 + INCREMENTS[1]
    return c0, c1, c2, c3


@routine
def uniform(key, layer, element):
    """A number in [0, 1), a multiple of 2**-53."""
    word = philox(key, (np.uint64(element), np.uint64(layer), np.uint64(0)))[0]
    return np.float64(word >> ELEVEN) * UNIT


@routine
def normal(key, layer, element):
    """A standard normal number, by Marsaglia's polar method: the first attempt that falls into the unit disc."""
    attempt = 0
    while True:
        words = philox(key, (np.uint64(element), np.uint64(layer), np.uint64(attempt)))
        u = 2.0 * (np.float64(words[0] >> ELEVEN) * UNIT) - 1.0
        v = 2.0 * (np.float64(words[1] >> ELEVEN) * UNIT) - 1.0
        s = u * u + v * v
        if 0.0 < s < 1.0:
            return u * np.sqrt(-2.0 * log(s) / s)
        attempt += 1


@routine
def orthogonal(key, layer, outputs, inputs, w):
    """Fill w (outputs * inputs,) with a random matrix whose rows, or columns if they are fewer, are orthonormal.

    Gram-Schmidt over normal numbers, each vector cleared of the earlier ones twice: the distribution is Haar's, as
    that of PyTorch's orthogonal_.
    """
    for element in range(outputs * inputs):
        w[element] = normal(key, layer, element)
    vectors, length = min(outputs, inputs), max(outputs, inputs)
    step, stride = (inputs, 1) if outputs <= inputs else (1, inputs)
    for i in range(vectors):
        for _ in range(2):
            for j in range(i):
                total = w[j * step] * w[i * step]
                for k in range(1, length):
                    total = total + w[j * step + k * stride] * w[i * step + k * stride]
                for k in range(length):
                    w[i * step + k * stride] = w[i * step + k * stride] - total * w[j * step + k * stride]
        square = w[i * step] * w[i * step]
        for k in range(1, length):
            square = square + w[i * step + k * stride] * w[i * step + k * stride]
        norm = np.sqrt(square)
        for k in range(length):
            w[i * step + k * stride] = w[i * step + k * stride] / norm


@routine
def sparse(key, layer, outputs, inputs, zeros, w):
    """Set so many elements of each column of w (outputs * inputs,) to 0, as PyTorch's sparse_ does.

    They are the first of a permutation of the column, by Fisher and Yates, whose draws follow those of the layer's
    weights and biases.
    """
    order = np.empty(outputs, np.int64)
    for column in range(inputs):
        first = outputs * (inputs + 1 + column)
        for i in range(outputs):
            order[i] = i
        for i in range(outputs - 1, 0, -1):
            j = np.int64(uniform(key, layer, first + i) * (i + 1))
            other = order[j]
            order[j] = order[i]
            order[i] = other
        for i in range(zeros):
            w[order[i] * inputs + column] = 0.0


@routine
def shuffle(order, key, epoch):
    """Fill order (S,) with the permutation of an epoch, by Fisher and Yates."""
    for i in range(len(order)):
        order[i] = i
    for i in range(len(order) - 1, 0, -1):
        j = np.int64(uniform((np.uint64(key), np.uint64(0)), epoch, i) * (i + 1))
        other = order[j]
        order[j] = order[i]
        order[i] = other


@kernel
def fill(initial, places, recipes, choice, key, repeat):
    """Draw the random tensors of N runs into initial (P, N), which holds everything else already.

    places: (T, 5) of each tensor its layer, its outputs, its inputs (1 for biases), the row of its first element, and
    the number of that among the layer's. recipes: (K, T, 3) float64, for each initialisation and tensor its
    distribution's code and two numbers. choice: (N,) which initialisation. key: (K,) uint64. repeat: (N,).
    """
    drawn = np.empty(initial.shape[0])
    for run in range(initial.shape[1]):
        k = (key[choice[run]], np.uint64(repeat[run]))
        for tensor in range(len(places)):
            layer, outputs, inputs, start, number = places[tensor]
            kind, first, second = recipes[choice[run], tensor]
            if kind == ORTHOGONAL:
                orthogonal(k, layer, outputs, inputs, drawn)
            for element in range(outputs * inputs):
                if kind == UNIFORM:
                    drawn[element] = first + (second - first) * uniform(k, layer, number + element)
                elif kind == NORMAL:
                    drawn[element] = first + second * normal(k, layer, number + element)
                elif kind == SPARSE:
                    drawn[element] = second * normal(k, layer, element)
            if kind == SPARSE:
                sparse(k, layer, outputs, inputs, np.int64(first), drawn)
            if kind != 0:
                for element in range(outputs * inputs):
                    initial[start + element, run] = drawn[element]
