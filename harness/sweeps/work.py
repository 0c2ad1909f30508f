"""One task of a sweep: train a block and write it, or make a part of blocks that are there."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, NamedTuple

import pyarrow as pa

from harness.block import Outcome
from harness.errors import FailedError
from harness.experiment.model import Experiment
from harness.store.folder import Folder
from harness.store.log import Entry
from harness.store.places import Place
from harness.store.tables import Rows, Tables
from harness.sweeps.extend import Earlier
from harness.sweeps.plan import Piece, Plan
from harness.sweeps.stop import MESSAGE

MERGING = threading.Lock()
"""Held while a part is merged, so that each process has at most one part in memory."""


class Task(NamedTuple):
    """Train a block of a part, or if all of them are there merge them."""

    part: range
    block: int | None


@dataclass(frozen=True)
class Work:
    """What trains the blocks of an experiment into a place: on a thread here, or in another process."""

    experiment: Experiment
    block_size: int | None
    place: Place
    earlier: Earlier | None = None

    def __call__(self, task: Task) -> int:
        """Do a task; return the runs that it trained. The part whose last block this is is merged here too."""
        plan, folder = self.plan, Folder(self.place)
        blocks = [block_entry(plan, number) for number in task.part] if len(task.part) > 1 else []
        part, runs = part_entry(plan, task.part), 0
        if task.block is not None:
            piece, started = plan.pieces[task.block], time.perf_counter()
            if not self.place.exclusive and folder.done(part):  # by another writer
                return piece.runs
            tables, outcome = train_block(plan, self.tables, piece, self.earlier)
            entry = block_entry(plan, piece.number) if blocks else part
            seconds = time.perf_counter() - started
            counts = {"rows": tables["runs"].num_rows, "steps": outcome.steps, "asked": outcome.asked}
            folder.commit(replace(entry, seconds=round(seconds, 3), **counts), tables)
            runs = piece.runs
        if blocks and all(folder.done(entry) for entry in reversed(blocks)):
            with MERGING:
                folder.merge(part, blocks)
                pa.default_memory_pool().release_unused()  # else a sweep of 10 million rows grew by 6 % after a minute
        if blocks and task.block is not None and not self.place.exclusive and folder.done(part):
            folder.drop(block_entry(plan, task.block))
        return runs

    @cached_property
    def plan(self) -> Plan:
        return Plan(self.experiment, self.block_size)

    @cached_property
    def tables(self) -> Tables:
        return self.plan.tables()

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}


def part_entry(plan: Plan, part: range) -> Entry:
    """The log entry of a part: the blocks that share one file."""
    return Entry("part", part.start, part.stop, plan.key(part.start, part.stop))


def block_entry(plan: Plan, number: int) -> Entry:
    """The log entry of a block that is not yet in the file of its part."""
    return Entry("block", number, number + 1, plan.key(number, number + 1))


@dataclass(frozen=True)
class Compilation:
    """What is compiled before a plan can be trained, once for this machine.

    networks: how many kinds of network are compiled for. seconds: roughly.
    """

    networks: int
    seconds: float


def uncompiled(plan: Plan) -> Compilation | None:
    """What `prepare` would compile, or None if it finds everything in the cache."""
    from harness import engine

    missing: dict[Any, float] = {}
    for structure in plan.structures:
        missing |= engine.uncompiled(structure, common=plan.common, own_kernel=plan.own_kernel(structure))
    networks = sum(not isinstance(kernel, str) for kernel in missing)
    return Compilation(networks, sum(missing.values())) if missing else None


def prepare(plan: Plan, stop: Any = False) -> None:
    """Compile the kernels of a plan, or find them in the cache, before its blocks ask for them from many threads.

    stop: true once nothing else shall begin. Raises `FailedError` then.
    """
    from harness import engine

    for structure in plan.structures:
        if stop:
            raise FailedError(MESSAGE)
        engine.prepare(structure, common=plan.common, own_kernel=plan.own_kernel(structure))


def train_block(
    plan: Plan, tables: Tables, piece: Piece, earlier: Earlier | None = None
) -> tuple[dict[str, pa.Table], Outcome]:
    """The rows of one block, its loss curves if they are recorded, and the engine's outcome that they were made of.

    Pure: the same piece gives the same tables. earlier: results that runs may be taken from.
    """
    from harness import engine

    block, rows = plan.block(piece)
    data = plan.data(piece.structure)
    outcome = earlier.add(block, data) if earlier else engine.train(block, data)
    return in_tables(tables, piece, rows, outcome), outcome


def in_tables(tables: Tables, piece: Piece, rows: Rows, outcome: Outcome) -> dict[str, pa.Table]:
    """The outcome of a piece as rows, and as loss curves if they are recorded."""
    made = {"runs": tables.runs_table(piece.structure, rows, outcome)}
    curves = {"curves": tables.curves_table(outcome.curves, piece.start)} if tables.experiment.losses_every else {}
    return made | curves
