"""The loss curves of a few runs, with few enough points to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from harness.views.results import Results

RUNS, POINTS = 40, 250
LOSSES = ("loss_min", "loss_mean", "loss_max")


@dataclass(frozen=True)
class Curve:
    """config: the run's row of the most epochs. label: what sets the run apart. losses: by name, for each epoch."""

    config: int
    label: str
    epochs: Sequence[int]
    losses: Mapping[str, Sequence[float]]


def some_curves(results: Results) -> list[Curve]:
    """The curves of up to `RUNS` runs at equal distances in the grid; none if they were not recorded."""
    if not results.place.sizes("curves"):
        return []
    there = pc.unique(results.runs.to_table(columns=["run"])["run"]).to_numpy()
    chosen = np.sort(there)[np.unique(np.linspace(0, len(there) - 1, min(RUNS, len(there))).round().astype(int))]
    axes = [name for name in results.axes if name != "epochs"]
    table = results.runs.to_table(columns=["run", "config", "epochs", *axes], filter=pc.field("run").isin(chosen))
    rows = table.to_pandas().sort_values(["run", "epochs"]).drop_duplicates("run", keep="last").set_index("run")
    found = []
    for run, points in results.curves(chosen.tolist()).groupby("run"):
        label = ", ".join(f"{name} {_text(rows.loc[run, name])}" for name in axes) or results.name
        some = points.iloc[np.unique(np.geomspace(1, len(points), min(POINTS, len(points))).round().astype(int)) - 1]
        losses = {name: some[name].tolist() for name in LOSSES}
        found.append(Curve(int(rows.loc[run, "config"]), label, some["epoch"].tolist(), losses))
    return found


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) and not pd.isna(value) else str(value)
