"""What the networks of a block score on the parts of the data: the outcome of an engine, and its scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from harness import engine
from harness.experiment.model import Part
from harness.formulas.scores import SCORES, split
from harness.network.parts import NetworkData
from harness.network.runs import Floats, Outcome, Status


def scored(
    outcome: Outcome, trainer: engine.Trainer, parts: NetworkData, scores: Sequence[tuple[Part, str]], outputs: int
) -> Outcome:
    """The outcome with its scores, of rows and of points of the curves. scores: (part, name) of each of the Q.

    outputs: of the network. A run that diverged scores nothing.
    """

    def of(weights: Floats) -> Floats:
        found = np.full((len(scores), weights.shape[1]), np.nan, weights.dtype)
        for part in dict.fromkeys(part for part, _ in scores):
            known = parts.of[part].about
            sums = split(trainer.score(weights, parts.of[part]), outputs)
            with np.errstate(all="ignore"):
                for number, (which, name) in enumerate(scores):
                    if which is part and SCORES[name].applies(known):
                        found[number] = SCORES[name].finish(sums, known)
        return found

    rows = np.full((len(scores), outcome.weights.shape[1]), np.nan, outcome.weights.dtype)
    if scores:
        there = outcome.status != Status.DIVERGED
        rows[:, there] = of(outcome.weights[:, there])
    curves = outcome.curves
    of_points = of(curves.weights) if len(curves.weights) else np.empty((len(scores), len(curves.run)))
    return replace(outcome, scores=rows, curves=replace(curves, weights=curves.weights[:0], scores=of_points))
