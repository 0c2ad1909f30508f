"""What is watched of runs from epoch to epoch: which was the best, when goals are reached, when runs are to stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.engine.cpu import scoring
from harness.engine.cpu.cache import routine
from harness.engine.cpu.epochs import invoke
from harness.engine.cpu.lanes import Kind
from harness.engine.cpu.rows import address
from harness.experiment.measured import Monitoring, Part
from harness.formulas.metrics import METRICS
from harness.formulas.step import Architecture
from harness.network.parts import NetworkSamples
from harness.network.runs import rounded

NEVER = 2**62
"""An epoch that no run reaches."""


class Monitored:
    """What is watched of runs of one network, as the kernel has it. parts: the samples that are scored."""

    def __init__(
        self, network: Architecture, kind: Kind, monitoring: Monitoring | None, parts: Mapping[Part, NetworkSamples]
    ) -> None:
        self.network, self.kind, self.parts = network, kind, parts
        self.monitoring = monitoring or Monitoring()
        self.measures = self.monitoring.measures
        self.scored = tuple(dict.fromkeys(part for part, _ in self.measures if part is not None))

    @property
    def sizes(self) -> dict[str, int]:
        """The lengths of the arrays."""
        kept = self.network.parameters * self.monitoring.keep
        parts, goals = len(self.scored), len(self.monitoring.goals)
        return {"values": len(self.measures), "goals": goals, "monitored_parts": parts, "kept_best": kept}

    @property
    def numbers(self) -> dict[str, int]:
        monitoring = self.monitoring
        patience = NEVER if monitoring.patience is None else monitoring.patience
        return {"monitored": monitoring.monitor is not None, "patience": patience, "ends": len(monitoring.ends)}

    def arrays(self, value: NDArray[Any]) -> dict[str, NDArray[Any]]:
        """The arrays that Python writes. value: (V, values, width), what each vector has after an epoch."""
        metrics, dtype = list(METRICS), self.kind.dtype
        signs = np.array([-1.0 if measure.rising else 1.0 for measure in self.measures])
        goals = [(self.measures.index(measure), number) for measure, number in self.monitoring.goals]
        places, numbers = np.array(goals).reshape(-1, 2).T
        self._works = [
            scoring.work(self.kind, self.network, self.parts[part], self._asked(part), value) for part in self.scored
        ]
        found = {
            "sign": rounded(signs, dtype),
            "goal_value": places.astype(np.int64),
            "goal_number": rounded(numbers, dtype) * rounded(signs, dtype)[places.astype(np.int64)],
            "min_delta": rounded([self.monitoring.min_delta], dtype),
            "metric_of": np.array(
                [metrics.index(name) if part is None else -1 for part, name in self.measures], np.int64
            ),
            "works": np.array([work.address for work in self._works], np.int64),
        }
        return {name: np.ascontiguousarray(array) for name, array in found.items()}

    def _asked(self, part: Part) -> list[tuple[str, int]]:
        return [(name, place) for place, (of, name) in enumerate(self.measures) if of is part]


@routine
def observe(b, count):
    """Measure what is watched of the first `count` vectors, after an epoch. b: the bundle of a `Workspace`."""
    for k in range(len(b.works)):
        invoke(b.adder, (b.works[k], address(b.group), count))
        invoke(b.finisher, (b.works[k], count))
    for v in range(count):
        for k in range(b.values):
            if b.metric_of[k] >= 0:
                b.value_vectors[v * b.values + k] = b.group_vectors[v * b.stride + b.metrics_at + b.metric_of[k]]


@routine
def progress(b, v, now, lanes):
    """See how far the runs in these lanes of a vector have come; return the set of those that are to stop."""
    over = 0
    for k in range(b.width):
        if lanes >> k & 1:
            epoch = now - b.start[v * b.width + k]
            if b.monitored and not better(b, v, k, epoch) and epoch - b.best_epoch[v * b.width + k] >= b.patience:
                over |= 1 << k
            if reach(b, v, k, epoch):
                over |= 1 << k
    return over


@routine
def better(b, v, k, epoch):
    """Whether an epoch is the best so far of a lane, which is then noted."""
    at = v * b.width + k
    number = b.sign[0] * b.value[v * b.values * b.width + k]  # the monitor is the first of the values
    if not (number < b.best[at] - b.min_delta[0] or (b.best_epoch[at] == 0 and number == number)):
        return False
    b.best[at], b.best_epoch[at] = number, epoch
    for p in range(b.kept_best):
        b.best_weights[(v * b.kept_best + p) * b.width + k] = b.group[(v * b.stride + p) * b.width + k]
    return True


@routine
def reach(b, v, k, epoch):
    """Note the goals that a lane reaches for the first time; return whether one of them ends its run."""
    over = False
    for g in range(b.goals):
        at, value = (v * b.goals + g) * b.width + k, b.goal_value[g]
        number = b.sign[value] * b.value[(v * b.values + value) * b.width + k]
        if b.reached[at] == 0 and number <= b.goal_number[g]:
            b.reached[at] = epoch
            over = over or g < b.ends
    return over


@routine
def start(b, v, column):
    """Forget what was watched of the run that a lane had."""
    for g in range(b.goals):
        b.reached[(v * b.goals + g) * b.width + column] = 0
    b.best_epoch[v * b.width + column] = 0
    b.best[v * b.width + column] = np.nan


@routine
def note(b, v, column, row, there):
    """Write what was watched of a lane into a row. there: whether its run has not diverged."""
    at = v * b.width + column
    for g in range(b.goals):
        b.row_reached[g * b.rows + row] = b.reached[(v * b.goals + g) * b.width + column]
    noted = there and b.best_epoch[at] > 0
    b.row_best_epoch[row] = b.best_epoch[at] if noted else 0
    b.row_best[row] = b.sign[0] * b.best[at] if noted else np.nan
