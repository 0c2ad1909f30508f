"""The weights before the first epoch: given by an initialisation, or drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.engine.cpu import random
from harness.network.layout import Layout
from harness.network.runs import Runs, random_key, rounded

DRAWN = {"uniform": random.UNIFORM, "normal": random.NORMAL, "orthogonal": random.ORTHOGONAL}


def initial_weights(runs: Runs) -> NDArray[Any]:
    """(P, N) the weights before the first epoch, in the structure's dtype."""
    structure, layout = runs.structure, Layout(runs.structure)
    recipes = np.zeros((len(runs.initialisations), len(layout.weights), 3))
    given = np.zeros((layout.count, len(runs.initialisations)))
    for layer, weights in enumerate(layout.weights):
        outputs, inputs = weights.shape
        for k, initialisation in enumerate(runs.initialisations):
            recipe, *numbers = initialisation.tensor(layer + 1, inputs, outputs)
            if recipe in DRAWN:
                recipes[k, layer, : 1 + len(numbers)] = DRAWN[recipe], *numbers
            else:
                given[weights.slice, k] = np.ravel(numbers[0])
            if layout.biases:
                given[layout.biases[layer].slice, k] = initialisation.biases(layer + 1, outputs)
    keys = [random_key(runs.seed, initialisation) for initialisation in runs.initialisations]
    # Runs that differ in other things alone start alike: of a million, each draw is often needed by hundreds.
    alike = runs.repeat * len(keys) + runs.initialisation
    _, first, which = np.unique(alike, return_index=True, return_inverse=True)
    chosen = runs.initialisation[first]
    initial = np.ascontiguousarray(given[:, chosen])
    layers, starts = np.array(structure.layers), np.array([weights.start for weights in layout.weights])
    random.fill(initial, layers, starts, recipes, chosen, np.array(keys, np.uint64), runs.repeat[first])
    found: NDArray[Any] = np.take(rounded(initial, structure.dtype), which, axis=1)
    return found
