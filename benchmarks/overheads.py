"""What it costs that results survive and that blocks may run elsewhere; and planning alone."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import harness
from benchmarks.harness_ import planned, train
from benchmarks.processes import child
from benchmarks.reached import Reached
from benchmarks.rows import Workload, experiment
from benchmarks.timing import Effort, median, ratio, seconds, timed
from harness.experiment import load
from harness.store.disk import Disk
from harness.sweeps import cluster, local, run

MINUTE = 60.0
RUNS = 100_000
"""The runs, and rows, of the sweep that takes a minute, in some hundred blocks that share a part."""


def durable(effort: Effort) -> list[Reached]:
    """A minute's sweep: the share of its time that commits take, and workers in processes against threads."""
    mapping = _minute(effort)
    with tempfile.TemporaryDirectory() as name:
        folder, numbers = Path(name), count()
        with _spent() as spent:
            took = seconds(lambda: harness.sweep(mapping, folder / str(next(numbers))))
        with cluster.opened(workers=2) as executor:
            jobs = {
                "threads": lambda: _sweep(mapping, folder / str(next(numbers)), local.run),
                "processes": lambda: _sweep(mapping, folder / str(next(numbers)), executor),
            }
            times = timed(jobs, min(effort.rounds, 3))
    work = f"a sweep of {RUNS:,} rows that takes {took:.0f} s on {local.processors()} threads"
    share = sum(spent) / (took * local.processors())
    how = f"writing, syncing and checking files, {len(spent):,} of them: {sum(spent):.2f} s of all threads' time"
    both = f"{median(times['threads']):.1f} s on threads, {median(times['processes']):.1f} s in processes (medians)"
    return [
        Reached(f"{work}: share of commits", 0.03, False, share, "", how),
        Reached(f"{work}: 2 worker processes, times its speed", 0.9, True, ratio(*times.values()), "x", both),
    ]


def _minute(effort: Effort) -> dict[str, Any]:
    """An experiment that takes a minute on threads."""

    def made(epochs: int) -> dict[str, Any]:
        rates = {"geomspace": [1e-6, 1e-4, effort.size(RUNS, 200)]}  # so low that no run settles
        return experiment(Workload((2, 8, 1), "tanh"), learning_rate=rates, epochs=epochs)

    if effort.quick:
        return made(1)
    train(planned(made(1)))
    took = seconds(partial(train, planned(made(20))))
    return made(round(20 * MINUTE / took))


@contextmanager
def _spent() -> Iterator[list[float]]:
    """The seconds of every file that is written."""
    spent: list[float] = []

    def clocked(method: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any) -> Any:
            started = time.perf_counter()
            try:
                return method(*arguments)
            finally:
                spent.append(time.perf_counter() - started)

        return called

    with patch.multiple(Disk, write=clocked(Disk.write), create=clocked(Disk.create)):
        yield spent


def _sweep(mapping: dict[str, Any], results: Path, executor: run.Executor) -> None:
    run.sweep(load(mapping), results, executor=executor)


def planning(effort: Effort) -> list[Reached]:
    """A plan of a billion rows: how long it takes, and how much memory more than one of a thousand."""
    rows = effort.size(10**9, 10**5)
    with tempfile.TemporaryDirectory() as cache:
        few, many = (child("planning", size, cache=cache) for size in (1000, rows))
    grown = many["megabytes"] - few["megabytes"]
    how = f"{many['blocks']:,.0f} blocks; the process held {many['megabytes']:.0f} MB"
    return [
        Reached(f"planning {rows:,} rows: seconds", 1.0, False, many["seconds"], "s", how),
        Reached(f"planning {rows:,} rows: memory", 200, False, grown, "MB", how),
    ]
