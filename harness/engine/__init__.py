"""The engine: `train` runs one block of configurations, compiled with Numba, without the interpreter's lock.

The same block gives the same bits for any thread, order or vector width (`fast`: for one vector width).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from harness.block import Block, Curves, Outcome, parameter_count, random_key
from harness.engine.cache import private_cache
from harness.experiment.model import Data
from harness.formulas.losses import LOSSES

with private_cache(Path(__file__).parents[1]):
    from harness.engine import random
    from harness.engine import train as kernel
from harness.engine.functions import ACTIVATION_CODES, LOSS_CODES
from harness.engine.lanes import Kind, native_width
from harness.engine.step import FIXED_BIAS, LEARNT_BIAS, NO_BIAS, Network

__all__ = ["initial_weights", "train"]

BIAS_CODES = {"false": NO_BIAS, "true": LEARNT_BIAS, "fixed": FIXED_BIAS}
DRAWN = {"uniform": random.UNIFORM, "normal": random.NORMAL, "orthogonal": random.ORTHOGONAL}


def train(block: Block, data: Data) -> Outcome:
    """Train one block. data: as `harness.experiment` gave it, targets already one column per output.

    Never raises for what the numbers do: a run that diverges is a row with that status.
    """
    structure = block.structure
    dtype, count = np.dtype(structure.dtype), parameter_count(structure)
    kind = Kind(native_width(structure.dtype), structure.dtype, structure.arithmetic)
    network = Network(
        np.array(structure.layers),
        np.array([ACTIVATION_CODES[name] for name in structure.activations]),
        BIAS_CODES[structure.bias],
        LOSS_CODES[structure.loss],
        structure.batch_size,
    )
    first_point = np.concatenate([[0], np.cumsum(curve_points(block))])
    runs = kernel.Runs(
        initial_weights(block),
        block.rates.astype(dtype),
        block.max_loss.astype(dtype),
        block.first_stop,
        block.stops,
        block.place,
        first_point,
        block.every,
    )
    rows, points = len(block.stops), first_point[-1]
    table = kernel.Table(
        np.empty(rows, np.uint8),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.empty((3, rows), dtype),
        np.empty(rows, dtype),
        np.empty((count, rows), dtype),
        np.zeros(points, np.int64),
        np.empty((3, points), dtype),
    )
    memory = kernel.scratch(kind.width, structure.dtype, structure.layers, count)
    kernel.train(kind, network, data.inputs.astype(dtype), data.targets.astype(dtype), runs, table, memory)
    there = np.flatnonzero(table.curve_epoch)
    run = np.repeat(np.arange(block.runs), np.diff(first_point))
    curves = Curves(run[there], table.curve_epoch[there], table.curve_losses[:, there])
    return Outcome(
        table.status,
        table.settled_epoch,
        table.diverged_epoch,
        table.losses,
        table.last_finite_loss,
        table.weights,
        curves,
    )


def curve_points(block: Block) -> np.ndarray:
    """(N,) how many points the loss curve of each run can have: epochs 1, every, 2*every, .., last."""
    if not block.every:
        return np.zeros(block.runs, np.int64)
    last = block.stops[block.first_stop[1:] - 1]
    points = last // block.every + (last % block.every != 0)
    return points + ((block.every > 1) & (last > 1))


def initial_weights(block: Block) -> np.ndarray:
    """(P, N) the weights before the first epoch, in the block's dtype."""
    structure = block.structure
    layers, has_bias = structure.layers, structure.bias != "false"
    recipes = np.zeros((len(block.initialisations), len(layers) - 1, 3))
    given = np.zeros((parameter_count(structure), len(block.initialisations)))
    starts, p = np.empty(len(layers) - 1, np.int64), 0
    for layer, (inputs, outputs) in enumerate(zip(layers, layers[1:], strict=False)):
        starts[layer], b = p, p + outputs * inputs
        for k, initialisation in enumerate(block.initialisations):
            recipe, *numbers = initialisation.tensor(layer, inputs, outputs)
            if recipe in DRAWN:
                recipes[k, layer, : 1 + len(numbers)] = DRAWN[recipe], *numbers
            else:
                given[p:b, k] = np.ravel(numbers[0])
            if has_bias:
                given[b : b + outputs, k] = initialisation.biases(layer, outputs)
        p = b + outputs * has_bias
    keys = [random_key(block.seed, initialisation) for initialisation in block.initialisations]
    initial = given[:, block.initialisation]
    chosen = (block.initialisation, np.array(keys, np.uint64), block.repeat)
    random.fill(initial, np.array(layers), starts, recipes, *chosen)
    return initial.astype(structure.dtype)
