"""Epochs of a group: samples in their order, batches, and the losses. One compiled function for each shape."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core.ccallback import CFunc
from numba.extending import intrinsic

from harness.engine.cpu import loops
from harness.engine.cpu.bundle import BundleType
from harness.engine.cpu.cache import kept, once, routine
from harness.engine.cpu.lanes import Kind
from harness.engine.cpu.loops import ShapeType
from harness.engine.cpu.positions import CONSTANT, COSTS, GRADIENT, METRICS, STRIDE, Group, network_from, offsets_from
from harness.engine.cpu.processor import FLUSH, control, set_control
from harness.engine.cpu.random import shuffle
from harness.engine.cpu.rows import RowsType, address, rows_at
from harness.formulas.metrics import COUNT, MEAN, begin, finish, fold
from harness.formulas.primitives import window
from harness.formulas.step import MINUS_ZERO, OWN, TOTAL, Architecture


def work_type(kind: Kind) -> BundleType:
    """The type of a call's arguments: the network's description, scratch for one vector, samples, and their order."""
    lanes = kind.lanes
    rows = {
        "network": types.int64,
        "scratch": lanes,
        "inputs": lanes.scalar,
        "targets": lanes.scalar,
        "order": types.int64,
    }
    return BundleType((*((name, RowsType(element)) for name, element in rows.items()), ("key", types.int64)))


@routine
def call(b, memory, count, epoch, epochs):
    """Train the `count` vectors in memory for some epochs, the first of which is number `epoch` from 0.

    b: the bundle of `harness.engine.cpu.workspace`.
    """
    invoke(b.kernel, (b.work, address(memory), count, epoch, epochs))


@intrinsic(prefer_literal=False)
def invoke(context, function, arguments):
    """Call a compiled function at its address with a bundle, at its own address, and whole numbers."""

    def codegen(context, builder, signature, args):
        integer, pointer = ir.IntType(64), ir.IntType(64).as_pointer()
        work, *numbers = (builder.extract_value(args[1], i) for i in range(len(arguments)))
        opaque = ir.IntType(8).as_pointer()
        type_ = ir.FunctionType(ir.VoidType(), [opaque, pointer, *[integer] * len(numbers)])
        work = builder.inttoptr(work, pointer)
        builder.call(builder.inttoptr(args[0], type_.as_pointer()), [ir.Constant(opaque, None), work, *numbers])
        return context.get_dummy_value()

    return types.none(function, arguments), codegen


def advance(shape, work, memory, count, epoch, epochs):
    """Train `count` vectors for some epochs. At the end, each vector's losses are those of the last.

    memory: the address of the group. epoch: how many there have been. `fast` takes subnormal numbers for zeros: they
    cost the processor a hundred times as much.
    """
    network, order, usual = network_from(work.network), work.order, control()
    if network.fast:
        set_control(usual | FLUSH)
    offsets = offsets_from(work.network)
    group = Group(rows_at(memory, count * offsets[STRIDE], shape), work.scratch, offsets, count)
    samples = len(order)
    for e in range(epoch, epoch + epochs):
        if network.shuffle:
            shuffle(order, work.key, e)
        if network.schedule != CONSTANT:
            loops.begin(shape, network, group, ())
        last = e == epoch + epochs - 1
        batch = samples if network.direct else network.batch_size
        for first in range(0, samples, batch):
            stop = min(first + batch, samples)
            at_once = 1 if last else stop - first
            for at in range(first, stop, at_once):
                loops.learn(shape, network, group, work.inputs, work.targets, window(order, at, at_once), last)
                if last:
                    tally(group, at, samples)
            if not network.direct:
                loops.update(shape, network, group, (gradient_scale(network, group, stop - first),))
    set_control(usual)


@routine
def gradient_scale(network, group, samples):
    """What the sums of so many gradients are to be multiplied by for their mean, or by 1 where the sum is asked for.

    By 1 also after dividing them here, unless the samples are a power of two: only then is their inverse exact. A
    division takes as long as 16 products.
    """
    if network.summed:
        return 1.0
    if network.fast or samples & (samples - 1) == 0:
        return 1.0 / samples
    at = group.offsets[GRADIENT]
    for v in range(group.vectors):
        start = v * group.offsets[STRIDE]
        for p in range(start + at, start + group.offsets[GRADIENT + 1]):
            group.memory[p] = group.memory[p] / samples
    return 1.0


@routine
def tally(group, seen, samples):
    """Fold the cost of a sample into the metrics of the epoch; of the last, finish them, and add its sum to the total.

    seen: how many samples of the epoch came before, of so many.
    """
    stride, costs_at, metrics_at = group.offsets[STRIDE], group.offsets[COSTS], group.offsets[METRICS]
    for v in range(group.vectors):
        costs = window(group.memory, v * stride + costs_at, 2)
        metrics = window(group.memory, v * stride + metrics_at, COUNT)
        cost = costs[OWN]
        costs[OWN] = MINUS_ZERO
        if seen:
            fold(metrics, cost)
        else:
            begin(metrics, cost)
        if seen + 1 == samples:
            costs[TOTAL] = costs[TOTAL] + metrics[MEAN]
            finish(metrics, float(samples))


@once
def callback(kind: Kind, network: Architecture | None):
    """`advance` for vectors of this kind, and this network or any; not yet compiled."""
    signature = types.void(ShapeType(kind.lanes, network), work_type(kind), *[types.int64] * 4)
    made = CFunc(advance, (signature.args, signature.return_type), locals={}, options={"error_model": "numpy"})
    return kept(made, advance)


@once
def compiled(kind: Kind, network: Architecture | None) -> int:
    """The address of `advance` for vectors of this kind, and this network or any."""
    made = callback(kind, network)
    made.compile()
    return made.address
