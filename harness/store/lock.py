"""One writer for each folder: a lock that the kernel releases when its owner dies, however that happens."""

from __future__ import annotations

import errno
import json
import os
import platform
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from harness.errors import FailedError

LOCK, OWNER = ".lock", ".owner"
NAMED = b'{"pid": '
"""How the file of an owner's name begins; one that was cut short may have less."""
SMALL = 4096
"""Bytes of the owner's name that are read."""
PATIENCE = 1.0
"""Seconds to wait for a new owner to write its name."""


@contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Lock a folder that exists. Raises `FailedError` with the name of the process that holds the lock."""
    try:
        _own_file(folder / LOCK)
        lock = FileLock(folder / LOCK, timeout=0)
        with lock:  # held twice from here on, so that a refusal lets it go
            _own_name(folder / OWNER)
            lock.acquire()
    except Timeout:
        raise FailedError(f"{folder}: {_owner(folder)} is writing there; wait for it, or end it first") from None
    except OSError as error:
        raise FailedError(f"{error.filename or folder / LOCK}: {error.strerror or error}") from error
    try:
        with suppress(OSError):  # a full disk will be told of where it matters
            (folder / OWNER).unlink(missing_ok=True)  # a link, hard or soft, would lead to another's file
            owner = os.open(folder / OWNER, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            with open(owner, "w", encoding="utf-8") as file:
                json.dump({"pid": os.getpid(), "host": platform.node()}, file)
        yield
    finally:
        with suppress(OSError):
            (folder / OWNER).unlink()
        lock.release()


def _own_file(path: Path) -> None:
    """Make the lock's file, if it is not there. Raises OSError for one that may be another's: the lock empties it."""
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    found = os.fstat(number)
    os.close(number)
    if not stat.S_ISREG(found.st_mode) or found.st_size:
        raise OSError(errno.EEXIST, "not the lock of a sweep, which is an empty file; move it away")


def _own_name(path: Path) -> None:
    """Raises OSError for a file that no sweep wrote: it would be removed."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            found = file.read(len(NAMED))
    except FileNotFoundError:
        return
    if not NAMED.startswith(found):
        raise OSError(errno.EEXIST, "not the name of a sweep's process; move it away", str(path))


def _owner(folder: Path) -> str:
    """The process that holds the lock, in words. A dead process's name is ignored; a living one's is waited for."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        match _read(folder / OWNER):
            case {"pid": int(pid), "host": str(host)} if host != platform.node() or _alive(pid):
                return f"process {pid} on {host}"
        time.sleep(0.01)
    return "another process"


def _read(path: Path) -> Any:
    """What a small JSON file says; None if it cannot be read, or is a link."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), encoding="utf-8") as file:
            return json.loads(file.read(SMALL))
    except (OSError, ValueError, RecursionError):
        return None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return pid > 0
