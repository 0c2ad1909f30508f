"""A folder on disk, written so that a crash at any instant leaves the old state or the new one.

A new file lies in `.writing` until it is whole and synced; then it is renamed (or linked, where no file of that name
may be there yet) and its directory is synced. `tests/test_faults.py` cuts the trace of a run's system calls at every
place and drops what had not been synced by then.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from harness.errors import FailedError
from harness.store.lock import owned

WRITING = ".writing"
NEXT, READY, OLD = ".next", ".ready", ".old"
"""Names of subfolders: results being made to replace all that is here, the same once whole, and the replaced ones."""
CHUNK = 2**24

Check = Callable[[BinaryIO], None]
"""A function that reads a file that was just written, and raises OSError if it is not what it should be."""


class Disk:
    """Files by their names under a root, such as `runs/part-000000.parquet`."""

    exclusive = True
    """Whether one process at a time writes here: others are locked out."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def __str__(self) -> str:
        return str(self.root)

    def make(self, folders: Iterable[str]) -> None:
        """Make the root and these folders in it; sync them, as a killed writer may not have. Raises `FailedError`."""
        with self._failures(self.root, 0):
            there = sorted(self.root.iterdir()) if self.root.is_dir() else []
            if links := [path for path in (self.root, *there) if path.is_symlink()]:
                raise FailedError(f"{links[0]}: a link; of results only the folder above {self.root} may be one")
            missing = [self.root, *self.root.parents]
            missing = [path for path in missing if not path.exists()][::-1]
            inside = [self.root / name for name in folders]
            for path in [*missing, *inside, *([self.root / WRITING] if inside else [])]:
                path.mkdir(exist_ok=True)
            for path in dict.fromkeys([*(path.parent for path in missing), self.root.parent, self.root, *inside]):
                _sync(path)

    def read(self, name: str) -> bytes:
        """All of a file. Raises OSError."""
        path = self.root / name
        if path.exists() and not path.is_file():  # a FIFO or a device may never end
            raise OSError(errno.EINVAL, "not a file", str(path))
        return path.read_bytes()

    def sizes(self, folder: str) -> dict[str, int]:
        """The files of a folder and their bytes; none if there is no such folder."""
        path = self.root / folder
        if not path.is_dir():
            return {}
        with os.scandir(path) as entries:
            files = {entry.name: entry.stat().st_size for entry in entries if entry.is_file()}
        return {f"{folder}/{name}" if folder else name: files[name] for name in sorted(files)}

    def digest(self, name: str) -> tuple[int, str]:
        """Bytes and SHA-256 of a file; (-1, "") if it cannot be read."""
        try:
            with (self.root / name).open("rb") as file:
                return os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return -1, ""

    def write(self, name: str, data: Any, check: Check | None = None) -> None:
        """Write a file, or replace one. Raises `FailedError`; then there is the old file or none, as before."""
        with self._written(name, data, check) as (writing, path):
            os.rename(writing, path)
            _sync(path.parent)

    def create(self, name: str, data: Any) -> bool:
        """Create a file unless its name is taken; return whether it was created. Raises `FailedError`."""
        with self._written(name, data, None) as (writing, path):
            try:
                os.link(writing, path)
            except FileExistsError:
                return False
            _sync(path.parent)
        return True

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, if they are there, those of one folder before those of the next. Raises `FailedError`."""
        with self._failures(self.root, 0):
            for folder, inside in itertools.groupby(names, os.path.dirname):
                paths = [path for name in inside if (path := self.root / name).exists()]
                for path in paths:
                    path.unlink(missing_ok=True)
                if paths:
                    _sync(self.root / folder)

    def tidy(self) -> None:
        """Remove the temporary files of writers that were killed or have finished."""
        for name in (WRITING, NEXT, OLD):
            shutil.rmtree(self.root / name, ignore_errors=True)

    def untidy(self) -> bool:
        """Whether a writer was killed before it could `recover` or `tidy`."""
        return any((self.root / name).exists() for name in (WRITING, READY, OLD))

    def staged(self) -> Disk:
        """The folder in which results are made that shall replace those here."""
        return Disk(self.root / NEXT)

    def take_over(self) -> None:
        """Replace the results here by the staged ones. If this is interrupted, `recover` completes it."""
        with self._failures(self.root, 0):
            os.rename(self.root / NEXT, self.root / READY)
            _sync(self.root)
        self.recover()

    def recover(self) -> None:
        """Complete a `take_over` that was interrupted."""
        ready, old = self.root / READY, self.root / OLD
        if not ready.is_dir():
            return
        with self._failures(self.root, 0):
            old.mkdir(exist_ok=True)
            for name in sorted(name for name in os.listdir(ready) if not name.startswith(".")):
                if (self.root / name).exists():
                    os.rename(self.root / name, old / name)
                os.rename(ready / name, self.root / name)
            _sync(self.root)
            shutil.rmtree(old)
            shutil.rmtree(ready)
        self.tidy()

    def lock(self) -> contextlib.AbstractContextManager[None]:
        """Keep other writers out. Raises `FailedError` with the name of the process that holds the folder."""
        return owned(self.root)

    def free(self) -> int | None:
        """The free bytes of the file system."""
        path = next(path for path in (self.root, *self.root.absolute().parents) if path.exists())
        return shutil.disk_usage(path).free

    def dataset(self, folder: str) -> tuple[str, None]:
        """Where `pyarrow.dataset` finds the files of a folder."""
        return str(self.root / folder), None

    @contextlib.contextmanager
    def _written(self, name: str, data: Any, check: Check | None) -> Iterator[tuple[Path, Path]]:
        """Write data to a temporary file; give its path, whole and synced, and its final path. Remove it afterwards."""
        path, writing = self.root / name, self.root / WRITING / uuid.uuid4().hex
        with self._failures(path, len(data)):
            try:
                file = os.open(writing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
                try:
                    view = memoryview(data)
                    while view:
                        view = view[os.write(file, view[:CHUNK]) :]
                    os.fsync(file)
                finally:
                    os.close(file)
                if check is not None:
                    with writing.open("rb") as again:
                        check(again)
                yield writing, path
            finally:
                with contextlib.suppress(OSError):
                    writing.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _failures(self, path: Path, needed: int) -> Iterator[None]:
        """Turn an OSError into a `FailedError`, one line that says how to go on. needed: bytes to be written, or 0."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            room = f"; {needed:,} bytes are needed" if needed else ""
            kept = "" if error.errno == errno.EEXIST else "; what is there stays, and the same command goes on from it"
            raise FailedError(f"{path}: {reason}{room}{kept}") from error


def _sync(folder: Path) -> None:
    """Sync a folder, so that the names in it survive a crash."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
