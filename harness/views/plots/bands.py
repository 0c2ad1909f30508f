"""What pictures against one axis draw, as arrays: quantiles at each place, shares of the statuses, losses by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.store.expressions import has
from harness.views.losses import curve_losses
from harness.views.order import SPREAD, quantiles
from harness.views.plots.asked import Asked
from harness.views.plots.facets import Facets, facets_of
from harness.views.plots.gather import floored, numbers, present, shares
from harness.views.plots.milestones import Milestones, milestones_of
from harness.views.scale import MOST, Scale, TableAxis, apart, codes, scale_of

RUNS = 2000
"""The most runs whose loss curves are read; of more, runs at equal distances in the grid are taken."""


@dataclass(frozen=True)
class Along:
    """What is drawn along an axis. x: the axis; none if all rows are in one place. scale: of its values that are drawn.

    panels: for each facet a `Spread`, or what `shares` counts. rows: how many are drawn, of `every`.
    """

    asked: Asked
    x: Sequence[TableAxis]
    scale: Scale
    facets: Facets
    panels: Sequence[Any]
    rows: int
    every: int

    @property
    def drawn(self) -> list[str]:
        """The names of the axes whose values stand apart."""
        return [*self.facets.names, *(axis.name for axis in self.x)]


@dataclass(frozen=True)
class Spread:
    """The numbers of a panel. at: (V,) the places of the axis that have some. found: (quantiles, V) of these.

    rows: that have a number. one_each: whether each place has one row.
    """

    at: NDArray[np.int64]
    found: NDArray[np.float64]
    rows: int
    one_each: bool


@dataclass(frozen=True)
class CurveBands:
    """The losses of runs at their epochs. panels: for each facet (V,) epochs, and (losses, quantiles, V) over its runs.

    names: of the losses. runs: how many there are. read: of how many of them.
    """

    asked: Asked
    facets: Facets
    panels: Sequence[tuple[NDArray[np.int64], NDArray[np.float64]]]
    names: list[str]
    milestones: Sequence[Milestones]
    runs: int
    read: int


def spread_of(asked: Asked) -> Along:
    """The distribution of a column over what repeats a setting. Raises `HarnessError` if no row has a number."""
    x = _across(asked, "init" if "init" in asked.free() else None)
    asked = asked.at_last_epochs(*(axis.name for axis in x))
    asked.comparable(*(axis.name for axis in x))
    facets = facets_of(asked, *(axis.name for axis in x))
    only, what = has(asked.colour), asked.title
    axis = next((present(asked.results, one, asked.where, only, what) for one in x), None)
    panels = [_spread(facet.asked, axis) for facet in facets.drawn]
    rows = sum(one.rows for one in panels)
    if not rows:
        raise HarnessError(f"{asked.results.folder}: no row has {asked.title}")
    if asked.is_loss:
        losses = floored([one.found for one in panels], len(facets.kinds) == 1)
        panels = [replace(one, found=found) for one, found in zip(panels, losses, strict=True)]
    scale = scale_of(axis) if axis and all(one.one_each for one in panels) else _apart(asked, axis, rows)
    every = sum(int(shares(asked.results, None, facet.asked.where)[0].sum()) for facet in facets.drawn)
    return Along(asked, x, scale, facets, panels, rows, every)


def _spread(asked: Asked, axis: TableAxis | None) -> Spread:
    found = numbers(asked.results, axis, asked.colour, asked.where)
    there = np.flatnonzero(found.rows)
    return Spread(there, found.at(SPREAD)[0][:, there], int(found.rows.sum()), bool(found.rows.max() <= 1))


def shares_of(asked: Asked) -> Along:
    """How many rows ended how, and how many are below the bound that is asked for. Raises `HarnessError`."""
    bound, x = _bound(asked), _across(asked, None)
    asked = asked.at_last_epochs(*(axis.name for axis in x))
    asked.comparable(*(axis.name for axis in x if bound))
    facets = facets_of(asked, *(axis.name for axis in x))
    axis = next((present(asked.results, one, asked.where) for one in x), None)
    panels = [shares(asked.results, axis, facet.asked.where, bound) for facet in facets.drawn]
    rows = sum(int(total.sum()) for total, _, _ in panels)
    return Along(asked, x, _apart(asked, axis, rows), facets, panels, rows, rows)


def curves_of(asked: Asked) -> CurveBands:
    """The losses of the curves. Raises `HarnessError` if none were recorded."""
    read = read_curves(asked)
    names = curve_losses(asked.results)
    epochs, levels = zip(*(levels_of(part, names) for part in read.points), strict=True)
    losses = floored(levels, len(read.facets.kinds) == 1)
    panels = list(zip(epochs, losses, strict=True))
    return CurveBands(asked, read.facets, panels, names, read.milestones, read.runs, read.read)


class CurvePoints(NamedTuple):
    """The points of the curves that are drawn, of each facet, and what `milestones_of` finds of its runs.

    runs: how many there are. read: of how many of them.
    """

    facets: Facets
    points: list[pd.DataFrame]
    milestones: list[Milestones]
    runs: int
    read: int


def read_curves(asked: Asked) -> CurvePoints:
    """The points of the curves of some runs. Raises `HarnessError` if none were recorded."""
    results = asked.results
    if not results.has_curves:
        raise HarnessError(
            f"{results.folder}: no loss curves there; an experiment with record: {{losses: {{every: 1}}}} keeps them"
        )
    facets = facets_of(asked, "epochs")
    chosen, runs = zip(*(facet.asked.runs(RUNS) for facet in facets.drawn), strict=True)
    points = [results.curves(some.tolist()) for some in chosen]
    if all(part.empty for part in points):
        raise HarnessError(f"{results.folder}: every run diverged in its first epoch, so there are no loss curves")
    return CurvePoints(
        facets, points, [milestones_of(results, some) for some in chosen], sum(runs), sum(map(len, chosen))
    )


def levels_of(points: pd.DataFrame, names: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(V,) epochs, thinned evenly if there are very many; and (columns, quantiles, V) over the runs at each."""
    where = np.sort(points["epoch"].unique())
    where = where[np.unique(np.linspace(0, len(where) - 1, min(MOST, len(where))).round().astype(int))]
    at = codes(where, points["epoch"]) if len(where) else np.empty(0, np.int64)
    there = at >= 0
    read = [points[column].to_numpy(float)[there] for column in names]
    return where, np.stack([quantiles(at[there], losses, len(where)) for losses in read])


def _across(asked: Asked, usual: str | None) -> list[TableAxis]:
    """The horizontal axis; none if only repeats or folds vary and no axis was asked for."""
    if not asked.x and asked.free() and not asked.usual():
        return []
    return [asked.pick(asked.x or usual or next(iter(asked.entire()), None))]


def _apart(asked: Asked, axis: TableAxis | None, rows: int) -> Scale:
    """A scale whose values stand apart; without an axis, of a single place that holds all rows."""
    return apart(axis or replace(asked.results.axes[asked.free()[-1]], values=np.array([f"all {rows:,} rows"])))


def _bound(asked: Asked) -> tuple[str, float] | None:
    """The column and the bound that are asked for. Raises `HarnessError` unless it is above 0, or if there is none."""
    if asked.below is None:
        if asked.color:
            raise HarnessError(f"share: {asked.color} needs a bound; expected --below as well")
        return None
    if not asked.below > 0:
        raise HarnessError(f"below: expected a loss above 0, found {asked.below}")
    return asked.colour, asked.below
