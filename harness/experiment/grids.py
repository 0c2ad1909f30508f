"""The grids of the file: each `{parameters, zip, exclude}`, read into dimensions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from harness.experiment.axes import MOST_VALUES, SWEEPABLE, Axis, AxisValues, setting_of
from harness.experiment.axes.written import parse
from harness.experiment.conditions import apart, conditions, count, counted, drawn
from harness.experiment.document import GRID_KEYS, misplaced, unknown_key
from harness.experiment.errors import Path, dotted, either, found
from harness.experiment.idle import DECIDERS
from harness.experiment.initialisations import Initialisation
from harness.experiment.model import Dimension, WrittenGrid, label
from harness.experiment.notes import BadValueError, Note, Wrong, refused, unknown

SHORT = 10_000
"""Values of an axis that are computed whatever the size of the grid."""
MOST_BATCH_SIZES = 100_000
EXAMPLES = {"learning_rate": "0.1", "epochs": "[1, 10, 100]", "init": "ones"}
"""What every grid must give."""


@dataclass
class GridReading:
    """One grid of the file, as far as it could be read.

    where: its path in the file. declared: the keys that stand in it, in order, also those that only other
    configurations have. paths: of each key that stands in it. damaged: the keys that could not be
    read. whole: whether every key could be found.
    """

    where: Path
    dimensions: list[Dimension] = field(default_factory=list)
    exclude: list[dict[str, Any]] = field(default_factory=list)
    paths: dict[str, Path] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)
    whole: bool = True
    declared: tuple[str, ...] = ()

    def written(self) -> WrittenGrid:
        """The grid as it is part of an experiment."""
        return WrittenGrid(tuple(self.dimensions), tuple(self.exclude))


class GridReader:
    """Reads grids; what is wrong with them gathers in notes. seed, run_cap: the experiment's."""

    def __init__(self, seed: int, run_cap: int, notes: list[Note]) -> None:
        self.seed, self.run_cap, self.notes = seed, run_cap, notes
        self.values_left = MOST_VALUES
        self.named: dict[str, Initialisation] = {}

    def read(self, data: Mapping[str, Any]) -> Iterator[GridReading]:
        """All grids of a file: those under `grids`, or the one at the top level; of one with conditions several."""
        if "grids" not in data:
            yield from self._apart(data, ())
            return
        if beside := [key for key in GRID_KEYS if key in data]:
            self.notes.append(Note(("grids",), Wrong.VALUE, f"either grids or {either(beside)}", "both", key=True))
        grids = data["grids"]
        if not isinstance(grids, list) or not grids:
            self.notes.append(Note(("grids",), Wrong.VALUE, "a list of {parameters, zip, exclude, ..}", found(grids)))
            return
        for index, raw in enumerate(grids):
            path = ("grids", index)
            if not isinstance(raw, dict):
                self.notes.append(Note(path, Wrong.VALUE, "{parameters, zip, exclude, ..}", found(raw)))
                continue
            self.notes += [
                misplaced(key, "grids", (*path, key)) or unknown(key, GRID_KEYS, (*path, key))
                for key in raw
                if key not in GRID_KEYS
            ]
            yield from self._apart(raw, path)

    def _apart(self, raw: Mapping[str, Any], where: Path) -> Iterator[GridReading]:
        """The grids that conditions make of one."""
        grid = self._grid(raw, where)
        asked = self._asked(lambda when: conditions(when, grid.dimensions), raw, "when", where) or []
        found = list(apart(grid.dimensions, asked))
        used = {key for dimensions in found for dimension in dimensions for key in dimension.keys}
        for key in [key for dimension in grid.dimensions for key in dimension.keys if key not in used]:
            why = "no configuration to which when leaves it uses it"
            self.notes.append(Note(grid.paths[key], Wrong.UNUSED, found=why, key=True))
        for dimensions in found:
            keys = {key for dimension in dimensions for key in dimension.keys}
            gone = {key for dimension in grid.dimensions for key in dimension.keys} - keys
            yield replace(
                grid,
                dimensions=dimensions,
                exclude=[entry for entry in grid.exclude if not gone & entry.keys()],
                paths={key: path for key, path in grid.paths.items() if key not in gone},
                declared=tuple(grid.paths),
            )

    def _asked(self, rule: Callable[[Any], Any], raw: Mapping[str, Any], key: str, where: Path) -> Any:
        """What a rule makes of a key of a grid; None if it is not there, or bad, which is noted."""
        try:
            return rule(raw[key]) if key in raw else None
        except BadValueError as bad:
            self.notes += bad.below(*where, key)
            return None

    def _grid(self, raw: Mapping[str, Any], where: Path) -> GridReading:
        """The parameters, zip and exclude of a mapping that may hold other keys too."""
        grid, n = GridReading(where), self._asked(count, raw, "random", where)
        for section in raw:
            if section in ("parameters", "zip"):
                for group in self._groups(grid, section, raw[section]):
                    drawn_here = section == "parameters" and "random" in raw
                    self._dimension(grid, group, (n or 1) if drawn_here else None)
        if n and not grid.damaged:
            joint = self._asked(lambda _: drawn(grid.dimensions, n, self.seed), raw, "random", where)
            grid.dimensions = joint or grid.dimensions
        self._check_dimensions(grid)
        for key, example in EXAMPLES.items():
            given = any(other.startswith(key) for other in grid.paths)
            if grid.whole and not given:
                path = (*where, "parameters", key)
                hint = f"give a value or an axis, such as {key}: {example}"
                self.notes.append(Note(path, Wrong.MISSING, hint=hint, key=True))
        if "exclude" in raw:
            self._exclude(grid, raw["exclude"])
        return grid

    def _groups(self, grid: GridReading, section: str, raw: Any) -> Iterator[list[tuple[str, Any, Path]]]:
        """(key, axis, path) of the axes of each dimension."""
        where = (*grid.where, section)
        if not isinstance(raw, dict):
            self.notes.append(Note(where, Wrong.VALUE, "a mapping", found(raw)))
            grid.whole = False
            return
        for name, item in raw.items():
            path = (*where, name)
            if section == "parameters":
                yield [(name, item, path)]
            elif isinstance(item, dict) and item:
                yield [(key, axis, (*path, key)) for key, axis in item.items()]
            else:
                hint = "zip holds groups, each by a name of its own" if setting_of(name) else ""
                self.notes.append(Note(path, Wrong.VALUE, "a mapping from keys to axes", found(item), hint=hint))
                grid.whole = False

    def _dimension(self, grid: GridReading, group: list[tuple[str, Any, Path]], n: int | None) -> None:
        """Read the axes of a dimension. n: how many points are drawn, if they are."""
        axes: dict[str, Axis] = {}
        for key, raw, path in group:
            if key in grid.paths:
                twice = f"given twice, first as {dotted(grid.paths[key])}"
                self.notes.append(Note(path, Wrong.OTHER, found=twice, key=True))
                continue
            if setting_of(key) is None:
                self.notes.append(unknown_parameter(key, path))
                continue
            grid.paths[key] = path
            try:
                axes[key] = parse(key, counted(raw, n) if n else raw, self.seed)
                if key == "init":
                    self._name(axes[key])
            except BadValueError as bad:
                grid.damaged.add(key)
                self.notes += bad.below(*path)
        if len({axis.length for axis in axes.values()}) > 1:
            told = ", ".join(f"{key} has {axis.length:,}" for key, axis in axes.items())
            self.notes.append(Note(group[0][2][:-1], Wrong.RESULT, "axes of one length", told, key=True))
            grid.damaged |= set(axes)
        elif axes:
            grid.dimensions.append(Dimension(axes))

    def _name(self, inits: Axis) -> None:
        """Note which values have which name. Raises BadValueError if others have it."""
        for init in inits.numbers:
            if init.name and self.named.setdefault(init.name, init) != init:
                raise refused(f"two different values have the name {init.name}; give each a name of its own")

    def _check_dimensions(self, grid: GridReading) -> None:
        """Count first; then compute and check the values, unless there are too many ever to be trained."""
        lengths = [next(iter(dimension.axes.values())).length for dimension in grid.dimensions]
        beyond = math.prod(lengths) > self.run_cap
        for place, (dimension, length) in enumerate(zip(grid.dimensions, lengths, strict=True)):
            generated = [axis for axis in dimension.axes.values() if not axis.explicit]
            if generated and beyond and length > SHORT:
                grid.dimensions[place] = dimension = Dimension(dimension.axes, lazy=True)
            for axis in generated:
                try:
                    axis.check_ends() if dimension.lazy else self._values(axis)
                except BadValueError as bad:
                    grid.damaged.add(axis.key)
                    self.notes += bad.below(*grid.paths[axis.key])
        grid.dimensions = [d for d in grid.dimensions if not grid.damaged & set(d.keys)]

    def _values(self, axis: Axis) -> AxisValues:
        """The values of an axis, if there are not too many. Raises BadValueError."""
        alone = axis.key == "batch_size"
        if axis.length > (MOST_BATCH_SIZES if alone else self.values_left):
            what = f"{MOST_BATCH_SIZES:,} values" if alone else f"{MOST_VALUES:,} values on all axes together"
            raise BadValueError(Note((), Wrong.VALUE, f"at most {what}", f"{axis.length:,}"))
        self.values_left -= axis.length
        return axis.values

    def _exclude(self, grid: GridReading, raw: Any) -> None:
        where = (*grid.where, "exclude")
        if not isinstance(raw, list):
            self.notes.append(Note(where, Wrong.VALUE, "a list of partial matches", found(raw)))
            return
        values = {key: _Values(dimension, key) for dimension in grid.dimensions for key in dimension.keys}
        for index, entry in enumerate(raw):
            if not isinstance(entry, dict) or not entry:
                self.notes.append(Note((*where, index), Wrong.VALUE, "a mapping from keys to values", found(entry)))
                continue
            read = {key: self._excluded(grid, values, key, (*where, index, key), entry[key]) for key in entry}
            idle = [
                (key, f"{decider} {label(read[decider])} does not use it")
                for decider, rule in DECIDERS.items()
                if read.get(decider) is not None
                for key in rule(read[decider], entry.keys(), grid.paths.keys())
            ]
            self.notes += [Note((*where, index, key), Wrong.UNMATCHED, found=why, key=True) for key, why in idle]
            if None not in read.values() and not idle:
                grid.exclude.append(read)

    def _excluded(self, grid: GridReading, values: dict[str, _Values], key: str, path: Path, raw: Any) -> Any:
        """One value of an entry of `exclude`, or None if that could never match."""
        setting = setting_of(key)
        if setting is None or key not in grid.paths:
            unswept = Note(path, Wrong.UNMATCHED, found="this key is not swept here", key=True)
            self.notes.append(unswept if setting else unknown(key, grid.paths, path))
            return None
        try:
            named = self.named.get(raw) if key == "init" and isinstance(raw, str) else None
            value = named or setting.rule(raw)
        except BadValueError as bad:
            self.notes += bad.below(*path)
            return None
        if key not in values or value in values[key]:
            return value
        told = f"{key} has no value {values[key].nearest(raw, value)}"
        self.notes.append(Note(path, Wrong.UNMATCHED, found=told))
        return None


