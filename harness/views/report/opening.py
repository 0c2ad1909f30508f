"""Which pictures a report has, which of them comes first, and what they show before anything is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from harness.experiment.model import REPEATING
from harness.views.losses import unlike
from harness.views.scale import TableAxis

MOST_LINES, MOST_PANELS = 6, 9
"""The most values that an axis of labels may have to get a line each in one picture, and to get a panel each."""


def ranked(axes: Mapping[str, TableAxis], rows: pd.DataFrame) -> list[TableAxis]:
    """The axes in the order in which a picture picks them and a list of choices names them.

    Learning rates, epochs, other numbers, the longest first, then labels; at the end repeats and folds, which only
    repeat a setting, and axes that not every row has.
    """
    return sorted(axes.values(), key=lambda axis: (bool(rows[axis.name].isna().any()), axis.rank))


def opening(axes: Sequence[TableAxis], rows: pd.DataFrame, curves: bool, parallel: bool = False) -> dict[str, Any]:
    """What the pictures show at first: `order`, the names of those there are, and for each of them its choices.

    axes: as `ranked` gives them. curves: whether loss curves were recorded. parallel: whether settings can be drawn as
    lines over parallel axes, which come last. A map over two axes comes first if two vary, else the loss curves if
    there are any. Settings that are labels get a panel or a line each, never a median;
    losses of different kinds never share a picture.
    """
    usual = [axis for axis in axes if axis.name not in REPEATING] or list(axes)
    usual = [axis for axis in usual if axis.name not in unlike([axis.name])] or usual
    found: dict[str, Any] = {"curves": {}} if curves else {}
    if usual:
        x, *others = usual
        lines = [axis for axis in others if len(axis.values) <= MOST_LINES and _together(rows, x, axis)]
        group = lines[0] if lines else None
        found["line"] = {"x": x.name, "group": group and group.name, "panels": _panels(others, rows, x, group)}
        if y := next((axis for axis in others if axis.name not in REPEATING and _together(rows, x, axis)), None):
            found = {"map": {"x": x.name, "y": y.name, "panels": _panels(others, rows, x, y)}} | found
    found |= {"parallel": {}} if parallel else {}
    return {"order": list(found), **found}


def _panels(axes: Sequence[TableAxis], rows: pd.DataFrame, *drawn: TableAxis | None) -> str | None:
    """The name of the first axis of labels that is not drawn and has few enough values for a panel each; else None."""
    there = [axis for axis in drawn if axis]
    found = [axis for axis in axes if axis not in there and not axis.numeric and len(axis.values) <= MOST_PANELS]
    return next((axis.name for axis in found if _together(rows, *there, axis)), None)


def _together(rows: pd.DataFrame, *axes: TableAxis) -> bool:
    """Whether some row has a value of each of these axes."""
    return bool(rows[[axis.name for axis in axes]].notna().all(axis="columns").any())
