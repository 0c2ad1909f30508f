"""The kernel: runs take their seats in a group of lanes, and each is taken to every row it asks for.

Compiled once for each dtype. The epochs themselves are a compiled function of the network that is called by its address
(`harness.engine.cpu.epochs`). No lane knows of its neighbours: what a run gives does not depend on when it came, where
it lies and what else is there.
"""

from __future__ import annotations

from math import prod

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from harness.engine.cpu.bundle import field_of
from harness.engine.cpu.cache import kernel, routine
from harness.engine.cpu.epochs import call
from harness.engine.cpu.lanes import lane_set, same_bits
from harness.engine.cpu.monitoring import NEVER, observe, progress
from harness.engine.cpu.rows import Index, traced
from harness.engine.cpu.seats import DIVERGED, FREE, RAN, SETTLED, STOPPED, drop_anchor, load, record
from harness.engine.cpu.workspace import FIELDS
from harness.formulas.metrics import COUNT, GREATEST, MEAN
from harness.formulas.primitives import absolute, constant, select, window
from harness.formulas.step import TOTAL

INFINITY = float("inf")


@kernel
def train(b):
    """Train every run of a block and fill the table. b: the bundle of a `Workspace`."""
    for k in range(b.vectors * b.width):
        b.run[k] = FREE
    for v in range(b.vectors):
        b.running[v] = 0
    waiting, now, count = fill(b, b.vectors, 0, 0), 0, b.vectors
    count, stretch, seated = pack(b, count), b.stretch, waiting
    while count > 0:
        due = NEVER
        for v in range(count):
            due = min(due, b.next_due[v])
        epochs = 1 if seated else min(stretch, due - now)  # the losses of a run's first epoch are kept
        keep(b, b.saved, b.group, count)
        if epochs > 1:
            call(b, b.group, whole(b, count), now, epochs - 1)
            keep(b, b.before, b.group, count)
        call(b, b.group, whole(b, count), now + epochs - 1, 1)
        now += epochs
        if b.values:
            observe(b, count)
        ended = 0
        for v in range(count):
            ended |= look(b, (v, now, epochs))
        stretch = b.stretch if ended else stretch if seated else min(2 * stretch, b.longest)
        before = waiting
        if not b.together:
            waiting = fill(b, count, waiting, now)
        count = pack(b, count)
        if count == 0 and waiting < b.runs:
            waiting, now = fill(b, b.vectors, waiting, 0), 0
            count = pack(b, b.vectors)
        seated = waiting - before


@routine
def whole(b, count):
    """The vectors that are trained: where they go in pairs, the last of an odd number has an idle neighbour."""
    return count + (b.pairs and count % 2)


@routine
def fill(b, count, waiting, now):
    """Give the free lanes of the first `count` vectors to waiting runs; return the first that still waits."""
    every = (1 << b.width) - 1
    for v in range(count):
        if b.running[v] != every and waiting < b.runs:
            for k in range(v * b.width, (v + 1) * b.width):
                while b.run[k] == FREE and waiting < b.runs:
                    load(b, k, waiting, now)
                    waiting += 1
            survey(b, v)
    return waiting


@routine
def survey(b, v):
    """Find out which lanes of a vector have a run, when the first is due, and when one needs to be looked at."""
    b.running[v], b.next_due[v], b.wake[v] = 0, NEVER, NEVER
    for k in range(v * b.width, (v + 1) * b.width):
        if b.run[k] != FREE:
            b.running[v] |= 1 << k - v * b.width
            b.next_due[v] = min(b.next_due[v], b.due[k])
            if not b.period[k]:
                b.wake[v] = min(b.wake[v], b.start[k] + anchor_epoch(b, k))
    b.wake[v] = min(b.wake[v], b.next_due[v])


@routine
def anchor_epoch(b, k):
    """When the state of lane k is to be remembered anew: Brent's way, each time after twice as many epochs."""
    return max(2 * b.anchored[k], b.steady[b.run[k]], 1)


@routine
def pack(b, count):
    """Close the gaps that vectors without a run leave; return how many vectors there are."""
    packed = 0
    for v in range(count):
        if b.running[v]:
            if packed < v:
                move(b, v, packed)
            packed += 1
    if packed < count and packed % 2 and b.pairs:
        start = packed * b.stride * b.width  # the rest stays: sums start from rows of -0
        for i in range(start, start + b.carried * b.width):
            b.group[i] = 0.0
    return packed


@routine
def move(b, v, to):
    """Move a vector with all that belongs to it."""
    copy_seats(b, v, to)
    b.running[v] = 0
    for k in range(v * b.width, (v + 1) * b.width):
        b.run[k] = FREE


