"""What a sweep will take, measured before it starts; one that the disk cannot hold is refused."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from harness.block import Block, Outcome, Status
from harness.errors import FailedError
from harness.store.files import arrow, digest, from_arrow, parquet
from harness.store.folder import Folder
from harness.sweeps import local
from harness.sweeps.plan import BLOCK_NUMBERS, Piece, Plan
from harness.sweeps.work import in_tables

SHORT = 0.5
"""Seconds of one thread: a sweep that takes less by the plan's guess is not measured."""
SHARE, MOST = 0.05, 0.7
"""How much of the sweep may be spent on measuring it, and how many seconds at most."""
SAMPLES, RUNS = 16, 256
"""So many samples of so many consecutive runs, which fill the vectors of a group, or of as many as a block has."""
GROWTH = 4
ROW = 3e-6
"""Seconds that a row takes to be written, where that is what takes long."""
BASE_MEMORY = 300 * 2**20
"""Bytes that Python, Numba and pyarrow take; and for each number of a block in hand, with its file (measured)."""
BYTES_PER_NUMBER = 20


@dataclass(frozen=True)
class Estimate:
    """What is left of a sweep. seconds: on this machine's threads. disk, memory: bytes.

    bound: whether the seconds are a guess by cost, or leave out that runs may yet end early, so that they are a most.
    """

    rows: int
    seconds: float
    disk: int
    memory: int
    threads: int
    bound: bool


def measure(plan: Plan, pieces: Sequence[Piece], folder: Folder) -> Estimate:
    """Train samples of the runs of these pieces, which are left of a plan, and go on from there to all of them.

    Raises `FailedError` if the disk cannot hold them.
    """
    estimate = guessed(plan, pieces)
    if estimate.seconds * estimate.threads > SHORT:
        found = _Measurement(plan, pieces, estimate)
        disk = min(estimate.disk, int(estimate.rows * found.row_bytes))
        estimate = replace(estimate, seconds=found.seconds / estimate.threads, disk=disk, bound=found.bound)
    free = folder.place.free()
    if free is not None and estimate.disk > free:
        raise FailedError(f"{folder}: the table needs about {estimate.disk:,} bytes, and {free:,} are free there")
    return estimate


def guessed(plan: Plan, pieces: Sequence[Piece]) -> Estimate:
    """What these pieces of a plan take at most, by their cost alone; nothing is run."""
    threads = min(local.processors(), len(pieces))
    share = sum(piece.runs for piece in pieces) / plan.runs
    numbers = min(plan.bytes / 8 / len(plan.pieces), BLOCK_NUMBERS)
    return Estimate(
        rows=round(plan.rows * share),
        seconds=(plan.rows * share * ROW + sum(plan.seconds_of(piece) for piece in pieces)) / threads,
        disk=int(plan.bytes * share),
        memory=BASE_MEMORY + int(threads * numbers * BYTES_PER_NUMBER),
        threads=threads,
        bound=True,
    )


@dataclass(frozen=True)
class _Trial:
    """What came of a sample: its tables; seconds, of all of its epochs; and whether some of them were not run."""

    tables: dict[str, pa.Table]
    seconds: float
    bound: bool


