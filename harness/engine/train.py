"""The kernel: a block of runs, vector by vector, epoch by epoch, to every row that was asked for."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numba.extending import register_jitable

from harness.block import Status
from harness.engine.lanes import lane_set, rows, same_bits
from harness.engine.step import Network, State, backward, forward, update
from harness.formulas.functions import absolute, constant, select

RAN, SETTLED, DIVERGED = int(Status.RAN), int(Status.SETTLED), int(Status.DIVERGED)


class Runs(NamedTuple):
    """What is asked of each run, as `harness.block.Block` has it, and its initial weights (P, N)."""

    initial: Any
    rates: Any
    max_loss: Any
    first_stop: Any
    stops: Any
    place: Any
    first_point: Any
    every: int


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


class Scratch(NamedTuple):
    """Memory for one vector of networks (.., width), and for each lane (width,) how far it has come."""

    weights: Any
    before: Any
    gradient: Any
    rates: Any
    z: Any
    a: Any
    delta: Any
    losses: Any
    max_loss: Any
    last_finite: Any
    next_stop: Any
    next_point: Any


def scratch(width: int, dtype: str, layers: tuple[int, ...], parameters: int) -> Scratch:
    def floats(count: int) -> np.ndarray:
        return np.empty((count, width), dtype)

    units = sum(layers)
    return Scratch(
        *(floats(parameters) for _ in range(3)),
        floats(len(layers) - 1),
        *(floats(units) for _ in range(3)),
        floats(3),
        floats(1),
        *(np.empty(width, kind) for kind in (dtype, np.int64, np.int64)),
    )


@njit(nogil=True, error_model="numpy", cache=True)
def train(kind, network, inputs, targets, runs, table, memory):
    """Train every run of a block and fill the table. inputs: (S, I), targets: (S, O), in the kind's dtype."""
    width = memory.last_finite.shape[0]
    count = runs.initial.shape[1]
    parameters, units = memory.weights.shape[0], memory.a.shape[0]
    state = State(
        rows(kind, memory.weights, 0, parameters),
        rows(kind, memory.gradient, 0, parameters),
        rows(kind, memory.rates, 0, memory.rates.shape[0]),
        rows(kind, memory.z, 0, units),
        rows(kind, memory.a, 0, units),
        rows(kind, memory.delta, 0, units),
    )
    before = rows(kind, memory.before, 0, parameters)
    losses = rows(kind, memory.losses, 0, 3)
    max_loss = rows(kind, memory.max_loss, 0, 1)
    for start in range(0, count, width):
        live = load(runs, table, memory, start)
        epoch = 0
        while live != 0:
            epoch += 1
            for p in range(parameters):
                before[p] = state.weights[p]
            run_epoch(network, state, inputs, targets, losses)
            finite, same = compare(state.weights, before, losses, max_loss[0])
            for lane in range(width):
                if live >> lane & 1:
                    status = DIVERGED if not finite >> lane & 1 else SETTLED if same >> lane & 1 else RAN
                    if record(runs, table, memory, start + lane, lane, epoch, status):
                        live &= ~(1 << lane)


@register_jitable
def load(runs, table, memory, start):
    """Put the next runs into the lanes; return the set of those that have epochs to run.

    The lanes of a vector that is not full repeat the last run, and are not recorded.
    """
    count = runs.initial.shape[1]
    live = 0
    for lane in range(memory.last_finite.shape[0]):
        run = min(start + lane, count - 1)
        memory.weights[:, lane] = runs.initial[:, run]
        memory.rates[:, lane] = runs.rates[:, run]
        memory.max_loss[0, lane] = runs.max_loss[run]
        memory.last_finite[lane] = np.nan
        if start + lane < count:
            memory.next_stop[lane] = runs.first_stop[run]
            memory.next_point[lane] = runs.first_point[run]
            if runs.stops[runs.first_stop[run]] == 0:
                memory.losses[:, lane] = np.nan
                write(runs, table, memory, lane, 0, RAN)
            if memory.next_stop[lane] < runs.first_stop[run + 1]:
                live |= 1 << lane
    return live


@register_jitable
def run_epoch(network, state, inputs, targets, losses):
    """Every sample once, in order, an update after each batch; losses: min, mean and max of the samples' costs."""
    samples = inputs.shape[0]
    for batch in range(0, samples, network.batch_size):
        stop = min(batch + network.batch_size, samples)
        for sample in range(batch, stop):
            forward(network, state, inputs[sample])
            cost = backward(network, state, targets[sample], sample == batch)
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
def record(runs, table, memory, run, lane, epoch, status):
    """Write what an epoch gave to a lane's run; True if that was the last thing to write.

    A run that settled or diverged is finished: its later rows, and the later points of a settled curve, say the same.
    """
    mean = memory.losses[1, lane]
    if np.isfinite(mean):
        memory.last_finite[lane] = mean
    end = runs.first_stop[run + 1]
    if runs.every and status != DIVERGED:
        last = runs.stops[end - 1]
        later = last if status == SETTLED else epoch
        for point in range(epoch, later + 1):
            if point == 1 or point % runs.every == 0 or point == last:
                table.curve_epoch[memory.next_point[lane]] = point
                table.curve_losses[:, memory.next_point[lane]] = memory.losses[:, lane]
                memory.next_point[lane] += 1
    while memory.next_stop[lane] < end and (status != RAN or runs.stops[memory.next_stop[lane]] == epoch):
        write(runs, table, memory, lane, epoch, status)
    return memory.next_stop[lane] == end


@register_jitable
def write(runs, table, memory, lane, epoch, status):
    """Write the row of the lane's next stop."""
    row = runs.place[memory.next_stop[lane]]
    memory.next_stop[lane] += 1
    table.status[row] = status
    table.settled_epoch[row] = epoch if status == SETTLED else 0
    table.diverged_epoch[row] = epoch if status == DIVERGED else 0
    table.last_finite_loss[row] = memory.last_finite[lane]
    if status == DIVERGED:
        table.losses[:, row] = np.nan
        table.weights[:, row] = np.nan
    else:
        table.losses[:, row] = memory.losses[:, lane]
        table.weights[:, row] = memory.weights[:, lane]
