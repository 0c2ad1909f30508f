"""What pictures of one network are of: a row, the data of its run, and the networks that the run had on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.experiment.measured import Part
from harness.network.parts import choice, network_data
from harness.network.structure import structure
from harness.store.expressions import equal
from harness.views.choosing.best import best, heading
from harness.views.explain.configuration import Configuration, of_rows
from harness.views.numbers import printed
from harness.views.plots.asked import Asked
from harness.views.plots.facets import MOST
from harness.views.plots.gather import Parts
from harness.views.trained.network import TrainedNetwork

FRAMES = 48
"""The most networks of a run that an animation shows."""


class PartSamples(NamedTuple):
    """The samples of a part as they stand in the data, gaps filled. inputs: (S, I). targets: (S, T).

    classes: (S,) which of the network's classes each is of; None if the targets are no classes. filled: how many of
    them had gaps.
    """

    inputs: NDArray[np.float64]
    targets: NDArray[np.float64]
    classes: NDArray[np.intp] | None
    filled: int


class Snapshot(NamedTuple):
    """A network that a run had, and the row that says so."""

    config: int
    epochs: int
    network: TrainedNetwork


@dataclass(frozen=True)
class Subject:
    """The network that a picture is of. config: its row. why: the row was taken; empty if it was asked for.

    moments: of its run, in the order of their epochs. gone: the epochs at which its run had diverged.
    """

    asked: Asked
    config: int
    why: str
    moments: list[Snapshot]
    points: Mapping[Part, PartSamples]
    gone: list[int]

    @property
    def network(self) -> TrainedNetwork:
        """The network of the row."""
        return next(one.network for one in self.moments if one.config == self.config)

    @property
    def classes(self) -> Sequence[Any]:
        """What its classes are called; none if its targets are numbers."""
        return [] if self.network.classes is None else self.network.classes.tolist()

    @property
    def names(self) -> list[str]:
        """What the inputs are called."""
        return [*self.network.columns] or [f"x{number + 1}" for number in range(self.network.layers[0])]

    @property
    def targets(self) -> list[str]:
        """What the targets are called; of classes that are a column each, or nameless, one name for all."""
        outputs = self.network.layers[-1]
        if self.classes and len(self.network.targets) != 1:
            return ["class"]
        return [*self.network.targets] or (["y"] if outputs == 1 else [f"y{at + 1}" for at in range(outputs)])

    @property
    def judged(self) -> list[Part]:
        """The parts that say how good it is: what it was chosen by, or else learnt from; and the test part."""
        first = Part.VALIDATION if Part.VALIDATION in self.points else Part.TRAIN
        return [first, *(part for part in (Part.TEST,) if part in self.points)]

    @property
    def shown(self) -> list[str]:
        """Which network it is, for the line below a title: its row, why, its settings, and when."""
        row, axes = self.asked.row(self.config), self.asked.results.axes
        there = [name for name in axes if name != "epochs" and row[name] is not None]
        settings = [f"{axes[name].title} {printed(row[name], 4)}" for name in there]
        after = [f"after {passes(int(row['epochs']))}"] if len(self.moments) == 1 else []
        return [f"config {self.config}{self.why}", ", ".join(settings), *after]

    def label(self, moment: Snapshot) -> str:
        """The heading of a moment's panel; of a single one, which the line below the title tells, none."""
        if len(self.moments) == 1:
            return ""
        return passes(moment.epochs) + f" (config {self.config})" * (moment.config == self.config)

    @property
    def told(self) -> list[str]:
        """What the caption says: of samples with gaps, and of epochs without a network."""
        filled = sum(points.filled for points in self.points.values())
        gaps = f"{filled:,} samples with gaps stand where the network takes them: at the means" if filled else ""
        gone = f"diverged before the end of {', '.join(map(passes, self.gone))}" if self.gone else ""
        return [*filter(None, [gaps, gone])]

    def refused(self, why: str) -> HarnessError:
        """That a picture cannot be drawn of this row."""
        return HarnessError(f"{self.asked.results.folder}: config {self.config}: {why}")


def passes(epochs: int) -> str:
    """A number of epochs in words."""
    return f"{epochs:,} epoch{'s' * (epochs != 1)}"


def subject_of(asked: Asked, alone: bool = False) -> Subject:
    """The network of the row that is asked for, or of the best; and of its run's other rows, if there are some.

    alone: without these. Raises `HarnessError` if there is no such row, if it has no network, or if the data that its
    experiment names are not here.
    """
    results = asked.results
    config, why = (asked.config, "") if asked.config is not None else _best(asked)
    found = Parts(results, ["config", "epochs"], asked.where, equal("run", asked.row(config)["run"]))
    rows = pd.concat(found).sort_values("epochs")["config"].tolist()
    numbers = [config] if alone else _some(rows, config, FRAMES if asked.animate else MOST)
    configurations = dict(zip(numbers, of_rows(results, numbers), strict=True))
    try:
        networks = {config: configurations[config].trained()}
    except HarnessError as wrong:
        raise HarnessError(*(f"{results.folder}: {line}" for line in wrong.lines)) from None
    gone = [one.epochs for one in configurations.values() if one.final and one.final.network is None]
    networks |= {number: one.trained() for number, one in configurations.items() if one.epochs not in gone}
    moments = [
        Snapshot(number, configurations[number].epochs, networks[number]) for number in numbers if number in networks
    ]
    return Subject(asked, config, why, moments, _points(configurations[config], networks[config]), gone)


def _best(asked: Asked) -> tuple[int, str]:
    """The row that `harness best` puts first, and why. Raises `HarnessError` if the best of several cannot be told."""
    found = best(asked.results, top=1, where=asked.where)
    return int(found["config"].iloc[0]), f" (setting of {heading(found)})"


def _some(rows: list[int], config: int, most: int) -> list[int]:
    """At most so many rows, in their order, at equal distances: the first, the last and this one among them."""
    at = np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))
    own = rows.index(config)
    if own not in at:
        at[1 + np.argmin(np.abs(at[1:-1] - own))] = own
    return [rows[number] for number in at]


def _points(configuration: Configuration, network: TrainedNetwork) -> dict[Part, PartSamples]:
    """The samples of each part of the data that a run has."""
    experiment, data = configuration.experiment, configuration.experiment.data
    chosen = choice(configuration.values, experiment)
    of = network_data(experiment, structure(experiment, configuration.values), chosen).of
    found = {}
    for part, own in data.parts(chosen.fold).items():
        gaps = np.isnan(data.inputs[own])
        classes = None if network.classes is None else np.argmax(of[part].answers, axis=1)
        inputs = np.where(gaps, network.fill, data.inputs[own])
        found[part] = PartSamples(inputs, data.targets[own], classes, int(gaps.any(axis=1).sum()))
    return found
