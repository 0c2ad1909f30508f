"""Run a plan: each block through the engine and into the table, in memory or in a folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from harness.experiment.model import Experiment
from harness.store.folder import Folder, in_order
from harness.store.tables import Tables
from harness.sweeps import local
from harness.sweeps.plan import Piece, Plan

Progress = Callable[[int, int], None]
"""Called with the runs that are done and the runs there are, first before anything runs."""


@dataclass(frozen=True)
class Ran:
    """What a sweep did. seconds: of training and writing; 0 when everything was there already."""

    folder: Path
    plan: Plan
    seconds: float
    already: bool


def prepare(plan: Plan) -> None:
    """Compile the kernels of a plan, or find them in the cache, before its blocks ask for them from many threads."""
    from harness import engine

    for structure in plan.structures:
        engine.prepare(structure, common=plan.common, own_kernel=plan.own_kernel(structure))


def train_block(plan: Plan, tables: Tables, piece: Piece) -> tuple[pa.Table, pa.Table | None]:
    """The rows of one block, and its loss curves if they are recorded. Pure: the same piece gives the same tables."""
    from harness import engine

    block, rows = plan.block(piece)
    outcome = engine.train(block, plan.data(piece.structure))
    runs = tables.runs_table(piece.structure, rows, outcome)
    return runs, tables.curves_table(outcome.curves, piece.start) if block.every else None


def train(experiment: Experiment, threads: int | None = None, block_size: int | None = None) -> pa.Table:
    """The table of an experiment, in memory, in the order of the grid."""
    plan = Plan(experiment, block_size)
    tables = plan.tables()
    prepare(plan)
    done = local.run(lambda piece: train_block(plan, tables, piece)[0], plan.pieces, threads)
    return in_order(pa.concat_tables(done))


def sweep(
    experiment: Experiment,
    results: str | os.PathLike[str] = "results",
    *,
    overwrite: bool = False,
    threads: int | None = None,
    block_size: int | None = None,
    progress: Progress = lambda done, runs: None,
) -> Ran:
    """Write the table of an experiment to results/NAME; what is there already is not done again.

    Raises `StoreError` if the folder holds another experiment's results, unless told to overwrite them.
    """
    plan = Plan(experiment, block_size)
    folder = Folder(Path(results) / experiment.name)
    if folder.open(experiment, plan.totals(), overwrite):
        return Ran(folder.path, plan, 0.0, already=True)
    tables = plan.tables()

    def work(piece: Piece) -> int:
        if not folder.has(piece.number):
            folder.write(piece.number, *train_block(plan, tables, piece))
        return piece.stop - piece.start

    progress(0, plan.runs)
    prepare(plan)
    started, done = time.perf_counter(), 0
    for runs in local.run(work, plan.pieces, threads):
        done += runs
        progress(done, plan.runs)
    seconds = time.perf_counter() - started
    folder.close(seconds)
    return Ran(folder.path, plan, seconds, already=False)
