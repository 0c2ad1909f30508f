"""What was asked, checked and resolved: the objects that every other layer reads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment.axes import Axis, AxisValues
from harness.experiment.initialisations import Initialisation
from harness.experiment.measured import Measure, Monitoring, Part
from harness.experiment.settings import KINDS, NO_LIMITS, STANDARDIZE, defaults_of
from harness.formulas.scores import SOLVED

Value = object
"""One value of one parameter: float, int, bool, str, tuple (layers, activations) or `Initialisation`.

Values are hashable, and two spellings of the same thing are equal.
"""


def label(value: Value) -> str:
    """A value in print, as in the tables: `0.1`, `true`, `tanh`, `[2, 2, 1]`, `[relu, tanh]`, `{constant: 0.3}`."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(label, value))}]"
    if isinstance(value, Initialisation):
        return value.label
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


REPEAT, FOLD = "repeat", "fold"
REPEATING = (REPEAT, FOLD)
"""What only repeats a setting: with other initial weights, or on other samples."""
OF_DATA = (FOLD, STANDARDIZE)
"""The settings that decide on which samples a run is trained, and in which form."""
STRUCTURAL = (
    *OF_DATA,
    "layers",
    "activation",
    "output",
    "bias",
    "loss",
    "optimizer",
    "batch_size",
    "dtype",
    "arithmetic",
    "schedule",
    "shuffle",
    "reduction",
    "decay_biases",
)
"""The settings that decide which kernel trains a run, and on what; a block of runs never mixes them."""


@dataclass(frozen=True)
class Samples:
    """inputs: (S, I) float64. targets: (S, T) float64."""

    inputs: NDArray[np.float64]
    targets: NDArray[np.float64]


@dataclass(frozen=True)
class Data(Samples):
    """All samples of an experiment, their numbers as they stand in the file.

    classes: what the targets are called, if they are the numbers of classes. part: (S,) `Part` of each sample; None if
    all are trained on. fold: (S,) which of the `folds` a sample of TRAIN belongs to, if there are any: a run of one
    fold takes it for validation. how: how a file was read, in words. dropped: its rows that were left out.
    """

    classes: tuple[str, ...] = ()
    part: NDArray[np.int8] | None = None
    fold: NDArray[np.int64] | None = None
    how: str = ""
    dropped: int = 0

    @property
    def folds(self) -> int:
        """How many folds there are, or 0."""
        return 0 if self.fold is None else int(self.fold.max()) + 1

    def parts(self, fold: int | None = None) -> dict[Part, NDArray[np.intp]]:
        """The samples of each part that there is, in their order. fold: of the run."""
        if self.part is None:
            return {Part.TRAIN: np.arange(len(self.inputs))}
        held_out = (self.fold == fold) & (self.part == Part.TRAIN)
        of = np.where(held_out, Part.VALIDATION, self.part) if fold is not None else self.part
        return {part: found for part in Part if len(found := np.flatnonzero(of == part))}

    @cached_property
    def trained(self) -> int:
        """The most samples that a run is trained on."""
        return max(len(self.parts(fold)[Part.TRAIN]) for fold in self.each_fold)

    @property
    def each_fold(self) -> Sequence[int | None]:
        """Every fold, or None where there are none."""
        return range(self.folds) if self.folds else [None]

    def digest(self) -> str:
        """SHA-256 of the numbers and their shape; of classes and parts, too, where there are any."""
        hashed = hashlib.sha256(repr((self.inputs.shape, self.targets.shape)).encode())
        hashed.update(np.ascontiguousarray(self.inputs).data)  # not a copy of its bytes
        hashed.update(np.ascontiguousarray(self.targets).data)
        if self.classes:
            hashed.update(repr(self.classes).encode())
        for name in ("part", "fold"):
            if (numbers := getattr(self, name)) is not None:
                hashed.update(name.encode() + np.ascontiguousarray(numbers).data)
        return hashed.hexdigest()


@dataclass(frozen=True)
class Dimension:
    """One dimension of a grid: an axis, or the axes of a zip group, which move together.

    axes: for each parameter its axis, all of one length. lazy: the grid is beyond `run_cap`, so its
    values were never computed or checked (end points aside), and its length is as declared.
    """

    axes: Mapping[str, Axis]
    lazy: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self.axes)

    @cached_property
    def length(self) -> int:
        """How many points, no two of them equal; a Python int of any size, duplicates included, when lazy."""
        if self.lazy:
            return next(iter(self.axes.values())).length
        return len(self._kept[self.keys[0]])

    def values(self, key: str) -> AxisValues:
        """A parameter's value at each point: float64 or int64 (length,), or a tuple of anything else."""
        return self._kept[key]

    @cached_property
    def _kept(self) -> dict[str, AxisValues]:
        columns = {key: axis.values for key, axis in self.axes.items()}
        first = _first_of_each(list(columns.values()))
        return {key: _take(column, first) for key, column in columns.items()}


