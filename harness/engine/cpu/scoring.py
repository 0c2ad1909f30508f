"""What networks score on samples, by their weights as they are. Two compiled functions: for each shape, what adds the
samples up; and for each kind of vectors, what makes scores of the sums.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import types
from numba.core.ccallback import CFunc
from numpy.typing import NDArray

from harness.engine.cpu import loops
from harness.engine.cpu.bundle import Bundle, BundleType
from harness.engine.cpu.cache import kept, once, routine
from harness.engine.cpu.functions import choose
from harness.engine.cpu.lanes import Kind
from harness.engine.cpu.loops import ShapeType
from harness.engine.cpu.positions import HYPERPARAMETERS, STRIDE, Group, describe, network_from, offsets, offsets_from
from harness.engine.cpu.processor import FLUSH, control, set_control
from harness.engine.cpu.rows import Rows, RowsType, aligned, rows_at
from harness.formulas.primitives import window
from harness.formulas.scores import SCORES, About, classes_of, count, hits, split
from harness.formulas.step import SCRATCH, Architecture
from harness.network.parts import NetworkSamples
from harness.network.runs import rounded

VECTORS = 64
"""The most vectors that are scored in one call: their memory is short-lived, and small beside that of the rows."""
CODES = {name: code for code, name in enumerate(SCORES)}
_score = choose([score.finish for score in SCORES.values()])


def work_type(kind: Kind) -> BundleType:
    """The type of `work`."""
    lanes, number = kind.lanes, kind.lanes.scalar
    rows = {
        "network": types.int64,
        **dict.fromkeys(("scratch", "sums", "found"), lanes),
        **dict.fromkeys(("inputs", "targets", "answers", "middle", "about"), number),
        **dict.fromkeys(("asked", "place"), types.int64),
    }
    fields = tuple((name, RowsType(element)) for name, element in rows.items())
    return BundleType((*fields, *((name, types.int64) for name in ("outputs", "numbers", "values"))))


def work(
    kind: Kind, network: Architecture, part: NetworkSamples, asked: Sequence[tuple[str, int]], found: NDArray[Any]
) -> Bundle:
    """What it takes to score up to V vectors of networks on a part.

    asked: (a score's name, its place among the K values of a vector). found: (V, K, width), where scores are put.
    """
    dtype, (vectors, values, width) = kind.dtype, found.shape
    outputs, units = network.layers[-1], sum(network.layers) * len(SCRATCH)
    known = part.about
    samples = {
        "inputs": part.samples.inputs,
        "targets": part.samples.targets,
        "answers": part.answers,
        "middle": np.array([part.middle]),
        "about": np.array([known.samples, *known.spread, *known.scale, *known.classes]),
    }
    return Bundle(
        network=Rows(describe(network)),
        scratch=Rows(aligned((units, width), dtype), kind),
        sums=Rows(aligned((vectors, count(outputs), width), dtype), kind),
        found=Rows(found, kind),
        **{name: Rows(np.ascontiguousarray(rounded(array, dtype))) for name, array in samples.items()},
        asked=Rows(np.array([CODES[name] for name, _ in asked], np.int64)),
        place=Rows(np.array([place for _, place in asked], np.int64)),
        outputs=outputs,
        numbers=count(outputs),
        values=values,
    )


def add_all(shape, work, memory, vectors):
    """Add up every sample for each of the vectors in memory. `fast` takes subnormal numbers for zeros, as in training.

    memory: the address of a group.
    """
    network, usual = network_from(work.network), control()
    if network.fast:
        set_control(usual | FLUSH)
    at = offsets_from(work.network)
    group = Group(rows_at(memory, vectors * at[STRIDE], shape), work.scratch, at, vectors)
    sums = window(work.sums, 0, vectors * work.numbers)
    for number in range(len(sums)):
        sums[number] = 0.0
    loops.score(shape, network, group, work.inputs, work.targets, work.answers, work.middle, sums)
    set_control(usual)


def finish_all(shape, work, vectors):
    """Make the scores that are asked for of the sums of each of the vectors."""
    outputs = work.outputs
    spread, scale = window(work.about, 1, outputs), window(work.about, 1 + outputs, outputs)
    classes = window(work.about, 1 + 2 * outputs, len(work.about) - 1 - 2 * outputs)
    about = About(work.about[0], classes, spread, scale, False)
    for v in range(vectors):
        sums = split(window(work.sums, v * work.numbers, work.numbers), outputs)
        for k in range(len(work.asked)):
            work.found[v * work.values + work.place[k]] = _score(work.asked[k], sums, about)


for _function in (classes_of, split, hits):
    routine(_function)


@once
def callback(kind: Kind, network: Architecture | None):
    """`add_all` for vectors of this kind, and this network or any; not yet compiled."""
    signature = types.void(ShapeType(kind.lanes, network), work_type(kind), types.int64, types.int64)
    return kept(CFunc(add_all, (signature.args, signature.return_type), {}, {"error_model": "numpy"}), add_all)


@once
def finishing(kind: Kind):
    """`finish_all` for vectors of this kind; not yet compiled."""
    signature = types.void(ShapeType(kind.lanes, None), work_type(kind), types.int64)
    return kept(CFunc(finish_all, (signature.args, signature.return_type), {}, {"error_model": "numpy"}), finish_all)


@once
def compiled(kind: Kind, network: Architecture | None) -> tuple[int, int]:
    """The addresses of `add_all`, for vectors of this kind and this network or any, and of `finish_all`."""
    made = callback(kind, network), finishing(Kind(kind.width, kind.dtype, "exact"))
    for one in made:
        one.compile()
    return made[0].address, made[1].address


def scores(
    shape: tuple[Kind, Architecture | None],
    network: Architecture,
    given: NDArray[Any],
    part: NetworkSamples,
    names: Sequence[str],
) -> NDArray[Any]:
    """(K, R) the scores that R networks have on the samples of a part, by their K names.

    shape: what the epochs of their network are compiled for. given: (P + H, R) their weights, and hyperparameters.
    """
    kind, at = shape[0], offsets(network)
    rows, hyperparameters = given.shape[1], len(given) - network.parameters
    vectors = min(VECTORS, max(-(-rows // kind.width), 1))
    memory = aligned((vectors, at[STRIDE], kind.width), kind.dtype)
    values = aligned((vectors, len(names), kind.width), kind.dtype)
    bundle = work(kind, network, part, [(name, place) for place, name in enumerate(names)], values)
    add, finish = (_called(address, more) for address, more in zip(compiled(*shape), (2, 1), strict=True))
    places = [*range(network.parameters), *range(at[HYPERPARAMETERS], at[HYPERPARAMETERS] + hyperparameters)]
    found, at_once = np.empty((len(names), rows), kind.dtype), vectors * kind.width
    for start in range(0, rows, at_once):
        stop = min(start + at_once, rows)
        some = np.zeros((len(given), at_once), kind.dtype)
        some[:, : stop - start] = given[:, start:stop]
        memory[:, places] = some.reshape(-1, vectors, kind.width).swapaxes(0, 1)
        add(None, bundle.address, memory.ctypes.data, vectors)
        finish(None, bundle.address, vectors)
        found[:, start:stop] = values.swapaxes(0, 1).reshape(len(names), at_once)[:, : stop - start]
    return found


def _called(address: int, numbers: int) -> Any:
    """A compiled function of a shape, a bundle and so many numbers, called without the interpreter's lock."""
    return ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * numbers)(address)
