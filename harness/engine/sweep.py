"""The steps of `engine.step`, swept over a group of vectors: the innermost loops.

A group is so many vectors of networks, each with its own rows of memory, that take each sample in turn: their
independent chains of arithmetic overlap. For one small network the step is traced: its Python runs once, with every
loop unrolled, and what it does to `Vector`s becomes the body of the loop over the group. For any other network Numba
compiles the very same step, with the widths of the layers known at run time only.
"""

from __future__ import annotations

from functools import partial
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model

from harness.engine import step
from harness.engine.cache import routine
from harness.engine.functions import RULES
from harness.engine.lanes import LanesType
from harness.engine.processor import align_stack
from harness.engine.rows import Memory, reload, traced, window
from harness.engine.step import Network, State
from harness.formulas.optimizers import OPTIMIZERS
from harness.formulas.schedules import SCHEDULES

WEIGHTS, CARRIED, GRADIENT, COSTS, LOSSES, PARTS = 0, 3, 9, 10, 11, 12
"""Indices of the parts of a vector's memory, and the number of parts."""
OWN, TOTAL = 0, 1
"""Rows of `costs`. OWN: the cost of the current sample, -0.0 between samples. TOTAL: the sum of all costs since the
runs were last looked at.
"""


class Group(NamedTuple):
    """count vectors of networks: memory (count * stride) and scratch rows, and where in it each part starts."""

    memory: Any
    scratch: Any
    offsets: Any
    count: int


class ShapeType(types.Type):
    """What a kernel is compiled for: vectors of a kind, and one network or, if None, any."""

    def __init__(self, lanes: LanesType, network: Network | None) -> None:
        self.lanes, self.network = lanes, network
        super().__init__(name=f"Shape({lanes}, {network})")


register_model(ShapeType)(models.OpaqueModel)

PACE = [len(schedule.numbers) for schedule in SCHEDULES.values()]
SCRATCH = ("z", "a", "delta", "scaled")


def parameters(network: Network) -> int:
    biases = network.bias != step.NO_BIAS
    return sum(outputs * (inputs + biases) for inputs, outputs in pairwise(network.layers))


def offsets(network: Network) -> list[int]:
    """Where each part of a vector's memory starts, in rows, and where the whole ends."""
    optimizer, count = OPTIMIZERS[RULES[network.rule][0]], parameters(network)
    layers, scheduled = len(network.activations), network.schedule != 0
    rows = {
        "weights": count,
        "slots": count * optimizer.slots,
        "clock": optimizer.clock,
        "base": layers if scheduled else 0,
        "rates": layers,
        "numbers": len(optimizer.numbers) + RULES[network.rule][1],
        "pace": PACE[network.schedule],
        "norm": 2 * network.clip,
        "epoch": int(scheduled),
        "gradient": 0 if network.direct else count,
        "costs": 2,
        "losses": 3,
    }
    return [0, *accumulate(rows[name] for name in State._fields if name not in SCRATCH)]


def state_of(group, scratch, v):
    """The rows of the group's v-th vector."""
    at, memory = group.offsets, group.memory
    start = v * at[PARTS]
    return State(
        window(memory, start, at[1]),
        window(memory, start + at[1], at[2] - at[1]),
        window(memory, start + at[2], at[3] - at[2]),
        window(memory, start + at[3], at[4] - at[3]),
        window(memory, start + at[4], at[5] - at[4]),
        window(memory, start + at[5], at[6] - at[5]),
        window(memory, start + at[6], at[7] - at[6]),
        window(memory, start + at[7], at[8] - at[7]),
        window(memory, start + at[8], at[9] - at[8]),
        window(memory, start + at[9], at[10] - at[9]),
        window(memory, start + at[10], at[11] - at[10]),
        window(memory, start + at[11], at[12] - at[11]),
        *scratch,
    )


def traced_state(network: Network, memory: Memory, v) -> State:
    """The state of a vector in code that is being generated; z, a and the rest of the scratch become registers."""
    at, units = offsets(network), sum(network.layers)
    first = memory.row(v, at[-1])
    parts = [first[slice(start, stop)] for start, stop in pairwise(at)]
    return State(*parts, *(np.empty(units, object) for _ in SCRATCH))


KEPT = 12
"""Networks of at most so many parameters keep them in registers from the forward to the backward pass."""
HOISTED = 6
"""Samples of at most so many numbers are in registers for all of the group."""
CACHE = 24 * 1024
"""Bytes that a group may fill, of a first-level cache of 32 KiB or more."""


def pairs(network: Network, lanes: LanesType) -> bool:
    """Whether two vectors go through the forward pass, and then both through the backward pass.

    The second's forward pass fills the wait for the first's deltas, which is worth a fifth for 97 parameters; for 9,
    where two networks fit the registers, up to a quarter (tanh). Where they do not fit, those lose a sixth, as do
    batches of them; and so many parameters lose that two vectors are half the cache.
    """
    if parameters(network) <= KEPT:
        return network.direct and _many_registers(lanes)
    return 2 * vector_bytes(network, lanes) <= CACHE // 2


