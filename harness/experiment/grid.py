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
from harness.experiment.boxes import EPOCHS, Box, ids_of
from harness.experiment.clauses import LEFT_OUT, Open, StillOpen, still_open
from harness.experiment.meaning import meant, merges
from harness.experiment.model import REPEAT, STRUCTURAL, Experiment, Value, WrittenGrid
from harness.experiment.points import Ids, Points, firsts
from harness.experiment.product import Product

__all__ = ["EPOCHS", "IDLE", "REPEAT", "Grid", "GridSizeError", "Range", "Selection"]

IDLE = -1
"""The id of the value of a setting that a run does not use."""


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

    ids: for each key the value id of each run (N,), `IDLE` where the run does not use it, and for `epochs` of each row.
    run: (R,) which of the N runs a row belongs to, ascending, and within a run by epochs. config: (R,) its number.
    """

    ids: dict[str, Ids]
    run: Ids
    config: Ids


class Grid:
    """The union of an experiment's grids. rows, runs: their counts. epochs: the sum over runs of their epochs.

    values: for each swept key (and `repeat`) its distinct values; ids index them. Raises `GridSizeError`.
    """

    def __init__(self, experiment: Experiment) -> None:
        if any(dimension.lazy for written in experiment.grids for dimension in written.dimensions):
            most = sum(_length(written, experiment.repeats) for written in experiment.grids)
            exact = len(experiment.grids) == 1 and not experiment.grids[0].exclude and not merges(experiment)
            raise GridSizeError(experiment, most, exact=exact)
        self.keys = experiment.swept
        self.values, columns = _index_values(experiment)
        id_ = ids_of(self.values, experiment.data.trained)
        grids = zip(experiment.grids, columns, strict=True)
        boxes = [Box(written, ids, self.values, id_, experiment) for written, ids in grids]
        self._boxes = boxes
        self._rows = [_row_product(boxes, j) for j in range(len(boxes))]
        self._runs = [_run_product(boxes, j, self.values[EPOCHS]) for j in range(len(boxes))]
        self.rows = sum(product.count for product in self._rows)
        self.runs = sum(product.count for product in self._runs)
        self.epochs = sum(product.weight for product in self._runs)
        if not 0 < self.rows <= experiment.run_cap:
            raise GridSizeError(experiment, self.rows)
        self._first_row = np.cumsum([0, *(product.count for product in self._rows)])
        self._first_run = np.cumsum([0, *(product.count for product in self._runs)])

    def ranges(self) -> Iterator[Range]:
        """The runs, cut where the structure changes, in order."""
        for j, (box, product) in enumerate(zip(self._boxes, self._runs, strict=True)):
            first, most = int(self._first_run[j]), int(max(self.values[EPOCHS]))
            for prefix, start, stop in product.ranges(box.structural):
                values = dict(box.constants)
                for point, dimension in zip(prefix, product.dimensions, strict=False):
                    values.update(zip(dimension.keys, dimension.ids[point].tolist(), strict=True))
                structure = {key: self.values[key][values[key]] for key in self.keys if key in STRUCTURAL}
                yield Range(structure, first + start, first + stop, most)

    def select(self, start: int, stop: int) -> Selection:
        """Runs [start, stop), which must lie in one of the `ranges`, with all of their rows."""
        j = int(np.searchsorted(self._first_run, start, side="right")) - 1
        product = self._runs[j]
        points = product.points(np.arange(start, stop) - self._first_run[j])
        ids = {key: np.full(stop - start, id_, np.int64) for key, id_ in self._boxes[j].constants.items()}
        for dimension, point in zip(product.dimensions, points, strict=True):
            ids.update(zip(dimension.keys, dimension.ids[point].T, strict=True))
        case = self._boxes[j].case_of(ids)
        for key, (none, default) in case.defaults.items():
            ids[key] = np.where(ids[key] == none, default, ids[key])
        ids = {key: np.full_like(ids[key], IDLE) if key in case.idle else ids[key] for key in self.values if key in ids}
        ids.pop(EPOCHS, None)
        parts = [self._rows_of(m, ids, stop - start) for m in range(j, len(self._boxes))]
        run, epochs, config = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((np.asarray(self.values[EPOCHS])[epochs], run))
        return Selection({**ids, EPOCHS: epochs[order]}, run[order], config[order])

    def _rows_of(self, m: int, ids: Mapping[str, Ids], count: int) -> tuple[Ids, Ids, Ids]:
        """(run, epochs id, row number) of every row that grid m has of these runs, and no grid before it."""
        run, epochs, points = self._boxes[m].find(ids, count)
        number = self._rows[m].numbers(points, len(run))
        kept = number >= 0
        return run[kept], epochs[kept], number[kept] + self._first_row[m]


def _row_product(boxes: Sequence[Box], j: int) -> Product:
    """The rows of grid j that no earlier grid has."""
    earlier = (region for m, box in enumerate(boxes[:j]) for region in box.regions(m, boxes[j]))
    start = still_open(boxes[j].row_clauses, earlier, j)
    return Product(boxes[j].rows, j, start, lambda state: (0, 0) if state == LEFT_OUT else (1, 0))


def _run_product(boxes: Sequence[Box], j: int, epochs: Sequence[int]) -> Product:
    """The runs of grid j that no earlier grid has, each weighing the most epochs that any grid asks of it.

    When every dimension but `epochs` is chosen, a clause says nothing (()), or leaves some epochs.
    """
    everything = frozenset(range(len(epochs)))

    def allowed(clause: Open) -> frozenset[int]:
        return everything.intersection(*(frozenset(e for (e,) in demand.points) for demand in clause))

    def leaf(state: StillOpen) -> tuple[int, int]:
        if state == LEFT_OUT:
            return 0, 0
        asked: list[frozenset[int]] = [frozenset() for _ in boxes]
        for region in state.regions:
            asked[region.grid] |= allowed(region.inside).difference(*map(allowed, region.excluded))
        if any(asked[:j]) or not asked[j]:
            return 0, 0
        return 1, int(max(epochs[e] for e in frozenset().union(*asked)))

    regions = (region for m, box in enumerate(boxes) for region in box.regions(m, boxes[j]))
    return Product(boxes[j].runs, j, still_open(boxes[j].run_clauses, regions, j), leaf)


def _length(written: WrittenGrid, repeats: int) -> int:
    """How many rows a grid has before exclusions."""
    total = 1
    for dimension in written.dimensions:
        inits: Any = dimension.values("init") if "init" in dimension.keys else ()
        total *= sum(repeats if init.random else 1 for init in inits) or dimension.length
    return total


def _index_values(experiment: Experiment) -> tuple[dict[str, Any], list[list[Points]]]:
    """(the distinct values of each key, in order of appearance; each grid's dimensions as value ids)."""
    values: dict[str, Any] = {REPEAT: np.arange(experiment.repeats)}
    ids: dict[tuple[int, str], Ids] = {}
    for key in experiment.swept:
        columns = {
            j: dimension.values(key)
            for j, written in enumerate(experiment.grids)
            for dimension in written.dimensions
            if key in dimension.keys
        }
        default = [] if len(columns) == len(experiment.grids) else [experiment.settings.get(key)]
        values[key], codes = _distinct(key, [*columns.values(), default], experiment.data.trained)
        for j, column in columns.items():
            ids[j, key], codes = codes[: len(column)], codes[len(column) :]
    dimensions = [
        [
            Points(dimension.keys, np.column_stack([ids[j, key] for key in dimension.keys]))
            for dimension in written.dimensions
        ]
        for j, written in enumerate(experiment.grids)
    ]
    return values, [[_once(points) for points in dimensions_] for dimensions_ in dimensions]


def _once(points: Points) -> Points:
    """The points without those that mean the same as an earlier one, such as a batch size written in another way."""
    same = {"batch_size", "activation"}.intersection(points.keys)
    return Points(points.keys, points.ids[firsts(points.ids)]) if same else points


def _distinct(key: str, columns: Sequence[Any], samples: int) -> tuple[NDArray[np.generic] | list[Any], Ids]:
    """(the distinct values of all columns, in order of appearance; for each value which of them it is)."""
    filled = [column for column in columns if len(column)]
    if key != "batch_size" and all(isinstance(column, np.ndarray) for column in filled):
        _, first, codes = np.unique(np.concatenate(filled), return_index=True, return_inverse=True)
        order = np.argsort(first)
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        return np.concatenate(filled)[first[order]], rank[codes]
    seen: dict[Value, int] = {}
    values: list[Any] = []
    ids = []
    for value in (value for column in filled for value in column):
        ids.append(seen.setdefault(meant(key, value, samples), len(seen)))
        if len(values) < len(seen):
            values.append(meant(key, value, samples) if key == "batch_size" else value)
    return values, np.array(ids, np.int64)
