"""The plan of a sweep: its grid cut into blocks of about equal cost, and what the whole will take.

The cut depends on the experiment alone, never on the machine, so that the parts come out byte for byte the same.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Callable
from functools import cached_property, lru_cache, partial
from typing import Any

import numpy as np

from harness import engine
from harness.experiment.grid import EPOCHS, IDLE, REPEAT, Grid, Range, Selection
from harness.experiment.measured import Part
from harness.experiment.model import Experiment, label
from harness.experiment.settings import layer_of_rate
from harness.network.layout import Layout
from harness.network.parts import DataForm, NetworkData, choice, network_data
from harness.network.runs import Outcome, Runs
from harness.network.structure import Structure
from harness.network.structure import structure as structure_of
from harness.store.schema import LABELS, parameter_type
from harness.store.tables import Described, Tables
from harness.sweeps.blocks import TASKS, Block, joined, tasks_of
from harness.sweeps.cost import FEW_RUNS, LIKELY_EPOCHS, WORK_PER_SECOND, filling_runs, run_work
from harness.sweeps.scoring import scored
from harness.sweeps.version import version

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
PARTS_KEPT = 8
"""Forms of the data that are kept for blocks that follow: each has the size of the data."""
KERNELS = 4
KERNEL_WORK = 1e9
"""Where a sweep has more than `KERNELS` structures, one gets a kernel of its own only if it has more work than this.
Less would not repay compiling it, about a second: the kernel that is compiled once for any network trains it."""


class Plan:
    """What a sweep will do. Raises `GridSizeError`.

    block_size: runs in a block, or None for blocks of equal cost.
    """

    def __init__(self, experiment: Experiment, block_size: int | None = None) -> None:
        self.experiment = experiment
        self.grid = Grid(experiment)
        self.samples = experiment.data.trained
        self.block_size = block_size
        self.rows, self.runs = self.grid.rows, self.grid.runs
        trained = [len(experiment.data.parts(fold)[Part.TRAIN]) for fold in experiment.data.each_fold]
        self.steps = self.grid.epochs // len(trained) * sum(trained)  # every fold has the same runs
        self._ranges = [(structure_of(experiment, chosen.values), chosen) for chosen in self.grid.ranges()]
        self._firsts = {chosen.start for _, chosen in self._ranges}
        self._tasks: dict[range, list[range]] = {}
        self._work = self._work_by_structure()
        self.structures = list(self._work)

    def __reduce__(self) -> tuple[Any, ...]:
        """Made anew in the process to which it is sent."""
        return Plan, (self.experiment, self.block_size)

    def _work_by_structure(self, most: float = math.inf) -> dict[Structure, float]:
        """The work of all runs of each structure, if none has more than `most` epochs."""
        found: dict[Structure, float] = {}
        for structure, chosen in self._ranges:
            work = (chosen.stop - chosen.start) * run_work(structure, self.samples, min(chosen.epochs, most))
            found[structure] = found.get(structure, 0) + work
        return found

    def seconds_of(self, block: Block) -> float:
        """One thread's time for a block, roughly."""
        return block.work(self.samples) / WORK_PER_SECOND

    def own_kernel(self, structure: Structure) -> bool:
        """Whether a structure is worth compiling a kernel of its own."""
        return len(self.structures) <= KERNELS or self._work[structure] > KERNEL_WORK

    @property
    def bytes(self) -> int:
        """The size of the numbers in the table before compression: about what the Parquet files take at most."""
        epochs = self.rows / self.runs
        total = 0.0
        for structure, chosen in self._ranges:
            size = np.dtype(structure.dtype).itemsize
            weights = Layout(structure).count if self.experiment.record_weights else 0
            scores = len(self.experiment.scores)
            row = 8 * (4 + len(self.experiment.swept)) + size * (4 + weights + scores)
            points = chosen.epochs / self.experiment.losses_every if self.experiment.losses_every else 0
            row += self.experiment.predicted * (20 + size * structure.layers[-1])
            total += (chosen.stop - chosen.start) * (epochs * row + points * (16 + (3 + scores) * size))
        return int(total)

    @cached_property
    def blocks(self) -> list[Block]:
        """The blocks, in the order of the runs."""
        work = sum(self._work_by_structure(LIKELY_EPOCHS).values())
        share = min(max(work / BLOCKS, SMALLEST_WORK), BLOCK_WORK)
        blocks: list[Block] = []
        for structure, chosen in self._ranges:
            size = self.block_size or self._size(structure, chosen, share)
            count = -(-(chosen.stop - chosen.start) // size)
            if self.block_size is None:
                size = -(-(chosen.stop - chosen.start) // count)
            for start in range(chosen.start, chosen.stop, size):
                stop = min(start + size, chosen.stop)
                made = Block(len(blocks), structure, start, stop, chosen.epochs, choice(chosen.values, self.experiment))
                blocks.append(made)
        return blocks

    @cached_property
    def parts(self) -> list[range]:
        """The blocks of each file of the table."""
        if len(self.blocks) <= FEW_BLOCKS:
            return [range(block.number, block.number + 1) for block in self.blocks]
        parts, first, rows, numbers = [], 0, 0.0, 0.0
        for block in self.blocks:
            more = block.runs * self.rows / self.runs
            wide = block.runs * self._numbers_per_run(block.structure, block.epochs)
            if first < block.number and (rows + more > PART_ROWS or numbers + wide > BLOCK_NUMBERS):
                parts.append(range(first, block.number))
                first, rows, numbers = block.number, 0.0, 0.0
            rows, numbers = rows + more, numbers + wide
        return [*parts, range(first, len(self.blocks))]

    def tasks(self, part: range) -> list[range]:
        """The blocks of a part that are trained and written together: one, or neighbours that are small."""
        if len(part) == 1:
            return [part]
        if part not in self._tasks:
            blocks, most = self.blocks[part.start : part.stop], len(self.blocks) // TASKS
            self._tasks[part] = list(tasks_of(blocks, self._firsts, self.samples, most))
        return self._tasks[part]

    def joined(self, blocks: range) -> list[Block]:
        """What is trained in one call each of blocks that follow each other: those of one structure as one block."""
        return joined(self.blocks[blocks.start : blocks.stop], self._firsts)

    @property
    def calls(self) -> list[Block]:
        """What is trained in one call each, of the whole plan."""
        return [block for part in self.parts for blocks in self.tasks(part) for block in self.joined(blocks)]

    def runs_of(self, blocks: range) -> int:
        """The runs in blocks that follow each other."""
        return self.blocks[blocks.stop - 1].stop - self.blocks[blocks.start].start

    def key(self, first: int, stop: int) -> str:
        """A hash of what determines the numbers in blocks [first, stop), for one version of the program.

        That of several blocks is the sum of theirs, so that files can be merged that one knows by their keys alone.
        Blocks that the plan does not have, as another's log may name them, have none: the empty string.
        """
        if stop > len(self.blocks):
            return ""
        return f"{(self._keys[stop] - self._keys[first]) % 2**64:016x}"

    @cached_property
    def _keys(self) -> list[int]:
        """The sums of the keys of the first 0, 1, .. blocks."""
        return [0, *itertools.accumulate(map(self._block_key, self.blocks))]

    def _block_key(self, block: Block) -> int:
        about = (self.experiment.fingerprint, self.block_size, block.number, block.start, block.stop, *self._version)
        return int.from_bytes(hashlib.sha256(repr(about).encode()).digest()[:8])

    @cached_property
    def _version(self) -> tuple[Any, ...]:
        return version(any(structure.arithmetic == "fast" for structure in self.structures))

    def _numbers_per_run(self, structure: Structure, epochs: int) -> float:
        """The numbers in the rows of a run, and in its curve."""
        rows_per_run = max(self.rows / self.runs, 1.0)
        points = epochs / self.experiment.losses_every if self.experiment.losses_every else 0
        parameters, scores = Layout(structure).count, len(self.experiment.scores)
        kept = 5 + scores + parameters * bool(scores)  # while the scores of a curve are made, its weights are kept
        row = parameters + 12 + scores + len(self.experiment.swept)
        row += self.experiment.predicted * (3 + structure.layers[-1])
        return rows_per_run * row + kept * points

    def _size(self, structure: Structure, chosen: Range, share: float) -> int:
        """Runs in a block of this structure."""
        size = share / run_work(structure, self.samples, min(chosen.epochs, LIKELY_EPOCHS))
        if chosen.epochs > LIKELY_EPOCHS:
            size = max(size, min(filling_runs(structure), max((chosen.stop - chosen.start) / BLOCKS, FEW_RUNS)))
        return max(1, int(min(size, BLOCK_NUMBERS / self._numbers_per_run(structure, chosen.epochs))))

    def totals(self) -> dict[str, Any]:
        """The counts for the manifest."""
        return {
            "rows": self.rows,
            "runs": self.runs,
            "steps": self.steps,
            "blocks": len(self.blocks),
            "block_size": self.block_size,
        }

    def trainer(self, structure: Structure) -> engine.Trainer:
        """What trains the runs of a structure."""
        own, scored = self.own_kernel(structure), self.experiment.scored
        return engine.prepare(structure, common=self.common, own_kernel=own, scored=scored)

    def train(self, runs: Runs) -> Outcome:
        """Train some of the plan's runs, all of one structure and one choice of data, and score them."""
        parts, trainer = self.data(runs.structure, runs.chosen), self.trainer(runs.structure)
        return scored(trainer.train(runs, parts.train, parts.of), runs, trainer, parts, self.experiment.scores)

    @cached_property
    def data(self) -> Callable[[Structure, DataForm], NetworkData]:
        """What gives the data of runs; it keeps the last ones."""
        return lru_cache(PARTS_KEPT)(partial(network_data, self.experiment))

    def tables(self) -> Tables:
        """The columns of this experiment's tables."""
        labels = {
            key: [label(value) for value in self.grid.values[key]]
            for key in self.experiment.swept
            if parameter_type(key) == LABELS
        }
        return Tables.of(self.experiment, self.structures, labels)

    def asked(self, block: Block) -> tuple[Runs, Described]:
        """What the engine is asked for a block, and what the table says of its rows beside what the engine gives."""
        selection = self.grid.select(block.start, block.stop)
        count, rows = block.stop - block.start, len(selection.run)
        order = np.argsort(selection.config, kind="stable")  # they are in order more often than not
        place = np.empty(rows, np.int64)
        place[order] = np.arange(rows)
        structure = block.structure
        layers = range(1, 2 if self.common else len(structure.layers))
        kinds = {kind: getattr(structure, kind) for kind in ("optimizer", "schedule")}
        kinds |= {"activation": structure.activations[:-1], "output": structure.activations[-1]}
        used = self.experiment.used(kinds)
        hyperparameters = [self._number(selection, key, count, used[key]) for key in structure.hyperparameters]
        runs = Runs(
            structure,
            self.experiment.seed,
            tuple(self.grid.values["init"]),
            selection.ids["init"],
            selection.ids[REPEAT],
            np.array([self._rate(selection, layer, count) for layer in layers]),
            np.array(hyperparameters).reshape(len(hyperparameters), count),
            self._number(selection, "max_loss", count, used["max_loss"]),
            np.searchsorted(selection.run, np.arange(count + 1)),
            self.grid.values[EPOCHS][selection.ids[EPOCHS]],
            place,
            self.experiment.losses_every or 0,
            bool(self.experiment.losses_every and self.experiment.scores),
            block.chosen,
            self.experiment.monitoring,
        )
        run = selection.run[order]
        parameters = {
            key: self._column(selection, key, run, order, used.get(key, np.nan))
            for key in (*self.experiment.swept, REPEAT)
        }
        return runs, Described(selection.config[order], block.start + run, parameters)

    def _column(self, selection: Selection, key: str, run: Any, order: Any, default: float) -> Any:
        """(R,) the numbers of a swept parameter, or the ids of its labels. default: where a grid does not give it."""
        ids = selection.ids[key][order] if key == EPOCHS else selection.ids[key][run]
        if parameter_type(key) == LABELS:
            return ids
        return self._values_of(key, ids, np.nan if default == np.inf else default)

    @property
    def common(self) -> bool:
        """Whether all layers have the same rate, in every run of the sweep."""
        return not any(layer_of_rate(key) for key in self.experiment.swept)

    def _rate(self, selection: Selection, layer: int, count: int) -> Any:
        common = self._number(selection, "learning_rate", count, np.nan)
        own = self._number(selection, f"learning_rate_{layer}", count, np.nan)
        return np.where(np.isnan(own), common, own)

    def _number(self, selection: Selection, key: str, count: int, default: float) -> Any:
        """(N,) the values of a numeric parameter. default: where a grid does not give it."""
        if key in selection.ids:
            return np.asarray(self._values_of(key, selection.ids[key], default), np.float64)
        return np.full(count, default, np.float64)

    def _values_of(self, key: str, ids: Any, default: float) -> Any:
        """The numbers with these ids. default: where a grid does not give it; where a run does not use it, NaN."""
        values = self.grid.values[key]
        if isinstance(values, list):  # some grid does not give this parameter
            values = np.array([default if value is None else value for value in values])
        return np.where(ids == IDLE, np.nan, values[ids]) if (ids == IDLE).any() else values[ids]