def in_a_row(network: Network, lanes: LanesType) -> int:
    """How many samples a vector takes before it is the next one's turn: what stays in registers is not stored between.

    Two are worth a half for a batch of 9 parameters, which keeps the gradients, and an eighth for updates after each
    sample. These lose a fifth where there are 16 registers, and 7 % in `exact`, whose chains are longer; 33 parameters
    lose in any way; and four in a row are not faster than two.
    """
    kept = parameters(network) <= KEPT and (not network.direct or (network.fast and _many_registers(lanes)))
    return 2 if kept else 1


def _many_registers(lanes: LanesType) -> bool:
    """Whether the processor has 32 vector registers, not 16: x86 has with vectors of 512 bits."""
    return lanes.width * lanes.scalar.bitwidth == 512


def vector_bytes(network: Network, lanes: LanesType) -> int:
    """The memory of a vector of networks."""
    return offsets(network)[PARTS] * lanes.width * lanes.scalar.bitwidth // 8


@intrinsic(prefer_literal=False)
def _learn_unrolled(context, shape, group, x, t, order, last):
    def codegen(context, builder, signature, values):
        group, x, t, order, last = (
            traced(context, builder, ty, value) for ty, value in zip(signature.args[1:], values[1:], strict=True)
        )
        align_stack(builder)
        network, side_by_side = shape.network, 1 + pairs(shape.network, shape.lanes)
        features, outputs = network.layers[0], network.layers[-1]
        x.lanes = t.lanes = shape.lanes
        number = partial(ir.Constant, order.length.type)
        cost = builder.select(last, number(OWN), number(TOTAL))

        def through(first, count):
            numbers = [order[builder.add(first, number(k))].value for k in range(count)]
            xs, ts = ([rows.row(s, length) for s in numbers] for rows, length in ((x, features), (t, outputs)))
            if features + outputs <= HOISTED:
                xs, ts = ([[row[i] for i in range(len(row))] for row in rows] for rows in (xs, ts))
            with cgutils.for_range(builder, builder.sdiv(group.count, number(side_by_side))) as loop:
                start = builder.mul(loop.index, number(side_by_side))
                vectors = [builder.add(start, number(k)) for k in range(side_by_side)]
                states = [traced_state(network, group.memory, v) for v in vectors]
                for inputs, targets in zip(xs, ts, strict=True):
                    for state in states:
                        step.forward(network, state, inputs)
                    if parameters(network) > KEPT:
                        reload(builder)
                    for state in states:
                        step.backward(network, state, targets, cost)

        samples = in_a_row(network, shape.lanes)
        together = builder.mul(builder.sdiv(order.length, number(samples)), number(samples))
        for start, stop, count in ((number(0), together, samples), (together, order.length, 1)):
            with cgutils.for_range_slice(builder, start, stop, number(count), start.type) as (first, _):
                through(first, count)
        return context.get_dummy_value()

    return types.none(shape, group, x, t, order, last), codegen


def learn(shape, network, group, x, t, order, last):
    """Train on the samples order (n,): inputs x (S I,), targets t (S O,).

    last: whether the cost, of one sample, goes to a row of its own; if not, all go to the total.
    """


@overload(learn)
def _learn(shape, network, group, x, t, order, last):
    if shape.network is not None:
        return lambda shape, network, group, x, t, order, last: _learn_unrolled(shape, group, x, t, order, last)

    def loop(shape, network, group, x, t, order, last):
        features, outputs = network.layers[0], network.layers[len(network.activations)]
        scratch = scratch_of(group)
        for k in range(len(order)):
            xs, ts = window(x, order[k] * features, features), window(t, order[k] * outputs, outputs)
            for v in range(group.count):
                state = state_of(group, scratch, v)
                step.forward(network, state, xs)
                step.backward(network, state, ts, OWN if last else TOTAL)

    return loop


def swept(task):
    """Let kernels call `sweep(shape, network, group, args)`: task(network, state, *args) for each vector's state."""
    compiled_task = routine(task)

    @intrinsic(prefer_literal=False)
    def unrolled(context, shape, group, args):
        def codegen(context, builder, signature, values):
            group, more = (
                traced(context, builder, ty, value) for ty, value in zip(signature.args[1:], values[1:], strict=True)
            )
            align_stack(builder)
            with cgutils.for_range(builder, group.count) as loop:
                task(shape.network, traced_state(shape.network, group.memory, loop.index), *more)
            return context.get_dummy_value()

        return types.none(shape, group, args), codegen

    def sweep(shape, network, group, args):
        """Stands for the overload below."""

    @overload(sweep)
    def choose(shape, network, group, args):
        if shape.network is not None:
            return lambda shape, network, group, args: unrolled(shape, group, args)

        def loop(shape, network, group, args):
            scratch = scratch_of(group)
            for v in range(group.count):
                compiled_task(network, state_of(group, scratch, v), *args)

        return loop

    return sweep


@routine
def scratch_of(group):
    units = len(group.scratch) // 4
    return (
        window(group.scratch, 0, units),
        window(group.scratch, units, units),
        window(group.scratch, 2 * units, units),
        window(group.scratch, 3 * units, units),
    )


for _function in (step.forward, step.backward, step.learn_weight, step.learn_bias, step.descend, step.clip, state_of):
    routine(_function)
update, begin = swept(step.update), swept(step.begin)
