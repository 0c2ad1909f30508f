"""A Dask cluster whose processes are killed and stopped in a sweep: the same command always finishes the job."""

from __future__ import annotations

import json
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import harness
from reliability.score import Score
from reliability.sweeps import ROOT, digests, merging

EXPERIMENT: dict[str, Any] = {
    "name": "cluster",
    "seed": 4,
    "network": {"layers": [2, 4, 1], "activation": "tanh"},
    "data": {"generate": "xor", "samples": 8, "noise": 0.1},
    "parameters": {
        "init": {"normal": {"std": 0.5}},
        "learning_rate": {"geomspace": [1e-3, 0.3, 1000]},
        "epochs": [0, 1, 10, 1000, 10_000],
    },
    "repeats": 15,
}
ROWS = 10_000
"""Rows in a part: few enough for several parts, and enough for several blocks to share one."""
PROGRAM = """\
import os, sys
from harness.cli import main
from harness.sweeps import cluster
from reliability.sweeps import merging
rows, told, go = (int(sys.argv.pop(1)) for _ in range(3))
def run(client, given=cluster.run):
    def executor(function, tasks):
        for runs in given(client)(function, tasks):
            os.write(told, b"r")
            os.read(go, 1)
            yield runs
    return executor
cluster.run = run
with merging(rows):
    main()
"""
"""The command `harness`, which tells of each result and then waits: blocks are under way, and no other begins."""
GONE = "the scheduler is gone"
TICK, LIMIT = 0.05, 1800.0
Event = tuple[int, Callable[[], bool]]
"""A number of results, and a function that is called after them; it returns whether it could do its harm."""


@dataclass(frozen=True)
class Faults:
    """kills: of workers, one every so many results. stopped: results in which one does not run. schedulers: killed."""

    kills: int
    results: int
    stopped: int
    schedulers: int


def full(folder: Path) -> Iterator[Score]:
    return endure(folder, EXPERIMENT, 4, Faults(30, 4, 15, 5))


def endure(folder: Path, experiment: dict[str, Any], workers: int, faults: Faults) -> Iterator[Score]:
    """Sweep through all of the faults, and compare with what threads make without any."""
    injected, resumed = Score("Dask: faults while a sweep runs"), Score("Dask: a lost scheduler ends it in one line")
    once, same = Score("Dask: every configuration exactly once"), Score("Dask: the same bytes as on threads")
    file, name = folder / "experiment.json", str(experiment["name"])
    file.write_text(json.dumps(experiment), "utf-8")
    with merging(ROWS):
        local = harness.sweep(file, folder / "local")
    configs, expected = harness.load(local, ["config"]).config, digests(local)
    with Cluster(folder, workers) as cluster:
        events = _events(cluster, faults)
        for swept in _sweeps(file, folder / "results" / name, cluster, events, (injected, resumed)):
            counts, found = harness.load(swept, ["config"]).config.value_counts(), digests(swept)
            for config in configs:
                once.add(counts.get(config, 0) == 1, f"config {config}: {counts.get(config, 0)} rows")
            for path in sorted({*expected, *found}):
                same.add(expected.get(path) == found.get(path), path)
    for _ in events:
        injected.add(False, "there was no time for it")
    yield from (injected, resumed, once, same)


def _sweeps(
    file: Path, folder: Path, cluster: Cluster, events: list[Event], scores: tuple[Score, Score]
) -> Iterator[Path]:
    """Repeat the command until it is done, and then from nothing until all of the events have come; each result."""
    injected, resumed = scores
    deadline, results = time.monotonic() + LIMIT, 0
    while time.monotonic() < deadline:
        with _sweep(file, folder, cluster) as (sweep, errors, told, go):
            while sweep.poll() is None and time.monotonic() < deadline:
                cluster.tend()
                if select.select([told], (), (), TICK)[0] and os.read(told, 1):
                    results += 1
                    while events and results >= events[0][0]:
                        injected.add(events.pop(0)[1](), "there was no process to hit")
                    os.write(go, b".")
            sweep.kill()
            code = sweep.wait()
            last = errors.read_text().splitlines()[-1:]
        if code == 0:
            yield folder
            if not events:
                return
            shutil.rmtree(folder)
        else:
            resumed.add(code == 1 and GONE in "".join(last), f"exit code {code}: {last}")


