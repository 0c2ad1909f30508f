"""What the networks of a block score on the parts of the data: the outcome of an engine, and its scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from harness import engine
from harness.experiment.measured import Measure
from harness.formulas.scores import SCORES
from harness.network.parts import NetworkData
from harness.network.runs import Floats, Integers, Outcome, Runs, Status


def scored(
    outcome: Outcome, runs: Runs, trainer: engine.Trainer, data: NetworkData, scores: Sequence[Measure]
) -> Outcome:
    """The outcome of runs with its scores, of rows and of points of the curves. scores: the Q of them.

    A run that diverged scores nothing.
    """

    def of(weights: Floats, run: Integers) -> Floats:
        found = np.full((len(scores), len(run)), np.nan, weights.dtype)
        for part, samples in data.of.items():
            asked = {
                number: name
                for number, (which, name) in enumerate(scores)
                if which is part and SCORES[name].applies(samples.about)
            }
            if asked:
                hyperparameters = runs.hyperparameters[:, run]
                found[[*asked]] = trainer.score(weights, hyperparameters, samples, [*asked.values()])
        return found

    rows, curves = np.full((len(scores), len(runs.place)), np.nan, outcome.weights.dtype), outcome.curves
    if scores:
        there = outcome.status != Status.DIVERGED
        rows[:, there] = of(outcome.weights[:, there], runs.of_rows[there])
    of_points = of(curves.weights, curves.run) if runs.curve_weights else np.empty((len(scores), len(curves.run)))
    return replace(outcome, scores=rows, curves=replace(curves, weights=curves.weights[:0], scores=of_points))
