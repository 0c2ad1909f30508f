"""What a map draws, as arrays: the most common outcome of each cell, and the medians of the rows that had it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.network.runs import Status
from harness.store.expressions import equal, has
from harness.views.losses import NOTHING, idle_loss
from harness.views.order import MEDIAN, Numbers
from harness.views.plots.asked import Asked
from harness.views.plots.facets import Facet, Facets, facets_of
from harness.views.plots.gather import LABELS, Parts, absent, present
from harness.views.scale import Scale, TableAxis, codes, nearest, scale_of

EVEN = 3.0
"""An axis of few values whose largest gap is over this many times the smallest has cells of equal size."""
ENDED = ("settled_epoch", "diverged_epoch")
"""Columns that say how soon a row ended."""
LAST = "last_finite_loss"
"""The only column of losses in which a row that diverged has a number."""
UNUSED = "not used: rows have no value of the other axis"
"""What the legend says of cells whose rows cannot be told apart along the other axis, as it does nothing there."""


class Ending(IntEnum):
    """How a row ended: its status; but GREW if it did not diverge and its loss is above that of its first epoch."""

    RAN = 0
    SETTLED = 1
    DIVERGED = 2
    STOPPED = 3
    GREW = 4


EMPTY = -1
"""In place of the outcome, where a cell has no rows."""


@dataclass(frozen=True)
class Cells:
    """(Y, X) arrays. outcome: the most common `Ending` of a cell, or `EMPTY`. value, epoch: medians of its rows.

    value: of the column that is drawn; NaN where there is none. epoch: in which these rows settled or diverged; NaN of
    others. rows: the most in one cell. unused: no row, but there are some at that place of one axis without a value of
    the other, which has no effect there.
    """

    outcome: NDArray[np.int64]
    value: NDArray[np.float64]
    epoch: NDArray[np.float64]
    rows: int
    unused: NDArray[np.bool_]

    def had(self, *outcomes: Ending) -> NDArray[np.bool_]:
        """(Y, X) where the most common outcome is one of these."""
        return np.isin(self.outcome, outcomes)


@dataclass(frozen=True)
class Panel:
    """What one panel draws. layers: name -> (Y, X) numbers, NaN where it has none. flat: name -> (Y, X) of cells."""

    facet: Facet
    cells: Cells
    layers: dict[str, NDArray[np.float64]]
    flat: dict[str, NDArray[np.bool_]]


@dataclass(frozen=True)
class Map:
    """What a map draws. x, y: all of the axes. scales: of the values of x, and of y, that are drawn.

    groups: of panels whose losses can be compared. idle: for each, the loss of doing nothing; None if it is not known.
    absent: what the caption says of values of the axes whose rows have nothing to draw.
    """

    asked: Asked
    x: TableAxis
    y: TableAxis
    scales: tuple[Scale, Scale]
    facets: Facets
    groups: list[list[Panel]]
    idle: list[float | None]
    absent: list[str]


def map_of(asked: Asked) -> Map:
    """The cells of a map, a panel for each facet; the median where a cell holds several rows. Raises `HarnessError`."""
    x, y = asked.pair()
    asked.comparable(x.name, y.name)
    asked = replace(asked, x=x.name, y=y.name).at_last_epochs(x.name, y.name)
    found, where, only = asked.results, asked.where, _only(asked)
    across, up = (scale_of(present(found, axis, where, only, asked.title), EVEN) for axis in (x, y))
    told = [
        line
        for axis, scale in ((x, across), (y, up))
        for line in absent(axis, scale.axis, found, where, only, asked.title)
    ]
    facets = facets_of(asked, x.name, y.name)
    groups = [[panel(facet, across, up) for facet in kind] for kind in facets.kinds]
    idle = [idle_loss(found, {**where, **kind[0].like}) if asked.is_loss else None for kind in facets.kinds]
    return Map(asked, x, y, (across, up), facets, groups, idle, told)


def panel(facet: Facet, across: Scale, up: Scale) -> Panel:
    """What the panel of a setting draws."""
    asked, colour, loss = facet.asked, facet.asked.colour, facet.asked.is_loss
    compared = colour if loss and colour != LAST else None
    columns = [across.axis.name, up.axis.name, colour, "status", "settled_epoch", "diverged_epoch"]
    columns += ["first_loss"] if "first_loss" in asked.results.runs.schema.names else []
    found = Parts(asked.results, columns, asked.where, _only(asked))
    cells = cells_of(found, across.axis, up.axis, colour, compared)
    ran, settled, diverged, stopped, grew = (cells.had(outcome) for outcome in Ending)
    valued = ~np.isnan(cells.value)
    masks = {
        "settled": settled & (cells.value <= NOTHING if loss else np.full(settled.shape, colour == "settled_epoch")),
        "diverged": diverged & ~(valued & (colour == LAST)),
    }
    rest = valued & ~grew & ~masks["settled"] & ~masks["diverged"]
    layers = {name: np.where(mask, cells.epoch, np.nan) for name, mask in masks.items()}
    value = np.where(rest, cells.value, np.nan)
    flat = {
        "ran": ran & ~rest,
        "stopped": stopped & ~rest,
        "settled": settled & ~rest & ~masks["settled"],
        "grew": grew,
    }
    flat |= {UNUSED: cells.unused}
    return Panel(facet, cells, {"value": value, **layers}, flat)


def _only(asked: Asked) -> Any:
    """The rows that have a place in the map: all, where the column says how soon they ended."""
    return None if asked.colour in ENDED else has(asked.colour) | equal("status", Status.DIVERGED.label)


def cells_of(parts: Sequence[pd.DataFrame], x: TableAxis, y: TableAxis, colour: str, loss: str | None) -> Cells:
    """The rows of each cell together; those of values that have no cell go to the nearest.

    parts: frames with the columns of the axes, colour, status, settled_epoch, diverged_epoch and, if there is one,
    first_loss. loss: the column to compare with first_loss, or None for no comparison.
    """
    shape = (len(y.values), len(x.values))
    columns, lines = np.zeros(shape[1], bool), np.zeros(shape[0], bool)

    def read(part: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        frame = parts[part]
        across, up = nearest(x, frame[x.name]), nearest(y, frame[y.name])
        there = (across >= 0) & (up >= 0)
        columns[across[(across >= 0) & (up < 0)]] = True
        lines[up[(across < 0) & (up >= 0)]] = True
        at = ((up * len(x.values) + across) * len(Ending) + _outcome(frame, loss))[there]
        ended = frame["settled_epoch"].fillna(frame["diverged_epoch"])
        return at, np.stack([_floats(frame[colour])[there], _floats(ended)[there]])

    size = shape[0] * shape[1]
    numbers = Numbers(len(parts), size * len(Ending), 2, read)
    tally = numbers.rows.reshape(size, len(Ending))
    outcome = np.where(tally.any(axis=1), tally.argmax(axis=1), EMPTY)
    common = np.arange(size) * len(Ending) + np.maximum(outcome, 0)
    chosen = np.zeros(tally.size, bool)
    chosen[common] = True
    value, epoch = (found[0, common].reshape(shape) for found in numbers.at(MEDIAN, chosen))
    outcome = outcome.reshape(shape)
    unused = (outcome == EMPTY) & (columns | lines[:, np.newaxis])
    return Cells(outcome, value, epoch, int(tally.sum(axis=1).max()), unused)


def _outcome(frame: pd.DataFrame, loss: str | None) -> NDArray[np.int64]:
    """(rows,) the `Ending` of each."""
    status = codes(LABELS, frame["status"])
    if loss is None or "first_loss" not in frame:
        return status
    grew = _floats(frame[loss]) > _floats(frame["first_loss"])
    return np.where(grew & (status != Ending.DIVERGED), Ending.GREW, status)


def _floats(column: pd.Series) -> NDArray[np.float64]:
    return column.to_numpy(float, na_value=np.nan)


def outline(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The edges of cells between those that are in the mask and those that are not.

    mask: (Y, X). Returns (A, 3) vertical edges as rows of x, y, y + 1 and (B, 3) horizontal ones as rows of y, x,
    x + 1, numbers of the cells' borders; the frame around all cells is no edge.
    """
    y, x = np.nonzero(mask[:, 1:] != mask[:, :-1])
    vertical = np.column_stack([x + 1, y, y + 1])
    y, x = np.nonzero(mask[1:] != mask[:-1])
    return vertical, np.column_stack([y + 1, x, x + 1])


def opened(mask: NDArray[np.bool_], least: tuple[int, int]) -> NDArray[np.bool_]:
    """The mask without parts of fewer than so many cells upwards or across. mask: (Y, X). least: upwards, across."""
    for axis, fewest in enumerate(least):
        mask = np.apply_along_axis(_runs, axis, mask, min(fewest, mask.shape[axis]))
    return mask


def _runs(line: NDArray[np.bool_], fewest: int) -> NDArray[np.bool_]:
    """(N,) True where the line is, in a run of at least so many."""
    change = np.flatnonzero(np.diff(line, prepend=False, append=False))
    kept = np.zeros(len(line), bool)
    for start, stop in zip(change[::2], change[1::2], strict=True):
        kept[start:stop] = stop - start >= fewest
    return kept