def _first_of_each(columns: list[AxisValues]) -> NDArray[np.intp]:
    """Where each different point (one value of every column) stands first, in order."""
    codes = [_ids(column) if isinstance(column, tuple) else column for column in columns]
    points = codes[0]
    for other in codes[1:]:
        distinct, ids = np.unique(other, return_inverse=True)
        points = np.unique(points, return_inverse=True)[1] * len(distinct) + ids
    return np.sort(np.unique(points, return_index=True)[1])


def _ids(values: tuple[Value, ...]) -> NDArray[np.intp]:
    """A number for each value, the same for equal ones."""
    seen: dict[Value, int] = {}
    return np.array([seen.setdefault(value, len(seen)) for value in values], np.intp)


def _take(column: AxisValues, first: NDArray[np.intp]) -> AxisValues:
    if len(first) == len(column):
        return column
    return tuple(column[i] for i in first) if isinstance(column, tuple) else column[first]


@dataclass(frozen=True)
class WrittenGrid:
    """One `{parameters, zip, exclude}` of the file: its dimensions as declared, the last one fastest.

    exclude: partial matches, each a mapping from parameter to the value that is left out.
    """

    dimensions: tuple[Dimension, ...]
    exclude: tuple[Mapping[str, Value], ...] = ()


@dataclass(frozen=True)
class Experiment:
    """A checked experiment.

    label: what messages call it, the file as it was given. settings: the constant value of every `network` and
    `training` key, for grids that do not sweep it.
    swept: every key that stands under `parameters` or `zip` anywhere, in declared order.
    losses_every: epochs between two points of the loss curves, or None for no curves.
    source: the text of the file (or the mapping as YAML). fingerprint: SHA-256 of what decides the rows.
    columns: what the columns of the data are called, inputs first; none where nobody named them.
    from_file: whether the data stand in a file beside the experiment.
    metrics: what is recorded of each part of the data beside the loss; None if nothing is, not even that.
    monitoring: what is watched of each run from epoch to epoch, if anything is. predictions: the parts of the data
    whose outputs are recorded.
    """

    label: str
    name: str
    description: str
    seed: int
    settings: Mapping[str, Value]
    data: Data
    grids: tuple[WrittenGrid, ...]
    swept: tuple[str, ...]
    repeats: int
    run_cap: int
    record_weights: bool
    losses_every: int | None
    source: str
    fingerprint: str
    columns: tuple[str, ...] = ()
    from_file: bool = False
    metrics: tuple[str, ...] | None = None
    monitoring: Monitoring | None = None
    predictions: tuple[Part, ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that a sweep writes."""
        asked = {"curves": bool(self.losses_every), "predictions": bool(self.predictions)}
        return ("runs", *(name for name, wanted in asked.items() if wanted))

    @property
    def targets(self) -> tuple[str, ...]:
        """What the columns of the targets are called; nothing where nobody named them."""
        return self.columns[self.data.inputs.shape[1] :]

    @cached_property
    def scores(self) -> tuple[Measure, ...]:
        """What is recorded of which part of the data, in the order of the table's columns."""
        if self.metrics is None:
            return ()
        parts = self.data.parts(0 if self.data.folds else None)
        return tuple(
            Measure(part, name)
            for part in parts
            for name in ("loss", *self.metrics)
            if name != SOLVED or part is Part.TRAIN
        )

    @property
    def scored(self) -> bool:
        """Whether networks are scored, while they train or afterwards."""
        watched = self.monitoring.measures if self.monitoring else ()
        return bool(self.scores) or any(part is not None for part, _ in watched)

    @cached_property
    def predicted(self) -> int:
        """How many samples are predicted by each row, at most."""
        folds = range(self.data.folds) if self.data.folds else [None]
        return max(sum(len(of[part]) for part in self.predictions) for of in map(self.data.parts, folds))

    @cached_property
    def least_rate(self) -> float:
        """The least learning rate that any layer has."""
        rates = ((d, key) for grid in self.grids for d in grid.dimensions for key in d.keys if not d.lazy)
        return min((float(np.min(d.values(key))) for d, key in rates if key.startswith("learning_rate")), default=1.0)

    def used(self, values: Mapping[str, Value]) -> dict[str, Any]:
        """What a run uses for each setting: what its grid gives, or else the file, or else the default.

        values: what its grid gives, with the `KINDS` that are swept; None is as good as nothing. A number that one of
        these must have, and that nothing gives, is NaN.
        """
        given: dict[str, Any] = {**self.settings, **{key: value for key, value in values.items() if value is not None}}
        numbers = [defaults_of(kind, given[kind]) for kind in KINDS if kind in given]
        of_kinds = {key: value for some in numbers for key, value in some.items()}
        return {STANDARDIZE: "none", **NO_LIMITS, **of_kinds, **given}
