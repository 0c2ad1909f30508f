"""Blocks on a Dask cluster, or in processes of this machine. Workers write what they make straight to the store.

Whoever reaches a Dask port runs code there: nothing here opens one to other machines.
"""

from __future__ import annotations

import json
import pickle
import platform
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from harness.errors import FailedError, HarnessError
from harness.store.disk import Disk
from harness.store.folder import Folder
from harness.store.place import Place
from harness.store.places import place_of
from harness.sweeps.processes import distributed, line, processes, quiet
from harness.sweeps.run import Executor
from harness.sweeps.work import Task, Work

IN_FLIGHT = 4
"""Blocks for each thread of the workers: enough to keep it busy."""
RETRIES = 3
FAILURES = 10
"""Failed blocks after which no other begins: what is wrong is then likely to be wrong with all."""
PATIENCE = 120.0
"""Seconds without a result, while nothing runs on a worker that is alive."""
SILENT, ANSWER, POLL = 30.0, 20.0, 0.5
"""Seconds: a worker not heard of for so long is not alive; a scheduler has so long to answer; how often to look."""
GOES_ON = "what is done is kept, and the same command goes on from it"


@contextmanager
def opened(
    scheduler: str | None = None, scheduler_file: str | None = None, workers: int | None = None
) -> Iterator[Executor]:
    """An executor on the cluster of this scheduler, or of the scheduler that wrote this file, or of so many processes.

    TLS is as Dask's own configuration has it. Raises `FailedError` if no scheduler answers.
    """
    if sum(map(bool, (scheduler, scheduler_file, workers))) != 1:
        raise HarnessError("--scheduler, --scheduler-file and --workers: give one of them")
    local: AbstractContextManager[Any] = processes(workers) if workers else nullcontext()
    with quiet(), local as cluster:
        address = cluster.scheduler_address if workers else scheduler or _address(Path(scheduler_file or ""))
        if address.startswith("tls://") and not distributed.Security().get_connection_args("client")["ssl_context"]:
            raise FailedError(f"{address}: Dask's configuration has no certificates (distributed.comm.tls)")
        try:
            distributed.comm.resolve_address(address)  # a client that fails on this is never closed
            client = distributed.Client(address, timeout=ANSWER, set_as_default=False)
        except Exception as error:
            raise FailedError(f"{address}: no Dask scheduler answers there ({line(error)})") from None
        try:
            yield run(client)
        finally:
            with suppress(Exception):  # the scheduler may be gone
                client.close(timeout=POLL)


def run(client: Any, patience: float = PATIENCE) -> Executor:
    """Blocks on the workers of a Dask client, a few for each thread, also of workers that join later.

    A block that fails does not stop the others; the end is then a `FailedError` that names it. So does a scheduler that
    is gone end it, or `patience` seconds without a result while nothing runs.
    """

    def executor(function: Callable[[Task], int], tasks: Iterable[Task]) -> Iterator[int]:
        assert isinstance(function, Work)
        return _Flight(client, function, patience).results(tasks)

    return executor


