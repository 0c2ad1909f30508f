"""The kernel: a block of runs, vector by vector, epoch by epoch, to every row that was asked for."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numba.extending import register_jitable

from harness.block import Status
from harness.engine.lanes import lane_set, same_bits
from harness.engine.rows import numbers, rows, window
from harness.engine.step import Network, State, backward, forward, update
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


class Lane(NamedTuple):
    """One vector of networks as numbers, lane by lane, and how far each lane has come (width,)."""

    weights: Any
    rates: Any
    losses: Any
    max_loss: Any
    last_finite: Any
    next_stop: Any
    next_point: Any


class Size(NamedTuple):
    """Lengths: of a vector, of a block in runs, rows and points of curves; every: epochs between points, or 0."""

    width: int
    runs: int
    rows: int
    points: int
    every: int


def scratch(width: int, dtype: str, layers: tuple[int, ...], parameters: int) -> tuple[np.ndarray, ...]:
    """Memory for one vector of networks: weights, before, gradient, rates, z, a, delta, losses, bounds; progress."""
    units = sum(layers)
    counts = (parameters, parameters, parameters, len(layers) - 1, units, units, units, 3, 2)
    return (*(np.zeros((count, width), dtype) for count in counts), np.zeros((2, width), np.int64))


@njit(nogil=True, error_model="numpy", cache=True)
def train(kind, network, data, runs, table, memory, every):
    """Train every run of a block and fill the table.

    network: (layers, activations, bias, loss, batch size). data: inputs (S, I) and targets (S, O) in the kind's dtype.
    runs, table: as in `Runs` and `Table`. memory: from `scratch`.
    """
    size = Size(memory[0].shape[1], runs[0].shape[1], len(table[0]), len(table[6]), every)
    net = Network(numbers(network[0]), numbers(network[1]), network[2], network[3], network[4])
    inputs, targets, samples = numbers(data[0]), numbers(data[1]), len(data[0])
    asked = Runs(
        numbers(runs[0]),
        numbers(runs[1]),
        numbers(runs[2]),
        numbers(runs[3]),
        numbers(runs[4]),
        numbers(runs[5]),
        numbers(runs[6]),
    )
    into = Table(
        numbers(table[0]),
        numbers(table[1]),
        numbers(table[2]),
        numbers(table[3]),
        numbers(table[4]),
        numbers(table[5]),
        numbers(table[6]),
        numbers(table[7]),
    )
    weights, before, losses, bounds = (
        rows(kind, memory[0]),
        rows(kind, memory[1]),
        rows(kind, memory[7]),
        rows(kind, memory[8]),
    )
    state = State(
        weights,
        rows(kind, memory[2]),
        rows(kind, memory[3]),
        rows(kind, memory[4]),
        rows(kind, memory[5]),
        rows(kind, memory[6]),
    )
    progress = numbers(memory[9])
    lane = Lane(
        numbers(memory[0]),
        numbers(memory[3]),
        numbers(memory[7]),
        window(numbers(memory[8]), 0, size.width),
        window(numbers(memory[8]), size.width, size.width),
        window(progress, 0, size.width),
        window(progress, size.width, size.width),
    )
    for start in range(0, size.runs, size.width):
        live = load(size, asked, into, lane, start)
        epoch, due = 0, 1
        while live != 0:
            epoch += 1
            for p in range(len(weights)):
                before[p] = weights[p]
            run_epoch(net, state, inputs, targets, samples, losses)
            finite, same = compare(weights, before, losses, bounds[0])
            mean = losses[1]
            bounds[1] = select(absolute(mean) < np.inf, mean, bounds[1])
            ended = (live & ~finite, live & finite & same)
            if epoch == due or ended[0] | ended[1]:
                live, due = record(size, asked, into, lane, start, live, epoch, ended)


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
        lane.max_loss[k] = runs.max_loss[run]
        lane.last_finite[k] = np.nan
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
def run_epoch(network, state, inputs, targets, samples, losses):
    """Every sample once, in order, an update after each batch; losses: min, mean and max of the samples' costs."""
    features, outputs = network.layers[0], network.layers[len(network.layers) - 1]
    width = len(targets) // samples
    for batch in range(0, samples, network.batch_size):
        stop = min(batch + network.batch_size, samples)
        for sample in range(batch, stop):
            forward(network, state, window(inputs, sample * features, features))
            target = window(targets, sample * width, outputs)
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
    losses[1] = losses[1] / samples


@register_jitable
def compare(weights, before, losses, max_loss):
    """The sets of lanes whose state is finite (and its loss within bounds), and whose weights are unchanged."""
    infinity = constant(max_loss, np.inf)
    finite = (absolute(losses[1]) < infinity) & (losses[2] <= max_loss)
    same = same_bits(weights[0], before[0])
    for p in range(len(weights)):
        finite = finite & (absolute(weights[p]) < infinity)
        same = same & same_bits(weights[p], before[p])
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
    table.last_finite_loss[row] = lane.last_finite[k]
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
