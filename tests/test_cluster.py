"""Sweeps on a Dask cluster: the same bytes, and an end that tells why, whatever happens to workers and schedulers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import dask
import distributed
import psutil
import pytest

import harness
import harness.sweeps
from harness.errors import FailedError
from harness.experiment import load
from harness.store.disk import Disk
from harness.sweeps import cluster, processes, run
from harness.sweeps import plan as plans
from harness.sweeps.plan import Plan
from harness.sweeps.work import Task, Work
from reliability.clusters import Faults, endure
from reliability.sweeps import BLOCK_SIZE, EXPERIMENT, ROOT, digests, merging, until
from tests.support.command import call
from tests.support.scores import check

OPTIONS = run.Options(block_size=BLOCK_SIZE)
LONG = EXPERIMENT | {
    "network": {"layers": [2, 4, 1], "activation": "tanh"},
    "parameters": {"learning_rate": {"geomspace": [1e-3, 0.3, 400]}, "epochs": [1, 10_000], "init": "he_normal"},
    "repeats": 10,
}


@dataclass(frozen=True)
class Faulty(Work):
    """Work with a block that ends its process, fails once or always, or takes until it is released."""

    what: str = ""
    marks: Path = Path()

    def __call__(self, task: Task) -> int:
        if task.blocks == range(3, 4):
            again = (self.marks / "mark").exists()
            with (self.marks / "mark").open("a") as marks:
                marks.write("x")
            if self.what == "dies":
                os._exit(1)
            if self.what == "always" or (self.what == "once" and not again):
                raise OSError(28, "No space left on device")
            if self.what == "long":
                (self.marks / "release").read_bytes()  # a FIFO: until somebody writes
        return super().__call__(task)


class ClusterClock:
    """A clock of the cluster's that stands still, but for the seconds that every look at it takes."""

    def __init__(self, seconds: Callable[[int], float]) -> None:
        self.seconds, self.looks, self.now = seconds, 0, 0.0

    def monotonic(self) -> float:
        self.looks += 1
        assert self.looks < 2000, "it goes on and on"
        self.now += self.seconds(self.looks)
        return self.now


def faulty(executor: run.Executor, what: str, marks: Path) -> run.Executor:
    def executed(function: Callable[[Task], int], tasks: Iterable[Task]) -> Iterator[int]:
        given = {field.name: getattr(function, field.name) for field in fields(Work)}
        return executor(Faulty(**given, what=what, marks=marks), tasks)

    return executed


def swept(results: Path, executor: run.Executor) -> Path:
    """The trial experiment in 80 blocks, 10 of which share a part."""
    with merging(200):
        run.sweep(load(EXPERIMENT), results, OPTIONS, executor)
    return results / "trial"


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    with merging(200):
        return digests(harness.sweep(EXPERIMENT, tmp_path_factory.mktemp("local"), block_size=BLOCK_SIZE))


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """A client of a cluster of two processes; a block is suspect as soon as a process ends under it."""
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        processes.quiet(),
        processes.processes(2) as here,
        distributed.Client(here, set_as_default=False) as made,
    ):
        yield made


def test_the_same_bytes_as_on_threads(client: Any, local: dict[str, str], tmp_path: Path) -> None:
    assert len(local) == 16  # runs and curves of 8 parts
    assert digests(swept(tmp_path, cluster.run(client))) == local


