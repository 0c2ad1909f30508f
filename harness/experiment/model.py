"""What was asked, checked and resolved: the objects that every other layer reads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Value = object
"""One value of one parameter: float, int, bool, str, tuple (layers, activations) or `Initialisation`.

Values are hashable, and two spellings of the same thing are equal.
"""

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
)
"""The settings that decide which kernel trains a run; a block of runs never mixes them."""


@dataclass(frozen=True)
class Structure:
    """One value of every structural setting: which arithmetic trains a run.

    layers: units of each layer, inputs first. activations: one name per layer of weights, the output's last.
    batch_size: samples per update, `full` resolved to the number of samples.
    """

    layers: tuple[int, ...]
    activations: tuple[str, ...]
    bias: Literal["true", "false", "fixed"]
    loss: str
    optimizer: str
    batch_size: int
    dtype: Literal["float64", "float32"]
    arithmetic: Literal["exact", "fast"]


@dataclass(frozen=True)
class Data:
    """inputs: (S, I) float64. targets: (S, T) float64, as they stand in the file."""

    inputs: NDArray[np.float64]
    targets: NDArray[np.float64]

    def digest(self) -> str:
        """SHA-256 of the numbers and their shape."""
        hashed = hashlib.sha256(repr((self.inputs.shape, self.targets.shape)).encode())
        hashed.update(np.ascontiguousarray(self.inputs).tobytes())
        hashed.update(np.ascontiguousarray(self.targets).tobytes())
        return hashed.hexdigest()


@dataclass(frozen=True)
class Dimension:
    """One dimension of a grid: an axis, or the axes of a zip group, which move together.

    axes: for each parameter its values, all of one length, no two points of the dimension equal.
    """

    axes: Mapping[str, Sequence[Value] | NDArray[np.generic]]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self.axes)

    def __len__(self) -> int:
        return len(next(iter(self.axes.values())))


@dataclass(frozen=True)
class GridSpec:
    """One `{parameters, zip, exclude}` block: its dimensions as declared, the last one fastest.

    exclude: partial matches, each a mapping from parameter to the value that is left out.
    """

    dimensions: tuple[Dimension, ...]
    exclude: tuple[Mapping[str, Value], ...] = ()


@dataclass(frozen=True)
class Experiment:
    """A checked experiment.

    settings: the constant value of every `network` and `training` key, for grids that do not sweep it.
    swept: every key that stands under `parameters` or `zip` anywhere, in declared order.
    losses_every: epochs between two points of the loss curves, or None for no curves.
    source: the text of the file (or the mapping as YAML). fingerprint: SHA-256 of all that determines the rows.
    """

    name: str
    description: str
    seed: int
    settings: Mapping[str, Value]
    data: Data
    grids: tuple[GridSpec, ...]
    swept: tuple[str, ...]
    repeats: int
    run_cap: int
    record_weights: bool
    losses_every: int | None
    source: str
    fingerprint: str
