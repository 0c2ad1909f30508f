"""Some runs of a table, at equal distances, found in little memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.views.results import Results


def some_runs(results: Results, most: int, only: Any = None) -> tuple[NDArray[np.int64], int]:
    """The numbers of at most so many runs at equal distances, of those with rows that meet an expression.

    And how many of these there are.
    """

    def runs(number: int) -> NDArray[np.int64]:
        return np.unique(results.piece(number, ["run"], only)["run"].to_numpy())

    counts, last, every = np.zeros(len(results.pieces), np.int64), -1, None
    for number in range(len(results.pieces)):
        there = runs(number)
        if len(there) and there[0] < last:  # not in order: they cannot be counted one piece after the other
            every = np.unique(np.concatenate([runs(number) for number in range(len(results.pieces))]))
            break
        counts[number] = len(there) - bool(len(there) and there[0] == last)
        last = int(there[-1]) if len(there) else last
    total = len(every) if every is not None else int(counts.sum())
    places = np.unique(np.linspace(0, total - 1, min(most, total)).round().astype(np.int64))
    if every is not None:
        return every[places], total
    ends = np.cumsum(counts)
    holds = np.searchsorted(ends, places, side="right")
    chosen = [
        there[len(there) - counts[number] :][places[holds == number] - (ends[number] - counts[number])]
        for number in np.unique(holds).tolist()
        for there in [runs(number)]
    ]
    return np.concatenate([np.empty(0, np.int64), *chosen]), total
