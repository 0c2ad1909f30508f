"""The kernel: the runs of a block take their places in a group of lanes, and each is taken to every row it asks for.

Compiled once for each dtype. The epochs themselves are a compiled function of the network (`engine.epochs`) that is
called by its address. No lane knows of its neighbours: what a run gives does not depend on when it came, where it
lies and what else is there.
"""

from __future__ import annotations

from numba import njit
from numba.extending import register_jitable

from harness.engine.epochs import call
from harness.engine.lanes import lane_set, same_bits
from harness.engine.places import DIVERGED, FREE, RAN, SETTLED, drop_anchor, load, record
from harness.engine.rows import window
from harness.formulas.functions import absolute, constant, select

NEVER = 2**62
INFINITY = float("inf")


@njit(nogil=True, error_model="numpy", cache=True)
def train(work, size, runs, table, memory, vectors, lane):
    """Train every run of a block and fill the table. memory and vectors are the same memory, as numbers and vectors."""
    for k in range(size.vectors * size.width):
        lane.run[k] = FREE
    waiting, now, count = fill(size, runs, table, memory, lane, size.vectors, 0, 0), 0, size.vectors
    count = pack(size, memory, lane, count)
    while count > 0:
        due = NEVER
        for k in range(count * size.width):
            if lane.run[k] != FREE:
                due = min(due, lane.due[k])
        epochs = min(size.stretch, due - now)
        keep(size, memory.saved, memory.group, count)
        if epochs > 1:
            call(work, work.group, whole(size, count), now, epochs - 1)
            keep(size, memory.before, memory.group, count)
        call(work, work.group, whole(size, count), now + epochs - 1, 1)
        now += epochs
        for v in range(count):
            look(work, size, runs, table, memory, vectors, lane, (v, now, epochs))
        if not size.together:
            waiting = fill(size, runs, table, memory, lane, count, waiting, now)
        count = pack(size, memory, lane, count)
        if count == 0 and waiting < size.runs:
            waiting, now = fill(size, runs, table, memory, lane, size.vectors, waiting, 0), 0
            count = pack(size, memory, lane, size.vectors)


@register_jitable
def whole(size, count):
    """The vectors that are trained: where they go in pairs, the last of an odd number has an idle neighbour."""
    return count + (size.pairs and count % 2)


@register_jitable
def fill(size, runs, table, memory, lane, count, waiting, now):
    """Give the free lanes of the first `count` vectors to waiting runs; return the first that still waits."""
    for k in range(count * size.width):
        while lane.run[k] == FREE and waiting < size.runs:
            load(size, runs, table, memory, lane, k, waiting, now)
            waiting += 1
    return waiting


@register_jitable
def pack(size, memory, lane, count):
    """Close the gaps that vectors without a run leave; return how many vectors there are."""
    packed = 0
    for v in range(count):
        if not idle(size, lane, v):
            if packed < v:
                move(size, memory, lane, v, packed)
            packed += 1
    if packed < count and packed % 2 and size.pairs:
        for i in range(packed * size.stride * size.width, (packed + 1) * size.stride * size.width):
            memory.group[i] = 0.0
    return packed


@register_jitable
def idle(size, lane, v):
    for k in range(v * size.width, (v + 1) * size.width):
        if lane.run[k] != FREE:
            return False
    return True


@register_jitable
def move(size, memory, lane, v, to):
    """Move a vector with all that belongs to it."""
    shift(memory.group, v, to, size.stride * size.width)
    shift(memory.anchor, v, to, size.carried * size.width)
    shift(memory.mean, v, to, size.width)
    shift(memory.bound, v, to, size.width)
    shift(lane.run, v, to, size.width)
    shift(lane.start, v, to, size.width)
    shift(lane.next_stop, v, to, size.width)
    shift(lane.next_point, v, to, size.width)
    shift(lane.due, v, to, size.width)
    shift(lane.anchored, v, to, size.width)
    shift(lane.period, v, to, size.width)
    for k in range(v * size.width, (v + 1) * size.width):
        lane.run[k] = FREE


@register_jitable
def shift(numbers, v, to, length):
    for i in range(length):
        numbers[to * length + i] = numbers[v * length + i]


@register_jitable
def keep(size, into, group, count):
    """Copy what is carried of each vector."""
    carried, stride = size.carried * size.width, size.stride * size.width
    for v in range(count):
        for i in range(carried):
            into[v * carried + i] = group[v * stride + i]


