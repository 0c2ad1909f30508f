"""The engine: `train` runs one block of configurations, compiled with Numba, without the interpreter's lock.

The same block gives the same bits for any thread, order or vector width (`fast`: for one vector width).
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

from harness.block import Block, Curves, Outcome, parameter_count, random_key, rounded
from harness.engine.cache import private_cache
from harness.experiment.model import Data, Structure

with private_cache(Path(__file__).parents[1]):
    from harness.engine import random
    from harness.engine import train as kernel
from harness.engine.functions import ACTIVATION_CODES, LOSS_CODES
from harness.engine.lanes import Kind, native_width
from harness.engine.rows import Rows
from harness.engine.step import FIXED_BIAS, LEARNT_BIAS, NO_BIAS, Network

__all__ = ["initial_weights", "prepare", "train"]

BIAS_CODES = {"false": NO_BIAS, "true": LEARNT_BIAS, "fixed": FIXED_BIAS}
DRAWN = {"uniform": random.UNIFORM, "normal": random.NORMAL, "orthogonal": random.ORTHOGONAL}


def train(block: Block, data: Data) -> Outcome:
    """Train one block. data: as `harness.experiment` gave it, targets already one column per output.

    Never raises for what the numbers do: a run that diverges is a row with that status.
    """
    structure = block.structure
    dtype, count = structure.dtype, parameter_count(structure)
    kind = Kind(native_width(dtype), dtype, structure.arithmetic)
    network = Network(
        Rows(np.array(structure.layers)),
        Rows(np.array([ACTIVATION_CODES[name] for name in structure.activations])),
        BIAS_CODES[structure.bias],
        LOSS_CODES[structure.loss],
        structure.batch_size,
    )
    samples = Rows(rounded(data.inputs, dtype)), Rows(rounded(data.targets, dtype))
    first_point = np.concatenate([[0], np.cumsum(curve_points(block))])
    runs = kernel.Runs(
        initial=initial_weights(block),
        rates=rounded(block.rates, dtype),
        max_loss=rounded(block.max_loss, dtype),
        first_stop=block.first_stop,
        stops=block.stops,
        place=block.place,
        first_point=first_point,
    )
    rows, points = len(block.stops), int(first_point[-1])
    table = kernel.Table(
        status=np.empty(rows, np.uint8),
        settled_epoch=np.empty(rows, np.int64),
        diverged_epoch=np.empty(rows, np.int64),
        losses=np.empty((3, rows), dtype),
        last_finite_loss=np.empty(rows, dtype),
        weights=np.empty((count, rows), dtype),
        curve_epoch=np.zeros(points, np.int64),
        curve_losses=np.empty((3, points), dtype),
    )
    size = kernel.Size(kind.width, block.runs, rows, points, block.every)
    scratch = kernel.memory(kind, structure.layers, count)
    kernel.train(size, network, samples, kernel.Runs(*map(Rows, runs)), kernel.Table(*map(Rows, table)), scratch)
    there = np.flatnonzero(table.curve_epoch)
    run = np.repeat(np.arange(block.runs), np.diff(first_point))
    *results, epoch, losses = table
    return Outcome(*results, Curves(run[there], epoch[there], losses[:, there]))


def prepare(structure: Structure) -> None:
    """Compile what trains this structure, or find it in the cache, so that the first block does not wait for it."""
    nothing, none = np.zeros(0, np.int64), np.zeros(0)
    block = Block(
        structure,
        0,
        (),
        nothing,
        nothing,
        np.zeros((len(structure.layers) - 1, 0)),
        none,
        np.zeros(1, np.int64),
        nothing,
        nothing,
    )
    train(block, Data(np.zeros((1, structure.layers[0])), np.zeros((1, structure.layers[-1]))))


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
    for layer, (inputs, outputs) in enumerate(pairwise(layers)):
        starts[layer], b = p, p + outputs * inputs
        for k, initialisation in enumerate(block.initialisations):
            recipe, *numbers = initialisation.tensor(layer + 1, inputs, outputs)
            if recipe in DRAWN:
                recipes[k, layer, : 1 + len(numbers)] = DRAWN[recipe], *numbers
            else:
                given[p:b, k] = np.ravel(numbers[0])
            if has_bias:
                given[b : b + outputs, k] = initialisation.biases(layer + 1, outputs)
        p = b + outputs * has_bias
    keys = [random_key(block.seed, initialisation) for initialisation in block.initialisations]
    initial = np.ascontiguousarray(given[:, block.initialisation])
    chosen = (block.initialisation, np.array(keys, np.uint64), block.repeat)
    random.fill(initial, np.array(layers), starts, recipes, *chosen)
    return rounded(initial, structure.dtype)
