"""What a sweep will take, measured before it starts; one that the disk cannot hold is refused."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import FailedError
from harness.network.runs import Outcome, Runs, Status
from harness.store.files import arrow, digest, from_arrow, parquet
from harness.store.folder import Folder
from harness.store.tables import together
from harness.sweeps import local
from harness.sweeps.blocks import Block
from harness.sweeps.cost import CALL_WORK, WORK_PER_SECOND
from harness.sweeps.extend import Earlier
from harness.sweeps.plan import BLOCK_NUMBERS, Plan
from harness.sweeps.work import in_tables

if TYPE_CHECKING:
    import pyarrow as pa

SHORT = 2.0
"""Seconds of one thread: a sweep that takes less by the plan's guess is not measured."""
SHARE, MOST = 0.1, 0.7
"""How much of the sweep may be spent on measuring it, and how many seconds at most."""
SAMPLES, RUNS = 16, 256
"""How many samples of the work are trained, and how many consecutive runs each has: enough to fill the vectors of a
group, or all runs of a block that has fewer. Time may allow fewer samples, or more runs in each."""
GROWTH = 4
ROW = 3e-6
"""Seconds that a row takes to be written, where that is what takes long."""
WRITTEN = 2**16
"""Rows that are written to see how long that takes."""
BASE_MEMORY = 300 * 2**20
"""Memory of a sweep in bytes, as measured: what Python, Numba and pyarrow take together; then `BYTES_PER_NUMBER` more
for each number of a block in hand, its file included."""
BYTES_PER_NUMBER = 20


@dataclass(frozen=True)
class Estimate:
    """What is left of a sweep. seconds: on this machine's threads. disk, memory: the most bytes while it lasts.

    bound: whether the seconds are a guess by cost, or leave out that runs may yet end early, so that they are a most.
    """

    rows: int
    seconds: float
    disk: int
    memory: int
    threads: int
    bound: bool


def measure(
    plan: Plan, blocks: Sequence[Block], folder: Folder, threads: int | None = None, earlier: Earlier | None = None
) -> Estimate:
    """Train samples of the runs of these blocks, which are left of a plan, and go on from there to all of them.

    blocks: each is trained in one call. threads: how many train, all processors if None. earlier: results that runs are
    taken from: nothing is measured then, as nobody knows yet how many are left to train. Raises `FailedError` if the
    disk cannot hold them.
    """
    estimate = guessed(plan, blocks, threads)
    if earlier:
        estimate = replace(estimate, memory=estimate.memory + earlier.memory)
    elif estimate.seconds * estimate.threads > SHORT:
        found = _Measurement(plan, blocks, estimate)
        disk = min(estimate.disk, int(found.disk) + _beside(plan, estimate.rows))
        estimate = replace(estimate, seconds=found.seconds / estimate.threads, disk=disk, bound=found.bound)
    free = folder.place.free()
    if free is not None and estimate.disk > free:
        raise FailedError(f"{folder}: the table needs about {estimate.disk:,} bytes, and {free:,} are free there")
    return estimate


def guessed(plan: Plan, blocks: Sequence[Block], threads: int | None = None) -> Estimate:
    """What these blocks of a plan take at most, by their cost alone; nothing is run. threads: all if None."""
    threads = min(threads or local.processors(), len(blocks))
    share = sum(block.runs for block in blocks) / plan.runs
    rows, size = round(plan.rows * share), plan.bytes * share
    numbers = min(size / 8 / len(blocks), BLOCK_NUMBERS)
    calls = len(blocks) * CALL_WORK / WORK_PER_SECOND
    return Estimate(
        rows=rows,
        seconds=(rows * ROW + calls + sum(plan.seconds_of(block) for block in blocks)) / threads,
        disk=int(size) + _beside(plan, rows),
        memory=BASE_MEMORY + int(threads * numbers * BYTES_PER_NUMBER),
        threads=threads,
        bound=True,
    )


