"""A results folder in words: its network and axes, how its runs ended, its best row."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd

from harness.block import Status
from harness.experiment import ExperimentError, load
from harness.views.results import Axis, Results

DIGITS = 6


def description(results: Results) -> str:
    """The experiment's own words; none if it cannot be read any more, as when its data are gone."""
    try:
        return load(results.name, results.source).description or ""
    except ExperimentError:
        return ""


def facts(results: Results) -> list[str]:
    """Its network, its rows, and the length of each axis."""
    layers = results.layers
    network = f"network {'-'.join(map(str, layers))}" if layers else "networks of several shapes"
    lengths = [f"{len(axis.values):,} x {axis.name}" for axis in results.axes.values()]
    return [network, f"{results.rows:,} configurations", *lengths]


def status(which: Status, count: int, rows: int) -> dict[str, Any]:
    """How many rows have this status."""
    return {
        "label": which.label,
        "count": count,
        "text": f"{count:,}",
        "share": f"({count / max(rows, 1):.1%})",
        "sentence": which.sentence,
    }


def axes(found: Iterable[Axis]) -> list[dict[str, str]]:
    """What each axis is, and its ends."""
    return [
        {
            "name": axis.name,
            "count": f"{len(axis.values):,}",
            "first": shown(_plain(axis, 0)),
            "last": shown(_plain(axis, -1)),
            "meaning": axis.column.meaning.replace("`", ""),
        }
        for axis in found
    ]


def _plain(axis: Axis, at: int) -> Any:
    return axis.values[at].item() if axis.numeric else str(axis.values[at])


def shown(value: Any) -> str:
    """A value of the table for a reader, to six digits; nothing for NULL."""
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or math.isnan(value):
        return ""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.{DIGITS}g}"
