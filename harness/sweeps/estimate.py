"""What a sweep will take, measured before it starts; one that the disk cannot hold is refused."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from harness.errors import FailedError
from harness.store.files import parquet
from harness.store.folder import Folder
from harness.sweeps.local import processors
from harness.sweeps.plan import BLOCK_NUMBERS, Plan
from harness.sweeps.work import train_block

SHORT = 2.0
"""Seconds: a sweep that takes less by the plan's guess is not measured."""
MEASURED = 0.5
BASE_MEMORY = 300 * 2**20
"""Bytes that Python, Numba and pyarrow take; and for each number of a block in hand, with its file (measured)."""
BYTES_PER_NUMBER = 20


@dataclass(frozen=True)
class Estimate:
    """What is left of a sweep. seconds: on this machine's threads. disk, memory: bytes."""

    rows: int
    seconds: float
    disk: int
    memory: int
    threads: int


def measure(plan: Plan, runs: int, folder: Folder, threads: int | None = None) -> Estimate:
    """Train some of the plan's first block, for half a second, and go on from there to all of the runs that are left.

    threads: how many train, all processors if None.
    Raises `FailedError` if the disk cannot hold them.
    """
    share, threads = runs / plan.runs, min(threads or processors(), len(plan.pieces))
    rows, seconds, disk = plan.rows * share, plan.seconds * share, plan.bytes * share
    if seconds > SHORT * threads:
        rate, row = _measured(plan)
        seconds, disk = seconds * rate, rows * row
    numbers = min(plan.bytes / 8 / len(plan.pieces), BLOCK_NUMBERS)
    estimate = Estimate(
        rows=round(rows),
        seconds=seconds / threads,
        disk=int(disk),
        memory=BASE_MEMORY + int(threads * numbers * BYTES_PER_NUMBER),
        threads=threads,
    )
    free = folder.place.free()
    if free is not None and estimate.disk > free:
        raise FailedError(f"{folder}: the table needs about {estimate.disk:,} bytes, and {free:,} are free there")
    return estimate


def _measured(plan: Plan) -> tuple[float, float]:
    """(seconds for each that the plan guesses, bytes on disk for each row), of some of the plan's largest block."""
    piece, tables = max(plan.pieces, key=lambda piece: piece.runs), plan.tables()
    runs, started = 1, time.perf_counter()
    while True:
        part, before = replace(piece, stop=piece.start + runs), time.perf_counter()
        made = train_block(plan, tables, part)
        took = time.perf_counter() - before
        if runs == piece.runs or time.perf_counter() - started + 2 * took > MEASURED:
            break
        runs = min(2 * runs, piece.runs)
    size = sum(len(parquet(table)) for table in made.values())
    return took / plan.seconds_of(part), size / made["runs"].num_rows