@register_jitable
def look(work, size, runs, table, memory, vectors, lane, when):
    """See what a stretch of epochs made of the runs of a vector, and write what is due."""
    v, now, epochs = when
    live = 0
    for k in range(size.width):
        if lane.run[v * size.width + k] != FREE:
            live |= 1 << k
    own = window(vectors.group, v * size.stride, size.stride)
    last = window(vectors.before if epochs > 1 else vectors.saved, v * size.carried, size.carried)
    anchor = window(vectors.anchor, v * size.carried, size.carried)
    finite, same = after(size, own, last, vectors.bound[v], epochs == 1)
    back = lane_set(alike(size, own, anchor))
    same = steady(size, runs, lane, v, now, same & live)
    ended = live & ~finite | same
    numbers = window(memory.group, v * size.stride * size.width, size.stride * size.width)
    if ended and epochs > 1:
        go_again(work, size, runs, table, memory, vectors, lane, (v, now - epochs, epochs, ended))
        ended = live & ~still(size, lane, v)
    mean = own[size.losses]
    vectors.mean[v] = select(absolute(mean) < INFINITY, mean, vectors.mean[v])
    for k in range(v * size.width, (v + 1) * size.width):
        bit = 1 << k - v * size.width
        if live & bit and lane.run[k] != FREE:
            epoch = now - lane.start[k]
            if ended & bit:
                status = SETTLED if same & finite & bit else DIVERGED
                record(size, runs, table, numbers, memory.mean[k], lane, k, epoch, status)
            else:
                go_on(size, runs, table, memory, lane, (k, now, (back & bit) != 0), numbers)


@register_jitable
def still(size, lane, v):
    live = 0
    for k in range(size.width):
        if lane.run[v * size.width + k] != FREE:
            live |= 1 << k
    return live


@register_jitable
def after(size, own, last, bound, exact):
    """The sets of lanes that are finite and within bounds, and of those whose state the last epoch left unchanged.

    exact: the losses are of one epoch; if not, the sum of all costs stands for the largest, which is never more.
    """
    losses = window(own, size.losses, 4)
    total = losses[0] if exact else losses[3]
    most = losses[2] if exact else losses[3]
    infinity = constant(total, INFINITY)
    finite = (absolute(total) < infinity) & (most <= bound)
    for p in range(size.weights):
        finite = finite & (absolute(own[p]) < infinity)
    losses[3] = 0.0
    return lane_set(finite), lane_set(alike(size, own, last))


@register_jitable
def alike(size, own, other):
    same = same_bits(own[0], other[0])
    for p in range(1, size.carried):
        same = same & same_bits(own[p], other[p])
    return same


@register_jitable
def steady(size, runs, lane, v, now, lanes):
    """Those of the lanes whose last epoch had the rate that all later ones have."""
    for k in range(size.width):
        if lanes >> k & 1:
            at = v * size.width + k
            if now - lane.start[at] - 1 < runs.steady[lane.run[at]]:
                lanes &= ~(1 << k)
    return lanes


@register_jitable
def go_again(work, size, runs, table, memory, vectors, lane, what):
    """Go through a stretch once more, epoch by epoch, for the lanes of a vector that ended in it."""
    v, now, epochs, pending = what
    carried, stride = size.carried * size.width, size.stride * size.width
    for i in range(carried):
        memory.again[i] = memory.saved[v * carried + i]
    for i in range(carried, stride):
        memory.again[i] = memory.group[v * stride + i]
    own, last = window(vectors.again, 0, size.stride), window(vectors.before, v * size.carried, size.carried)
    for _ in range(epochs):
        for i in range(carried):
            memory.before[v * carried + i] = memory.again[i]
        call(work, work.again, 1 + size.pairs, now, 1)
        now += 1
        finite, same = after(size, own, last, vectors.bound[v], True)
        same = steady(size, runs, lane, v, now, same & pending)
        ended = pending & ~finite | same
        mean = own[size.losses]
        vectors.mean[v] = select(absolute(mean) < INFINITY, mean, vectors.mean[v])
        for k in range(size.width):
            if ended >> k & 1:
                at = v * size.width + k
                status = SETTLED if (same & finite) >> k & 1 else DIVERGED
                record(size, runs, table, memory.again, memory.mean[at], lane, at, now - lane.start[at], status)
        pending &= ~ended
        if pending == 0:
            break


@register_jitable
def go_on(size, runs, table, memory, lane, what, numbers):
    """Write what is due of a lane whose run goes on. A run that comes back to an earlier state skips whole periods."""
    k, now, back = what
    epoch = now - lane.start[k]
    if back and lane.anchored[k] >= 0 and not lane.period[k]:
        lane.period[k] = epoch - lane.anchored[k]
    while lane.run[k] != FREE:
        ahead, period = lane.due[k] - now, lane.period[k]
        if ahead == 0:
            record(size, runs, table, numbers, memory.mean[k], lane, k, now - lane.start[k], RAN)
        elif period and ahead >= period:
            lane.start[k] -= ahead // period * period
            lane.due[k] -= ahead // period * period
        else:
            break
    if lane.run[k] != FREE and not lane.period[k]:
        if epoch >= 2 * lane.anchored[k] and epoch >= runs.steady[lane.run[k]]:
            drop_anchor(size, memory, lane, k, epoch)
