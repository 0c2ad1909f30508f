"""The loss curves of a few runs, with few enough points to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from harness.views.losses import curve_losses, unlike
from harness.views.numbers import printed
from harness.views.results import Results

RUNS, POINTS = 40, 250
"""The most runs whose curves a page shows, and the most points of each."""


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
    chosen, _ = results.some_runs(RUNS)
    axes, names = [name for name in results.axes if name != "epochs"], curve_losses(results)
    table = pa.concat_tables(results.tables(["run", "config", "epochs", *axes], pc.field("run").isin(chosen)))
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
