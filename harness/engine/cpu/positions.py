"""Where things lie in the memory of a vector of networks, and what a kernel learns of its network at run time only."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Any, NamedTuple, get_type_hints

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from harness.engine.cpu.lanes import LanesType
from harness.engine.cpu.rows import Index, RowsType, TracedRows, traced
from harness.formulas.codes import RULES, SLOPED_CODES
from harness.formulas.metrics import COUNT
from harness.formulas.optimizers import OPTIMIZERS
from harness.formulas.schedules import SCHEDULES
from harness.formulas.step import SCRATCH, Architecture, State

PARTS = tuple(name for name in State._fields if name not in SCRATCH)
"""The parts of a vector's memory, in the order in which they lie."""
CARRIED, HYPERPARAMETERS, GRADIENT, COSTS, METRICS = map(
    PARTS.index, ("base", "hyperparameters", "gradient", "costs", "metrics")
)
STRIDE = len(PARTS)
"""Where these begin among the `offsets`: what is carried from epoch to epoch ends with `base`, all at the last."""
CONSTANT = list(SCHEDULES).index("constant")
_PACE = [len(schedule.hyperparameters) for schedule in SCHEDULES.values()]


def offsets(network: Architecture) -> list[int]:
    """Where each part of a vector's memory starts, in rows, and where the whole ends."""
    name, *penalties = RULES[network.rule]
    optimizer, count = OPTIMIZERS[name], network.parameters
    layers, scheduled = len(network.activations), network.schedule != CONSTANT
    rows = {
        "weights": count,
        "slots": count * optimizer.slots,
        "clock": optimizer.clock,
        "base": layers if scheduled or network.frozen else 0,
        "rates": layers,
        "hyperparameters": len(optimizer.hyperparameters) + sum(penalties),
        "slope": int(any(code in SLOPED_CODES.values() for code in network.activations[:-1])),
        "output_slope": int(network.activations[-1] in SLOPED_CODES.values()),
        "pace": _PACE[network.schedule],
        "norm": 2 * network.clip,
        "epoch": int(scheduled),
        "gradient": 0 if network.direct else count,
        "costs": 2,
        "metrics": COUNT,
    }
    return [0, *accumulate(rows[name] for name in PARTS)]


def vector_bytes(network: Architecture, lanes: LanesType) -> int:
    """The memory of a vector of networks."""
    return offsets(network)[STRIDE] * lanes.width * lanes.scalar.bitwidth // 8


class Group(NamedTuple):
    """A number of vectors of networks: their memory (vectors * stride), scratch rows, and where each part starts."""

    memory: Any
    scratch: Any
    offsets: Any
    vectors: int


def traced_state(network: Architecture, memory: TracedRows, v: Index) -> State:
    """The state of a vector in code that is being generated; z, a and the rest of the scratch become registers."""
    at, units = offsets(network), sum(network.layers)
    first = memory.window(v * at[STRIDE], at[STRIDE])
    parts = [first.window(start, stop - start) for start, stop in pairwise(at)]
    return State(*parts, *(np.empty(units, object) for _ in SCRATCH))


@intrinsic(prefer_literal=False)
def state_of(context, group, v):
    """The state of the group's v-th vector, of a network that is known at run time only."""
    rows = group.types[Group._fields.index("memory")]

    def codegen(context, builder, signature, args):
        whole, vector = (traced(context, builder, ty, arg) for ty, arg in zip(signature.args, args, strict=True))
        at, units = (
            [whole.offsets[k] for k in range(STRIDE + 1)],
            Index(builder, whole.scratch.length) // len(SCRATCH),
        )
        start = vector * at[STRIDE]
        places = [(whole.memory, start + first, stop - first) for first, stop in pairwise(at)]
        places += [(whole.scratch, units * k, units) for k in range(len(SCRATCH))]
        parts = [_rows(context, builder, rows, *place) for place in places]
        return context.make_tuple(builder, signature.return_type, parts)

    return types.NamedUniTuple(rows, len(State._fields), State)(group, v), codegen


_HINTS = get_type_hints(Architecture)
_NUMBERS = [name for name in Architecture._fields if _HINTS[name] in (int, bool)]
_LISTS = [name for name in Architecture._fields if name not in _NUMBERS]
"""What an architecture has once, and what for each layer."""
_OFFSETS = 1 + len(_NUMBERS)
_LAYERS = _OFFSETS + STRIDE + 1
"""Where an architecture that is written as integers has its offsets, and its lists, each with room for L + 1; it begins
with L and its numbers.
"""


def describe(network: Architecture) -> NDArray[np.int64]:
    """The network as integers, for kernels that learn of it at run time."""
    depth = len(network.activations)
    lists = [[*getattr(network, name), 0][: depth + 1] for name in _LISTS]
    numbers = [int(getattr(network, name)) for name in _NUMBERS]
    return np.array([depth, *numbers, *offsets(network), *(number for one in lists for number in one)], np.int64)


@intrinsic(prefer_literal=False)
def network_from(context, described):
    """The network that integers describe."""
    of = {name: types.boolean if _HINTS[name] is bool else types.int64 for name in _NUMBERS}
    fields = [of.get(name, described) for name in Architecture._fields]

    def codegen(context, builder, signature, args):
        whole = traced(context, builder, described, args[0])
        depth, found = whole[0], {}
        for number, name in enumerate(_NUMBERS, start=1):
            value = whole[number].value
            flag = of[name] == types.boolean
            found[name] = builder.icmp_signed("!=", value, ir.Constant(value.type, 0)) if flag else value
        for number, name in enumerate(_LISTS):
            length = depth + 1 if name == "layers" else depth
            found[name] = _rows(context, builder, described, whole, (depth + 1) * number + _LAYERS, length)
        return context.make_tuple(builder, signature.return_type, [found[name] for name in Architecture._fields])

    return types.NamedTuple(fields, Architecture)(described), codegen


@intrinsic(prefer_literal=False)
def offsets_from(context, described):
    """The offsets of the network that integers describe."""

    def codegen(context, builder, signature, args):
        whole = traced(context, builder, described, args[0])
        return _rows(context, builder, described, whole, _OFFSETS, STRIDE + 1)

    return described(described), codegen


def _rows(context, builder, rows: RowsType, memory: TracedRows, start: Index | int, length: Index | int) -> ir.Value:
    """Some of the elements as a kernel's own rows."""
    made = cgutils.create_struct_proxy(rows)(context, builder)
    made.data = memory.address(start)
    made.length = length.value if isinstance(length, Index) else ir.Constant(ir.IntType(64), length)
    return made._getvalue()
