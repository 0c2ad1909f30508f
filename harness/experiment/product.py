"""A product of dimensions with parts left out, counted and indexed without ever being listed.

Points are numbered in lexicographic order, the last dimension fastest, over those that are kept. What is left out is
given as clauses ("layers is this and learning rate is one of those"); walking the dimensions one by one, all that
matters of the values already chosen is what they leave open of each clause. Those *states* are few, so counts and
cumulative counts per state make both directions, number -> point and point -> number, a look-up per dimension.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


class Group(NamedTuple):
    """Keys that must together have one of these tuples of value ids."""

    keys: tuple[str, ...]
    points: frozenset[tuple[int, ...]]


Clause = tuple[Group, ...] | None
"""All of its groups must match: () matches whatever is still to come, None nothing."""
State = tuple[Clause, ...]
Leaf = Callable[[State], tuple[int, int]]
"""State after the last dimension -> (1 if the point is kept else 0, its weight in `Product.weight`)."""


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


@lru_cache(maxsize=1024)
def _choices(group: Group, known: tuple[str, ...]) -> dict[tuple[int, ...], Group]:
    """What each choice of values for the known keys leaves open of a group."""
    at = [group.keys.index(key) for key in known]
    rest = [k for k in range(len(group.keys)) if k not in at]
    left: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
    for point in group.points:
        left.setdefault(tuple(point[k] for k in at), set()).add(tuple(point[k] for k in rest))
    keys = tuple(group.keys[k] for k in rest)
    return {choice: Group(keys, frozenset(points)) for choice, points in left.items()}


def restrict(clause: Clause, chosen: Mapping[str, int]) -> Clause:
    """What is left of a clause once these keys have these values."""
    if clause is None:
        return None
    left = []
    for group in clause:
        known = tuple(key for key in group.keys if key in chosen)
        if known:
            open_group = _choices(group, known).get(tuple(chosen[key] for key in known))
            if open_group is None:
                return None
            if open_group.keys:
                left.append(open_group)
        else:
            left.append(group)
    return tuple(left)


class Product:
    """dimensions: slowest first. clauses: the state before the first dimension. leaf: see `Leaf`.

    count, weight: the number of kept points, and the sum of their weights (Python integers, of any size).
    """

    def __init__(self, dimensions: list[Points], clauses: State, leaf: Leaf) -> None:
        self.dimensions = dimensions
        level: dict[State, int] = {clauses: 0}
        self._next: list[list[Ids]] = []
        for dimension in dimensions:
            reached: dict[State, int] = {}
            self._next.append([self._transitions(state, dimension, reached) for state in level])
            level = reached
        totals = [leaf(state) for state in level]
        self._counts = [[count for count, _ in totals]]
        for steps in reversed(self._next):
            totals = [self._total(step, totals) for step in steps]
            self._counts.insert(0, [count for count, _ in totals])
        self.count, self.weight = totals[0]

    @staticmethod
    def _transitions(state: State, dimension: Points, reached: dict[State, int]) -> Ids:
        """(n,) the number of the state that each point leads to."""
        open_keys = {key for clause in state if clause for group in clause for key in group.keys}
        columns = [k for k, key in enumerate(dimension.keys) if key in open_keys]
        if not columns:
            same = reached.setdefault(state, len(reached))
            return np.broadcast_to(np.int64(same), len(dimension.ids))
        keys = [dimension.keys[k] for k in columns]
        points, which = distinct(dimension.ids[:, columns])
        found = np.empty(len(points), np.int64)
        for i, point in enumerate(points.tolist()):
            chosen = dict(zip(keys, point, strict=True))
            after = tuple(restrict(clause, chosen) for clause in state)
            found[i] = reached.setdefault(after, len(reached))
        return found[which]

    @staticmethod
    def _total(step: Ids, totals: list[tuple[int, int]]) -> tuple[int, int]:
        states, points = np.unique(step, return_counts=True)
        pairs = [(int(n), totals[s]) for s, n in zip(states.tolist(), points.tolist(), strict=True)]
        return sum(n * count for n, (count, _) in pairs), sum(n * weight for n, (_, weight) in pairs)

    @cached_property
    def _before(self) -> list[list[Ids]]:
        """For each dimension and state, (n + 1,) how many kept points stand before each point."""
        return [
            [np.concatenate([[0], np.cumsum(np.array(counts, np.int64)[step])]) for step in steps]
            for steps, counts in zip(self._next, self._counts[1:], strict=True)
        ]

    def points(self, numbers: Ids) -> list[Ids]:
        """The point of each dimension for each number."""
        found, state, rest = [], np.zeros(len(numbers), np.int64), np.array(numbers, np.int64)
        for steps, before in zip(self._next, self._before, strict=True):
            point, after = np.empty_like(state), np.empty_like(state)
            for s, chosen in _each(state):
                at = np.searchsorted(before[s], rest[chosen], side="right") - 1
                rest[chosen] -= before[s][at]
                point[chosen], after[chosen] = at, steps[s][at]
            found.append(point)
            state = after
        return found

    def numbers(self, points: list[Ids], size: int) -> Ids:
        """The number of each of `size` points, or -1 for one that is left out (or has -1 for a dimension)."""
        state, total, kept = np.zeros(size, np.int64), np.zeros(size, np.int64), np.ones(size, bool)
        for point, steps, before in zip(points, self._next, self._before, strict=True):
            kept &= point >= 0
            after = np.empty_like(state)
            for s, chosen in _each(state):
                at = np.maximum(point[chosen], 0)
                total[chosen] += before[s][at]
                after[chosen] = steps[s][at]
            state = after
        kept &= np.array(self._counts[-1], np.int64)[state] > 0
        return np.where(kept, total, -1)

    def ranges(self, depth: int) -> Iterator[tuple[tuple[int, ...], int, int]]:
        """(points of the first `depth` dimensions, start, stop) for each such prefix that keeps any point."""

        def walk(
            level: int, state: int, start: int, prefix: tuple[int, ...]
        ) -> Iterator[tuple[tuple[int, ...], int, int]]:
            count = self._counts[level][state]
            if level == depth:
                if count:
                    yield prefix, start, start + count
                return
            for point, after in enumerate(self._next[level][state].tolist()):
                yield from walk(level + 1, after, start + int(self._before[level][state][point]), (*prefix, point))

        return walk(0, 0, 0, ())


def _each(state: Ids) -> Iterator[tuple[int, slice | NDArray[np.bool_]]]:
    """Each state that occurs, with where; all at once when there is only one."""
    first = int(state[0]) if len(state) else 0
    if (state == first).all():
        yield first, slice(None)
        return
    for s in np.unique(state).tolist():
        yield s, state == s


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
