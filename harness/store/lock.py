"""One writer for each folder: a lock that the kernel releases when its owner dies, however that happens."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from harness.errors import FailedError

LOCK, OWNER = ".lock", ".owner"
PATIENCE = 1.0
"""Seconds to wait for a new owner to write its name."""


@contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Lock a folder that exists. Raises `FailedError` with the name of the process that holds the lock."""
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise FailedError(f"{folder}: {_owner(folder)} is writing there; wait for it, or end it first") from None
    except OSError as error:
        raise FailedError(f"{folder / LOCK}: {error.strerror or error}") from error
    try:
        with suppress(OSError):  # a full disk will be told of where it matters
            (folder / OWNER).write_text(json.dumps({"pid": os.getpid(), "host": platform.node()}), "utf-8")
        yield
    finally:
        with suppress(OSError):
            (folder / OWNER).unlink()
        lock.release()


def _owner(folder: Path) -> str:
    """The process that holds the lock, in words. A dead process's name is ignored; a living one's is waited for."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            found = json.loads((folder / OWNER).read_text("utf-8"))
        except (OSError, ValueError):
            found = None
        if found and (found["host"] != platform.node() or _alive(found["pid"])):
            return f"process {found['pid']} on {found['host']}"
        time.sleep(0.01)
    return "another process"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
