"""The steps of `harness.formulas.step`, swept over a group of vectors: the innermost loops.

A group is so many vectors of networks, each with its own rows of memory, that take each sample in turn: their
independent chains of arithmetic overlap. For one small network the step is traced: its Python runs once, with every
loop unrolled, and what it does to `Vector`s becomes the body of the loop over the group. For any other network Numba
compiles the very same step, with the widths of the layers known at run time only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_jitable, register_model

from harness.engine.cpu.cache import formula, overloaded, routine
from harness.engine.cpu.lanes import LanesType
from harness.engine.cpu.positions import state_of, traced_state, vector_bytes
from harness.engine.cpu.processor import align_stack
from harness.engine.cpu.rows import Index, reload, traced
from harness.formulas import scores, step
from harness.formulas.primitives import window
from harness.formulas.step import OWN, TOTAL, Architecture


class ShapeType(types.Type):
    """What a kernel is compiled for: vectors of a kind, and one network or, if None, any."""

    def __init__(self, lanes: LanesType, network: Architecture | None) -> None:
        self.lanes, self.network = lanes, network
        super().__init__(name=f"Shape({lanes}, {network})")


register_model(ShapeType)(models.OpaqueModel)

KEPT = 12
"""Networks of at most so many parameters keep them in registers from the forward to the backward pass."""
HOISTED = 6
"""Samples of at most so many numbers are in registers for all of the group."""
CACHE = 24 * 1024
"""Bytes that a group may fill, of a first-level cache of 32 KiB or more."""


def pairs(network: Architecture, lanes: LanesType) -> bool:
    """Whether two vectors go through the forward pass, and then both through the backward pass.

    The second's forward pass fills the wait for the first's deltas, which is worth a fifth for 97 parameters; for 9,
    where two networks fit the registers, up to a quarter (tanh). Where they do not fit, those lose a sixth, as do
    batches of them; and so many parameters lose that two vectors are half the cache.
    """
    if network.parameters <= KEPT:
        return network.direct and _many_registers(lanes)
    return 2 * vector_bytes(network, lanes) <= CACHE // 2


def in_a_row(network: Architecture, lanes: LanesType) -> int:
    """How many samples a vector takes before it is the next one's turn: what stays in registers is not stored between.

    Two are worth a half for a batch of 9 parameters, which keeps the gradients, and an eighth for updates after each
    sample. These lose a fifth where there are 16 registers, and 7 % in `exact`, whose chains are longer; 33 parameters
    lose in any way; and four in a row are not faster than two.
    """
    kept = network.parameters <= KEPT and (not network.direct or (network.fast and _many_registers(lanes)))
    return 2 if kept else 1


def _many_registers(lanes: LanesType) -> bool:
    """Whether the processor has 32 vector registers, not 16: x86 has with vectors of 512 bits."""
    return lanes.width * lanes.scalar.bitwidth == 512


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
        cost = Index(builder, builder.select(last, number(OWN), number(TOTAL)))

        def through(first, count):
            numbers = [order[first + k] for k in range(count)]
            xs, ts = (
                [rows.window(s * length, length) for s in numbers] for rows, length in ((x, features), (t, outputs))
            )
            if features + outputs <= HOISTED:
                xs, ts = ([[row[i] for i in range(len(row))] for row in rows] for rows in (xs, ts))
            with cgutils.for_range(builder, (group.vectors // side_by_side).value) as loop:
                start = Index(builder, loop.index) * side_by_side
                states = [traced_state(network, group.memory, start + k) for k in range(side_by_side)]
                for inputs, targets in zip(xs, ts, strict=True):
                    for state in states:
                        step.forward(network, state, inputs)
                    if network.parameters > KEPT:
                        reload(builder)
                    for state in states:
                        step.backward(network, state, targets, cost)

        samples = in_a_row(network, shape.lanes)
        together = builder.mul(builder.sdiv(order.length, number(samples)), number(samples))
        for start, stop, count in ((number(0), together, samples), (together, order.length, 1)):
            with cgutils.for_range_slice(builder, start, stop, number(count), start.type) as (first, _):
                through(Index(builder, first), count)
        return context.get_dummy_value()

    return types.none(shape, group, x, t, order, last), codegen


def learn(shape, network, group, x, t, order, last):
    """Train on the samples order (n,): inputs x (S I,), targets t (S O,).

    last: whether the cost, of one sample, goes to a row of its own; if not, all go to the total.
    """


@overloaded(learn)
def _learn(shape, network, group, x, t, order, last):
    if shape.network is not None:
        return lambda shape, network, group, x, t, order, last: _learn_unrolled(shape, group, x, t, order, last)

    def loop(shape, network, group, x, t, order, last):
        features, outputs = network.layers[0], network.layers[len(network.activations)]
        for k in range(len(order)):
            xs, ts = window(x, order[k] * features, features), window(t, order[k] * outputs, outputs)
            for v in range(group.vectors):
                state = state_of(group, v)
                step.forward(network, state, xs)
                step.backward(network, state, ts, OWN if last else TOTAL)

    return loop


@intrinsic(prefer_literal=False)
def _score_unrolled(context, shape, group, x, t, answers, middle, sums):
    def codegen(context, builder, signature, values):
        group, *rows, sums = (
            traced(context, builder, ty, value) for ty, value in zip(signature.args[1:], values[1:], strict=True)
        )
        align_stack(builder)
        network = shape.network
        outputs = network.layers[-1]
        for given in rows:
            given.lanes = shape.lanes
        lengths = (network.layers[0], outputs, scores.classes_of(outputs))
        samples = builder.sdiv(rows[0].length, ir.Constant(rows[0].length.type, lengths[0]))
        with cgutils.for_range(builder, group.vectors.value) as vector:
            v = Index(builder, vector.index)
            state = traced_state(network, group.memory, v)
            own = sums.window(v * scores.count(outputs), scores.count(outputs))
            with cgutils.for_range(builder, samples) as sample:
                s = Index(builder, sample.index)
                x, t, answers = (row.window(s * length, length) for row, length in zip(rows, lengths, strict=False))
                step.forward(network, state, x)
                scores.add(network.loss, t, state.a[-outputs:], state.delta[-outputs:], answers, rows[-1], own)
        return context.get_dummy_value()

    return types.none(shape, group, x, t, answers, middle, sums), codegen


def score(shape, network, group, x, t, answers, middle, sums):
    """Add all samples, inputs x (S I), targets t (S O) and answers (S C), to the sums of each vector, of weights alone.

    middle: (1,). sums: (vectors `scores.count`).
    """


@overloaded(score)
def _score(shape, network, group, x, t, answers, middle, sums):
    if shape.network is not None:
        return lambda shape, network, group, x, t, answers, middle, sums: _score_unrolled(
            shape, group, x, t, answers, middle, sums
        )

    def loop(shape, network, group, x, t, answers, middle, sums):
        features, outputs = network.layers[0], network.layers[len(network.activations)]
        classes, numbers = max(outputs, 2), len(sums) // group.vectors
        for v in range(group.vectors):
            state = state_of(group, v)
            first = len(state.a) - outputs
            y, scratch = window(state.a, first, outputs), window(state.delta, first, outputs)
            for s in range(len(x) // features):
                step.forward(network, state, window(x, s * features, features))
                of_sample = window(t, s * outputs, outputs), window(answers, s * classes, classes)
                own = window(sums, v * numbers, numbers)
                scores.add(network.loss, of_sample[0], y, scratch, of_sample[1], middle, own)

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
            with cgutils.for_range(builder, group.vectors.value) as loop:
                task(shape.network, traced_state(shape.network, group.memory, Index(builder, loop.index)), *more)
            return context.get_dummy_value()

        return types.none(shape, group, args), codegen

    def sweep(shape, network, group, args):
        """Stands for the overload below."""

    @overloaded(sweep)
    def choose(shape, network, group, args):
        if shape.network is not None:
            return lambda shape, network, group, args: unrolled(shape, group, args)

        def loop(shape, network, group, args):
            for v in range(group.vectors):
                compiled_task(network, state_of(group, v), *args)

        return loop

    return sweep


_WHOLE: list[Callable[..., Any]] = [
    step.forward,
    step.backward,
    step.learnt_to,
    step.clip,
    step.descend_all,
    scores.add,
]
_INLINED: list[Callable[..., Any]] = [step.learn_weight, step.learn_bias, step.descend, step.move]
"""What is called for every weight: called as functions, with all of a state as arguments, a step took 3.5 times as
long."""
for _function in _WHOLE:
    formula(_function)
for _function in _INLINED:
    register_jitable(inline="always", no_cfunc_wrapper=True)(_function)
update, begin = swept(step.update), swept(step.begin)
