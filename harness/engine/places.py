"""The places of a group: which run each lane has, how a run takes its place, and how its rows get into the table."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba.extending import register_jitable

from harness.block import Status
from harness.engine.rows import window

RAN, SETTLED, DIVERGED = int(Status.RAN), int(Status.SETTLED), int(Status.DIVERGED)
FREE = -1


class Runs(NamedTuple):
    """What is asked of each run, as `harness.block.Block` has it.

    initial: (P, N) weights. rates: (L, N). numbers: (H, N), of the optimizer, weight decay, schedule and clipping.
    steady: (N,) the epoch from which on its rates stay as they are.
    """

    initial: Any
    rates: Any
    numbers: Any
    max_loss: Any
    steady: Any
    first_stop: Any
    stops: Any
    place: Any
    first_point: Any


class Table(NamedTuple):
    """Where the rows and the curves go, as `harness.block.Outcome` has them."""

    status: Any
    settled_epoch: Any
    diverged_epoch: Any
    losses: Any
    last_finite_loss: Any
    weights: Any
    curve_epoch: Any
    curve_losses: Any


class Size(NamedTuple):
    """Lengths: lanes of a vector, vectors of a group, rows of a vector, of which so many are weights and so many are
    carried from epoch to epoch; runs, rows and points of curves of the block.

    slots, clock, base, rates, numbers, epoch, losses: where these rows start. every: epochs between points of the
    curves, or 0. stretch: epochs between looks. scheduled: whether rates change with the epoch. together: whether all lanes must start together. pairs: whether
    vectors go two by two.
    """

    width: int
    vectors: int
    stride: int
    weights: int
    carried: int
    slots: int
    clock: int
    base: int
    rates: int
    numbers: int
    epoch: int
    losses: int
    layers: int
    runs: int
    rows: int
    points: int
    every: int
    stretch: int
    scheduled: bool
    together: bool
    pairs: bool


class Memory(NamedTuple):
    """The memory of a group, row by row of one vector after the other, as numbers or as vectors.

    group: (vectors, stride). again: one vector (or a pair), to go through a stretch once more. before, saved, anchor:
    (vectors, carried): what is carried, as it was before the last epoch, at the start of the stretch, and at some
    time before. mean: (vectors,) the last finite mean loss. bound: (vectors,) the loss that none may pass.
    """

    group: Any
    again: Any
    before: Any
    saved: Any
    anchor: Any
    mean: Any
    bound: Any


class Lane(NamedTuple):
    """For each lane of a group: its run, or FREE; when its epochs began; the next row and point it writes and when;
    the epoch of its anchor, or -1; and the period of its states, once it is known, or 0.
    """

    run: Any
    start: Any
    next_stop: Any
    next_point: Any
    due: Any
    anchored: Any
    period: Any


@register_jitable
def load(size, runs, table, memory, lane, k, run, now):
    """Put a run into lane k, if it has any epochs to run."""
    v, column = k // size.width, k % size.width
    own = window(memory.group, v * size.stride * size.width, size.stride * size.width)
    copy(own, column, size.width, runs.initial, run, size.runs)
    for p in range(size.slots, size.clock):
        own[p * size.width + column] = 0.0
    for p in range(size.clock, size.carried):
        own[p * size.width + column] = 1.0
    for layer in range(size.layers):
        own[(size.rates + layer) * size.width + column] = runs.rates[layer * size.runs + run]
        own[(size.base + layer) * size.width + column] = runs.rates[layer * size.runs + run]
    numbers = (size.epoch - size.numbers) * size.width
    copy(window(own, size.numbers * size.width, numbers), column, size.width, runs.numbers, run, size.runs)
    if size.scheduled:
        own[size.epoch * size.width + column] = 0.0
    memory.mean[k] = np.nan
    memory.bound[k] = runs.max_loss[run]
    lane.run[k], lane.start[k] = run, now
    lane.next_stop[k], lane.next_point[k] = runs.first_stop[run], runs.first_point[run]
    lane.period[k] = 0
    lane.anchored[k] = -1
    if runs.steady[run] == 0:
        drop_anchor(size, memory, lane, k, 0)
    if runs.stops[runs.first_stop[run]] == 0:
        blank(window(own, size.losses * size.width, 3 * size.width), column, size.width)
        write(size, runs, table, own, memory.mean[k], lane, k, 0, RAN)
    look_ahead(size, runs, lane, k, 0)


@register_jitable
def look_ahead(size, runs, lane, k, epoch):
    """After an epoch: when lane k is due to write, or that its run is finished."""
    end = runs.first_stop[lane.run[k] + 1]
    if lane.next_stop[k] == end:
        lane.run[k] = FREE
        return
    due = runs.stops[lane.next_stop[k]]
    if size.every:
        due = min(due, epoch + size.every - epoch % size.every) if epoch else 1
    lane.due[k] = lane.start[k] + due


@register_jitable
def drop_anchor(size, memory, lane, k, epoch):
    """Remember the state of lane k, to know it again."""
    v, column = k // size.width, k % size.width
    for p in range(size.carried):
        memory.anchor[(v * size.carried + p) * size.width + column] = memory.group[
            (v * size.stride + p) * size.width + column
        ]
    lane.anchored[k] = epoch


@register_jitable
def record(size, runs, table, source, mean, lane, k, epoch, status):
    """Write what is due of lane k after an epoch, from the memory of its vector; all of it, if the run has ended.

    The later rows of a run that has ended, and the later points of a curve that has settled, say the same.
    """
    end = runs.first_stop[lane.run[k] + 1]
    if size.every and status != DIVERGED:
        last = runs.stops[end - 1]
        for point in range(epoch, (last if status == SETTLED else epoch) + 1):
            if point == 1 or point % size.every == 0 or point == last:
                table.curve_epoch[lane.next_point[k]] = point
                losses(size, table.curve_losses, lane.next_point[k], size.points, source, k)
                lane.next_point[k] += 1
    while lane.next_stop[k] < end and (status != RAN or runs.stops[lane.next_stop[k]] == epoch):
        write(size, runs, table, source, mean, lane, k, epoch, status)
    look_ahead(size, runs, lane, k, epoch)


@register_jitable
def write(size, runs, table, source, mean, lane, k, epoch, status):
    """Write the row of the lane's next stop."""
    row = runs.place[lane.next_stop[k]]
    lane.next_stop[k] += 1
    table.status[row] = status
    table.settled_epoch[row] = epoch if status == SETTLED else 0
    table.diverged_epoch[row] = epoch if status == DIVERGED else 0
    table.last_finite_loss[row] = mean
    if status == DIVERGED:
        blank(table.losses, row, size.rows)
        blank(table.weights, row, size.rows)
    else:
        losses(size, table.losses, row, size.rows, source, k)
        copy(table.weights, row, size.rows, source, k % size.width, size.width)


@register_jitable
def losses(size, into, column, columns, source, k):
    """into[:, column] = the min, mean and max of lane k; in memory the mean comes first."""
    at = size.losses * size.width + k % size.width
    into[column] = source[at + size.width]
    into[columns + column] = source[at]
    into[2 * columns + column] = source[at + 2 * size.width]


@register_jitable
def copy(into, column, columns, source, other, others):
    """into[:, column] = source[:, other], of matrices with so many columns: the rows of the smaller."""
    for i in range(min(len(source) // max(others, 1), len(into) // columns)):
        into[i * columns + column] = source[i * others + other]


@register_jitable
def blank(into, column, columns):
    for i in range(len(into) // columns):
        into[i * columns + column] = np.nan
