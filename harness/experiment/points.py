"""The points of the dimensions of a grid: one array of value ids each, and the way from values back to points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Points:
    """One dimension: its keys and, for each point, the id of each key's value, (n, keys)."""

    keys: tuple[str, ...]
    ids: Ids


def distinct(ids: Ids) -> tuple[Ids, Ids]:
    """(the distinct rows of ids (n, keys) in order of appearance; (n,) which of them each row is)."""
    codes, *others = ids.T if ids.shape[1] else np.zeros((1, len(ids)), np.int64)
    for column in others:
        codes = np.unique(codes, return_inverse=True)[1] * (int(column.max(initial=0)) + 1) + column
    _, first, which = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return ids[first[order]], rank[which]


def firsts(ids: Ids) -> NDArray[np.bool_]:
    """(n,) whether a row of ids (n, keys) stands nowhere before."""
    _, which = distinct(ids)
    found = np.zeros(len(ids), bool)
    found[np.unique(which, return_index=True)[1]] = True
    return found


class Lookup:
    """From value ids to the points of a dimension that have them."""

    def __init__(self, ids: Ids, sizes: Sequence[int]) -> None:
        self._sizes = sizes
        codes = self._codes(list(ids.T), len(ids))
        self._order = np.argsort(codes, kind="stable")
        self._sorted = codes[self._order]

    def _codes(self, columns: Sequence[Ids], count: int) -> Ids:
        codes = np.zeros(count, np.int64)
        for column, size in zip(columns, self._sizes, strict=True):
            codes = codes * size + column
        return codes

    def points(self, columns: Sequence[Ids], count: int) -> Ids:
        """The first point with the values of each of the count queries, -1 where there is none."""
        codes = self._codes(columns, count)
        at = np.minimum(np.searchsorted(self._sorted, codes), len(self._sorted) - 1)
        return np.where(self._sorted[at] == codes, self._order[at], -1)

    def all_points(self, columns: Sequence[Ids], count: int) -> tuple[Ids, Ids]:
        """(which of the count queries, point) for every point that a query's values have."""
        codes = self._codes(columns, count)
        first = np.searchsorted(self._sorted, codes, side="left")
        many = np.searchsorted(self._sorted, codes, side="right") - first
        query = np.repeat(np.arange(count), many)
        within = np.arange(len(query)) - np.repeat(np.cumsum(many) - many, many)
        return query, self._order[first[query] + within]
