"""Epochs of a group: samples in their order, batches, and the losses. One compiled function for each shape."""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.ccallback import CFunc
from numba.extending import intrinsic

from harness.engine import sweep
from harness.engine.bundle import BundleType
from harness.engine.cache import kept, once, routine
from harness.engine.lanes import Kind
from harness.engine.processor import FLUSH, control, set_control
from harness.engine.random import shuffle
from harness.engine.rows import RowsType, address, rows_at, window
from harness.engine.step import MINUS_ZERO, Network
from harness.engine.sweep import COSTS, GRADIENT, LOSSES, OWN, PARTS, TOTAL, Group, ShapeType
from harness.formulas.primitives import select


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

    b: the bundle of `engine.group`.
    """
    _call(b.kernel, (b.work, address(memory), count, epoch, epochs))


@intrinsic(prefer_literal=False)
def _call(context, function, arguments):
    def codegen(context, builder, signature, args):
        integer, pointer = ir.IntType(64), ir.IntType(64).as_pointer()
        work, *numbers = (builder.extract_value(args[1], i) for i in range(len(arguments)))
        opaque = ir.IntType(8).as_pointer()
        type_ = ir.FunctionType(ir.VoidType(), [opaque, pointer, *[integer] * len(numbers)])
        work = builder.inttoptr(work, pointer)
        builder.call(builder.inttoptr(args[0], type_.as_pointer()), [ir.Constant(opaque, None), work, *numbers])
        return context.get_dummy_value()

    return types.none(function, arguments), codegen


HEAD = 13


def describe(network: Network) -> np.ndarray:
    """The network as integers, for kernels that learn of it at run time."""
    at = sweep.offsets(network)
    numbers = (network.bias, network.loss, network.batch_size, network.rule, network.schedule)
    flags = (network.direct, network.fast, network.folded, network.common, network.clip, network.shuffle)
    head = (len(network.activations), sum(network.layers), *numbers, *flags)
    return np.array([*head, *at, *network.layers, *network.activations], np.int64)


@routine
def network_from(d):
    """The network that integers describe."""
    depth = d[0]
    layers, activations = window(d, HEAD + PARTS + 1, depth + 1), window(d, HEAD + PARTS + 2 + depth, depth)
    flags = (d[7] != 0, d[8] != 0, d[9] != 0, d[10] != 0, d[11] != 0, d[12] != 0)
    return Network(layers, activations, d[2], d[3], d[4], d[5], d[6], *flags)


def advance(shape, work, memory, count, epoch, epochs):
    """Train `count` vectors for some epochs. At the end, each vector's losses are those of the last.

    memory: the address of the group. epoch: how many there have been. `fast` takes subnormal numbers for zeros: they
    cost the processor a hundred times as much.
    """
    network, order, usual = network_from(work.network), work.order, control()
    if network.fast:
        set_control(usual | FLUSH)
    offsets = window(work.network, HEAD, PARTS + 1)
    group = Group(rows_at(memory, count * offsets[PARTS], shape), work.scratch, offsets, count)
    samples = len(order)
    for e in range(epoch, epoch + epochs):
        if network.shuffle:
            shuffle(order, work.key, e)
        if network.schedule != 0:
            sweep.begin(shape, network, group, ())
        last = e == epoch + epochs - 1
        batch = samples if network.direct else network.batch_size
        for first in range(0, samples, batch):
            stop = min(first + batch, samples)
            at_once = 1 if last else stop - first
            for at in range(first, stop, at_once):
                sweep.learn(shape, network, group, work.inputs, work.targets, window(order, at, at_once), last)
                if last:
                    tally(group, at, samples)
            if not network.direct:
                sweep.update(shape, network, group, (mean_scale(network, group, stop - first),))
    set_control(usual)


@routine
def mean_scale(network, group, samples):
    """What the sums of so many gradients are to be multiplied by for their mean.

    By 1 after dividing them here, unless the samples are a power of two: only then is their inverse exact. A division
    takes as long as 16 products.
    """
    if network.fast or samples & (samples - 1) == 0:
        return 1.0 / samples
    at = group.offsets[GRADIENT]
    for v in range(group.count):
        start = v * group.offsets[PARTS]
        for p in range(start + at, start + group.offsets[GRADIENT + 1]):
            group.memory[p] = group.memory[p] / samples
    return 1.0


@routine
def tally(group, seen, samples):
    """Add the cost of a sample to the losses of the epoch; of the last, also those to the total.

    seen: how many samples of the epoch came before, of so many.
    """
    stride, costs_at, losses_at = group.offsets[PARTS], group.offsets[COSTS], group.offsets[LOSSES]
    for v in range(group.count):
        costs = window(group.memory, v * stride + costs_at, 2)
        losses = window(group.memory, v * stride + losses_at, 3)
        cost = costs[OWN]
        costs[OWN] = MINUS_ZERO
        if seen:
            losses[0] = losses[0] + cost
            losses[1] = smaller(cost, losses[1])
            losses[2] = larger(cost, losses[2])
        else:
            losses[0] = cost
            losses[1] = cost
            losses[2] = cost
        if seen + 1 == samples:
            costs[TOTAL] = costs[TOTAL] + losses[0]
            losses[0] = losses[0] / samples


@routine
def smaller(a, b):
    return select(a < b, a, b)


@routine
def larger(a, b):
    return select(a > b, a, b)


@once
def callback(kind: Kind, network: Network | None):
    """`advance` for vectors of this kind, and this network or any; not yet compiled."""
    signature = types.void(ShapeType(kind.lanes, network), work_type(kind), *[types.int64] * 4)
    made = CFunc(advance, (signature.args, signature.return_type), locals={}, options={"error_model": "numpy"})
    return kept(made, advance)


@once
def compiled(kind: Kind, network: Network | None) -> int:
    """The address of `advance` for vectors of this kind, and this network or any."""
    made = callback(kind, network)
    made.compile()
    return made.address
