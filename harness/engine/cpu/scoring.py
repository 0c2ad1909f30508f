"""Networks that no longer learn: what their weights score on samples. One compiled function for each shape."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numba import types
from numba.core.ccallback import CFunc
from numpy.typing import NDArray

from harness.engine.cpu import loops
from harness.engine.cpu.bundle import Bundle, BundleType
from harness.engine.cpu.cache import kept, once
from harness.engine.cpu.lanes import Kind
from harness.engine.cpu.loops import ShapeType
from harness.engine.cpu.positions import HYPERPARAMETERS, STRIDE, Group, describe, network_from, offsets, offsets_from
from harness.engine.cpu.processor import FLUSH, control, set_control
from harness.engine.cpu.rows import Rows, RowsType
from harness.engine.cpu.workspace import aligned
from harness.formulas import scores
from harness.formulas.step import SCRATCH, Architecture
from harness.network.parts import NetworkSamples
from harness.network.runs import rounded

VECTORS = 64
"""The most vectors that are scored in one call: their memory is short-lived, and small beside that of the rows."""


def work_type(kind: Kind) -> BundleType:
    """The type of what is scored: the network's description, scratch for a vector, samples, weights and sums."""
    lanes = kind.lanes
    numbers = ("inputs", "targets", "answers", "middle")
    rows = {
        "network": types.int64,
        **dict.fromkeys(("scratch", "memory", "sums"), lanes),
        **dict.fromkeys(numbers, lanes.scalar),
    }
    return BundleType(tuple((name, RowsType(element)) for name, element in rows.items()))


def add_all(shape, work):
    """Add every sample to the sums of every vector. `fast` takes subnormal numbers for zeros, as in training."""
    network, usual = network_from(work.network), control()
    if network.fast:
        set_control(usual | FLUSH)
    at = offsets_from(work.network)
    group = Group(work.memory, work.scratch, at, len(work.memory) // at[STRIDE])
    loops.score(shape, network, group, work.inputs, work.targets, work.answers, work.middle, work.sums)
    set_control(usual)


@once
def callback(kind: Kind, network: Architecture | None):
    """`add_all` for vectors of this kind, and this network or any; not yet compiled."""
    signature = types.void(ShapeType(kind.lanes, network), work_type(kind))
    return kept(CFunc(add_all, (signature.args, signature.return_type), {}, {"error_model": "numpy"}), add_all)


@once
def compiled(kind: Kind, network: Architecture | None) -> Any:
    """`add_all` for vectors of this kind, and this network or any: Python calls it without the interpreter's lock."""
    made = callback(kind, network)
    made.compile()
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(made.address)


def sums(
    shape: tuple[Kind, Architecture | None], network: Architecture, given: NDArray[Any], part: NetworkSamples
) -> NDArray[Any]:
    """(`scores.count`, R) what R networks come to on the samples of a part.

    shape: what the epochs of their network are compiled for. given: (P + H, R) their weights, and hyperparameters.
    """
    kind, at = shape[0], offsets(network)
    dtype, rows = kind.dtype, given.shape[1]
    numbers, units = scores.count(network.layers[-1]), sum(network.layers) * len(SCRATCH)
    vectors = min(VECTORS, max(-(-rows // kind.width), 1))
    memory = aligned((vectors, at[STRIDE], kind.width), dtype)
    added = aligned((vectors, numbers, kind.width), dtype)
    samples = {
        "inputs": part.samples.inputs,
        "targets": part.samples.targets,
        "answers": part.answers,
        "middle": np.array([part.middle]),
    }
    work = Bundle(
        network=Rows(describe(network)),
        scratch=Rows(aligned((units, kind.width), dtype), kind),
        memory=Rows(memory, kind),
        sums=Rows(added, kind),
        **{name: Rows(np.ascontiguousarray(rounded(array, dtype))) for name, array in samples.items()},
    )
    call, hyperparameters = compiled(*shape), len(given) - network.parameters
    places = [*range(network.parameters), *range(at[HYPERPARAMETERS], at[HYPERPARAMETERS] + hyperparameters)]
    found, at_once = np.empty((numbers, rows), dtype), vectors * kind.width
    for start in range(0, rows, at_once):
        stop = min(start + at_once, rows)
        some = np.zeros((len(given), at_once), dtype)
        some[:, : stop - start] = given[:, start:stop]
        memory[:, places] = some.reshape(-1, vectors, kind.width).swapaxes(0, 1)
        added[:] = 0.0
        call(None, work.address)
        found[:, start:stop] = added.swapaxes(0, 1).reshape(numbers, at_once)[:, : stop - start]
    return found