class _Measurement:
    """Samples that are spread over the work, trained on as many threads as the sweep will have.

    seconds: one thread's, of training and writing all. bound: whether they are a most. row_bytes: on disk.
    """

    def __init__(self, plan: Plan, pieces: Sequence[Piece], guess: Estimate) -> None:
        self.plan, self.pieces, self.threads, self.tables = plan, pieces, guess.threads, plan.tables()
        self.costs = np.array([plan.seconds_of(piece) for piece in pieces])
        samples, trials, fixed = self._grown(min(MOST, SHARE * guess.seconds))
        ratios = [
            max(trial.seconds - fixed, 0.0) / self.plan.seconds_of(sample)
            for sample, trial in zip(samples, trials, strict=True)
        ]
        kinds = {kind: pa.concat_tables([trial.tables[kind] for trial in trials]) for kind in trials[0].tables}
        merged = len(plan.parts) < len(plan.pieces)
        written, self.row_bytes = _per_row(kinds, merged)
        self.bound = any(trial.bound for trial in trials)
        if self.bound and "curves" in kinds:  # of which only the beginning was made
            whole = plan.bytes / plan.rows
            written, self.row_bytes = written * whole / max(self.row_bytes, 1.0), whole
        trained = float(self.costs.sum()) * float(np.mean(ratios))
        self.seconds = trained + len(pieces) * fixed + guess.rows * written

    def _grown(self, budget: float) -> tuple[list[Piece], list[_Trial], float]:
        """The last and largest samples: first of ever more epochs, and once all are run, of ever more runs.

        And the seconds that a block of a single run and epoch takes.
        """
        started = time.perf_counter()
        one = replace(self.pieces[0], stop=self.pieces[0].start + 1)
        fixed = min(self._trial(1, one).seconds for _ in range(2))  # the first makes what later ones find made
        runs, cap, last = RUNS, 1, max(piece.epochs for piece in self.pieces)
        epoch = float(np.mean([self._guess(sample, 1) for sample in self._samples(SAMPLES, runs)]))
        count = int(np.clip(budget * self.threads / (2 * GROWTH * epoch), 1, SAMPLES))
        while True:
            before, samples = time.perf_counter(), self._samples(count, runs)
            trials = list(self._all(partial(self._trial, cap), samples))
            now = time.perf_counter()
            whole = cap >= last and all(sample.runs < runs for sample in samples)
            if whole or now - started + GROWTH * (now - before) > budget:
                return samples, trials, fixed
            cap, runs = (GROWTH * cap, runs) if cap < last else (cap, GROWTH * runs)

    def _all(self, function: Any, samples: list[Piece]) -> Any:
        numbered = local.run(lambda pair: (pair[0], function(pair[1])), enumerate(samples), self.threads)
        return (trial for _, trial in sorted(numbered, key=lambda pair: pair[0]))

    def _guess(self, piece: Piece, epochs: int) -> float:
        return self.plan.seconds_of(replace(piece, epochs=min(epochs, piece.epochs)))

    def _samples(self, count: int, runs: int) -> list[Piece]:
        """So many samples of consecutive runs: one from a drawn place in every share of the work, always the same."""
        random, total = np.random.default_rng(0), np.cumsum(self.costs)
        at = np.searchsorted(total, (np.arange(count) + random.random(count)) / count * total[-1], side="right")
        samples = []
        for piece, u in zip((self.pieces[min(k, len(total) - 1)] for k in at), random.random(count), strict=True):
            start = piece.start + int(u * max(piece.runs - runs + 1, 0))
            samples.append(replace(piece, start=start, stop=min(start + runs, piece.stop)))
        return samples

    def _trial(self, cap: int, piece: Piece) -> _Trial:
        """Train the runs of a piece for at most so many epochs; those that did not end by then have all of the rest."""
        from harness import engine

        started = time.perf_counter()
        block, rows = self.plan.block(piece)
        capped, before = replace(block, stops=np.minimum(block.stops, cap)), time.perf_counter()
        outcome = engine.train(capped, self.plan.data(piece.structure))
        trained = time.perf_counter() - before
        tables = in_tables(self.tables, piece, rows, outcome)
        rest = _rest(block, capped, outcome) * self.plan.samples
        seconds = time.perf_counter() - started + trained * rest / max(outcome.steps, 1)
        return _Trial(tables, seconds, rest > 0)


def _rest(block: Block, capped: Block, outcome: Outcome) -> int:
    """The epochs that are left of runs that did not end within fewer."""
    last = block.first_stop[1:] - 1
    going = outcome.status[block.place[last]] == Status.RAN
    return int((block.stops[last] - capped.stops[last])[going].sum())


def _per_row(tables: dict[str, pa.Table], merged: bool) -> tuple[float, float]:
    """(seconds, bytes) that each row adds to those of an empty file. merged: whether blocks share a file."""
    some, none = ([_written(table.slice(0, rows), merged) for table in tables.values()] for rows in (None, 0))
    seconds, size = (sum(a[k] for a in some) - sum(b[k] for b in none) for k in (0, 1))
    rows = tables["runs"].num_rows
    return max(seconds, 0.0) / rows, max(size, 0.0) / rows


def _written(table: pa.Table, merged: bool) -> tuple[float, int]:
    """(seconds, bytes) of a file of this table. merged: with the time for the blocks that it is made of."""
    started = time.perf_counter()
    if merged:
        data = arrow(table)
        digest(data)
        table = from_arrow(data)
    data = parquet(table)
    digest(data)
    return time.perf_counter() - started, len(data)