def test_workers_may_be_in_another_directory(
    client: Any, local: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert digests(swept(Path("results"), cluster.run(client))) == local


def test_a_grid_is_extended(client: Any, tmp_path: Path) -> None:
    edited = EXPERIMENT | {"parameters": EXPERIMENT["parameters"] | {"epochs": [0, 10, 300, 301]}}
    whole = harness.sweep(edited, tmp_path / "new", block_size=BLOCK_SIZE)
    harness.sweep(EXPERIMENT, tmp_path, block_size=BLOCK_SIZE)
    run.sweep(load(edited), tmp_path, run.Options(extend=True, block_size=BLOCK_SIZE), cluster.run(client))
    assert digests(tmp_path / "trial") == digests(whole)


def test_a_block_that_fails_is_tried_again(client: Any, local: dict[str, str], tmp_path: Path) -> None:
    assert digests(swept(tmp_path, faulty(cluster.run(client), "once", tmp_path))) == local
    assert (tmp_path / "mark").read_text() == "xx"


@pytest.mark.parametrize(
    ("what", "tries", "why"),
    [("always", 4, "OSError: [Errno 28] No space left on device"), ("dies", 2, "its workers died")],
)
def test_one_that_always_fails_is_named_and_the_others_are_done(
    client: Any, local: dict[str, str], tmp_path: Path, what: str, tries: int, why: str
) -> None:
    with pytest.raises(FailedError) as caught:
        swept(tmp_path, faulty(cluster.run(client), what, tmp_path))
    assert str(caught.value).splitlines() == [f"block 3 (runs 15 to 19): {why}", cluster.GOES_ON]
    assert (tmp_path / "mark").read_text() == tries * "x"
    trained = []
    with merging(200):
        watch = run.Watch(progress=lambda done, runs: trained.append(done))
        run.sweep(load(EXPERIMENT), tmp_path, OPTIONS, watch=watch)
    assert trained == [395, 400]
    assert digests(tmp_path / "trial") == local


def test_many_failures_end_a_sweep(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block fails, because the workers seem to run another version of the program."""
    monkeypatch.setattr(plans, "version", lambda fast: ("another",))
    with pytest.raises(
        FailedError, match="would compute other numbers: it has another version of the program"
    ) as caught:
        swept(tmp_path, cluster.run(client))
    assert cluster.FAILURES < len(str(caught.value).splitlines()) <= cluster.FAILURES + 2 * cluster.IN_FLIGHT
    assert not list((tmp_path / "trial" / "blocks").iterdir())


def test_work_that_is_dropped_is_not_taken_for_done(client: Any, tmp_path: Path) -> None:
    def drop(done: int, runs: int) -> None:
        client.cancel([distributed.Future(key, client) for key in client.futures])

    with pytest.raises(FailedError, match="the scheduler is gone, or dropped the work; what is done is kept"):
        run.sweep(load(EXPERIMENT), tmp_path, OPTIONS, cluster.run(client), run.Watch(progress=drop))


def test_a_worker_that_does_not_see_the_results_says_so(tmp_path: Path) -> None:
    work = Work(Plan(load(EXPERIMENT), BLOCK_SIZE), Disk(tmp_path / "elsewhere"))
    with pytest.raises(FailedError, match=r"finds no sweep in .*/elsewhere: --results must be where all workers"):
        cluster._do(work, Task(range(80), range(1)), work.plan.key(0, 1))


def test_a_long_block_is_no_stall(
    client: Any, local: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep goes on while a block runs, though the patience for a result has run out ten times over."""
    os.mkfifo(tmp_path / "release")
    late: list[int] = []

    def seconds(looks: int) -> float:
        if not (tmp_path / "mark").exists():
            return cluster.POLL
        late.append(looks)
        if len(late) == 21:
            (tmp_path / "release").write_bytes(b"x")
        return 1e6 if len(late) <= 20 else 0.0  # no look after the release: its result may be on its way

    monkeypatch.setattr(cluster, "time", ClusterClock(seconds))
    monkeypatch.setattr(cluster, "SILENT", float("inf"))
    assert digests(swept(tmp_path, faulty(cluster.run(client, patience=1e5), "long", tmp_path))) == local
    assert len(late) > 20


def test_workers_that_do_not_run_are_a_stall(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "POLL", 0.05)
    monkeypatch.setattr(cluster, "time", ClusterClock(lambda looks: 10.0))
    processes = [psutil.Process(process) for process in client.run(os.getpid).values()]
    for process in processes:
        process.suspend()
    until(lambda: all(process.status() == psutil.STATUS_STOPPED for process in processes))
    try:
        with pytest.raises(
            FailedError, match="no result in 1000 seconds, and nothing runs: 2 workers, 0 of them alive"
        ):
            swept(tmp_path, cluster.run(client, patience=1000.0))
    finally:
        for process in processes:
            process.resume()


def test_no_workers_are_a_stall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "time", ClusterClock(lambda looks: 10.0))
    with (
        processes.quiet(),
        processes.processes(0) as here,
        distributed.Client(here, set_as_default=False) as client,
        pytest.raises(
            FailedError, match="no result in 120 seconds, and nothing runs: 0 workers, 0 of them alive; what is"
        ),
    ):
        swept(tmp_path, cluster.run(client))


def test_processes_and_a_scheduler_that_die(tmp_path: Path) -> None:
    check(endure(tmp_path, LONG, 2, Faults(kills=1, results=5, stopped=0, schedulers=1)))


def ended(*arguments: object) -> tuple[int, str]:
    result = call("sweep", *arguments)
    return result.exit_code, result.stderr


def test_options_exclude_each_other(tmp_path: Path) -> None:
    options = ("--scheduler", "tcp://127.0.0.1:1", "--workers", 2)
    assert ended(ROOT / "experiments/question.yaml", "--results", tmp_path, *options) == (
        2,
        "--scheduler, --scheduler-file and --workers: give one of them\n",
    )


def test_a_scheduler_is_found_by_its_file(client: Any, tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    client.write_scheduler_file(str(file))
    experiment = ROOT / "experiments/question.yaml"
    assert ended(experiment, "--results", tmp_path, "--scheduler-file", file)[0] == 0
    assert digests(tmp_path / "question") == digests(harness.sweep(experiment, tmp_path / "local"))


def test_processes_listen_to_this_machine_alone(client: Any) -> None:
    """Nothing but what they tell each other: no HTTP server, with or without a dashboard."""
    process = psutil.Process()
    listening = sorted(
        connection.laddr
        for one in (process, *process.children(recursive=True))
        for connection in one.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    )
    workers = client.scheduler_info(n_workers=-1)["workers"]
    comms = [client.scheduler.address, *workers, *(worker["nanny"] for worker in workers.values())]
    assert listening == sorted(("127.0.0.1", int(address.removeprefix("tcp://127.0.0.1:"))) for address in comms)
    assert len(listening) == 5  # a scheduler, two workers and their nannies


def test_processes_that_cannot_be_started_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**given: Any) -> Any:
        raise RuntimeError("Nanny failed to start.") from FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(distributed, "SpecCluster", fail)
    assert ended(ROOT / "experiments/question.yaml", "--results", tmp_path, "--workers", 1) == (
        1,
        "worker processes cannot be started here (FileNotFoundError: [Errno 2] No such file or directory)\n",
    )
    assert not list(tmp_path.iterdir())


def test_no_scheduler_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "ANSWER", 0.2)
    experiment = ROOT / "experiments/question.yaml"
    for address in ("tcp://127.0.0.1:1", "127.0.0.1", "udp://127.0.0.1:1"):
        code, text = ended(experiment, "--results", tmp_path, "--scheduler", address)
        assert (code, text.count("\n")) == (1, 1)
        assert text.startswith(f"{address}: no Dask scheduler answers there (")
    assert ended(experiment, "--results", tmp_path, "--scheduler", "tls://127.0.0.1:1") == (
        1,
        "tls://127.0.0.1:1: Dask's configuration has no certificates (distributed.comm.tls)\n",
    )
    code, text = ended(experiment, "--results", tmp_path, "--scheduler-file", tmp_path / "none.json")
    assert (code, text.count("\n")) == (1, 1)
    assert text.startswith(f"{tmp_path}/none.json: not the file of a Dask scheduler (FileNotFoundError")


def test_without_dask_the_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    for name in ("cluster", "processes"):
        monkeypatch.delitem(sys.modules, f"harness.sweeps.{name}")
        monkeypatch.delattr(harness.sweeps, name)
    assert ended(ROOT / "experiments/question.yaml", "--results", tmp_path, "--workers", 2) == (
        1,
        "a cluster needs Dask: pip install backprop-harness[dask]\n",
    )


def test_a_signal_ends_processes_too(tmp_path: Path) -> None:
    file = tmp_path / "long.yaml"
    file.write_text(str(LONG | {"repeats": 1000}).replace("'", '"'))
    command = [sys.executable, "-m", "harness", "sweep", str(file), "--results", str(tmp_path), "--workers", "1"]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True) as sweep:
        assert sweep.stderr is not None
        for line in sweep.stderr:
            if " 0 of" in line:
                break
        os.killpg(sweep.pid, signal.SIGINT)
        lines = sweep.stderr.read().splitlines()  # until no process of the group has it open
    assert sweep.returncode == 130
    assert lines[-1] == "interrupted; what is done is kept, and the same command goes on from it"
    assert [line for line in lines[:-1] if "of 400,000 runs" not in line] == []
