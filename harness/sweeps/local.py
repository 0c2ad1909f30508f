"""Blocks on this machine's threads. The engine runs without the interpreter's lock, so threads are enough."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(function: Callable[[Task], Result], tasks: Iterable[Task], threads: int | None = None) -> Iterator[Result]:
    """function(task) for each, as they finish. Two tasks a thread are in flight, so memory does not grow.

    When a task fails, or the caller stops, those that have not begun are dropped and those that have are waited for.
    """
    threads = threads or processors()
    waiting = iter(tasks)
    with ThreadPoolExecutor(threads, thread_name_prefix="harness") as pool:
        running: set[Future[Result]] = {pool.submit(function, task) for task in islice(waiting, 2 * threads)}
        try:
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                running |= {pool.submit(function, task) for task in islice(waiting, len(done))}
                for future in done:
                    yield future.result()
        finally:
            for future in running:
                future.cancel()
