"""A sample for a page: rows at some values of each axis, so that they are still a grid, and curves of a few runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from harness.store.expressions import among, both, every
from harness.store.tables import together
from harness.views.losses import curve_losses, unlike
from harness.views.numbers import printed
from harness.views.results import Results
from harness.views.spaced import some_runs

if TYPE_CHECKING:
    import pyarrow as pa

FEWEST = 0.1
"""The share of the rows asked for that a sample has at least. Where axes go together, some of their values may have far
fewer rows in common, or more; then rows at equal distances in the table are taken.
"""
RUNS, POINTS = 40, 250
"""The most runs whose curves a page shows, and the most points of each."""


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
            kept = axis.values[np.unique(np.linspace(0, len(axis.values) - 1, count).round().astype(int))]
            chosen = both(chosen, among(name, kept))
    found = _at_most(results, columns, chosen, rows)
    if found is None or len(found) < FEWEST * rows:
        step = -(-results.rows // rows)
        found = together(results.tables(columns, every("config", step)))
    frame: pd.DataFrame = found.to_pandas()
    return frame


def _at_most(results: Results, columns: Sequence[str], only: Any, rows: int) -> pa.Table | None:
    """The rows that meet an expression; None if they are more than so many."""
    found: list[pa.Table] = []
    for table in results.tables(columns, only):
        found.append(table)
        if sum(map(len, found)) > rows:
            return None
    return together(found)


def _counts(results: Results, rows: int) -> dict[str, int]:
    """How many values of each axis are kept, so that their rows are few enough: the longest gives up values first."""
    all_of = {name: len(axis.values) for name, axis in results.axes.items()}
    kept = dict(all_of)
    while prod(kept[name] / all_of[name] for name in kept) * results.rows > rows and max(kept.values()) > 2:
        longest = max(kept, key=lambda name: kept[name])
        kept[longest] = max(2, kept[longest] * 19 // 20)
    return kept


@dataclass(frozen=True)
class Curve:
    """The losses of one run. config: its row of the most epochs. label: the values that set the run apart.

    kind: the values of the settings that make losses unlike, or "": only curves of one kind can be compared. losses:
    by name, one for each of `epochs`.
    """

    config: int
    label: str
    kind: str
    epochs: Sequence[int]
    losses: Mapping[str, Sequence[float]]


def some_curves(results: Results) -> list[Curve]:
    """The loss curves of up to `RUNS` runs at equal distances in the grid; an empty list if none were recorded."""
    if not results.has_curves:
        return []
    chosen, _ = some_runs(results, RUNS)
    axes, names = [name for name in results.axes if name != "epochs"], curve_losses(results)
    table = together(results.tables(["run", "config", "epochs", *axes], among("run", chosen)))
    rows = table.to_pandas().sort_values(["run", "epochs"]).drop_duplicates("run", keep="last").set_index("run")
    found = []
    for run, points in results.curves(chosen.tolist()).groupby("run"):
        there = rows.loc[run].notna()
        label, kind = (
            ", ".join(f"{name.replace('_', ' ')} {printed(rows.loc[run, name], 4)}" for name in some if there[name])
            for some in (axes, unlike(axes))
        )
        some = points.iloc[np.unique(np.geomspace(1, len(points), min(POINTS, len(points))).round().astype(int)) - 1]
        losses = {name: some[name].tolist() for name in names}
        found.append(Curve(int(rows.loc[run, "config"]), label or results.name, kind, some["epoch"].tolist(), losses))
    return found
