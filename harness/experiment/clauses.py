"""What is left out of a product of dimensions, and what of it lies in other grids, as far as it is still open.

A clause says "layers is this and learning rate is one of those". Once some dimensions are chosen, all that matters of
their values is what they leave open of the clauses: the state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from harness.experiment.points import Ids, Lookup, Points


class Demand(NamedTuple):
    """Keys that must together have one of these tuples of value ids."""

    keys: tuple[str, ...]
    points: frozenset[tuple[int, ...]]


Open = tuple[Demand, ...]
"""A clause that can still match: all of its demands must. () matches whatever is still to come."""
Clause = Open | None
"""None matches nothing."""


class Region(NamedTuple):
    """What lies in a grid: the points that match `inside` and none of `excluded`. grid: its number."""

    grid: int
    inside: Open
    excluded: frozenset[Open]


class StillOpen(NamedTuple):
    """What is still open once some dimensions are chosen.

    out: a point that matches one of these clauses is left out. regions: of the grids that have the point as well.
    """

    out: frozenset[Open]
    regions: frozenset[Region]


LEFT_OUT = StillOpen(frozenset([()]), frozenset())
"""The point is left out, whatever is still to come."""


def still_open(out: Iterable[Clause], regions: Iterable[Region], grid: int) -> StillOpen:
    """The state without what can match nothing any more. What lies in a grid before this one is left out."""
    clauses = frozenset(clause for clause in out if clause is not None)
    there = frozenset(region for region in regions if () not in region.excluded)
    taken = any(not region.inside and not region.excluded and region.grid < grid for region in there)
    return LEFT_OUT if taken or () in clauses else StillOpen(clauses, there)


@lru_cache(maxsize=1024)
def _choices(demand: Demand, known: tuple[str, ...]) -> dict[tuple[int, ...], Demand]:
    """What each choice of values for the known keys leaves open of a demand."""
    at = [demand.keys.index(key) for key in known]
    rest = [k for k in range(len(demand.keys)) if k not in at]
    left: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
    for point in demand.points:
        left.setdefault(tuple(point[k] for k in at), set()).add(tuple(point[k] for k in rest))
    keys = tuple(demand.keys[k] for k in rest)
    return {choice: Demand(keys, frozenset(points)) for choice, points in left.items()}


def restrict(clause: Clause, chosen: Mapping[str, int]) -> Clause:
    """What is left of a clause once these keys have these values."""
    if clause is None:
        return None
    left = []
    for demand in clause:
        known = tuple(key for key in demand.keys if key in chosen)
        if known:
            open_demand = _choices(demand, known).get(tuple(chosen[key] for key in known))
            if open_demand is None:
                return None
            if open_demand.keys:
                left.append(open_demand)
        else:
            left.append(demand)
    return tuple(left)


class Matches:
    """The points of a dimension that match clauses."""

    def __init__(self, dimension: Points) -> None:
        self.size = len(dimension.ids)
        self._dimension, self._keys = dimension, frozenset(dimension.keys)
        self._lookups: dict[tuple[str, ...], tuple[Lookup, Ids]] = {}
        self._found: dict[Open, list[tuple[Open, Ids]] | None] = {}

    def of(self, clause: Open) -> list[tuple[Open, Ids]] | None:
        """What each matching point leaves open of a clause, and these points, each once.

        None if the clause names no key of the dimension.
        """
        if clause not in self._found:
            if all(self._keys.isdisjoint(demand.keys) for demand in clause):
                self._found[clause] = None
                return None
            found: list[tuple[Open, Ids | None]] = [((), None)]
            for demand in clause:
                known = tuple(key for key in demand.keys if key in self._keys)
                parts = self._points(demand, known) if known else [(demand, None)]
                found = [
                    ((*left, rest) if rest.keys else left, _both(some, points))
                    for left, some in found
                    for rest, points in parts
                ]
            self._found[clause] = [(left, points) for left, points in found if points is not None and len(points)]
        return self._found[clause]

    def _points(self, demand: Demand, known: tuple[str, ...]) -> list[tuple[Demand, Ids]]:
        """What each matching point leaves open of a demand, and these points."""
        if known not in self._lookups:
            ids = self._dimension.ids[:, [self._dimension.keys.index(key) for key in known]]
            sizes = ids.max(axis=0, initial=0) + 1
            self._lookups[known] = Lookup(ids, sizes.tolist()), sizes
        lookup, sizes = self._lookups[known]
        together: dict[Demand, list[tuple[int, ...]]] = {}
        for choice, rest in _choices(demand, known).items():
            together.setdefault(rest, []).append(choice)
        found = []
        for rest, choices in together.items():
            wanted = np.array(choices, np.int64)
            wanted = wanted[(wanted < sizes).all(axis=1)]
            found.append((rest, lookup.all_points(list(wanted.T), len(wanted))[1]))
        return found


Place = tuple[int, int, bool]
"""Where a clause stands in a state: the grid of a region, its number, and whether inside; `OUT` for those of `out`."""
OUT: Place = (-1, -1, False)


def places(state: StillOpen) -> Iterator[tuple[Place, Open]]:
    """The clauses of a state, each with its place."""
    for clause in state.out:
        yield OUT, clause
    for number, region in enumerate(state.regions):
        yield (region.grid, number, True), region.inside
        for clause in region.excluded:
            yield (region.grid, number, False), clause


def put_together(clauses: Iterable[tuple[Place, Open]], grid: int) -> StillOpen:
    """The state of clauses at their places, for a product of this grid."""
    inside: dict[tuple[int, int], Open] = {}
    others: dict[tuple[int, int], list[Open]] = {}
    for (*region, within), clause in clauses:
        if within:
            inside[region[0], region[1]] = clause
        else:
            others.setdefault((region[0], region[1]), []).append(clause)
    regions = (Region(at[0], clause, frozenset(others.get(at, ()))) for at, clause in inside.items())
    return still_open(others.get(OUT[:2], ()), regions, grid)


def _both(some: Ids | None, others: Ids | None) -> Ids | None:
    """The points that are in both; None: all."""
    if some is None or others is None:
        return others if some is None else some
    return np.intersect1d(some, others, assume_unique=True)
