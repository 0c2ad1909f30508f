"""The grid: a number for every row and every run, and the way back, without listing them.

A row is a configuration; rows that differ only in `epochs` are one run. Rows are numbered as declared, the last key
fastest; runs with the structural settings outermost, so that the runs of one structure stand together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.experiment.initialisation import Initialisation
from harness.experiment.model import STRUCTURAL, Experiment, GridSpec, Value
from harness.experiment.product import Clause, Group, Ids, Lookup, Points, Product, State, restrict

EPOCHS, REPEAT = "epochs", "repeat"


class GridSizeError(HarnessError):
    """The grid has more rows than `run_cap` allows, or none."""

    def __init__(self, experiment: Experiment, count: int, *, exact: bool = True) -> None:
        self.count, cap = count, experiment.run_cap
        shown = f"{count:,}" if count < 10**15 else f"about {count:.1e}"
        message = f"the grid has {'' if exact else 'up to '}{shown} rows, more than run_cap: {cap:,}"
        message += "; raise run_cap if that is meant"
        super().__init__(f"{experiment.label}: {message if count else 'exclude leaves nothing to train'}")


@dataclass(frozen=True)
class Range:
    """Consecutive runs of one structure: its structural values, runs [start, stop), and the most epochs of any."""

    values: Mapping[str, Value]
    start: int
    stop: int
    epochs: int


@dataclass(frozen=True)
class Selection:
    """Some consecutive runs, and their rows.

    ids: for each key the value id of each run (N,), and for `epochs` of each row. run: (R,) which of the N runs a row
    belongs to, ascending, and within a run by epochs. config: (R,) the row's number.
    """

    ids: dict[str, Ids]
    run: Ids
    config: Ids


class Grid:
    """The union of an experiment's grids. rows, runs: their counts. epochs: the sum over runs of their epochs.

    values: for each swept key (and `repeat`) its distinct values; ids index them. Raises `GridSizeError`.
    """

    def __init__(self, experiment: Experiment) -> None:
        if any(dimension.lazy for spec in experiment.grids for dimension in spec.dimensions):
            most = sum(_length(spec, experiment.repeats) for spec in experiment.grids)
            exact = len(experiment.grids) == 1 and not experiment.grids[0].exclude
            raise GridSizeError(experiment, most, exact=exact)
        self.keys = experiment.swept
        self.values, columns = _index_values(experiment)
        specs = [_Spec(spec, ids, self.values, experiment) for spec, ids in zip(experiment.grids, columns, strict=True)]
        self._specs = specs
        self._rows = [_row_product(specs, j) for j in range(len(specs))]
        self._runs = [_run_product(specs, j, self.values[EPOCHS]) for j in range(len(specs))]
        self.rows = sum(product.count for product in self._rows)
        self.runs = sum(product.count for product in self._runs)
        self.epochs = sum(product.weight for product in self._runs)
        if not 0 < self.rows <= experiment.run_cap:
            raise GridSizeError(experiment, self.rows)
        self._first_row = np.cumsum([0, *(product.count for product in self._rows)])
        self._first_run = np.cumsum([0, *(product.count for product in self._runs)])

    def ranges(self) -> Iterator[Range]:
        """The runs, cut where the structure changes, in order."""
        for j, (spec, product) in enumerate(zip(self._specs, self._runs, strict=True)):
            first, most = int(self._first_run[j]), int(max(self.values[EPOCHS]))
            for prefix, start, stop in product.ranges(spec.structural):
                values = dict(spec.constants)
                for point, dimension in zip(prefix, product.dimensions, strict=False):
                    values.update(zip(dimension.keys, dimension.ids[point].tolist(), strict=True))
                structure = {key: self.values[key][values[key]] for key in self.keys if key in STRUCTURAL}
                yield Range(structure, first + start, first + stop, most)

    def select(self, start: int, stop: int) -> Selection:
        """Runs [start, stop), which must lie in one of the `ranges`, with all of their rows."""
        j = int(np.searchsorted(self._first_run, start, side="right")) - 1
        product = self._runs[j]
        points = product.points(np.arange(start, stop) - self._first_run[j])
        ids = {key: np.full(stop - start, id_, np.int64) for key, id_ in self._specs[j].constants.items()}
        for dimension, point in zip(product.dimensions, points, strict=True):
            ids.update(zip(dimension.keys, dimension.ids[point].T, strict=True))
        ids.pop(EPOCHS, None)
        parts = [self._rows_of(m, ids, stop - start) for m in range(j, len(self._specs))]
        run, epochs, config = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((np.asarray(self.values[EPOCHS])[epochs], run))
        return Selection({**ids, EPOCHS: epochs[order]}, run[order], config[order])

    def _rows_of(self, m: int, ids: Mapping[str, Ids], count: int) -> tuple[Ids, Ids, Ids]:
        """(run, epochs id, row number) of every row that spec m has of these runs, and no spec before it."""
        spec, product = self._specs[m], self._rows[m]
        inside = np.ones(count, bool)
        for key, constant in spec.constants.items():
            if key != EPOCHS:
                inside &= ids[key] == constant
        run, epochs_point = spec.epochs_points(ids, np.flatnonzero(inside))
        points = []
        for at, dimension in enumerate(product.dimensions):
            if EPOCHS in dimension.keys:
                points.append(epochs_point)
            else:
                points.append(spec.lookups[at].points([ids[key] for key in dimension.keys])[run])
        number = product.numbers(points, len(run))
        epochs = spec.epochs_ids(epochs_point)
        kept = number >= 0
        return run[kept], epochs[kept], number[kept] + self._first_row[m]


class _Spec:
    """One grid as numbers: its dimensions with `repeat` added, and the id of every key that it does not sweep."""

    def __init__(self, spec: GridSpec, ids: list[Points], values: Mapping[str, Any], experiment: Experiment) -> None:
        self.dimensions = [*ids, Points((REPEAT,), np.arange(experiment.repeats)[:, None])]
        own = {key for points in self.dimensions for key in points.keys}
        self.constants = {key: _id_of(values[key], experiment.settings.get(key)) for key in values if key not in own}
        self.exclude: list[Clause] = [
            tuple(Group((key,), frozenset([(_id_of(values[key], value),)])) for key, value in entry.items())
            for entry in spec.exclude
        ]
        if experiment.repeats > 1:
            self.exclude.append(_repeats_of_the_same(values["init"], experiment.repeats))
        self._with_epochs = next(points for points in self.dimensions if EPOCHS in points.keys)
        sizes = {key: len(values[key]) for key in values}
        self.lookups = [Lookup(points.ids, [sizes[key] for key in points.keys]) for points in self.dimensions]
        rest = [k for k, key in enumerate(self._with_epochs.keys) if key != EPOCHS]
        self.remaining = tuple(self._with_epochs.keys[k] for k in rest)
        remainder = self._with_epochs.ids[:, rest]
        self._by_remainder = Lookup(remainder, [sizes[key] for key in self.remaining])
        run_dimensions = [points for points in self.dimensions if points is not self._with_epochs]
        if self.remaining:
            _, first = np.unique(remainder, axis=0, return_index=True)
            run_dimensions.append(Points(self.remaining, remainder[np.sort(first)]))
        self.run_dimensions = sorted(run_dimensions, key=lambda points: not set(points.keys) & set(STRUCTURAL))
        self.structural = sum(1 for points in run_dimensions if set(points.keys) & set(STRUCTURAL))

    def epochs_points(self, ids: Mapping[str, Ids], runs: Ids) -> tuple[Ids, Ids]:
        """(run, point of the dimension that holds `epochs`) for all that these runs could have."""
        query, points = self._by_remainder.all_points([ids[key][runs] for key in self.remaining], len(runs))
        return runs[query], points

    def epochs_ids(self, points: Ids) -> Ids:
        ids: Ids = self._with_epochs.ids[points, self._with_epochs.keys.index(EPOCHS)]
        return ids

    def box(self) -> Clause:
        """What a configuration must match to stand in this grid, its exclusions aside."""
        swept = tuple(Group(points.keys, frozenset(map(tuple, points.ids.tolist()))) for points in self.dimensions)
        return swept + tuple(Group((key,), frozenset([(id_,)])) for key, id_ in self.constants.items())

    def know(self, clauses: State) -> State:
        """The clauses as far as the keys that this grid does not sweep leave them open."""
        return tuple(restrict(clause, self.constants) for clause in clauses)

    def epochs_group(self) -> Clause:
        points = frozenset(map(tuple, self._with_epochs.ids.tolist()))
        return (Group(self._with_epochs.keys, points),)


def _row_product(specs: list[_Spec], j: int) -> Product:
    """The rows of grid j that no earlier grid has."""
    own = tuple(specs[j].exclude)
    earlier: list[tuple[Clause, ...]] = [(spec.box(), *spec.exclude) for spec in specs[:j]]

    def leaf(state: State) -> tuple[int, int]:
        rest = state[len(own) :]
        taken = any(clause is not None for clause in state[: len(own)])
        for region in earlier:
            box, *excluded = rest[: len(region)]
            taken |= box is not None and not any(clause is not None for clause in excluded)
            rest = rest[len(region) :]
        return (0, 0) if taken else (1, 0)

    clauses = own + tuple(clause for region in earlier for clause in region)
    return Product(specs[j].dimensions, specs[j].know(clauses), leaf)


def _run_product(specs: list[_Spec], j: int, epochs: Sequence[int]) -> Product:
    """The runs of grid j that no earlier grid has, each weighing the most epochs that any grid asks of it.

    When every dimension but `epochs` is chosen, a clause says nothing (()), or leaves some epochs, or none (None).
    """
    regions: list[tuple[Clause, ...]] = [
        (spec.epochs_group() if m == j else spec.box(), *spec.exclude) for m, spec in enumerate(specs)
    ]
    everything = frozenset(range(len(epochs)))

    def allowed(clause: Clause) -> frozenset[int]:
        if clause is None:
            return frozenset()
        return everything.intersection(*(frozenset(e for (e,) in group.points) for group in clause))

    def leaf(state: State) -> tuple[int, int]:
        asked = []
        for region in regions:
            box, *excluded = state[: len(region)]
            asked.append(allowed(box).difference(*map(allowed, excluded)))
            state = state[len(region) :]
        if any(asked[:j]) or not asked[j]:
            return 0, 0
        return 1, int(max(epochs[e] for e in frozenset().union(*asked)))

    clauses = tuple(clause for region in regions for clause in region)
    return Product(specs[j].run_dimensions, specs[j].know(clauses), leaf)


def _length(spec: GridSpec, repeats: int) -> int:
    """How many rows a grid has before exclusions."""
    total = 1
    for dimension in spec.dimensions:
        inits: Any = dimension.values("init") if "init" in dimension.keys else ()
        total *= sum(repeats if init.random else 1 for init in inits) or dimension.length
    return total


def _repeats_of_the_same(inits: Sequence[Initialisation], repeats: int) -> Clause:
    """What is not repeated: initialisations that always give the same numbers."""
    same = frozenset((id_,) for id_, init in enumerate(inits) if not init.random)
    return Group(("init",), same), Group((REPEAT,), frozenset((repeat,) for repeat in range(1, repeats)))


def _id_of(values: Any, value: Value) -> int:
    """The id of a value: its place among the distinct ones."""
    if isinstance(values, np.ndarray):
        return int(np.flatnonzero(values == value)[0])
    return int(values.index(value))


def _index_values(experiment: Experiment) -> tuple[dict[str, Any], list[list[Points]]]:
    """(the distinct values of each key, in order of appearance; each grid's dimensions as value ids)."""
    values: dict[str, Any] = {REPEAT: np.arange(experiment.repeats)}
    ids: dict[tuple[int, str], Ids] = {}
    for key in experiment.swept:
        columns = {
            j: dimension.values(key)
            for j, spec in enumerate(experiment.grids)
            for dimension in spec.dimensions
            if key in dimension.keys
        }
        default = [] if len(columns) == len(experiment.grids) else [experiment.settings.get(key)]
        values[key], codes = _distinct([*columns.values(), default])
        for j, column in columns.items():
            ids[j, key], codes = codes[: len(column)], codes[len(column) :]
    return values, [
        [
            Points(dimension.keys, np.column_stack([ids[j, key] for key in dimension.keys]))
            for dimension in spec.dimensions
        ]
        for j, spec in enumerate(experiment.grids)
    ]


def _distinct(columns: Sequence[Any]) -> tuple[NDArray[np.generic] | list[Any], Ids]:
    """(the distinct values of all columns, in order of appearance; for each value which of them it is)."""
    filled = [column for column in columns if len(column)]
    if all(isinstance(column, np.ndarray) for column in filled):
        _, first, codes = np.unique(np.concatenate(filled), return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        return np.concatenate(filled)[first[order]], rank[codes]
    seen: dict[Value, int] = {}
    ids = [seen.setdefault(value, len(seen)) for column in filled for value in column]
    return list(seen), np.array(ids, np.int64)
