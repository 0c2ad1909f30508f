"""What is watched of one run from epoch to epoch: its best epoch, the goals that it reaches, and when it stops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from harness.experiment.measured import Goal, Measure, Monitoring, Part
from harness.network.runs import rounded
from harness.reference.network import Array, Network
from harness.reference.scores import scores

if TYPE_CHECKING:
    from harness.network.parts import NetworkSamples


class Progress:
    """What a run has come to so far. best: the best number that was monitored; weights: those of its epoch.

    reached: in which epoch each goal was, of those that were.
    """

    def __init__(self, monitoring: Monitoring, parts: Mapping[Part, NetworkSamples]) -> None:
        self.monitoring, self.parts = monitoring, parts
        self.best: Any = None
        self.best_epoch: int | None = None
        self.weights: Array | None = None
        self.reached: dict[Goal, int] = {}

    def after(self, epoch: int, values: Mapping[str, Any], network: Network) -> bool:
        """Whether the run stops after an epoch. values: its metrics."""
        dtype, monitoring, over = network.structure.dtype, self.monitoring, False

        def measured(measure: Measure) -> Any:
            part, name = measure
            return values[name] if part is None else scores(network, self.parts[part], [name])[name]

        if monitoring.monitor is not None:
            number, delta = measured(monitoring.monitor), rounded(monitoring.min_delta, dtype)[()]
            if self.best is None:
                better = number == number  # NaN is not
            else:
                better = number > self.best + delta if monitoring.monitor.rising else number < self.best - delta
            if better:
                self.best, self.best_epoch, self.weights = number, epoch, network.flat()
            elif monitoring.patience is not None:
                over = epoch - (self.best_epoch or 0) >= monitoring.patience
        for goal in monitoring.goals:
            number, aim = measured(goal.measure), rounded(goal.number, dtype)[()]
            if goal not in self.reached and (number >= aim if goal.measure.rising else number <= aim):
                self.reached[goal] = epoch
        return over or any(self.reached.get(goal) == epoch for goal in monitoring.ends)
