"""The loss from epoch to epoch, of one run or as medians of many with bands."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.views.losses import curve_losses, what_of
from harness.views.palette import LINES
from harness.views.plots import style
from harness.views.plots.asked import DOT, Asked
from harness.views.plots.axes import TICKS, linear_ticks
from harness.views.plots.facets import facets_of
from harness.views.plots.gather import floored
from harness.views.plots.lines import BANDS, bands, name, scales
from harness.views.plots.order import quantiles
from harness.views.scale import MOST, codes

RUNS = 2000
"""The most runs whose loss curves are read; of more, runs at equal distances in the grid are taken."""
MEAN = "loss_mean"


def curves(asked: Asked) -> Figure:
    """Least, mean and greatest loss against the epoch: of one run; or the medians of many, with bands of the mean.

    Raises `HarnessError` if no curves were recorded.
    """
    results = asked.results
    if not results.has_curves:
        raise HarnessError(
            f"{results.folder}: no loss curves there; an experiment with record: {{losses: {{every: 1}}}} keeps them"
        )
    facets = facets_of(asked, "epochs")
    found = [facet.asked.runs(RUNS) for facet in facets.drawn]
    points = [results.curves(chosen.tolist()) for chosen, _ in found]
    if all(part.empty for part in points):
        raise HarnessError(f"{results.folder}: every run diverged in its first epoch, so there are no loss curves")
    runs, chosen = sum(every for _, every in found), sum(len(some) for some, _ in found)
    sample = f" of {runs:,}" if runs > chosen else ""
    over = " ".join([f"medians of {chosen:,}{sample} runs", *asked.over("epochs", *facets.names)])
    many = chosen > len(facets.drawn)
    shown = ["loss at each epoch", asked.held, over if many else "", *facets.told]
    size = (style.WIDTH if len(found) == 1 else 9.6, style.height(facets.labels))
    question = asked.question or "How does the loss change from epoch to epoch?"
    made, body = style.sheet(question, DOT.join(part for part in shown if part), *size)
    alike = len(facets.kinds) == 1
    places = style.panels(body, len(found), share_y=alike)
    names = curve_losses(results)
    medians = [_levels(part, names) for part in points]
    losses = floored([levels for _, levels in medians], alike)
    handles: list[Any] = []
    for axes, label, (epochs, _), levels in zip(places, style.headings(facets.labels), medians, losses, strict=True):
        if len(epochs):
            most = TICKS if len(found) == 1 else TICKS // 2
            handles = _draw(axes, epochs, dict(zip(names, levels, strict=True)), many, most) or handles
        name(axes, label, "epoch", "loss")
    mean = names.index(MEAN)
    shown_losses = [np.concatenate([levels[:, 2], levels[mean]]) if many else levels[:, 2] for levels in losses]
    outside = scales(list(zip(places, shown_losses, strict=True)), alike)
    style.legend(body, handles, "over the samples of an epoch")
    told = [f"{BANDS} of the mean loss", "a run that diverges counts until it does"] if many else []
    asked.caption(made, *told, *outside)
    return made


def _levels(points: pd.DataFrame, names: list[str]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(V,) epochs, thinned evenly if there are very many; and (losses, quantiles, V) over the runs at each."""
    where = np.sort(points["epoch"].unique())
    where = where[np.unique(np.linspace(0, len(where) - 1, min(MOST, len(where))).round().astype(int))]
    at = codes(where, points["epoch"]) if len(where) else np.empty(0, np.int64)
    there = at >= 0
    read = [points[column].to_numpy(float)[there] for column in names]
    return where, np.stack([quantiles(at[there], losses, len(where)) for losses in read])


def _draw(
    axes: Axes, epochs: NDArray[np.int64], levels: dict[str, NDArray[np.float64]], many: bool, most: int
) -> list[Any]:
    """Draw the losses of the runs of a panel, over so many ticks at most; return what the legend says."""
    alone = all((found == levels[MEAN]).all() for found in levels.values())  # of one sample
    dashes = iter(style.DASHES[1:] * len(levels))
    for (column, found), colour in zip(levels.items(), cycle(LINES), strict=False):
        if alone and column != MEAN:
            continue
        if many and column == MEAN:
            bands(axes, epochs, found, colour)
        dash = "-" if column == MEAN else next(dashes)
        mark = "o" if len(epochs) <= style.MARKED else None
        axes.plot(epochs, found[2], color=colour, linestyle=dash, marker=mark, markersize=4, label=what_of(column))
    linear_ticks(axes.xaxis, float(epochs[0]), float(epochs[-1]), most, whole=True)
    return [] if alone else list(axes.lines)
