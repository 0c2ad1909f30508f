"""A sample of a table for a page: the rows at some values of each axis, so that they are still a grid."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from harness.views.results import Results
from harness.views.scale import TableAxis

FEWEST = 0.1
"""The share of the rows asked for that a sample has at least. Where axes go together, some of their values may have far
fewer rows in common, or more; then rows at equal distances in the table are taken.
"""


def thinned(results: Results, columns: Sequence[str], rows: int) -> pd.DataFrame:
    """A sample of at most `rows` rows, with these columns, in the order of the files; all of a smaller table.

    Of the longest axes some values are kept, evenly spaced, with the first and the last.
    """
    if results.rows <= rows:
        return results.frame(columns)
    chosen = None
    for name, count in _counts(results, rows).items():
        axis = results.axes[name]
        if count < len(axis.values):
            at = _at(axis, axis.values[np.unique(np.linspace(0, len(axis.values) - 1, count).round().astype(int))])
            chosen = at if chosen is None else chosen & at
    found = _at_most(results, columns, chosen, rows)
    if found is None or len(found) < FEWEST * rows:
        step = -(-results.rows // rows)
        number = pc.field("config")
        found = pa.concat_tables(results.tables(columns, number == pc.divide(number, step) * step))
    frame: pd.DataFrame = found.to_pandas()
    return frame


def _at_most(results: Results, columns: Sequence[str], only: pc.Expression | None, rows: int) -> pa.Table | None:
    """The rows that meet an expression; None if they are more than so many."""
    found: list[pa.Table] = []
    for table in results.tables(columns, only):
        found.append(table)
        if sum(map(len, found)) > rows:
            return None
    return pa.concat_tables(found)


def _counts(results: Results, rows: int) -> dict[str, int]:
    """How many values of each axis are kept, so that their rows are few enough: the longest gives up values first."""
    all_of = {name: len(axis.values) for name, axis in results.axes.items()}
    kept = dict(all_of)
    while prod(kept[name] / all_of[name] for name in kept) * results.rows > rows and max(kept.values()) > 2:
        longest = max(kept, key=lambda name: kept[name])
        kept[longest] = max(2, kept[longest] * 19 // 20)
    return kept


def _at(axis: TableAxis, values: np.ndarray) -> pc.Expression:
    field = pc.field(axis.name) if axis.numeric else pc.field(axis.name).cast(pa.string())
    return field.isin(pa.array(values))
