"""One task of a sweep: train a block and write it, or make a part of blocks that are there."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from harness.errors import FailedError
from harness.network.runs import Outcome, Runs
from harness.store.folder import Folder
from harness.store.log import IDENTITY, Entry
from harness.store.place import Place
from harness.store.tables import Described, Tables, together
from harness.sweeps.blocks import Block
from harness.sweeps.extend import Earlier
from harness.sweeps.plan import Plan
from harness.sweeps.predicting import predicted
from harness.sweeps.stop import MESSAGE

if TYPE_CHECKING:
    import pyarrow as pa

MERGING = threading.Lock()
"""Held while a part is merged, so that each process has at most one part in memory."""


class Task(NamedTuple):
    """Train a block of a part, or small ones that follow each other; or if all of the part's are there merge them."""

    part: range
    blocks: range | None


@dataclass(frozen=True, eq=False)
class Work:
    """What trains the blocks of a plan into a place: on a thread here, or in another process."""

    plan: Plan
    place: Place
    earlier: Earlier | None = None

    def __call__(self, task: Task) -> int:
        """Do a task; return the runs that it trained. The part whose last blocks these are is merged here too."""
        plan, folder = self.plan, Folder(self.place)
        part, runs = part_entry(plan, task.part), 0
        if task.blocks is not None:
            runs = plan.runs_of(task.blocks)
            if not self.place.exclusive and folder.done(part):  # by another writer
                return runs
            self._train(folder, task)
        if task.blocks == task.part:
            return runs
        if self._all_there(folder, task.part):
            with MERGING:
                folder.merge(part, [block_entry(plan, blocks) for blocks in plan.tasks(task.part)])
        if task.blocks is not None and not self.place.exclusive and folder.done(part):
            folder.drop([block_entry(plan, task.blocks)])
        return runs

    def _train(self, folder: Folder, task: Task) -> None:
        """Train the blocks of a task, and write them together: as the part, if they are all of it."""
        blocks, started = task.blocks or task.part, time.perf_counter()
        done = [train_block(self.plan, self.tables, block, self.earlier) for block in self.plan.joined(blocks)]
        tables = {kind: together(made[kind] for made, _ in done) for kind in done[0][0]}
        entry = (part_entry if blocks == task.part else block_entry)(self.plan, blocks)
        steps, asked = (sum(getattr(outcome, name) for _, outcome in done) for name in ("steps", "asked"))
        seconds = round(time.perf_counter() - started, 3)
        folder.commit(replace(entry, rows=tables["runs"].num_rows, seconds=seconds, steps=steps, asked=asked), tables)

    def _all_there(self, folder: Folder, part: range) -> bool:
        """Whether the blocks of every task of a part are there.

        They are looked for from the last on, which likely comes last; what was once found is not looked for again.
        """
        tasks = self.plan.tasks(part)
        left = self._left.get(part, len(tasks))
        while left and folder.done(block_entry(self.plan, tasks[left - 1])):
            left -= 1
        self._left[part] = left
        return not left

    @cached_property
    def _left(self) -> dict[range, int]:
        """How many tasks of a part are not known to be done."""
        return {}

    @cached_property
    def tables(self) -> Tables:
        return self.plan.tables()

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def part_entry(plan: Plan, part: range) -> Entry:
    """The log entry of a part: the blocks that share one file."""
    return _entry(plan, "part", part)


def block_entry(plan: Plan, blocks: range) -> Entry:
    """The log entry of the blocks of a task that are not yet in the file of their part."""
    return _entry(plan, "block", blocks)


def _entry(plan: Plan, kind: str, blocks: range) -> Entry:
    key, experiment = plan.key(blocks.start, blocks.stop), plan.experiment.fingerprint[:IDENTITY]
    return Entry(kind, blocks.start, blocks.stop, key, experiment=experiment)


@dataclass(frozen=True)
class Compilation:
    """What is compiled before a plan can be trained, once for this machine.

    networks: how many kinds of network are compiled for. seconds: roughly.
    """

    networks: int
    seconds: float


def uncompiled(plan: Plan) -> Compilation | None:
    """What `prepare` would compile, or None if it finds everything in the cache."""
    missing: dict[Any, float] = {}
    for structure in plan.structures:
        missing |= plan.trainer(structure).uncompiled()
    networks = sum(not isinstance(kernel, str) for kernel in missing)
    return Compilation(networks, sum(missing.values())) if missing else None


def prepare(plan: Plan, stop: Any = False) -> None:
    """Compile the kernels of a plan, or find them in the cache, before its blocks ask for them from many threads.

    stop: true once nothing else shall begin. Raises `FailedError` then.
    """
    for structure in plan.structures:
        if stop:
            raise FailedError(MESSAGE)
        plan.trainer(structure).compile()


def train_block(
    plan: Plan, tables: Tables, block: Block, earlier: Earlier | None = None
) -> tuple[dict[str, pa.Table], Outcome]:
    """The rows of one block, its loss curves if they are recorded, and the engine's outcome that they were made of.

    Pure: the same block gives the same tables. earlier: results that runs may be taken from.
    """
    runs, rows = plan.asked(block)
    outcome = earlier.add(runs, plan.train) if earlier else plan.train(runs)
    return in_tables(plan, tables, block, (runs, rows), outcome), outcome


def in_tables(
    plan: Plan, tables: Tables, block: Block, asked: tuple[Runs, Described], outcome: Outcome
) -> dict[str, pa.Table]:
    """The outcome of a block as rows, and as loss curves and predictions if they are recorded."""
    (runs, rows), experiment = asked, plan.experiment
    made = {"runs": tables.runs_table(block.structure, rows, outcome)}
    if experiment.losses_every:
        made["curves"] = tables.curves_table(outcome.curves, block.start)
    if experiment.predictions:
        found = predicted(experiment, runs, outcome, plan.data(runs.structure, runs.chosen))
        made["predictions"] = tables.predictions_table(block.structure, rows, found)
    return made
