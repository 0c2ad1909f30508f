"""The kernel: a block of runs, vector by vector, epoch by epoch, to every row that was asked for."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numba.extending import register_jitable

from harness.block import Status
from harness.engine.lanes import Kind, lane_set, same_bits
from harness.engine.rows import Rows, window
from harness.engine.step import State, backward, forward, update
from harness.formulas.functions import absolute, constant, select

RAN, SETTLED, DIVERGED = int(Status.RAN), int(Status.SETTLED), int(Status.DIVERGED)
NEVER = 2**62


class Runs(NamedTuple):
    """What is asked of each run, as `harness.block.Block` has it, and its initial weights (P, N)."""

    initial: Any
    rates: Any
    max_loss: Any
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


class Memory(NamedTuple):
    """One vector of networks beside its `State`: the weights before an epoch (P), losses (3), and two bounds.

    bounds: the loss above which a lane diverges, and the last finite mean loss.
    """

    before: Any
    losses: Any
    bounds: Any


class Lanes(NamedTuple):
    """The same memory as numbers, lane by lane, and how far each lane has come (width,)."""

    weights: Any
    rates: Any
    losses: Any
    bounds: Any
    next_stop: Any
    next_point: Any


class Size(NamedTuple):
    """Lengths: of a vector, of a block in runs, rows and points of curves; every: epochs between points, or 0."""

    width: int
    runs: int
    rows: int
    points: int
    every: int


def memory(kind: Kind, layers: tuple[int, ...], parameters: int) -> tuple[State, Memory, Lanes]:
    """Memory for one vector of networks of this kind."""
    units = sum(layers)
    counts = {"weights": parameters, "gradient": parameters, "rates": len(layers) - 1, "z": units, "a": units}
    counts |= {"delta": units, "before": parameters, "losses": 3, "bounds": 2}
    arrays = {name: np.zeros((count, kind.width), kind.dtype) for name, count in counts.items()}
    vectors = {name: Rows(array, kind) for name, array in arrays.items()}
    progress = [Rows(np.zeros(kind.width, np.int64)) for _ in range(2)]
    return (
        State(*(vectors[name] for name in State._fields)),
        Memory(*(vectors[name] for name in Memory._fields)),
        Lanes(*(Rows(arrays[name]) for name in Lanes._fields[:4]), *progress),
    )


@njit(nogil=True, error_model="numpy", cache=True)
def train(size, network, samples, runs, table, scratch):
    """Train every run of a block and fill the table.

    samples: inputs (S, I) and targets (S, O), in the kind's dtype. scratch: from `memory`.
    """
    state, memory, lane = scratch
    for start in range(0, size.runs, size.width):
        live = load(size, runs, table, lane, start)
        epoch, due = 0, 1
        while live != 0:
            epoch += 1
            for p in range(len(state.weights)):
                memory.before[p] = state.weights[p]
            run_epoch(network, state, samples, memory.losses)
            finite, same = compare(state.weights, memory)
            ended = (live & ~finite, live & finite & same)
            if epoch == due or ended[0] | ended[1]:
                live, due = record(size, runs, table, lane, start, live, epoch, ended)


@register_jitable
def load(size, runs, table, lane, start):
    """Put the next runs into the lanes; return the set of those that have epochs to run.

    The lanes of a vector that is not full repeat the last run, and are not recorded.
    """
    live = 0
    for k in range(size.width):
        run = min(start + k, size.runs - 1)
        copy(lane.weights, k, size.width, runs.initial, run, size.runs)
        copy(lane.rates, k, size.width, runs.rates, run, size.runs)
        lane.bounds[k] = runs.max_loss[run]
        lane.bounds[size.width + k] = np.nan
        if start + k < size.runs:
            lane.next_stop[k] = runs.first_stop[run]
            lane.next_point[k] = runs.first_point[run]
            if runs.stops[runs.first_stop[run]] == 0:
                blank(lane.losses, k, size.width)
                write(size, runs, table, lane, k, 0, RAN)
            if lane.next_stop[k] < runs.first_stop[run + 1]:
                live |= 1 << k
    return live


@register_jitable
def run_epoch(network, state, samples, losses):
    """Every sample once, in order, an update after each batch; losses: min, mean and max of the samples' costs."""
    inputs, targets = samples
    features, outputs = network.layers[0], network.layers[len(network.layers) - 1]
    count = len(targets) // outputs
    for batch in range(0, count, network.batch_size):
        stop = min(batch + network.batch_size, count)
        for sample in range(batch, stop):
            forward(network, state, window(inputs, sample * features, features))
            target = window(targets, sample * outputs, outputs)
            cost = backward(network, state, target, sample == batch)
            if sample == 0:
                losses[0] = cost
                losses[1] = cost
                losses[2] = cost
            else:
                losses[0] = select(cost < losses[0], cost, losses[0])
                losses[1] = losses[1] + cost
                losses[2] = select(cost > losses[2], cost, losses[2])
        update(network, state, stop - batch)
    losses[1] = losses[1] / count


