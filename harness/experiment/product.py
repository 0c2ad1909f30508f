"""A product of dimensions with parts left out, counted and indexed without ever being listed.

Points are numbered in lexicographic order, the last dimension fastest, over those that are kept. Walking the dimensions
one by one, all that matters of the values already chosen is the state that they lead to, see `clauses`. The states are
few, so counts and cumulative counts per state make both directions, number -> point and point -> number, a look-up per
dimension.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from harness.experiment.clauses import Matches, StillOpen, places, put_together
from harness.experiment.points import Ids, Points

Leaf = Callable[[StillOpen], tuple[int, int]]
"""What is still open after the last dimension -> (1 if the point is kept else 0, its weight in `Product.weight`)."""


class Product:
    """dimensions: slowest first. grid: the number of the one they are of. start: what is open before the first of them.

    count, weight: the number of kept points, and the sum of their weights (Python integers, of any size).
    """

    def __init__(self, dimensions: list[Points], grid: int, start: StillOpen, leaf: Leaf) -> None:
        self.dimensions, self._grid = dimensions, grid
        level: dict[StillOpen, int] = {start: 0}
        self._next: list[list[Ids]] = []
        for dimension in dimensions:
            reached: dict[StillOpen, int] = {}
            matches = Matches(dimension)
            self._next.append([self._transitions(state, matches, reached) for state in level])
            level = reached
        totals = [leaf(state) for state in level]
        self._counts = [[count for count, _ in totals]]
        for steps in reversed(self._next):
            totals = [self._total(step, totals) for step in steps]
            self._counts.insert(0, [count for count, _ in totals])
        self.count, self.weight = totals[0]

    def _transitions(self, state: StillOpen, matches: Matches, reached: dict[StillOpen, int]) -> Ids:
        """(n,) the number of the state that each point leads to.

        Only points that match a clause are looked at: all others lose every clause that names a key of this dimension.
        """
        open_ = list(places(state))
        options = [(place, matches.of(clause)) for place, clause in open_]
        kept = [one for one, (_, found) in zip(open_, options, strict=True) if found is None]
        if len(kept) == len(open_):
            return np.broadcast_to(np.int64(reached.setdefault(state, len(reached))), matches.size)
        matched = [(place, left, points) for place, found in options if found for left, points in found]
        numbers: dict[bytes, int] = {}

        def number(which: bytes) -> int:
            """The number of the state of points that match these of `matched`."""
            if which not in numbers:
                left = (matched[one][:2] for one in np.frombuffer(which, np.int32).tolist())
                after = put_together((*kept, *left), self._grid)
                numbers[which] = reached.setdefault(after, len(reached))
            return numbers[which]

        points = np.concatenate([np.empty(0, np.int64), *(points for _, _, points in matched)])
        which = np.repeat(np.arange(len(matched), dtype=np.int32), [len(points) for _, _, points in matched])
        order = np.argsort(points, kind="stable")
        there, first = np.unique(points[order], return_index=True)
        runs = np.split(which[order], first[1:]) if len(there) else []
        found = np.full(matches.size, number(b"") if len(there) < matches.size else 0, np.int64)
        found[there] = [number(run.tobytes()) for run in runs]
        return found

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
