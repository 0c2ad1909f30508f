"""Targets of a whole sweep, from the experiment file to Parquet."""

from __future__ import annotations

import json
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import harness
from benchmarks.reached import Reached
from benchmarks.rows import Workload, experiment
from benchmarks.timing import Effort, Job, median, ratio, timed
from harness.store.files import parquet as as_parquet
from harness.sweeps import local


def parquet(effort: Effort) -> list[Reached]:
    """A sweep of a million rows against writing them."""
    return [row for samples in (1, 8) for row in _parquet(samples, effort)]


def _parquet(samples: int, effort: Effort) -> list[Reached]:
    workload, rows, epochs = Workload((2, 2, 1), samples=samples), effort.size(10**6, 100), 100
    rates = {"geomspace": [1e-4, 0.1, rows]}
    with tempfile.TemporaryDirectory() as name:
        folder, numbers = Path(name), count()
        file = folder / "experiment.yaml"
        file.write_text(json.dumps(experiment(workload, learning_rate=rates, epochs=epochs)), "utf-8")

        def fresh() -> Path:
            return folder / str(next(numbers))

        done = harness.sweep(file, fresh())
        parts = [pq.read_table(part) for part in sorted((done / "runs").glob("*.parquet"))]
        jobs: dict[str, Job] = {
            "sweep": lambda: harness.sweep(file, fresh()),
            "threads": lambda: write(parts, fresh(), None),
            "one thread": lambda: write(parts, fresh(), 1),
        }
        times = timed(jobs, effort.rounds)
    seconds = {name: median(values) for name, values in times.items()}
    work = f"a sweep of {rows:,} rows, 2-2-1, {epochs} epochs of {samples} sample{'s' * (samples > 1)}, YAML to Parquet"
    how = (
        f"exact float64, kernels cached: {seconds['sweep']:.2f} s; pyarrow, the same {len(parts)} parts and settings, "
        f"one after the other {seconds['one thread']:.2f} s, on all processors {seconds['threads']:.2f} s"
    )
    return [
        Reached(f"{work}: time against {what}", 2, False, ratio(times["sweep"], times[name]), "x", how)
        for name, what in (("one thread", "writing that table"), ("threads", "writing it on all processors"))
    ]


def write(parts: list[Any], path: Path, threads: int | None) -> None:
    """The parts with the settings of the store, and nothing else of what it does."""
    path.mkdir(parents=True)

    def one(part: tuple[int, Any]) -> None:
        number, table = part
        (path / f"{number}.parquet").write_bytes(as_parquet(table))

    for _ in local.run(one, enumerate(parts), threads):
        pass
