"""What training costs, in units of work: it sizes blocks, and the time that `harness plan` tells.

Costs depend on the experiment alone, never on the machine, so that the same blocks are cut everywhere.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from harness.network.layout import Layout
from harness.network.structure import OWN_KERNEL, Structure

WORK_PER_SECOND = 2e9
"""Units of work that one thread does in a second, a low guess for any machine."""
CALL_WORK = 2e6
"""The work of a call of the engine and of making a table, whatever is trained."""
SAMPLE_WORK, PARAMETER_WORK, ANY_PARAMETER_WORK = 8.0, 0.5, 0.8
TRANSCENDENTAL = ("tanh", "sigmoid", "softplus", "gelu", "gelu_tanh", "silu", "elu", "selu", "sin")
FUNCTION_WORK, ANY_FUNCTION_WORK = 6.0, 12.0
UPDATE_WORK = {"rmsprop": 6, "adam": 8, "adamw": 8}
"""Units of work, as measured: of a sample, of each parameter for a sample, of one value of a transcendental function,
and of updating a parameter by these optimizers. `ANY_` is the work in the kernel for any network, which trains large
ones."""
NARROW_WORK, FAST_WORK = 0.5, 0.8
"""The share of the work that remains in float32, and in `fast` arithmetic."""
FEW_RUNS = 16
"""Fewer runs than this take as long as this many: they leave lanes empty, and nothing to do while a vector waits."""
LIKELY_EPOCHS = 10**6
"""Epochs after which a run has likely settled, diverged or come back to an earlier state, however many more it may
have: blocks are cut as if no run went on for longer."""
VECTOR_BYTES, MOST_VECTORS, CACHE_VECTORS = 64, 16, 384
"""A group of the engine, where vectors are widest: the bytes of a vector, how many vectors it has at most, and how many
the first-level cache has room for."""


@lru_cache
def run_work(structure: Structure, samples: int, epochs: float) -> float:
    """The work of one run that has every epoch, and a little for each epoch and run."""
    parameters = Layout(structure).count
    own = parameters <= OWN_KERNEL
    units = zip(structure.layers[1:], structure.activations, strict=True)
    values = sum(outputs for outputs, name in units if name in TRANSCENDENTAL)
    sample = SAMPLE_WORK + parameters * (PARAMETER_WORK if own else ANY_PARAMETER_WORK)
    sample += values * (FUNCTION_WORK if own else ANY_FUNCTION_WORK)
    sample += UPDATE_WORK.get(structure.optimizer, 0) * parameters / structure.batch_size
    sample *= NARROW_WORK if structure.dtype == "float32" else 1.0
    sample *= FAST_WORK if structure.arithmetic == "fast" else 1.0
    return (epochs + 1) * (samples * sample + 8)


def filling_runs(structure: Structure) -> int:
    """How many runs fill the vectors of a group, where these are widest."""
    lanes = VECTOR_BYTES // np.dtype(structure.dtype).itemsize
    vectors = min(max(CACHE_VECTORS // max(Layout(structure).count, 1), 1), MOST_VECTORS)
    return max(lanes * vectors, FEW_RUNS)
