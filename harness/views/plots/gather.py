"""What a picture reads of the table: a part at a time, and of each row only a place and a number or two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.network.runs import Status
from harness.store.expressions import both, has
from harness.views.losses import NOTHING
from harness.views.numbers import printed
from harness.views.order import Numbers
from harness.views.results import Results
from harness.views.scale import MOST, TableAxis, codes, nearest, thinned

STATUSES = tuple(Status)
LISTED = 6
"""The most values that are not drawn that the caption lists."""
LABELS = [status.label for status in STATUSES]


class Parts(Sequence[pd.DataFrame]):
    """Columns of the rows that `where` selects, a part of the table at a time; each is read whenever it is asked for.

    only: an expression that rows must also meet. Raises `HarnessError` for a column that is not there.
    """

    def __init__(self, results: Results, columns: Sequence[str], where: Mapping[str, Any], only: Any = None) -> None:
        for name in columns:
            results.column(name)
        self._results, self._columns = results, list(dict.fromkeys(columns))
        self._only = both(results.filter(where), only)

    def __len__(self) -> int:
        return len(self._results.pieces)

    def __getitem__(self, part: Any) -> Any:
        return self._results.piece(part, self._columns, self._only).to_pandas()


def present(
    results: Results, axis: TableAxis, where: Mapping[str, Any], only: Any = None, what: str | None = None
) -> TableAxis:
    """The axis with the values that the selected rows have; if they are very many, some at equal distances.

    what: the rows of `only` have, for the message. Raises `HarnessError` if there are no such rows.
    """
    there = _there(results, axis, where, only)
    if not there.any():
        raise HarnessError(f"{results.folder}: no row has {what or axis.name}")
    return thinned(axis, there)


def _there(results: Results, axis: TableAxis, where: Mapping[str, Any], only: Any) -> NDArray[np.bool_]:
    """(V,) which values of the axis the selected rows have."""
    there = np.zeros(len(axis.values), bool)
    for frame in Parts(results, [axis.name], where, only):
        at = codes(axis.values, frame[axis.name])
        there |= np.bincount(at[at >= 0], minlength=len(there)).astype(bool)
    return there


def absent(
    asked: TableAxis, shown: TableAxis, results: Results, where: Mapping[str, Any], only: Any, what: str
) -> list[str]:
    """What the caption says of values of an axis whose rows have nothing to draw: `epochs 0 has no loss mean`.

    asked: the axis; shown: what `present` made of it, for rows that also meet `only`.
    """
    ends = (0, -1)
    if len(shown.values) == min(len(asked.values), MOST) and all(
        shown.values[end] == asked.values[end] for end in ends
    ):
        return []
    every, some = (_there(results, asked, where, chosen) for chosen in (None, only))
    lost = [printed(value, 4) for value in asked.values[every & ~some]]
    if not lost:
        return []
    several = len(lost) > 1
    told = ", ".join(lost[:LISTED]) + f" and {len(lost) - LISTED:,} more" * (len(lost) > LISTED)
    return [f"{asked.name} {told} {'have' if several else 'has'} no {what}"]


def numbers(results: Results, axis: TableAxis | None, column: str, where: Mapping[str, Any]) -> Numbers:
    """The numbers in a column, at the places on the axis of the rows that have one. axis: None for all in one place."""
    frames = Parts(results, [column, *([axis.name] if axis else [])], where, has(column))

    def read(part: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        frame = frames[part]
        at = nearest(axis, frame[axis.name]) if axis else np.zeros(len(frame), np.int64)
        return at[at >= 0], frame[column].to_numpy(float)[np.newaxis, at >= 0]

    return Numbers(len(frames), len(axis.values) if axis else 1, 1, read)


def shares(
    results: Results, axis: TableAxis | None, where: Mapping[str, Any], bound: tuple[str, float] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(V,) rows at each place of the axis, (`STATUSES`, V) of each status, and (V,) below a bound.

    axis: None for all rows in one place. bound: a column and a number; of no bound, no row is below.
    """
    places = len(axis.values) if axis else 1
    tally, below = np.zeros((len(STATUSES), places), np.int64), np.zeros(places, np.int64)
    columns = ["status", *([axis.name] if axis else []), *([bound[0]] if bound else [])]
    for frame in Parts(results, columns, where):
        at = nearest(axis, frame[axis.name]) if axis else np.zeros(len(frame), np.int64)
        status, there = codes(LABELS, frame["status"]), at >= 0
        tally += np.bincount((status * places + at)[there], minlength=tally.size).reshape(tally.shape)
        if bound:
            chosen = there & (frame[bound[0]].to_numpy(float, na_value=np.nan) < bound[1])
            below += np.bincount(at[chosen], minlength=places)
    return tally.sum(axis=0), tally, below


def floor(losses: NDArray[np.float64]) -> float:
    """The loss that lesser ones are drawn like: `NOTHING`, or less if all losses are next to nothing."""
    there = losses[np.isfinite(losses)]
    greatest = float(there.max()) if len(there) else 1.0
    return NOTHING if greatest > 1e3 * NOTHING else max(greatest * NOTHING, 1e-300)


def floored(panels: Sequence[NDArray[np.float64]], alike: bool) -> list[NDArray[np.float64]]:
    """The losses of panels, of any shape, none less than the `floor` of all; of each, if they are not alike."""
    every = floor(np.concatenate([np.ravel(losses) for losses in panels]))
    return [np.maximum(losses, every if alike else floor(np.ravel(losses))) for losses in panels]
