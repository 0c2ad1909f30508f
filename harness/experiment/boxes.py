"""One grid of an experiment in numbers: value ids, what is left out of it, and what of another grid lies in it.

A setting that a run does not use (see `idle`) is compared with nothing, so that points which differ in nothing else are
one: the first of them. Which settings these are differs from case to case, and each case has clauses of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np

from harness.experiment.clauses import Demand, Open, Region, restrict
from harness.experiment.idle import DECIDERS
from harness.experiment.initialisations import Initialisation
from harness.experiment.meaning import meant
from harness.experiment.model import REPEAT, STRUCTURAL, Experiment, Value, WrittenGrid
from harness.experiment.points import Ids, Lookup, Points, firsts
from harness.experiment.settings import KINDS, defaults_of

EPOCHS = "epochs"
IdOf = Callable[[str, Value], int]


class Case(NamedTuple):
    """Configurations whose layers, optimizer and schedule agree in what they use.

    match: the demands that they match, and no others. idle: keys that they do not use. defaults: key -> (id of "not
    given", id of the value that is used then), for keys that have both.
    """

    match: Open
    idle: frozenset[str]
    defaults: Mapping[str, tuple[int, int]]

    def id_of(self, key: str, id_: int) -> int:
        """The id of the value that is used."""
        none, default = self.defaults.get(key, (id_, id_))
        return default if id_ == none else id_


class Box:
    """One `{parameters, zip, exclude}`: its dimensions, with `repeat` added, and the id of every other key's value.

    values: for each key its distinct values. ids: the dimensions. id_: as `ids_of` gives it. rows, runs: the dimensions
    of its rows and of its runs, with a column of marks for each case in which points repeat earlier ones; row_clauses
    and run_clauses leave these out, and the former what `exclude` does. structural: how many of the runs' dimensions
    decide the structure.
    """

    def __init__(
        self, written: WrittenGrid, ids: list[Points], values: Mapping[str, Any], id_: IdOf, experiment: Experiment
    ) -> None:
        self._values, self._settings = values, experiment.settings
        self._cases: dict[tuple[int, ...], Case] = {}
        self._lookups: dict[tuple[int, frozenset[str]], tuple[Lookup, list[str]]] = {}
        self.dimensions = [*ids, Points((REPEAT,), np.arange(experiment.repeats)[:, None])]
        self._own = frozenset(key for points in self.dimensions for key in points.keys)
        self.constants = {key: id_(key, experiment.settings.get(key)) for key in values if key not in self._own}
        self._exclude = [{key: id_(key, value) for key, value in entry.items()} for entry in written.exclude]
        self._repeated = _repeats_of_the_same(values["init"], experiment.repeats) if experiment.repeats > 1 else []
        self._with_epochs = next(points for points in self.dimensions if EPOCHS in points.keys)
        self.rows, copies = self._marked(self.dimensions)
        self.row_clauses = self._known([*self._excluded(), *copies])
        rest = [k for k, key in enumerate(self._with_epochs.keys) if key != EPOCHS]
        dimensions = [points for points in self.dimensions if points is not self._with_epochs]
        if rest:
            remainder = self._with_epochs.ids[:, rest]
            dimensions.append(Points(tuple(self._with_epochs.keys[k] for k in rest), remainder[firsts(remainder)]))
        dimensions.sort(key=lambda points: not set(points.keys) & set(STRUCTURAL))
        self.structural = sum(1 for points in dimensions if set(points.keys) & set(STRUCTURAL))
        self.runs, copies = self._marked(dimensions)
        self.run_clauses = self._known(copies)

    def cases(self, keys: Set[str], ids: Mapping[str, int] | None = None) -> list[Case]:
        """All cases that differ in these keys. ids: of the deciding settings that are known, else the constants'."""
        cases = [Case((), frozenset(), {})]
        for decider, rule in DECIDERS.items():
            found: dict[tuple[frozenset[str], tuple[Any, ...]], list[int]] = {}
            for id_, value in self._choices(decider, self.constants if ids is None else ids):
                idle = frozenset(rule(value, keys, self._own))
                found.setdefault((idle, self._defaults(decider, value, keys - idle)), []).append(id_)
            cases = [
                Case(
                    (*case.match, *_one_of(decider, some, len(found))),
                    case.idle | idle,
                    {**case.defaults, **dict(more)},
                )
                for case in cases
                for (idle, more), some in found.items()
            ]
        return cases

    def case_of(self, ids: Mapping[str, Ids]) -> Case:
        """The case of some runs (N,) of one structure."""
        known = {key: int(ids[key][0]) for key in DECIDERS if key in ids}
        at = tuple(known.values())
        if at not in self._cases:
            (self._cases[at],) = self.cases(frozenset(self._values), known)
        return self._cases[at]

    def regions(self, number: int, other: Box) -> list[Region]:
        """What lies in this grid, as clauses about the points of another: for each case the grid, and what it excludes.

        number: this grid's. Of this grid itself the dimension with the epochs alone, as the others say nothing.
        """
        regions = []
        for case, clause, excluded in self._within if other is self else self._inside:
            known = {key: case.id_of(key, id_) for key, id_ in other.constants.items()}
            inside = restrict(clause, known)
            if inside is not None:
                left = (restrict(clause, known) for clause in excluded)
                regions.append(Region(number, inside, frozenset(clause for clause in left if clause is not None)))
        return regions

    @cached_property
    def _inside(self) -> list[tuple[Case, Open, list[Open]]]:
        """For each case the clause that the points of this grid match, and those of what is excluded from it.

        Points that are repeats of the same are not: every grid leaves them out itself.
        """
        return self._clauses(self.dimensions, frozenset(self._values), self.constants)

    @cached_property
    def _within(self) -> list[tuple[Case, Open, list[Open]]]:
        """As `_inside`, for points whose other dimensions are this grid's own, and with the repeats of the same."""
        keys = frozenset(self._with_epochs.keys).union(*self._exclude)
        found = self._clauses([self._with_epochs], keys, {})
        return [(case, inside, [*excluded, *self._repeated]) for case, inside, excluded in found]

    def _clauses(
        self, swept: Sequence[Points], keys: Set[str], constants: Mapping[str, int]
    ) -> list[tuple[Case, Open, list[Open]]]:
        found = []
        for case in self.cases(keys):
            demands = [_demand(points, case.idle) for points in swept]
            demands += _entry({key: case.id_of(key, id_) for key, id_ in constants.items() if key not in case.idle})
            excluded = [_entry(entry) for entry in self._exclude if not case.idle & entry.keys()]
            found.append((case, (*case.match, *(demand for demand in demands if demand.keys)), excluded))
        return found

    def find(self, ids: Mapping[str, Ids], count: int) -> tuple[Ids, Ids, list[Ids]]:
        """(run, epochs id, point of each dimension) of every row that these `count` runs of one structure have here.

        ids: (count,) of each key. What `row_clauses` leave out is there too.
        """
        case = self.case_of(ids)
        inside = np.ones(count, bool)
        for key, id_ in self.constants.items():
            if key not in case.idle:
                inside &= ids[key] == case.id_of(key, id_)
        runs = np.flatnonzero(inside)
        lookup, keys = self._lookup(self._with_epochs, case.idle | {EPOCHS})
        query, with_epochs = lookup.all_points([ids[key][runs] for key in keys], len(runs))
        run, points = runs[query], []
        for dimension in self.dimensions:
            if dimension is self._with_epochs:
                points.append(with_epochs)
            else:
                lookup, keys = self._lookup(dimension, case.idle)
                points.append(lookup.points([ids[key] for key in keys], count)[run])
        epochs: Ids = self._with_epochs.ids[with_epochs, self._with_epochs.keys.index(EPOCHS)]
        return run, epochs, points

    def _lookup(self, points: Points, without: frozenset[str]) -> tuple[Lookup, list[str]]:
        """The look-up in a dimension by all keys but some, and these keys."""
        keys = [key for key in points.keys if key not in without]
        at = id(points), frozenset(keys)
        if at not in self._lookups:
            columns = [points.keys.index(key) for key in keys]
            self._lookups[at] = Lookup(points.ids[:, columns], [len(self._values[key]) for key in keys]), keys
        return self._lookups[at]

    def _choices(self, decider: str, ids: Mapping[str, int]) -> list[tuple[int, Any]]:
        """(id, value) of what a deciding setting can be."""
        if decider not in self._values:
            return [(0, self._settings[decider])]
        if decider in ids:
            return [(ids[decider], self._values[decider][ids[decider]])]
        return list(enumerate(self._values[decider]))

    def _defaults(self, decider: str, value: Any, keys: Set[str]) -> tuple[tuple[str, tuple[int, int]], ...]:
        """The items of `Case.defaults` for one value of a deciding setting."""
        if decider not in KINDS:
            return ()
        found = []
        for key, default in defaults_of(decider, value).items():
            values = self._values.get(key)
            if key in keys and isinstance(values, list) and None in values and default in values:
                found.append((key, (values.index(None), values.index(default))))
        return tuple(found)

    def _marked(self, dimensions: Sequence[Points]) -> tuple[list[Points], list[Open]]:
        """The dimensions with marks, and the clauses that leave out what is marked."""
        marked: list[Points] = []
        clauses: list[Open] = []
        for points in dimensions:
            keys, columns = list(points.keys), [points.ids]
            for case in self.cases(frozenset(points.keys)):
                used = [k for k, key in enumerate(points.keys) if key not in case.idle]
                if len(used) < len(points.keys) and not (once := firsts(points.ids[:, used])).all():
                    keys.append(f"copy {len(clauses)}")
                    columns.append((~once[:, None]).astype(np.int64))
                    clauses.append((*case.match, Demand((keys[-1],), frozenset([(1,)]))))
            marked.append(Points(tuple(keys), np.hstack(columns)) if len(columns) > 1 else points)
        return marked, clauses

    def _excluded(self) -> list[Open]:
        """Clauses for the entries of `exclude`, which match a setting only where it is used."""
        entries = [
            (*case.match, *_entry(entry))
            for entry in self._exclude
            for case in self.cases(frozenset(entry))
            if not case.idle
        ]
        return [*entries, *self._repeated]

    def _known(self, clauses: Sequence[Open]) -> list[Open]:
        """The clauses as far as the keys that this grid does not sweep leave them open."""
        known = (restrict(clause, self.constants) for clause in clauses)
        return [clause for clause in known if clause is not None]


def _one_of(key: str, ids: Sequence[int], choices: int) -> Open:
    """One demand for one of these ids of a key; none if the key has no other ids."""
    return (Demand((key,), frozenset((id_,) for id_ in ids)),) if choices > 1 else ()


def _entry(entry: Mapping[str, int]) -> Open:
    """The demands of a clause that matches the points with all of these values."""
    return tuple(Demand((key,), frozenset([(id_,)])) for key, id_ in entry.items())


def _demand(points: Points, idle: Set[str]) -> Demand:
    """The points of a dimension as a demand, without the keys that are idle."""
    used = [k for k, key in enumerate(points.keys) if key not in idle]
    return Demand(tuple(points.keys[k] for k in used), frozenset(map(tuple, points.ids[:, used].tolist())))


def _repeats_of_the_same(inits: Sequence[Initialisation], repeats: int) -> list[Open]:
    """Clauses that leave out the repeats of initialisations that always give the same numbers."""
    same = frozenset((id_,) for id_, init in enumerate(inits) if not init.random)
    return [(Demand(("init",), same), Demand((REPEAT,), frozenset((repeat,) for repeat in range(1, repeats))))]


def ids_of(values: Mapping[str, Any], samples: int) -> IdOf:
    """A function (key, value) -> the place of the value among the distinct ones of its key."""

    @cache
    def places(key: str) -> dict[Any, int]:
        return {meant(key, value, samples): at for at, value in enumerate(values[key])}

    def id_(key: str, value: Value) -> int:
        if isinstance(values[key], np.ndarray):
            return int(np.flatnonzero(values[key] == value)[0])
        return places(key)[meant(key, value, samples)]

    return id_
