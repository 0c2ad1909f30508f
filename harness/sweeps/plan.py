"""The plan of a sweep: its grid cut into blocks of about equal cost, and what the whole will take.

The cut depends on the experiment alone, never on the machine, so that the parts come out byte for byte the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from harness.block import OWN_KERNEL, Block, parameter_count
from harness.experiment.grid import EPOCHS, IDLE, REPEAT, Grid, Selection
from harness.experiment.model import Data, Experiment, Structure, label
from harness.experiment.resolve import network_data
from harness.experiment.resolve import structure as structure_of
from harness.experiment.settings import layer_of_rate
from harness.store.schema import LABELS, parameter_type
from harness.store.tables import Rows, Tables
from harness.sweeps.version import version

WORK_PER_SECOND = 2e9
"""Units of work that one thread does in a second, a low guess for any machine: they size blocks and the time that
`harness plan` tells."""
BLOCK_WORK = WORK_PER_SECOND
SMALLEST_WORK = WORK_PER_SECOND / 64
BLOCKS = 16
"""A sweep is cut into at least so many blocks, unless they would be too small to be worth a file."""
BLOCK_NUMBERS = 2**24
"""The most numbers in the rows of one block, or of a part, which bounds its memory and the size of its file."""
PART_ROWS = 2**20
FEW_BLOCKS = 64
"""A sweep of at most this many blocks writes a file for each; in a larger one, as many blocks share a file as make it
worth reading."""
SAMPLE_WORK, PARAMETER_WORK, ANY_PARAMETER_WORK = 8.0, 0.5, 2.5
TRANSCENDENTAL, FUNCTION_WORK, ANY_FUNCTION_WORK = ("tanh", "sigmoid", "softplus"), 6.0, 12.0
UPDATE_WORK = {"rmsprop": 6, "adam": 8, "adamw": 8}
"""Units of work, as measured: of a sample, of each parameter for a sample, of one value of a transcendental function,
and of updating a parameter by these optimizers. `ANY_` is the work in the kernel for any network, which trains large
ones."""
NARROW_WORK, FAST_WORK = 0.5, 0.8
"""The share of the work that remains in float32, and in `fast` arithmetic."""
FEW_RUNS = 16
"""Fewer runs than this take as long as this many: they leave lanes empty, and nothing to do while a vector waits."""
KERNELS = 4
KERNEL_WORK = 1e9
"""Where a sweep has more than `KERNELS` structures, one gets a kernel of its own only if it has more work than this.
Less would not repay compiling it, about a second: the kernel that is compiled once for any network trains it."""


@dataclass(frozen=True)
class Piece:
    """One block of the plan: runs [start, stop) of one structure. epochs: the most of any."""

    number: int
    structure: Structure
    start: int
    stop: int
    epochs: int

    @property
    def runs(self) -> int:
        return self.stop - self.start


class Plan:
    """What a sweep will do. Raises `GridSizeError`.

    block_size: runs in a block, or None for blocks of equal cost.
    """

    def __init__(self, experiment: Experiment, block_size: int | None = None) -> None:
        self.experiment = experiment
        self.grid = Grid(experiment)
        self.samples = len(experiment.data.inputs)
        self.block_size = block_size
        self.rows, self.runs = self.grid.rows, self.grid.runs
        self.steps = self.grid.epochs * self.samples
        self._ranges = [(structure_of(experiment, chosen.values), chosen) for chosen in self.grid.ranges()]
        self._work: dict[Structure, float] = {}
        for structure, chosen in self._ranges:
            work = (chosen.stop - chosen.start) * self._run_work(structure, chosen.epochs)
            self._work[structure] = self._work.get(structure, 0) + work
        self.structures = list(self._work)
        self.work = sum(self._work.values())

    def _run_work(self, structure: Structure, epochs: int) -> float:
        """The work of one run that has every epoch, and a little for each epoch and run."""
        parameters = parameter_count(structure)
        own = parameters <= OWN_KERNEL
        units = zip(structure.layers[1:], structure.activations, strict=True)
        values = sum(outputs for outputs, name in units if name in TRANSCENDENTAL)
        sample = SAMPLE_WORK + parameters * (PARAMETER_WORK if own else ANY_PARAMETER_WORK)
        sample += values * (FUNCTION_WORK if own else ANY_FUNCTION_WORK)
        sample += UPDATE_WORK.get(structure.optimizer, 0) * parameters / structure.batch_size
        sample *= NARROW_WORK if structure.dtype == "float32" else 1.0
        sample *= FAST_WORK if structure.arithmetic == "fast" else 1.0
        return (epochs + 1) * (self.samples * sample + 8)

    def seconds_of(self, piece: Piece) -> float:
        """One thread's time for a piece, roughly."""
        return max(piece.runs, FEW_RUNS) * self._run_work(piece.structure, piece.epochs) / WORK_PER_SECOND

    def own_kernel(self, structure: Structure) -> bool:
        """Whether a structure is worth compiling a kernel of its own."""
        return len(self.structures) <= KERNELS or self._work[structure] > KERNEL_WORK

    @property
    def seconds(self) -> float:
        """One thread's time, roughly."""
        return self.work / WORK_PER_SECOND

    @property
    def bytes(self) -> int:
        """The size of the numbers in the table before compression: about what the Parquet files take at most."""
        epochs = self.rows / self.runs
        total = 0.0
        for structure, chosen in self._ranges:
            size = np.dtype(structure.dtype).itemsize
            weights = parameter_count(structure) if self.experiment.record_weights else 0
            row = 8 * (4 + len(self.experiment.swept)) + size * (4 + weights)
            points = chosen.epochs / self.experiment.losses_every if self.experiment.losses_every else 0
            total += (chosen.stop - chosen.start) * (epochs * row + points * (16 + 3 * size))
        return int(total)

    @cached_property
    def pieces(self) -> list[Piece]:
        """The blocks, in the order of the runs."""
        share = min(max(self.work / BLOCKS, SMALLEST_WORK), BLOCK_WORK)
        pieces: list[Piece] = []
        for structure, chosen in self._ranges:
            size = self.block_size or self._size(structure, chosen.epochs, share)
            count = -(-(chosen.stop - chosen.start) // size)
            if self.block_size is None:
                size = -(-(chosen.stop - chosen.start) // count)
            for start in range(chosen.start, chosen.stop, size):
                stop = min(start + size, chosen.stop)
                pieces.append(Piece(len(pieces), structure, start, stop, chosen.epochs))
        return pieces

    @cached_property
    def parts(self) -> list[range]:
        """The blocks of each file of the table."""
        if len(self.pieces) <= FEW_BLOCKS:
            return [range(piece.number, piece.number + 1) for piece in self.pieces]
        parts, first, rows, numbers = [], 0, 0.0, 0.0
        for piece in self.pieces:
            more = piece.runs * self.rows / self.runs
            wide = more * self._numbers_per_row(piece.structure)
            if first < piece.number and (rows + more > PART_ROWS or numbers + wide > BLOCK_NUMBERS):
                parts.append(range(first, piece.number))
                first, rows, numbers = piece.number, 0.0, 0.0
            rows, numbers = rows + more, numbers + wide
        return [*parts, range(first, len(self.pieces))]

    def key(self, first: int, stop: int) -> str:
        """A hash of what determines the numbers in blocks [first, stop), for one version of the program.

        That of several blocks is the sum of theirs, so that files can be merged that one knows by their keys alone.
        """
        total = sum(self._block_key(piece) for piece in self.pieces[first:stop])
        return f"{total % 2**64:016x}"

    def _block_key(self, piece: Piece) -> int:
        about = (self.experiment.fingerprint, self.block_size, piece.number, piece.start, piece.stop, *self._version)
        return int.from_bytes(hashlib.sha256(repr(about).encode()).digest()[:8])

    @cached_property
    def _version(self) -> tuple[Any, ...]:
        return version(any(structure.arithmetic == "fast" for structure in self.structures))

    def _numbers_per_row(self, structure: Structure) -> int:
        return parameter_count(structure) + 12 + len(self.experiment.swept)

    def _size(self, structure: Structure, epochs: int, share: float) -> int:
        """Runs in a block of this structure."""
        rows_per_run = max(self.rows / self.runs, 1.0)
        points = epochs / self.experiment.losses_every if self.experiment.losses_every else 0
        numbers = rows_per_run * self._numbers_per_row(structure) + 5 * points
        return max(1, int(min(share / self._run_work(structure, epochs), BLOCK_NUMBERS / numbers)))

    def totals(self) -> dict[str, Any]:
        """The counts for the manifest."""
        return {
            "rows": self.rows,
            "runs": self.runs,
            "steps": self.steps,
            "blocks": len(self.pieces),
            "block_size": self.block_size,
        }

    def data(self, structure: Structure) -> Data:
        """The data as a network of this structure takes them: one target for each output."""
        return self._data[structure]

    @cached_property
    def _data(self) -> dict[Structure, Data]:
        return {structure: network_data(self.experiment, structure) for structure in self.structures}

    def tables(self) -> Tables:
        """The columns of this experiment's tables."""
        labels = {
            key: [label(value) for value in self.grid.values[key]]
            for key in self.experiment.swept
            if parameter_type(key) == LABELS
        }
        return Tables.of(self.experiment, self.structures, labels)

    def block(self, piece: Piece) -> tuple[Block, Rows]:
        """What the engine needs for a piece, and what the table says of its rows beside what the engine gives."""
        selection = self.grid.select(piece.start, piece.stop)
        count, rows = piece.stop - piece.start, len(selection.run)
        order = np.argsort(selection.config, kind="stable")  # they are in order more often than not
        place = np.empty(rows, np.int64)
        place[order] = np.arange(rows)
        structure = piece.structure
        layers = range(1, 2 if self.common else len(structure.layers))
        numbers = [self._number(selection, key, count, default) for key, default in structure.defaults.items()]
        block = Block(
            structure,
            self.experiment.seed,
            tuple(self.grid.values["init"]),
            selection.ids["init"],
            selection.ids[REPEAT],
            np.array([self._rate(selection, layer, count) for layer in layers]),
            np.array(numbers).reshape(len(numbers), count),
            self._number(selection, "max_loss", count, np.inf),
            np.searchsorted(selection.run, np.arange(count + 1)),
            self.grid.values[EPOCHS][selection.ids[EPOCHS]],
            place,
            self.experiment.losses_every or 0,
            self.own_kernel(structure),
        )
        run = selection.run[order]
        defaults = {key: value for key, value in structure.defaults.items() if np.isfinite(value)}
        parameters = {
            key: self._column(selection, key, run, order, defaults.get(key, np.nan))
            for key in (*self.experiment.swept, REPEAT)
        }
        return block, Rows(selection.config[order], piece.start + run, parameters)

    def _column(self, selection: Selection, key: str, run: Any, order: Any, default: float) -> Any:
        """(R,) the numbers of a swept parameter, or the ids of its labels. default: where a grid does not give it."""
        ids = selection.ids[key][order] if key == EPOCHS else selection.ids[key][run]
        if parameter_type(key) == LABELS:
            return ids
        return self._values_of(key, ids, default)

    @property
    def common(self) -> bool:
        """Whether all layers have the same rate, in every run of the sweep."""
        return not any(layer_of_rate(key) for key in self.experiment.swept)

    def _rate(self, selection: Selection, layer: int, count: int) -> Any:
        common = self._number(selection, "learning_rate", count, np.nan)
        own = self._number(selection, f"learning_rate_{layer}", count, np.nan)
        return np.where(np.isnan(own), common, own)

    def _number(self, selection: Selection, key: str, count: int, default: float) -> Any:
        """(N,) the values of a numeric parameter, wherever it is given."""
        if key in selection.ids:
            return np.asarray(self._values_of(key, selection.ids[key], default), np.float64)
        given = self.experiment.settings.get(key)
        return np.full(count, default if given is None else given, np.float64)

    def _values_of(self, key: str, ids: Any, default: float) -> Any:
        """The numbers with these ids. default: where a grid does not give it; where a run does not use it, NaN."""
        values = self._numbers(key, default)
        return np.where(ids == IDLE, np.nan, values[ids]) if (ids == IDLE).any() else values[ids]

    def _numbers(self, key: str, default: float) -> Any:
        values = self.grid.values[key]
        if isinstance(values, list):  # some grid does not give this parameter
            return np.array([default if value is None else value for value in values])
        return values
