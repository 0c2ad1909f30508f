"""What is measured of a run: metrics of epochs, scores on parts of the data, and what is watched while it trains."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from harness.formulas.metrics import METRICS
from harness.formulas.scores import SCORES, SOLVED


class Part(IntEnum):
    """What samples are for: runs learn from those of `TRAIN`, and are chosen by those of `VALIDATION`."""

    TRAIN = 0
    VALIDATION = 1
    TEST = 2

    @property
    def label(self) -> str:
        return self.name.lower()


class Measure(NamedTuple):
    """A metric of an epoch, of no part of the data; or a score on a part."""

    part: Part | None
    name: str

    @property
    def column(self) -> str:
        """What its column is called."""
        return self.name if self.part is None or self.name == SOLVED else f"{self.part.label}_{self.name}"

    @property
    def rising(self) -> bool:
        """Whether more of it is better."""
        return self.part is not None and SCORES[self.name].rising


MEASURES = {
    measure.column: measure
    for measure in (
        *(Measure(None, name) for name in METRICS),
        *(Measure(part, name) for part in Part for name in SCORES if name != SOLVED or part is Part.TRAIN),
    )
}
"""All that can be measured, by the names of the columns."""


REACHED = "epochs_to_"
"""How the columns of goals begin."""


class Goal(NamedTuple):
    """A number that a measure gets to: it falls to it or, where more is better, rises to it."""

    measure: Measure
    number: float

    @property
    def column(self) -> str:
        """What the column is called that has the first epoch in which it got there."""
        short = f"{self.number:g}"
        return f"{REACHED}{self.measure.column}_{short if float(short) == self.number else self.number}"


@dataclass(frozen=True)
class Monitoring:
    """What is watched of a run from epoch to epoch.

    monitor: the measure whose best epoch is noted, if one is; keep: whether the weights of that epoch are the row's.
    patience: epochs in a row without a better one, by more than min_delta, after which the run stops, if it does. ends:
    goals that end a run. reaches: goals whose epoch is noted.
    """

    monitor: Measure | None = None
    keep: bool = False
    patience: int | None = None
    min_delta: float = 0.0
    ends: tuple[Goal, ...] = ()
    reaches: tuple[Goal, ...] = ()

    @property
    def may_stop(self) -> bool:
        """Whether a run may end before its last epoch."""
        return self.patience is not None or bool(self.ends)

    @property
    def goals(self) -> tuple[Goal, ...]:
        """All goals: first those that end a run, then those whose epoch is noted."""
        return (*self.ends, *self.reaches)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """All that is watched, each once."""
        monitor: Iterable[Measure] = () if self.monitor is None else (self.monitor,)
        return tuple(dict.fromkeys([*monitor, *(goal.measure for goal in self.goals)]))

    @property
    def canonical(self) -> list[Any]:
        """All that it means, as plain data."""
        goals = [[[goal.measure.column, goal.number] for goal in some] for some in (self.ends, self.reaches)]
        monitor = self.monitor and self.monitor.column
        return [monitor, self.keep, self.patience, self.min_delta, *goals]
