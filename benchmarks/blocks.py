"""Sweeps of many small blocks: whole, again, gone on with, verified, and asked how far they are."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.harness_ import planned, train
from benchmarks.reached import Reached
from benchmarks.rows import Workload, experiment
from benchmarks.timing import Effort, seconds
from harness.errors import FailedError
from harness.experiment import load
from harness.sweeps import local, run
from harness.sweeps.plan import Plan
from harness.views.status import status_of

COUNTS, MANY = (500, 1000, 2000), 100_000
RUNS, MILLISECOND = 10, 1e-3
"""The runs of a block, and the seconds that it takes one thread."""
WHOLE, SOON = 180, 10
"""Seconds for all of the many blocks on two processors, and for what trains next to none of them."""
QUIET = run.Watch()
LAST = 0.99
"""The share of the runs after which a sweep is stopped that is gone on with."""


def small_blocks(effort: Effort) -> list[Reached]:
    """Blocks of a millisecond: few, twice and four times as many, and very many."""
    epochs = _epochs(effort)
    with tempfile.TemporaryDirectory() as name:
        took = {count: _swept(_many(count, epochs), Path(name, str(count))) for count in _counts(effort)}
        many = _many(effort.size(MANY, 128), epochs)
        return [*_few(took), *_whole(many, Path(name))]


def _counts(effort: Effort) -> list[int]:
    return [effort.size(count, count // 5) for count in COUNTS]


def _many(blocks: int, epochs: int) -> dict[str, Any]:
    """An experiment of so many blocks, whose rates are so low that no run settles."""
    rates = {"geomspace": [1e-6, 1e-4, blocks]}
    workload = Workload((2, 2, 1), "tanh", samples=4)
    return experiment(workload, learning_rate=rates, epochs=epochs, init="xavier_uniform") | {"repeats": RUNS}


def _epochs(effort: Effort) -> int:
    """How many epochs make a block take a millisecond."""
    if effort.quick:
        return 1
    blocks, epochs = 64, 100_000  # so many that nothing but training takes long
    plan = Plan(load(_many(blocks, epochs)), RUNS)
    train(plan)
    took = seconds(partial(train, plan)) * local.processors() / blocks
    return max(1, round(epochs * MILLISECOND / took))


def _swept(mapping: dict[str, Any], results: Path, watch: run.Watch = QUIET) -> float:
    options = run.Options(block_size=RUNS)
    return seconds(lambda: run.sweep(load(mapping), results, options, watch=watch))


def _few(took: dict[int, float]) -> list[Reached]:
    fewest, *_, most = took
    how = ", ".join(f"{count:,} blocks in {spent:.2f} s" for count, spent in took.items())
    work = f"{most:,} small blocks against {fewest:,}: time"
    return [Reached(work, most / fewest, False, took[most] / took[fewest], "x", how)]


def _whole(mapping: dict[str, Any], folder: Path) -> list[Reached]:
    """The very many blocks: all, again when nothing is left, the last of them, and what the folder says."""
    plan = planned(mapping)
    count = f"{plan.runs // RUNS:,} blocks of a millisecond"
    whole = _swept(mapping, folder / "whole")
    again = _swept(mapping, folder / "whole")
    stopping = _Stopping()
    with suppress(FailedError):
        _swept(mapping, folder / "stopped", run.Watch(progress=stopping, stop=stopping))
    done = status_of(str(folder / "stopped" / plan.experiment.name)).done
    resumed = _swept(mapping, folder / "stopped")
    where = str(folder / "whole" / plan.experiment.name)
    told = {
        "nothing left to do": (again, "the same command again"),
        "gone on with": (resumed, f"{done:,} of {plan.runs // RUNS:,} blocks were there"),
        "status": (seconds(lambda: status_of(where, deep=False)), "sizes compared with the log"),
        "verify": (seconds(lambda: status_of(where, deep=True)), "every byte read again"),
    }
    threads = f"to Parquet, on {local.processors()} threads"
    return [
        Reached(f"a sweep of {count}: seconds", WHOLE, False, whole, "s", threads),
        *(Reached(f"{count}, {what}: seconds", SOON, False, took, "s", how) for what, (took, how) in told.items()),
    ]


class _Stopping:
    """Who looks on until nearly all runs are done, and then lets no other block begin."""

    def __init__(self) -> None:
        self.asked = False

    def __bool__(self) -> bool:
        return self.asked

    def __call__(self, done: int, runs: int) -> None:
        self.asked = done >= LAST * runs
