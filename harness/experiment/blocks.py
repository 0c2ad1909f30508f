"""A `{parameters, zip, exclude}` block of the file, read into the dimensions of one grid."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from harness.experiment.axes import MOST_VALUES, SWEEPABLE, Axis, setting_of
from harness.experiment.axis_spec import parse
from harness.experiment.errors import BadValueError, Path, dotted, found, nearest
from harness.experiment.model import Dimension, GridSpec
from harness.experiment.source import Note

BLOCK_KEYS = ("parameters", "zip", "exclude")
SHORT = 10_000
"""Values of an axis that are computed whatever the size of the grid."""
MOST_BATCH_SIZES = 100_000


@dataclass
class Block:
    """One block, as far as it could be read.

    where: its path in the file. paths: of each key that stands in it. damaged: the keys that could not be read.
    """

    where: Path
    dimensions: list[Dimension] = field(default_factory=list)
    exclude: list[dict[str, Any]] = field(default_factory=list)
    paths: dict[str, Path] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)

    def spec(self) -> GridSpec:
        return GridSpec(tuple(self.dimensions), tuple(self.exclude))


class BlockReader:
    """Reads blocks; what is wrong with them gathers in notes. seed, run_cap: the experiment's."""

    def __init__(self, seed: int, run_cap: int, notes: list[Note]) -> None:
        self.seed, self.run_cap, self.notes = seed, run_cap, notes

    def read(self, raw: dict[str, Any], where: Path) -> Block:
        """parameters, zip and exclude of a mapping that may hold other keys too."""
        block = Block(where)
        for section in raw:
            if section == "parameters":
                entries = self._mapping(raw, "parameters", where)
                groups = [[(key, item, (*where, "parameters", key))] for key, item in entries.items()]
            elif section == "zip":
                groups = list(self._zip_groups(self._mapping(raw, "zip", where), (*where, "zip")))
            else:
                continue
            for group in groups:
                self._dimension(block, group)
        self._settle_lengths(block)
        self._missing(block)
        if "exclude" in raw:
            self._exclude(block, raw["exclude"])
        return block

    def _mapping(self, raw: dict[str, Any], key: str, where: Path) -> dict[str, Any]:
        if isinstance(raw[key], dict):
            return raw[key]
        self.notes.append(Note((*where, key), f"expected a mapping, found {found(raw[key])}"))
        return {}

    def _zip_groups(self, groups: dict[str, Any], where: Path) -> Iterator[list[tuple[str, Any, Path]]]:
        for name, group in groups.items():
            path = (*where, name)
            if not isinstance(group, dict) or not group:
                what = "an empty mapping" if group == {} else found(group)
                hint = ""
                if setting_of(name):
                    hint = "; zip: takes groups by a name of your own, each with its keys"
                self.notes.append(Note(path, f"expected a mapping from keys to axes, found {what}{hint}"))
                continue
            yield [(key, item, (*path, key)) for key, item in group.items()]

    def _dimension(self, block: Block, group: list[tuple[str, Any, Path]]) -> None:
        axes: dict[str, Axis] = {}
        for key, raw, path in group:
            if key in block.paths:
                first = dotted(block.paths[key])
                self.notes.append(Note(path, f"given twice, first as {first}", key=True))
                continue
            if setting_of(key) is None:
                self.notes.append(Note(path, unknown_parameter(key), key=True))
                continue
            block.paths[key] = path
            try:
                axes[key] = parse(key, raw, self.seed)
            except BadValueError as bad:
                block.damaged.add(key)
                self.notes += [Note((*path, *below), text) for below, text in bad.notes]
        lengths = {axis.length for axis in axes.values()}
        if len(lengths) > 1:
            told = ", ".join(f"{key} has {axis.length:,}" for key, axis in axes.items())
            self.notes.append(Note(group[0][2][:-1], f"expected axes of one length, but {told}", key=True))
            block.damaged |= set(axes)
        elif axes:
            block.dimensions.append(Dimension(axes))

    def _settle_lengths(self, block: Block) -> None:
        """Count first; then compute and check the values, unless there are too many ever to be trained."""
        count = math.prod(_declared(dimension) for dimension in block.dimensions)
        for place, dimension in enumerate(block.dimensions):
            declared = _declared(dimension)
            generated = [axis for axis in dimension.axes.values() if not axis.explicit]
            if generated and count > self.run_cap and declared > SHORT:
                block.dimensions[place] = dimension = Dimension(dimension.axes, lazy=True)
            for axis in generated:
                self._check_values(block, axis, dimension.lazy)
        block.dimensions = [d for d in block.dimensions if not block.damaged & set(d.keys)]

    def _check_values(self, block: Block, axis: Axis, lazy: bool) -> None:
        path = block.paths[axis.key]
        most = MOST_BATCH_SIZES if axis.key == "batch_size" else MOST_VALUES
        try:
            if lazy:
                axis.check_ends()
            elif axis.length > most:
                raise BadValueError(f"expected at most {most:,} values, found {axis.length:,}")
            else:
                axis.values()
        except BadValueError as bad:
            block.damaged.add(axis.key)
            self.notes.append(Note(path, str(bad)))

    def _missing(self, block: Block) -> None:
        rates = any(key.startswith("learning_rate") for key in block.paths)
        for key, example in (("learning_rate", "0.1"), ("epochs", "[1, 10, 100]"), ("init", "ones")):
            if key not in block.paths and not (key == "learning_rate" and rates):
                path = (*block.where, "parameters", key)
                self.notes.append(
                    Note(path, f"missing; give a value or an axis, such as {key}: {example}", key=True)
                )

    def _exclude(self, block: Block, raw: Any) -> None:
        where = (*block.where, "exclude")
        if not isinstance(raw, list):
            self.notes.append(Note(where, f"expected a list of partial matches, found {found(raw)}"))
            return
        for index, entry in enumerate(raw):
            path = (*where, index)
            if not isinstance(entry, dict) or not entry:
                message = f"expected a mapping from keys to values, found {found(entry) if entry != {} else 'an empty one'}"
                self.notes.append(Note(path, message))
                continue
            read = {key: self._excluded(block, key, value, (*path, key)) for key, value in entry.items()}
            if None not in read.values():
                block.exclude.append(read)

    def _excluded(self, block: Block, key: str, raw: Any, path: Path) -> Any:
        setting = setting_of(key)
        if setting is None or key not in block.paths:
            message = (
                unknown_parameter(key) if setting is None else "matches nothing: this key is not swept here"
            )
            if setting is None and nearest(key, block.paths):
                message = f"unknown key{nearest(key, block.paths)}"
            self.notes.append(Note(path, message, key=True))
            return None
        try:
            value = setting.rule(raw)
        except BadValueError as bad:
            self.notes += [Note((*path, *below), text) for below, text in bad.notes]
            return None
        dimension = next((d for d in block.dimensions if key in d.keys), None)
        if dimension is None:
            return None
        if dimension.lazy or _has(dimension.values(key), value):
            return value
        self.notes.append(
            Note(path, f"matches nothing: {key} has no value {_near(dimension.values(key), raw, value)}")
        )
        return None


def _declared(dimension: Dimension) -> int:
    return next(iter(dimension.axes.values())).length


def _has(values: Any, value: Any) -> bool:
    return bool(np.any(values == value)) if isinstance(values, np.ndarray) else value in values


def _near(values: Any, raw: Any, value: Any) -> str:
    """The value that is not there, and for numbers the one that comes closest."""
    if isinstance(values, np.ndarray):
        closest = values[np.argmin(np.abs(values - value))].item()
        return f"{found(raw)}; the nearest is {closest!r}"
    return str(getattr(value, "label", None) or found(raw))


def unknown_parameter(key: str) -> str:
    """The message for a key under `parameters` or `zip` that nothing has."""
    if key.startswith("learning_rate_") and key.removeprefix("learning_rate_").isdecimal():
        return "unknown key; layers are numbered 1, 2, .."
    hint = nearest(key, SWEEPABLE)
    return f"unknown key{hint}" if hint else f"unknown key; expected one of {', '.join(SWEEPABLE)}"
