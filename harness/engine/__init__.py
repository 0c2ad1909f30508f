"""The engine: `train` runs one block of configurations, compiled with Numba, without the interpreter's lock.

The same block gives the same bits for any thread, order or vector width (`fast`: for one vector width).
"""

from __future__ import annotations

from harness.engine import needs  # noqa: F401, loaded first: it says in a line what is missing

# isort: split
from collections.abc import Hashable
from itertools import pairwise

import numpy as np
from numba import typeof

from harness.block import Block, Curves, Outcome, parameter_count, random_key, rounded
from harness.engine import random
from harness.engine.cache import cached
from harness.engine.epochs import callback, compiled
from harness.engine.group import Group
from harness.engine.train import train as kernel
from harness.experiment.model import Data, Structure
from harness.formulas.schedules import SCHEDULES

__all__ = ["curve_points", "initial_weights", "prepare", "train", "uncompiled"]

DRAWN = {"uniform": random.UNIFORM, "normal": random.NORMAL, "orthogonal": random.ORTHOGONAL}
NEVER = 2**62
COMPILE_ROWS, COMPILE_ANY, COMPILE_OWN, COMPILE_WEIGHT = 7.0, 5.0, 0.6, 0.004
"""Seconds that compiling takes, roughly: the kernel that seats runs and writes rows, once for each dtype; the epochs
for any network; the epochs for one network; and, in addition to these, each of its parameters."""


def train(block: Block, data: Data) -> Outcome:
    """Train one block. data: as `harness.experiment` gave it, targets already one column per output.

    Never raises for what the numbers do: a run that diverges is a row with that status.
    """
    runs, table = _asked(block, initial_weights(block)), _table(block)
    group, epochs_run = Group(block, data), np.zeros(1, np.int64)
    kernel(group.bundle(runs, table | {"epochs_run": epochs_run}, compiled(*group.shape)))
    there = np.flatnonzero(table["curve_epoch"])
    run = np.repeat(np.arange(block.runs), np.diff(runs["first_point"]))
    *results, epoch, losses = table.values()
    asked = block.stops[block.first_stop[1:] - 1].sum()
    steps, asked = (int(epochs) * len(data.inputs) for epochs in (epochs_run[0], asked))
    return Outcome(*results, Curves(run[there], epoch[there], losses[:, there]), steps, asked)


def _asked(block: Block, initial: np.ndarray) -> dict[str, np.ndarray]:
    """What the kernel is given for each run."""
    dtype = block.structure.dtype
    runs = {
        "initial": initial,
        "rates": rounded(np.broadcast_to(block.rates, (len(block.structure.activations), block.runs)), dtype),
        "numbers": rounded(block.numbers, dtype),
        "max_loss": rounded(block.max_loss, dtype),
        "steady": steady_epochs(block),
        "first_stop": block.first_stop,
        "stops": block.stops,
        "place": block.place,
        "first_point": np.concatenate([[0], np.cumsum(curve_points(block))]),
    }
    return {name: np.ascontiguousarray(array) for name, array in runs.items()}


def _table(block: Block) -> dict[str, np.ndarray]:
    """What the kernel fills: rows, and points of curves."""
    dtype, rows, points = block.structure.dtype, len(block.stops), int(curve_points(block).sum())
    return {
        "status": np.empty(rows, np.uint8),
        "settled_epoch": np.empty(rows, np.int64),
        "diverged_epoch": np.empty(rows, np.int64),
        "row_losses": np.empty((3, rows), dtype),
        "first_loss": np.empty(rows, dtype),
        "last_finite_loss": np.empty(rows, dtype),
        "row_weights": np.empty((parameter_count(block.structure), rows), dtype),
        "curve_epoch": np.zeros(points, np.int64),
        "curve_losses": np.empty((3, points), dtype),
    }


def prepare(structure: Structure, common: bool = True, own_kernel: bool = True) -> None:
    """Compile what trains this structure, or find it in the cache, so that the first block does not wait for it."""
    train(*_nothing(structure, common, own_kernel))


def uncompiled(structure: Structure, common: bool = True, own_kernel: bool = True) -> dict[Hashable, float]:
    """What `prepare` would compile and not find in the cache: each kernel, with the seconds that takes, roughly."""
    block, data = _nothing(structure, common, own_kernel)
    group, initial = Group(block, data), np.zeros((parameter_count(structure), 0), structure.dtype)
    bundle = group.bundle(_asked(block, initial), _table(block) | {"epochs_run": np.zeros(1, np.int64)}, 0)
    missing: dict[Hashable, float] = {}
    if not cached(kernel, (typeof(bundle),)):
        missing[structure.dtype] = COMPILE_ROWS
    epochs = callback(*group.shape)
    if not cached(epochs, epochs._sig):
        missing[group.shape] = COMPILE_OWN + COMPILE_WEIGHT * parameter_count(structure) if group.own else COMPILE_ANY
    return missing


def _nothing(structure: Structure, common: bool, own_kernel: bool) -> tuple[Block, Data]:
    """A block without a run."""
    layers = 1 if common else len(structure.activations)
    nothing = np.zeros(0, np.int64)
    block = Block(
        structure,
        seed=0,
        initialisations=(),
        initialisation=nothing,
        repeat=nothing,
        rates=np.zeros((layers, 0)),
        numbers=np.zeros((len(structure.numbers), 0)),
        max_loss=np.zeros(0),
        first_stop=np.zeros(1, np.int64),
        stops=nothing,
        place=nothing,
        own_kernel=own_kernel,
    )
    return block, Data(np.zeros((1, structure.layers[0])), np.zeros((1, structure.layers[-1])))


def curve_points(block: Block) -> np.ndarray:
    """(N,) how many points the loss curve of each run can have: epochs 1, every, 2*every, .., last."""
    if not block.every:
        return np.zeros(block.runs, np.int64)
    last = block.stops[block.first_stop[1:] - 1]
    points = last // block.every + (last % block.every != 0)
    return points + ((block.every > 1) & (last > 1))


def steady_epochs(block: Block) -> np.ndarray:
    """(N,) the epoch, from 0, from which on every epoch is like the one before."""
    schedule = SCHEDULES[block.structure.schedule]
    names = block.structure.numbers
    numbers = tuple(block.numbers[names.index(number.name)] for number in schedule.numbers)
    steady = np.broadcast_to(schedule.steady(numbers), block.runs)
    if block.structure.shuffle:
        steady = np.full(block.runs, np.inf)
    return np.where(steady < NEVER, steady, NEVER).astype(np.int64)


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
    # Runs that differ in other things alone start alike: of a million, each draw is often needed by hundreds.
    alike = block.repeat * len(keys) + block.initialisation
    _, first, which = np.unique(alike, return_index=True, return_inverse=True)
    chosen = block.initialisation[first]
    initial = np.ascontiguousarray(given[:, chosen])
    random.fill(initial, np.array(layers), starts, recipes, chosen, np.array(keys, np.uint64), block.repeat[first])
    return np.take(rounded(initial, structure.dtype), which, axis=1)