@contextmanager
def _sweep(file: Path, folder: Path, cluster: Cluster) -> Iterator[tuple[subprocess.Popen[bytes], Path, int, int]]:
    """(The command, its errors, the pipe on which it tells of a result, and the one on which it is let go)."""
    (told, telling), (waiting, go) = os.pipe(), os.pipe()
    program = [sys.executable, "-c", PROGRAM, str(ROWS), str(telling), str(waiting)]
    command = [*program, "sweep", str(file), "--results", str(folder.parent), "--scheduler", cluster.address]
    path, out, files = cluster.folder / "errors.txt", subprocess.DEVNULL, (telling, waiting)
    with path.open("w") as errors:
        sweep = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=errors, pass_fds=files)
    os.close(telling)
    try:
        yield sweep, path, told, go
    finally:
        sweep.kill()
        sweep.wait()
        for pipe in (told, waiting, go):
            os.close(pipe)


def _events(cluster: Cluster, faults: Faults) -> list[Event]:
    last = faults.kills * faults.results
    events: list[Event] = [(faults.results * number, cluster.kill_worker) for number in range(1, faults.kills + 1)]
    events += [
        (last * (5 * number + 3) // (5 * faults.schedulers), cluster.kill_scheduler)
        for number in range(faults.schedulers)
    ]
    if faults.stopped:
        events += [(last // 8, cluster.stop_worker), (last // 8 + faults.stopped, cluster.resume_worker)]
    return sorted(events, key=lambda event: event[0])


class Cluster:
    """A scheduler and workers, each a process of its own on 127.0.0.1, started again when they end."""

    def __init__(self, folder: Path, workers: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.folder, self.draw = folder / "cluster", random.Random(5)
        self.folder.mkdir()
        self.scheduler = self._scheduler()
        self.workers = [self._worker() for _ in range(workers)]
        self.stopped: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *error: object) -> None:
        for process in (self.scheduler, *self.workers):
            process.kill()
            process.wait()

    def tend(self) -> None:
        """Start again what has ended."""
        if self.scheduler.poll() is not None:
            self.scheduler = self._scheduler()
        self.workers = [worker if worker.poll() is None else self._worker() for worker in self.workers]

    def kill_worker(self) -> bool:
        living = [worker for worker in self.workers if worker.poll() is None and worker is not self.stopped]
        if living:
            self.draw.choice(living).kill()
        return bool(living)

    def kill_scheduler(self) -> bool:
        if living := self.scheduler.poll() is None:
            self.scheduler.kill()
        return living

    def stop_worker(self) -> bool:
        self.stopped = next((worker for worker in self.workers if worker.poll() is None), None)
        if self.stopped:
            self.stopped.send_signal(signal.SIGSTOP)
        return self.stopped is not None

    def resume_worker(self) -> bool:
        if (worker := self.stopped) is None:
            return False
        self.stopped = None
        with suppress(ProcessLookupError):
            worker.send_signal(signal.SIGCONT)
        return worker.poll() is None

    def _scheduler(self) -> subprocess.Popen[bytes]:
        return self._start("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")

    def _worker(self) -> subprocess.Popen[bytes]:
        options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0")
        return self._start("worker", self.address, "--host", "127.0.0.1", *options)

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        """In a directory of its own: nothing may depend on where a process is."""
        with (self.folder / f"{words[0]}.txt").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *words], cwd=self.folder, stdout=log, stderr=subprocess.STDOUT
            )