class _Flight:
    """The blocks of one sweep that are on their way."""

    def __init__(self, client: Any, work: Work, patience: float) -> None:
        self.client, self.plan, self.patience = client, work.plan, patience
        self.address = client.scheduler.address
        # Scattered data would be lost with the workers that have it; the result of a task is made again.
        self.work = client.submit(pickle.loads, pickle.dumps(_anywhere(work)), pure=False, retries=RETRIES)
        self.running: dict[str, tuple[Any, Task]] = {}
        self.ended: SimpleQueue[Any] = SimpleQueue()
        self.suspects: list[Task] = []
        self.failures: list[str] = []
        self.heard: dict[str, tuple[float, float]] = {}
        self.threads = 0
        self.looked = -POLL
        self.moved = time.monotonic()

    def results(self, tasks: Iterable[Task]) -> Iterator[int]:
        """The runs of each block as it is done. Raises `FailedError` at the end if some are not."""
        try:
            yield from self._results(tasks)
            # Dask blames all that a worker had when it died; a block that ends its workers alone is guilty.
            suspects, self.suspects = self.suspects, []
            for task in suspects:
                yield from self._results([task], alone=True)
        finally:
            with suppress(Exception):
                self.client.cancel([future for future, _ in self.running.values()])
        if self.failures:
            raise FailedError(*self.failures, GOES_ON)

    def _results(self, tasks: Iterable[Task], alone: bool = False) -> Iterator[int]:
        waiting = iter(tasks)
        first = list(islice(waiting, 1))  # without any, no worker need be there
        waiting = chain(first, waiting)
        while first:
            self._look()
            if self.threads:
                if len(self.failures) + len(self.suspects) < FAILURES:
                    room = 1 if alone else IN_FLIGHT * self.threads
                    for task in islice(waiting, max(0, room - len(self.running))):
                        self._submit(task)
                if not self.running:
                    return
            try:
                future, task = self.running.pop(self.ended.get(timeout=POLL).key)
            except Empty:
                continue
            if self._done(future, task, alone):
                yield 0 if task.blocks is None else self.plan.runs_of(task.blocks)

    def _submit(self, task: Task) -> None:
        key = self.plan.key(*_span(task))
        future = self.client.submit(_do, self.work, task, key, pure=False, retries=RETRIES)
        self.running[future.key] = future, task
        future.add_done_callback(self.ended.put)

    def _done(self, future: Any, task: Task, alone: bool) -> bool:
        """Whether a task that ended is done. If not, it is noted why. Its result is None and stays where it is."""
        self.moved, status = time.monotonic(), future.status
        if status == "cancelled":
            raise self._lost()
        if status == "error":
            error = future.exception()
            killed = isinstance(error, distributed.KilledWorker)
            if killed and not alone:
                self.suspects.append(task)
            else:
                self.failures.append(f"{self._name(task)}: {'its workers died' if killed else line(error)}")
        future.release()
        return bool(status != "error")

    def _look(self) -> None:
        """Count the workers' threads. Raises `FailedError` if the scheduler is gone, or nothing goes on."""
        now = time.monotonic()
        if now - self.looked < POLL:
            return
        workers = self._ask("identity")["workers"]
        self.threads = sum(worker["nthreads"] for worker in workers.values())
        before = {address: self.heard.get(address, (0.0, now)) for address in workers}
        self.heard = {
            address: (worker["last_seen"], before[address][1] if worker["last_seen"] == before[address][0] else now)
            for address, worker in workers.items()
        }
        if now - self.moved > self.patience:
            alive = [address for address, (_, when) in self.heard.items() if now - when < SILENT]
            processing = self._ask("processing")
            if not any(processing.get(address) for address in alive):
                raise FailedError(
                    f"{self.address}: no result in {self.patience:.0f} seconds, and nothing runs: {len(workers)} "
                    f"workers, {len(alive)} of them alive; {GOES_ON}"
                )
        self.looked = time.monotonic()

    def _ask(self, what: str) -> Any:
        if self.client.status != "running":
            raise self._lost()
        try:
            return self.client.sync(getattr(self.client.scheduler, what), callback_timeout=ANSWER)
        except Exception:
            raise self._lost() from None

    def _lost(self) -> FailedError:
        return FailedError(f"{self.address}: the scheduler is gone, or dropped the work; {GOES_ON}")

    def _name(self, task: Task) -> str:
        first, stop = _span(task)
        runs = f"runs {self.plan.blocks[first].start} to {self.plan.blocks[stop - 1].stop - 1}"
        what = f"block {first} ({runs})" if stop == first + 1 else f"blocks {first} to {stop - 1} ({runs})"
        return f"{what}, merging" if task.blocks is None else what


def _do(work: Work, task: Task, key: str) -> None:
    """On a worker: do a task, if what is there agrees with what the client has."""
    if work.plan.key(*_span(task)) != key:
        raise FailedError(
            f"the worker on {platform.node()} would compute other numbers: it has another version of the program or "
            "of its libraries, or (for `arithmetic: fast`) another processor"
        )
    if Folder(work.place).manifest() is None:
        raise FailedError(
            f"the worker on {platform.node()} finds no sweep in {work.place}: --results must be where all workers "
            "read and write, such as a shared file system or s3://"
        )
    work(task)


def _span(task: Task) -> tuple[int, int]:
    """Blocks [first, stop) of a task."""
    blocks = task.part if task.blocks is None else task.blocks
    return blocks.start, blocks.stop


def _anywhere(work: Work) -> Work:
    """The work with absolute paths, for a process in another directory. Raises `HarnessError` if one is not UTF-8."""

    def absolute(place: Place) -> Place:
        return place_of(place.root.absolute()) if isinstance(place, Disk) else place

    earlier = work.earlier and replace(work.earlier, place=absolute(work.earlier.place))
    return replace(work, place=absolute(work.place), earlier=earlier)


def _address(file: Path) -> str:
    """The scheduler that wrote a file, which may yet have to start."""
    deadline = time.monotonic() + ANSWER
    while True:
        try:
            return str(json.loads(file.read_text("utf-8"))["address"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            if time.monotonic() > deadline:
                raise FailedError(f"{file}: not the file of a Dask scheduler ({line(error)})") from None
        time.sleep(POLL)