@intrinsic(prefer_literal=False)
def copy_seats(context, b, v, to):
    """Copy every field that each vector has for itself, of vector v, to where those of another are."""

    def codegen(context, builder, signature, args):
        source, target = (Index(builder, arg) for arg in args[1:])
        for name in (name for name, field in FIELDS.items() if field.lanes):
            rows = traced(context, builder, b.fields[name], field_of(context, builder, b, args[0], name))
            sizes = [field_of(context, builder, b, args[0], size) for size in FIELDS[name].dimensions[1:]]
            length = prod((Index(builder, size) for size in sizes), start=Index(builder, source.value.type(1)))
            places = (rows.address(which * length) for which in (target, source))
            cgutils.raw_memcpy(builder, *places, length.value, rows.element.bitwidth // 8)
        return context.get_dummy_value()

    return types.none(b, v, to), codegen


@routine
def keep(b, into, group, count):
    """Copy what is carried of each vector."""
    carried, stride = b.carried * b.width, b.stride * b.width
    for v in range(count):
        for i in range(carried):
            into[v * carried + i] = group[v * stride + i]


@routine
def look(b, when):
    """See what a stretch of epochs made of the runs of a vector, and write what is due; return the set of the ended."""
    v, now, epochs = when
    running = b.running[v]
    own = window(b.group_vectors, v * b.stride, b.stride)
    last = window(b.before_vectors if epochs > 1 else b.saved_vectors, v * b.carried, b.carried)
    anchor = window(b.anchor_vectors, v * b.carried, b.carried)
    finite, same = after(b, own, last, b.bound_vectors[v], epochs == 1)
    same = steady(b, v, now, same & running)
    stopped = progress(b, v, now, running & finite) if b.values else 0
    ended = running & ~finite | same | stopped
    known = lane_set(alike(b, own, anchor)) & running
    mean, first = own[b.metrics_at + MEAN], b.first_vectors[v]
    b.first_vectors[v] = select(absolute(first) < INFINITY, first, mean)
    if not ended and not known and now < b.wake[v]:
        b.mean_vectors[v] = mean
        return 0
    numbers = window(b.group, v * b.stride * b.width, b.stride * b.width)
    over = ended
    if ended and epochs > 1:
        go_again(b, (v, now - epochs, epochs, ended))
        ended = running & ~live(b, v)
    b.mean_vectors[v] = select(absolute(mean) < INFINITY, mean, b.mean_vectors[v])
    for k in range(v * b.width, (v + 1) * b.width):
        bit = 1 << k - v * b.width
        if running & bit and b.run[k] != FREE:
            epoch = now - b.start[k]
            if ended & bit:
                status = STOPPED if stopped & bit else SETTLED if same & finite & bit else DIVERGED
                record(b, numbers, b.mean[k], k, epoch, status)
            else:
                go_on(b, (k, now, (known & bit) != 0), numbers)
    survey(b, v)
    return over


@routine
def live(b, v):
    """The set of a vector's lanes that have a run."""
    lanes = 0
    for k in range(b.width):
        if b.run[v * b.width + k] != FREE:
            lanes |= 1 << k
    return lanes


@routine
def after(b, own, last, bound, exact):
    """The sets of lanes that are finite and within bounds, and of those whose state the last epoch left unchanged.

    exact: the metrics are of one epoch; if not, the sum of all costs stands for the largest, which is never more.
    """
    metrics, sum_of_all = window(own, b.metrics_at, COUNT), b.costs_at + TOTAL
    total = metrics[MEAN] if exact else own[sum_of_all]
    most = metrics[GREATEST] if exact else own[sum_of_all]
    infinity = constant(total, INFINITY)
    finite = (absolute(total) < infinity) & (most <= bound)
    for p in range(b.parameters):
        finite = finite & (absolute(own[p]) < infinity)
    own[sum_of_all] = 0.0
    return lane_set(finite), lane_set(alike(b, own, last))


@routine
def alike(b, own, other):
    same = same_bits(own[0], other[0])
    for p in range(1, b.carried):
        same = same & same_bits(own[p], other[p])
    return same


@routine
def steady(b, v, now, lanes):
    """The lanes (a bit each) whose last epoch had the rate that all later ones have."""
    for k in range(b.width):
        if lanes >> k & 1:
            at = v * b.width + k
            if now - b.start[at] - 1 < b.steady[b.run[at]]:
                lanes &= ~(1 << k)
    return lanes


@routine
def go_again(b, what):
    """Go through a stretch once more, epoch by epoch, for the lanes of a vector that ended in it."""
    v, now, epochs, pending = what
    carried, stride = b.carried * b.width, b.stride * b.width
    for i in range(carried):
        b.again[i] = b.saved[v * carried + i]
    for i in range(carried, stride):
        b.again[i] = b.group[v * stride + i]
    own, last = window(b.again_vectors, 0, b.stride), window(b.before_vectors, v * b.carried, b.carried)
    for _ in range(epochs):
        for i in range(carried):
            b.before[v * carried + i] = b.again[i]
        call(b, b.again, 1 + b.pairs, now, 1)
        now += 1
        finite, same = after(b, own, last, b.bound_vectors[v], True)
        same = steady(b, v, now, same & pending)
        ended = pending & ~finite | same
        mean = own[b.metrics_at + MEAN]
        b.mean_vectors[v] = select(absolute(mean) < INFINITY, mean, b.mean_vectors[v])
        for k in range(b.width):
            if ended >> k & 1:
                at = v * b.width + k
                status = SETTLED if (same & finite) >> k & 1 else DIVERGED
                record(b, b.again, b.mean[at], at, now - b.start[at], status)
        pending &= ~ended
        if pending == 0:
            break


@routine
def go_on(b, what, numbers):
    """Write what is due of a lane whose run goes on. A run that comes back to an earlier state skips whole periods."""
    k, now, back = what
    epoch = now - b.start[k]
    if back and b.anchored[k] >= 0 and not b.period[k] and b.patience == NEVER:
        b.period[k] = epoch - b.anchored[k]
    while b.run[k] != FREE:
        ahead, period = b.due[k] - now, b.period[k]
        if ahead == 0:
            record(b, numbers, b.mean[k], k, now - b.start[k], RAN)
        elif period and ahead >= period:
            b.start[k] -= ahead // period * period
            b.due[k] -= ahead // period * period
        else:
            break
    if b.run[k] != FREE and not b.period[k] and epoch >= anchor_epoch(b, k):
        drop_anchor(b, k, epoch)
