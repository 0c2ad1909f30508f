"""The seats of a group: which run each lane has, how a run takes its seat, and how its rows get into the table.

Everything is in one `Bundle`, here `b`: the `FIELDS` of `harness.engine.cpu.workspace`.
"""

from __future__ import annotations

import numpy as np

from harness.engine.cpu import monitoring
from harness.engine.cpu.cache import routine
from harness.formulas.metrics import COUNT
from harness.formulas.primitives import window
from harness.network.runs import Status

RAN, SETTLED, DIVERGED, STOPPED = map(int, (Status.RAN, Status.SETTLED, Status.DIVERGED, Status.STOPPED))
FREE = -1


@routine
def load(b, k, run, now):
    """Put a run into lane k, if it has any epochs to run."""
    v, column = k // b.width, k % b.width
    own = window(b.group, v * b.stride * b.width, b.stride * b.width)
    copy(own, column, b.width, b.initial, run, b.runs)
    for p in range(b.slots_at, b.clock_at):
        own[p * b.width + column] = 0.0
    for p in range(b.clock_at, b.carried):
        own[p * b.width + column] = 1.0
    for layer in range(b.layers):
        own[(b.rates_at + layer) * b.width + column] = b.rates[layer * b.runs + run]
        own[(b.base_at + layer) * b.width + column] = b.rates[layer * b.runs + run]
    own_rows = (b.epoch_at - b.hyperparameters_at) * b.width
    copy(window(own, b.hyperparameters_at * b.width, own_rows), column, b.width, b.hyperparameters, run, b.runs)
    if b.scheduled:
        own[b.epoch_at * b.width + column] = 0.0
    b.mean[k] = np.nan
    b.first[k] = np.nan
    b.bound[k] = b.max_loss[run]
    b.run[k], b.start[k], b.seated[k] = run, now, now
    b.next_recorded[k], b.next_point[k] = b.first_recorded[run], b.first_point[run]
    if b.values:
        monitoring.start(b, v, column)
    b.period[k] = 0
    b.anchored[k] = -1
    if b.steady[run] == 0:
        drop_anchor(b, k, 0)
    if b.recorded[b.first_recorded[run]] == 0:
        blank(window(own, b.metrics_at * b.width, COUNT * b.width), column, b.width)
        write(b, own, b.mean[k], k, 0, RAN)
    look_ahead(b, k, 0)


@routine
def look_ahead(b, k, epoch):
    """After an epoch: when lane k is due to write, or that its run is finished, and how many epochs that took."""
    end = b.first_recorded[b.run[k] + 1]
    if b.next_recorded[k] == end:
        b.run[k] = FREE
        b.epochs_run[0] += b.start[k] + epoch - b.seated[k]
        return
    due = b.recorded[b.next_recorded[k]]
    if b.every:
        due = min(due, epoch + b.every - epoch % b.every) if epoch else 1
    b.due[k] = b.start[k] + due


@routine
def drop_anchor(b, k, epoch):
    """Remember the state of lane k, to know it again."""
    v, column = k // b.width, k % b.width
    for p in range(b.carried):
        b.anchor[(v * b.carried + p) * b.width + column] = b.group[(v * b.stride + p) * b.width + column]
    b.anchored[k] = epoch


@routine
def record(b, source, mean, k, epoch, status):
    """Write what is due of lane k after an epoch, from the memory of its vector; all of it, if the run has ended.

    The later rows of a run that has ended, and the later points of a curve that has settled, say the same.
    """
    end = b.first_recorded[b.run[k] + 1]
    if b.every and status != DIVERGED:
        last = b.recorded[end - 1]
        final = last if status == SETTLED else epoch
        ends = epoch == last or status == STOPPED
        point = epoch if epoch == 1 or epoch % b.every == 0 or ends else point_after(b, epoch, last)
        while point <= final:
            b.curve_epoch[b.next_point[k]] = point
            metrics(b, b.curve_metrics, b.next_point[k], len(b.curve_epoch), source, k)
            copy(b.curve_weights, b.next_point[k], len(b.curve_epoch), source, k % b.width, b.width)
            b.next_point[k] += 1
            point = point_after(b, point, last)
    while b.next_recorded[k] < end and (status != RAN or b.recorded[b.next_recorded[k]] == epoch):
        write(b, source, mean, k, epoch, status)
    look_ahead(b, k, epoch)


@routine
def point_after(b, epoch, last):
    """The first epoch after this one at which a curve has a point: the next multiple of `every`, or the last epoch."""
    point = epoch + b.every - epoch % b.every
    return min(point, last) if epoch < last else point


@routine
def write(b, source, mean, k, epoch, status):
    """Write the row of the lane's next stop."""
    row = b.place[b.next_recorded[k]]
    b.next_recorded[k] += 1
    b.status[row] = status
    b.settled_epoch[row] = epoch if status == SETTLED else 0
    b.diverged_epoch[row] = epoch if status == DIVERGED else 0
    v, column = k // b.width, k % b.width
    if b.values:
        b.stopped_epoch[row] = epoch if status == STOPPED else 0
        monitoring.note(b, v, column, row, status != DIVERGED)
    b.first_loss[row] = np.nan if status == DIVERGED and epoch == 1 else b.first[k]
    b.last_finite_loss[row] = mean
    if status == DIVERGED:
        blank(b.row_metrics, row, b.rows)
        blank(b.row_weights, row, b.rows)
    else:
        metrics(b, b.row_metrics, row, b.rows, source, k)
        if b.kept_best and b.best_epoch[k]:
            source = window(b.best_weights, v * b.kept_best * b.width, b.kept_best * b.width)
        copy(b.row_weights, row, b.rows, source, column, b.width)


@routine
def metrics(b, into, column, columns, source, k):
    """into[:, column] = the metrics of lane k."""
    at = b.metrics_at * b.width + k % b.width
    for number in range(COUNT):
        into[number * columns + column] = source[at + number * b.width]


@routine
def copy(into, column, columns, source, other, others):
    """into[:, column] = source[:, other], of matrices with so many columns: the rows of the smaller."""
    for i in range(min(len(source) // max(others, 1), len(into) // columns)):
        into[i * columns + column] = source[i * others + other]


@routine
def blank(into, column, columns):
    for i in range(len(into) // columns):
        into[i * columns + column] = np.nan
