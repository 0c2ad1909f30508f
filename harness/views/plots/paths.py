"""What pictures of weights draw, as arrays: where each ends along an axis, and how it changes over the epochs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.network.layout import Parameter, parse
from harness.store.expressions import among
from harness.views.order import SPREAD
from harness.views.plots.asked import Asked
from harness.views.plots.facets import Facets, facets_of
from harness.views.plots.gather import Parts, numbers, present
from harness.views.scale import Scale, TableAxis, codes, scale_of

MOST = 64
"""Weights in panels of their own."""
MOST_LINES = 200
"""The most weights a network may have for their paths to be drawn."""
RUNS = 48
"""The most runs that are drawn; of more, runs at equal distances in the grid are taken."""


@dataclass(frozen=True)
class Trends:
    """Where weights end along an axis. scale: of its values. weights: for each facet (quantiles, V)."""

    asked: Asked
    x: TableAxis
    scale: Scale
    facets: Facets
    weights: dict[Parameter, list[NDArray[np.float64]]]


@dataclass(frozen=True)
class Paths:
    """Weights over the epochs. scale: of these. runs: (N,) numbers, of `every`. weights: (N, V) of each at the epochs.

    settings: a row for each run, what it was trained with.
    """

    asked: Asked
    scale: Scale
    runs: NDArray[np.int64]
    every: int
    weights: dict[Parameter, NDArray[np.float64]]
    settings: pd.DataFrame


def trends_of(asked: Asked) -> Trends:
    """The final weights, as far as there are some. Raises `HarnessError` if there are none, or too many."""
    parameters = _parameters(asked, MOST)
    x = asked.pick(asked.x or next(iter(asked.entire()), None))
    asked = asked.at_last_epochs(x.name)
    facets = facets_of(asked, x.name)
    scale = scale_of(present(asked.results, x, asked.where))
    found: dict[Parameter, list[NDArray[np.float64]]] = {}
    for one in parameters:
        read = [numbers(asked.results, scale.axis, one.name, facet.asked.where) for facet in facets.drawn]
        if any(part.rows.any() for part in read):
            found[one] = [part.at(SPREAD)[0] for part in read]
    if not found:
        raise _none(asked)
    return Trends(asked, x, scale, facets, found)


def paths_of(asked: Asked) -> Paths:
    """The weights of some runs, NaN where a run has none; weights that no run has are left out.

    Raises `HarnessError` if the epochs do not vary, or if there are no weights, or too many.
    """
    epochs = present(asked.results, asked.axis("epochs"), asked.where)
    parameters, free = _parameters(asked, MOST_LINES), asked.free("epochs")
    runs, every = asked.runs(RUNS)
    columns = ["run", "epochs", *free, *(one.name for one in parameters)]
    rows = pd.concat(Parts(asked.results, columns, asked.where, among("run", runs)))
    at, number = codes(epochs.values, rows["epochs"]), np.searchsorted(runs, rows["run"])
    weights = {}
    for one in parameters:
        dense = np.full((len(runs), len(epochs.values)), np.nan)
        dense[number[at >= 0], at[at >= 0]] = rows[one.name].to_numpy(float, na_value=np.nan)[at >= 0]
        if np.isfinite(dense).any():
            weights[one] = dense
    if not weights:
        raise _none(asked)
    if len(runs) > 1 and len(weights) > MOST:
        several = f"{len(runs)} runs of {len(weights)} weights"
        raise HarnessError(f"{asked.results.folder}: {several}, and this picture has room for {MOST}; hold more axes")
    settings = rows.drop_duplicates("run").sort_values("run")[free]
    return Paths(asked, scale_of(epochs), runs, every, weights, settings)


def equal(lines: dict[Parameter, NDArray[np.float64]]) -> list[list[Parameter]]:
    """The weights of a layer that go the same way together, bit for bit: they share a line."""
    found: dict[tuple[int, bytes], list[Parameter]] = {}
    for one, line in lines.items():
        found.setdefault((one.layer, line.tobytes()), []).append(one)
    return list(found.values())


def _none(asked: Asked) -> HarnessError:
    return HarnessError(f"{asked.results.folder}: no row has finite weights: every run diverged")


def _parameters(asked: Asked, most: int) -> list[Parameter]:
    """The weights and biases. Raises `HarnessError` if there are too many for a picture, or none."""
    names = asked.results.weight_columns
    if not names:
        raise HarnessError(
            f"{asked.results.folder}: no weights there; an experiment without record.weights: false keeps them"
        )
    parameters = [parameter for parameter in map(parse, names) if parameter and parameter.units]
    if len(parameters) < len(names):
        raise HarnessError(f"{asked.results.folder}: a network too large for this picture of {most} weights")
    if len(names) > most:
        raise HarnessError(f"{asked.results.folder}: {len(names)} weights, and this picture has room for {most}")
    return parameters
