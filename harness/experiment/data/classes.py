"""Targets that are classes: their names in sorted order, and which of them each sample is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.experiment.errors import found
from harness.experiment.notes import BadValueError, Note, Wrong

MOST_CLASSES = 1000
Numbered = tuple[tuple[str, ...], NDArray[np.float64]]
"""(the names of the classes, (S,) the number of each sample's)."""


def of_text(cells: NDArray[np.str_]) -> Numbered:
    """The classes of labels; NaN where there is none."""
    names = np.unique(cells[cells != ""])
    _check(len(names), "labels")
    numbers = np.searchsorted(names, cells).astype(np.float64)
    numbers[cells == ""] = np.nan
    return tuple(names.tolist()), numbers


def of_numbers(column: NDArray[np.float64]) -> Numbered:
    """The classes of whole numbers, in their order; NaN where there is none."""
    there = ~np.isnan(column)
    values = np.unique(column[there])
    fractions = values[values != np.floor(values)]
    if len(fractions):
        whole = "labels or whole numbers, for classes"
        raise BadValueError(Note(("targets",), Wrong.VALUE, whole, found(float(fractions[0]))))
    _check(len(values), "whole numbers")
    numbers = np.searchsorted(values, column).astype(np.float64)
    numbers[~there] = np.nan
    return tuple(str(int(value)) for value in values), numbers


def classes_in(targets: NDArray[np.float64]) -> NDArray[np.intp] | None:
    """(S,) the class that targets (S, O) say: which of them is the one that is 1, or of a single one which of its two
    values it is; None if they say none.
    """
    if targets.shape[1] > 1:
        high = targets == 1.0
        one_hot = (high.sum(axis=1) == 1) & (high | (targets == 0.0) | (targets == -1.0)).all(axis=1)
        return np.argmax(targets, axis=1) if one_hot.all() else None
    values, classes = np.unique(targets[:, 0], return_inverse=True)
    return classes if len(values) == 2 else None


def _check(count: int, what: str) -> None:
    if not 2 <= count <= MOST_CLASSES:
        wanted = f"from 2 to {MOST_CLASSES:,} different {what}, for classes"
        raise BadValueError(Note(("targets",), Wrong.VALUE, wanted, f"{count:,}"))
