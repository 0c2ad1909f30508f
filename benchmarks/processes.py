"""Targets that begin with a new process: the first result, many structures, the help page, memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.reached import Reached
from benchmarks.timing import Effort, median, seconds, timed

ROOT = Path(__file__).parents[1]
HELP_ROUNDS = 11


def child(*arguments: object, cache: str) -> dict[str, float]:
    """What `benchmarks.child` found in a process of its own, its kernels cached there; and `process`, its seconds."""
    command = [sys.executable, "-m", "benchmarks.child", *map(str, arguments)]
    environment = os.environ | {"XDG_CACHE_HOME": cache}
    started = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    return {"process": time.perf_counter() - started, **json.loads(done.stdout)}


def first_result(effort: Effort) -> list[Reached]:
    """A structure nobody trained before, in a new process: the first of all, the same again, and another."""
    cases: dict[str, tuple[int, float, list[dict[str, float]]]] = {
        "first result of any structure, nothing cached": (5, 5.0, []),
        "first result of a structure trained before": (5, 0.5, []),
        "first result of a new structure, another trained before": (4, 5.0, []),
    }
    for _ in range(effort.rounds):
        with tempfile.TemporaryDirectory() as cache:
            for units, _, found in cases.values():
                found.append(child("first", units, cache=cache))
    rows = []
    for work, (_, target, found) in cases.items():
        process, harness, engine = (median([one[key] for one in found]) for key in ("process", "harness", "engine"))
        how = f"from before `import harness` {harness:.2f} s, the whole process {process:.2f} s"
        rows.append(Reached(f"{work}: engine.train alone", target, False, engine, "s", how))
        rows.append(Reached(f"{work}: whole process", target, False, process, "s", how))
    return rows


def structures(effort: Effort) -> list[Reached]:
    """Many structures, none of them compiled yet."""
    count, runs, times = effort.size(30, 2), effort.size(1000, 8), []
    for _ in range(min(effort.rounds, 3)):
        with tempfile.TemporaryDirectory() as cache:
            times.append(child("structures", count, runs, cache=cache)["process"])
    how = f"median of {len(times)} processes, Parquet and all: 2-1-1 to 2-{count}-1, tanh, exact float64, 10 epochs"
    work = f"a sweep over {count} structures x {runs:,} short runs, nothing cached"
    return [Reached(work, 30, False, median(times), "s", how)]


def help_page(effort: Effort) -> list[Reached]:
    """The command against Python itself."""
    commands = {"help": [Path(sys.executable).with_name("harness"), "--help"], "python": [sys.executable, "-c", "pass"]}

    def run(command: list[Any]) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    jobs = {name: lambda command=command: run(command) for name, command in commands.items()}
    seconds(jobs["help"])
    times = timed(jobs, effort.size(HELP_ROUNDS, 1))
    found = {name: median(values) for name, values in times.items()}
    how = f"{found['help'] * 1e3:.0f} ms against {found['python'] * 1e3:.0f} ms, medians of {len(times['help'])} runs"
    figure = found["help"] / found["python"]
    return [Reached("`harness --help` against `python -c pass`", 3, False, figure, "x", how)]


def memory(effort: Effort) -> list[Reached]:
    """The most that a sweep holds, for few rows and for many."""
    sizes = (effort.size(10**5, 100), effort.size(10**7, 1000))
    with tempfile.TemporaryDirectory() as cache:
        child("rows", sizes[0], cache=cache)
        few, many = (child("rows", size, cache=cache)["megabytes"] for size in sizes)
    how = f"{few:.0f} MB for {sizes[0]:,} rows, {many:.0f} MB for {sizes[1]:,}: 2-2-1, 1 epoch, to Parquet, once"
    return [Reached("peak resident memory of 100 times as many rows", 1.2, False, many / few, "x", how)]
