"""Dask in processes of this machine, which say nothing and listen to nobody but each other."""

from __future__ import annotations

import logging
import signal
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from multiprocessing import resource_tracker
from typing import Any

from harness.errors import FailedError, HarnessError

try:
    distributed: Any = import_module("distributed")
except ImportError:
    raise FailedError("a cluster needs Dask: pip install backprop-harness[dask]") from None

LOGGERS = ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio")
SILENCE = logging.CRITICAL + 1


class _Scheduler(distributed.Scheduler):  # type: ignore[misc]
    """A scheduler without the HTTP server that every other opens, and that asks nobody for a password."""

    def start_http_server(self, *given: Any, **named: Any) -> None:
        """Open no port: a scheduler does so even if it is told to have no dashboard."""


class _Worker(distributed.Worker):  # type: ignore[misc]
    """A worker without an HTTP server."""

    start_http_server = _Scheduler.start_http_server


def processes(workers: int) -> Any:
    """A cluster of so many processes with a thread each, which listens to this machine alone.

    A port each of the scheduler, of the workers and of the nannies that start them again, for what they tell each
    other; no other. Ctrl-C is for the command: what is started from a thread that blocks the signal blocks it too.
    Raises `FailedError` if they do not start.
    """
    sys.warnoptions.append("ignore")  # for the tracker alone: it complains when `stop` leaves at once
    resource_tracker.ensure_running()
    sys.warnoptions.pop()
    place = {"protocol": "tcp://", "host": "127.0.0.1"}
    worker = {"nthreads": 1, "memory_limit": 0, "silence_logs": SILENCE, "worker_class": _Worker}
    with ThreadPoolExecutor(1, initializer=partial(signal.pthread_sigmask, signal.SIG_BLOCK, {signal.SIGINT})) as pool:
        made = pool.submit(
            distributed.SpecCluster,
            workers={number: {"cls": distributed.Nanny, "options": place | worker} for number in range(workers)},
            scheduler={"cls": _Scheduler, "options": place | {"port": 0}},
            silence_logs=SILENCE,
        )
    try:
        return made.result()
    except Exception as error:
        cause: BaseException = error
        while further := cause.__cause__ or cause.__context__:
            cause = further
        raise FailedError(f"worker processes cannot be started here ({line(cause)})") from None


@contextmanager
def quiet() -> Iterator[None]:
    """Without what Dask tells on standard error: what matters is raised."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    before = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="distributed")
        for logger in loggers:
            logger.setLevel(SILENCE)
        try:
            yield
        finally:
            for logger, level in zip(loggers, before, strict=True):
                logger.setLevel(level)


def line(error: BaseException) -> str:
    """What went wrong, in one line."""
    text = " ".join(str(error).split())
    return text if isinstance(error, HarnessError) else f"{type(error).__name__}: {text}".removesuffix(": ")