class _Values:
    """The values of one key, to look others up in."""

    def __init__(self, dimension: Dimension, key: str) -> None:
        self.dimension, self.key = dimension, key

    @cached_property
    def all(self) -> Any:
        values = self.dimension.values(self.key)
        return np.sort(values) if isinstance(values, np.ndarray) else frozenset(values)

    def __contains__(self, value: Any) -> bool:
        if self.dimension.lazy:
            return True
        if isinstance(self.all, frozenset):
            return value in self.all
        return bool(self.all[min(np.searchsorted(self.all, value), len(self.all) - 1)] == value)

    def nearest(self, raw: Any, value: Any) -> str:
        """The value that is not there, and for numbers the one that comes closest."""
        if isinstance(self.all, frozenset):
            return str(getattr(value, "label", None) or found(raw))
        return f"{found(raw)}; the nearest is {self.all[np.argmin(np.abs(self.all - value))].item()!r}"


def geometric(data: Mapping[str, Any]) -> dict[str, bool]:
    """Whether its values are asked for at equal ratios, for each parameter whose values a file lets generate."""
    found: dict[str, bool] = {}
    for grid in GridReader(0, 0, []).read(data):
        for axis in (axis for dimension in grid.dimensions for axis in dimension.axes.values() if not axis.explicit):
            found[axis.key] = axis.geometric and found.get(axis.key, True)
    return found


def unknown_parameter(key: str, path: Path = ()) -> Note:
    """What is wrong with a key under `parameters` or `zip` that nothing has."""
    if key.startswith("learning_rate_") and key.removeprefix("learning_rate_").isdecimal():
        return Note(path, Wrong.UNKNOWN, found="key", hint="layers are numbered 1, 2, ..", key=True)
    return unknown_key(key, SWEEPABLE, "parameters", path)
