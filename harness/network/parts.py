"""The parts of an experiment's data as a network takes them: to train on, to choose by and to test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.experiment.data.classes import classes_in
from harness.experiment.measured import Part
from harness.experiment.model import FOLD, Data, Experiment, Samples, Value
from harness.experiment.settings import STANDARDIZE
from harness.formulas.losses import LOSSES
from harness.formulas.scores import About, classes_of
from harness.network.structure import Structure

Floats = NDArray[np.float64]


class DataForm(NamedTuple):
    """On which samples a run is trained, and in which form. fold: None if there are none."""

    fold: int | None = None
    standardize: str = "none"


AS_IT_IS = DataForm()
"""All data, as they stand in the file."""


def choice(values: Mapping[str, Value], experiment: Experiment) -> DataForm:
    """What runs with these swept values are trained on."""
    used = experiment.used(values)
    return DataForm(used.get(FOLD), used[STANDARDIZE])


class Scaling(NamedTuple):
    """(x - mean)/deviation of each column; (n,) each. Neither changes a column that is left as it is."""

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, columns: Floats, wanted: bool = True) -> Scaling:
        """What standardizes columns (S, n): their means, and deviations with the divisor S; 1 of a constant column.

        Both come from sums that are rounded once, so that they are the same on every machine.
        """
        count = columns.shape[1]
        if not wanted:
            return cls(np.zeros(count), np.ones(count))
        means = [fsum(column) / len(column) for column in columns.T]
        deviations = [
            sqrt(fsum((column - mean) ** 2) / len(column)) for column, mean in zip(columns.T, means, strict=True)
        ]
        return cls(np.array(means), np.array([deviation or 1.0 for deviation in deviations]))

    def __call__(self, columns: Floats) -> Floats:
        """The columns (S, n), standardized."""
        return (columns - self.mean) / self.deviation

    def back(self, columns: NDArray[np.floating]) -> NDArray[np.floating]:
        """The columns (S, n) in the units that they had."""
        return columns * self.deviation + self.mean


@dataclass(frozen=True)
class NetworkSamples:
    """Samples as a network takes them, and what scores need to know of them.

    answers: (S, C) 1 for the class of each sample; zeros if they are not of classes. middle: above it, a single output
    says the second class.
    """

    samples: Samples
    answers: Floats
    middle: float
    about: About


@dataclass(frozen=True)
class NetworkData:
    """The data of the runs of one structure and one `DataForm`.

    fill: (I,) what stands for inputs that are missing, the mean of those of the training part; NaN where no input is
    missing. inputs, targets: how their columns are standardized.
    """

    of: Mapping[Part, NetworkSamples]
    fill: Floats
    inputs: Scaling
    targets: Scaling

    @property
    def train(self) -> Samples:
        """What the runs learn from."""
        return self.of[Part.TRAIN].samples


def network_data(experiment: Experiment, structure: Structure, chosen: DataForm) -> NetworkData:
    """The parts of the data, as networks of this structure take them."""
    data, loss = experiment.data, LOSSES[structure.loss]
    members = data.parts(chosen.fold)
    classes, targets = _targets(data, structure)
    own = members[Part.TRAIN]
    inputs, fill = _filled(data.inputs, own)
    of_inputs = Scaling.of(inputs[own], chosen.standardize in ("inputs", "both"))
    of_targets = Scaling.of(targets[own], chosen.standardize in ("targets", "both"))
    scaled = targets
    if chosen.standardize != "none":
        inputs, scaled = of_inputs(inputs), of_targets(targets)
    outputs = structure.layers[-1]
    answers = np.zeros((len(inputs), classes_of(outputs)))
    if classes is not None:
        answers[np.arange(len(inputs)), classes] = 1.0
    middle = 0.0 if loss.logits else float(np.unique(scaled[:, 0])[[0, -1]].sum() / 2)

    def part(at: NDArray[np.intp]) -> NetworkSamples:
        some = Samples(np.ascontiguousarray(inputs[at]), np.ascontiguousarray(scaled[at]))
        counts = answers[at].sum(axis=0) if classes is not None else ()
        means = [fsum(column) / len(at) for column in some.targets.T]
        spread = [fsum((column - mean) ** 2) for column, mean in zip(some.targets.T, means, strict=True)]
        about = About(
            len(at), tuple(map(float, counts)), tuple(spread), tuple(of_targets.deviation.tolist()), loss.estimates
        )
        return NetworkSamples(some, answers[at], middle, about)

    return NetworkData({name: part(at) for name, at in members.items()}, fill, of_inputs, of_targets)


def _filled(inputs: Floats, own: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Inputs (S, I) without gaps, and what fills them (I,): means over the training part, or 0 of a column without.

    NaN if there are no gaps.
    """
    gaps = np.isnan(inputs)
    if not gaps.any():
        return inputs, np.full(inputs.shape[1], np.nan)
    there = [column[own][~np.isnan(column[own])] for column in inputs.T]
    fill = np.array([fsum(column) / len(column) if len(column) else 0.0 for column in there])
    return np.where(gaps, fill, inputs), fill


def told(experiment: Experiment) -> dict[str, Any]:
    """What results say of their data: names of columns and classes, rows of each part, and scales, run by run.

    Nothing of data that are trained on as they are.
    """
    data = experiment.data
    scaled = STANDARDIZE in experiment.settings or STANDARDIZE in experiment.swept
    if data.part is None and not data.classes and not scaled:
        return {}
    inputs = data.inputs.shape[1]
    names = experiment.columns
    found: dict[str, Any] = {"inputs": names[:inputs], "targets": names[inputs:], "classes": data.classes, "parts": []}
    for fold in data.each_fold:
        members = data.parts(fold)
        own = _filled(data.inputs, members[Part.TRAIN])[0][members[Part.TRAIN]]
        scales = {"inputs": Scaling.of(own)} | (
            {} if data.classes else {"targets": Scaling.of(data.targets[members[Part.TRAIN]])}
        )
        found["parts"].append(
            {
                **({} if fold is None else {FOLD: fold}),
                **{part.label: len(rows) for part, rows in members.items()},
                **{
                    key: {name: numbers.tolist() for name, numbers in scale._asdict().items()}
                    for key, scale in scales.items()
                    if scaled
                },
            }
        )
    return found


def _targets(data: Data, structure: Structure) -> tuple[NDArray[np.intp] | None, Floats]:
    """((S,) the class of each sample, None if they are not of classes; (S, O) a target for each output)."""
    targets, outputs, loss = data.targets, structure.layers[-1], structure.loss
    if targets.shape[1] == 1 and (loss == "cross_entropy" or data.classes):
        classes = targets[:, 0].astype(np.intp)
        if outputs > 1:
            low = -1.0 if loss == "hinge" else 0.0
            return classes, np.where(np.eye(outputs)[classes] == 1.0, 1.0, low)
        return classes, 2.0 * targets - 1.0 if loss == "hinge" else targets
    return classes_in(targets), targets
