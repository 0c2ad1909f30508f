"""What the networks of a block say of samples: the outputs of each row, as `harness.reference` computes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment.measured import Part
from harness.experiment.model import Experiment
from harness.network.answers import said
from harness.network.layout import Layout
from harness.network.parts import NetworkData
from harness.network.runs import Outcome, Runs, Status, rounded
from harness.reference import Network
from harness.reference.network import forward
from harness.store.tables import Predicted


def predicted(experiment: Experiment, runs: Runs, outcome: Outcome, data: NetworkData) -> Predicted:
    """The predictions of the rows of an outcome, but for those that diverged, on the parts that are asked for."""
    structure, layout = runs.structure, Layout(runs.structure)
    numbers = [rounded(values, structure.dtype) for values in runs.hyperparameters]
    given = dict(zip(structure.hyperparameters, numbers, strict=True))
    members = experiment.data.parts(runs.chosen.fold)
    run, rows = runs.of_rows, np.flatnonzero(outcome.status != Status.DIVERGED)
    chosen = experiment.predictions
    samples = np.concatenate([members[part] for part in chosen])
    parts = np.repeat([int(part) for part in chosen], [len(members[part]) for part in chosen])
    inputs = rounded(np.concatenate([data.of[part].samples.inputs for part in chosen]), structure.dtype)
    outputs = np.empty((len(rows), len(samples), structure.layers[-1]), structure.dtype)
    for at, row in enumerate(rows):
        slopes = (given[name][run[row]] if name in given else None for name in ("slope", "output_slope"))
        network = Network(structure, *layout.split(outcome.weights[:, row]), *slopes)
        with np.errstate(all="ignore"):
            outputs[at] = forward(network, inputs)[1][-1]
    flat: NDArray[Any] = outputs.reshape(-1, outputs.shape[-1])
    answers, (every, each) = said(flat, data.of[Part.TRAIN].middle), (len(rows), len(samples))
    in_units = data.targets.back(flat)
    return Predicted(np.repeat(rows, each), np.tile(samples, every), np.tile(parts, every), in_units, answers)