@register_jitable
def compare(weights, memory):
    """The sets of lanes whose state is finite (and its loss within bounds), and whose weights are unchanged."""
    losses, bounds, infinity = memory.losses, memory.bounds, constant(memory.losses[1], np.inf)
    finite = absolute(losses[1]) < infinity
    bounds[1] = select(finite, losses[1], bounds[1])
    finite = finite & (losses[2] <= bounds[0])
    same = same_bits(weights[0], memory.before[0])
    for p in range(len(weights)):
        finite = finite & (absolute(weights[p]) < infinity)
        same = same & same_bits(weights[p], memory.before[p])
    return lane_set(finite), lane_set(same)


@register_jitable
def record(size, runs, table, lane, start, live, epoch, ended):
    """Write what an epoch gave to each run; return the set of those that go on, and the next epoch that is asked for.

    ended: the sets that diverged and that settled in this epoch. These runs are finished: their later rows, and the
    later points of a settled curve, say the same.
    """
    due = NEVER
    for k in range(size.width):
        if live >> k & 1:
            status = DIVERGED if ended[0] >> k & 1 else SETTLED if ended[1] >> k & 1 else RAN
            end = runs.first_stop[start + k + 1]
            if size.every and status != DIVERGED:
                last = runs.stops[end - 1]
                for point in range(epoch, (last if status == SETTLED else epoch) + 1):
                    if point == 1 or point % size.every == 0 or point == last:
                        table.curve_epoch[lane.next_point[k]] = point
                        copy(table.curve_losses, lane.next_point[k], size.points, lane.losses, k, size.width)
                        lane.next_point[k] += 1
            while lane.next_stop[k] < end and (status != RAN or runs.stops[lane.next_stop[k]] == epoch):
                write(size, runs, table, lane, k, epoch, status)
            if lane.next_stop[k] == end:
                live &= ~(1 << k)
            else:
                due = min(due, runs.stops[lane.next_stop[k]])
                if size.every:
                    due = min(due, epoch + size.every - epoch % size.every)
    return live, due


@register_jitable
def write(size, runs, table, lane, k, epoch, status):
    """Write the row of the lane's next stop."""
    row = runs.place[lane.next_stop[k]]
    lane.next_stop[k] += 1
    table.status[row] = status
    table.settled_epoch[row] = epoch if status == SETTLED else 0
    table.diverged_epoch[row] = epoch if status == DIVERGED else 0
    table.last_finite_loss[row] = lane.bounds[size.width + k]
    if status == DIVERGED:
        blank(table.losses, row, size.rows)
        blank(table.weights, row, size.rows)
    else:
        copy(table.losses, row, size.rows, lane.losses, k, size.width)
        copy(table.weights, row, size.rows, lane.weights, k, size.width)


@register_jitable
def copy(into, column, columns, source, other, others):
    """into[:, column] = source[:, other], of matrices with so many columns."""
    for i in range(len(source) // max(others, 1)):
        into[i * columns + column] = source[i * others + other]


@register_jitable
def blank(into, column, columns):
    for i in range(len(into) // columns):
        into[i * columns + column] = np.nan
