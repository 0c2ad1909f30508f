"""A bar for each parameter, and each pair: how much of the variance of a score comes of it."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from harness.views.choosing.importance import importance, title
from harness.views.palette import LINES
from harness.views.plots import style
from harness.views.plots.asked import Asked
from harness.views.ticks import literal

MOST = 12
"""The most bars."""


def importance_of(asked: Asked) -> tuple[Asked, pd.DataFrame]:
    """What is asked, and the shares. Raises `HarnessError`."""
    return asked, importance(asked.results, asked.color, asked.where)


def draw(found: tuple[Asked, pd.DataFrame]) -> Figure:
    """The greatest shares as bars, the greatest on top."""
    asked, table = found
    shown = table[:MOST]
    made, body = style.sheet(
        asked.question or f"What decides {table.attrs['by'].replace('_', ' ')}?",
        [f"{title(table)}{asked.after}", asked.held],
    )
    axes = body.subplots()
    bars = axes.barh([literal(name) for name in shown["parameter"]], shown["share"], color=LINES[0])
    axes.bar_label(bars, [f" {share:.1%}" for share in shown["share"]], fontsize=9)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.1 * max(shown["share"].max(), 1e-3))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    style.named(axes, title(table), "")
    left_out = [f"the {MOST} greatest of {len(table):,}"] if len(table) > MOST else []
    asked.caption(made, *left_out, *filter(None, [table.attrs["estimated"]]))
    return made
