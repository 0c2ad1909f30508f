"""The weights before the first epoch: given by an initialisation, or drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.engine.cpu import random
from harness.network.layout import BIAS, WEIGHT, Layout
from harness.network.runs import Runs, random_key, rounded

DRAWN = {
    "uniform": random.UNIFORM,
    "normal": random.NORMAL,
    "orthogonal": random.ORTHOGONAL,
    "sparse": random.SPARSE,
}


def initial_weights(runs: Runs) -> NDArray[Any]:
    """(P, N) the weights before the first epoch, in the structure's dtype."""
    structure, layout = runs.structure, Layout(runs.structure)
    recipes = np.zeros((len(runs.initialisations), len(layout.tensors), 3))
    given = np.zeros((layout.count, len(runs.initialisations)))
    places = np.zeros((len(layout.tensors), 5), np.int64)
    for t, tensor in enumerate(layout.tensors):
        kind, layer, _ = tensor.parameter
        inputs, outputs = structure.layers[layer - 1 : layer + 1]
        places[t] = layer - 1, outputs, tensor.size // outputs, tensor.start, (kind == BIAS) * inputs * outputs
        for k, initialisation in enumerate(runs.initialisations):
            weights = kind == WEIGHT
            made = initialisation.tensor(layer, inputs, outputs) if weights else initialisation.biases(layer, inputs)
            recipe, *numbers = made
            if recipe in DRAWN:
                recipes[k, t, : 1 + len(numbers)] = DRAWN[recipe], *numbers
            else:
                given[tensor.slice, k] = np.ravel(numbers[0])
    keys = [random_key(runs.seed, initialisation) for initialisation in runs.initialisations]
    # Runs that differ in other things alone start alike: of a million, each draw is often needed by hundreds.
    alike = runs.repeat * len(keys) + runs.initialisation
    _, first, which = np.unique(alike, return_index=True, return_inverse=True)
    chosen = runs.initialisation[first]
    initial = np.ascontiguousarray(given[:, chosen])
    if recipes[
        np.unique(chosen), :, 0
    ].any():  # else nothing needs to be compiled for that, a second and a half of the first result
        random.fill(initial, places, recipes, chosen, np.array(keys, np.uint64), runs.repeat[first])
    found: NDArray[Any] = np.take(rounded(initial, structure.dtype), which, axis=1)
    return found