def _beside(plan: Plan, rows: int) -> int:
    """Bytes of the blocks, not compressed, that lie beside the table of so many rows until it has their parts.

    One part is being made while the blocks of the next come in.
    """
    if len(plan.parts) == len(plan.blocks):
        return 0
    return int(min(plan.bytes * rows / plan.rows, 2 * 8 * BLOCK_NUMBERS))


@dataclass(frozen=True)
class _Trial:
    """A sample that was trained for some of its epochs.

    weight: how many shares of the work it stands for. seconds: of everything but writing; trained: of the engine.
    steps: those that were run. rest: those of the epochs that were left out, if no other run ends early. whole: whether
    no epoch was left out.
    """

    sample: Block
    weight: int
    tables: dict[str, pa.Table]
    seconds: float
    trained: float
    steps: int
    rest: int
    whole: bool


class _Measurement:
    """What samples spread over the work took when they were trained on as many threads as the sweep will have.

    seconds: one thread's, of training and writing all. bound: whether they are a most. disk: bytes.
    """

    def __init__(self, plan: Plan, blocks: Sequence[Block], guess: Estimate) -> None:
        self.plan, self.blocks, self.threads, self.tables = plan, blocks, guess.threads, plan.tables()
        self.costs = np.array([plan.seconds_of(block) for block in blocks])
        one = replace(blocks[0], stop=blocks[0].start + 1)
        calls = [self._trial(1, (one, 1)) for _ in range(2)]  # the first makes what later ones find made
        fixed, called = (min(getattr(call, name) for call in calls) for name in ("seconds", "trained"))
        shorter, trials = self._grown(min(MOST, SHARE * guess.seconds))
        whole = [max(trial.seconds - fixed, 0.0) + _left(trial, trials, shorter, called) for trial in trials]
        shares = [took / plan.seconds_of(trial.sample) for took, trial in zip(whole, trials, strict=True)]
        share = np.average(shares, weights=[trial.weight for trial in trials])
        some = min(1.0, WRITTEN / sum(trial.tables["runs"].num_rows for trial in trials))
        kinds = {kind: together(_beginning(trial.tables[kind], some) for trial in trials) for kind in trials[0].tables}
        written, row, file = _per_row(kinds, merged=len(plan.parts) < len(plan.blocks))
        self.bound = any(trial.rest for trial in trials)
        if "curves" in kinds and not all(trial.whole for trial in trials):  # of which only the beginning was made
            longest = plan.bytes / plan.rows
            written, row = written * longest / max(row, 1.0), longest
        self.disk = guess.rows * row + len(plan.parts) * file
        self.seconds = float(self.costs.sum() * share) + len(blocks) * fixed + guess.rows * written

    def _grown(self, budget: float) -> tuple[list[_Trial], list[_Trial]]:
        """Samples that were trained for some epochs, if it took several tries, and then for more.

        The first take a share of the budget by the plan's guess: of fewer epochs or of more runs. If that was less than
        it seemed, the next have more epochs, and once these are all, more runs.
        """
        started, last = time.perf_counter(), max(block.epochs for block in self.blocks)
        count, cap, runs = SAMPLES, last, RUNS

        def guess() -> float:
            samples = self._samples(count, runs)
            rows = sum(one.runs for one in samples) * self.plan.rows / self.plan.runs
            trained = sum(self.plan.seconds_of(replace(one, epochs=min(cap, one.epochs))) for one in samples)
            return (trained + rows * ROW) / self.threads

        while guess() > budget / GROWTH and (cap > 1 or count > 1):
            cap, count = (-(-cap // GROWTH), count) if cap > 1 else (cap, count // 2)
        while cap == last and runs < max(block.runs for block in self.blocks) and guess() < budget / GROWTH**2:
            runs *= GROWTH
        shorter: list[_Trial] = []
        while True:
            before, samples = time.perf_counter(), self._samples(count, runs)
            done = local.run(partial(self._trial, cap), samples.items(), self.threads)
            trials = sorted(done, key=lambda trial: trial.sample.start)
            now, whole = time.perf_counter(), all(one.runs < runs for one in samples)
            if (cap >= last and whole) or now - started + GROWTH * (now - before) > budget:
                return shorter, trials
            shorter = trials if cap < last else []
            cap, runs = (GROWTH * cap, runs) if cap < last else (cap, GROWTH * runs)

    def _samples(self, count: int, runs: int) -> Counter[Block]:
        """Samples of consecutive runs, from a drawn place in each of so many shares of the work; always the same.

        The value of each is how many shares it stands for.
        """
        random, total = np.random.default_rng(0), np.cumsum(self.costs)
        at = np.searchsorted(total, (np.arange(count) + random.random(count)) / count * total[-1], side="right")
        samples: Counter[Block] = Counter()
        for block, u in zip((self.blocks[min(k, len(total) - 1)] for k in at), random.random(count), strict=True):
            start = block.start + runs * int(u * -(-block.runs // runs))  # no two overlap
            samples[replace(block, start=start, stop=min(start + runs, block.stop))] += 1
        return samples

    def _trial(self, cap: int, weighted: tuple[Block, int]) -> _Trial:
        """Train a sample for at most `cap` epochs."""
        (sample, weight), started = weighted, time.perf_counter()
        runs, rows = self.plan.asked(sample)
        capped, before = replace(runs, recorded=np.minimum(runs.recorded, cap)), time.perf_counter()
        outcome = self.plan.train(capped)
        trained = time.perf_counter() - before
        tables = in_tables(self.plan, self.tables, sample, (runs, rows), outcome)
        rest = _rest(runs, capped, outcome) * self.plan.samples
        seconds, cut = time.perf_counter() - started, bool((runs.recorded > cap).any())
        return _Trial(sample, weight, tables, seconds, trained, outcome.steps, rest, not cut)


def _left(trial: _Trial, trials: Sequence[_Trial], shorter: Sequence[_Trial], called: float) -> float:
    """The seconds that the rest of a sample's epochs would take, at the speed of samples of the same structure.

    Where these were first trained for fewer epochs, it is the speed of the additional ones; else that of all, less the
    seconds that a call of the engine takes whatever it trains: else a few epochs seem a hundred times as slow.
    """
    if not trial.rest:
        return 0.0
    alike = [k for k, other in enumerate(trials) if other.sample.structure == trial.sample.structure]
    seconds, steps = (sum(getattr(trials[k], name) for k in alike) for name in ("trained", "steps"))
    if shorter:
        fewer, less = (sum(getattr(shorter[k], name) for k in alike) for name in ("steps", "trained"))
        if steps > fewer and seconds > less:
            seconds, steps = seconds - less, steps - fewer
    else:
        seconds = max(seconds - called * len(alike), 0.0)
    return float(trial.rest * seconds / max(steps, 1))


def _rest(runs: Runs, capped: Runs, outcome: Outcome) -> int:
    """How many epochs remain, in all, for the runs that had not ended when training was cut short."""
    going = outcome.status[runs.place[runs.first_recorded[1:] - 1]] == Status.RAN
    return int((runs.last - capped.last)[going].sum())


def _beginning(table: pa.Table, share: float) -> pa.Table:
    return table.slice(0, math.ceil(share * table.num_rows))


def _per_row(tables: dict[str, pa.Table], merged: bool) -> tuple[float, float, int]:
    """(seconds, bytes) that a row adds to a file, and the bytes of a file without rows. merged: blocks share files."""
    some, none = ([_written(table.slice(0, rows), merged) for table in tables.values()] for rows in (None, 0))
    seconds, size = (sum(a[k] for a in some) - sum(b[k] for b in none) for k in (0, 1))
    rows = tables["runs"].num_rows
    return max(seconds, 0.0) / rows, max(size, 0.0) / rows, sum(file[1] for file in none)


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
