"""What was asked, checked and resolved: the objects that every other layer reads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment.axes import Axis, AxisValues
from harness.experiment.initialisations import Initialisation
from harness.experiment.settings import KINDS, NO_LIMITS, defaults_of

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


STRUCTURAL = (
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
"""The settings that decide which kernel trains a run; a block of runs never mixes them."""


@dataclass(frozen=True)
class Data:
    """inputs: (S, I) float64. targets: (S, T) float64, as they stand in the file."""

    inputs: NDArray[np.float64]
    targets: NDArray[np.float64]

    def digest(self) -> str:
        """SHA-256 of the numbers and their shape."""
        hashed = hashlib.sha256(repr((self.inputs.shape, self.targets.shape)).encode())
        hashed.update(np.ascontiguousarray(self.inputs).data)  # not a copy of its bytes
        hashed.update(np.ascontiguousarray(self.targets).data)
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
        return {**NO_LIMITS, **{key: value for some in numbers for key, value in some.items()}, **given}
