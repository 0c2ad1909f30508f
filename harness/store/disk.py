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
import re
import shutil
import stat
import uuid
from collections.abc import Iterable, Iterator, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from harness.errors import FailedError
from harness.store.lock import LOCK, OWNER, owned
from harness.store.log import BLOCKS, EXPERIMENT, KEPT, KINDS, LOG, MANIFEST, OURS, parse_manifest, seal
from harness.store.place import Check, Place

WRITING = ".writing"
NEXT, READY, MOVING, OLD = ".next", ".ready", ".moving", ".old"
"""Names of subfolders: results being made to replace those here; the same once they are whole, and once those here are
out of their way; and what is replaced."""
FOLDERS, FILES = (*KINDS, BLOCKS, LOG), (MANIFEST, EXPERIMENT)
NAMES = (*FOLDERS, *FILES, LOCK, OWNER, WRITING, NEXT, READY, MOVING, OLD)
"""All that a sweep writes lies under one of these names."""
TEMPORARY = re.compile("[0-9a-f]{32}")
CHUNK = 2**24


class Disk(Place):
    """Files by their names under a root."""

    exclusive = True

    def __init__(self, root: Path) -> None:
        self.root = root

    def __str__(self) -> str:
        return str(self.root)

    def make(self, folders: Iterable[str]) -> None:
        """Make the root and these folders in it; sync them, as a killed writer may not have. Raises `FailedError`."""
        with self._failures(self.root, 0):
            self._refuse_links()
            missing = [self.root, *self.root.parents]
            missing = [path for path in missing if not path.exists()][::-1]
            inside = [self.root / name for name in folders]
            for path in [*missing, *inside, *([self.root / WRITING] if inside else [])]:
                path.mkdir(exist_ok=True)
            for path in dict.fromkeys([*(path.parent for path in missing), self.root.parent, self.root, *inside]):
                _sync(path)

    def read(self, name: str, most: int | None = None) -> bytes:
        """All of a file. Raises OSError, also for a link, and for a FIFO or a device, which may never end.

        most: its bytes; a larger one is not read.
        """
        with self._opened(name) as file:
            found = os.fstat(file.fileno()).st_size
            if most is not None and found > most:
                raise OSError(errno.EFBIG, f"{found:,} bytes, expected at most {most:,}", str(self.root / name))
            return file.read()

    def names(self, folder: str) -> list[str]:
        """Whatever lies in a folder of this place and is not hidden: files, links, other folders."""
        path = self.root / folder
        names = os.listdir(path) if path.is_dir() and not path.is_symlink() else []
        return [f"{folder}/{name}" if folder else name for name in sorted(names) if not name.startswith(".")]

    def sizes(self, folder: str) -> dict[str, int]:
        path = self.root / folder
        if not path.is_dir() or (folder and path.is_symlink()):
            return {}
        with os.scandir(path) as entries:
            files = {
                entry.name: entry.stat(follow_symlinks=False).st_size
                for entry in entries
                if entry.is_file(follow_symlinks=False)
            }
        return {f"{folder}/{name}" if folder else name: files[name] for name in sorted(files)}

    def digest(self, name: str) -> tuple[int, str]:
        try:
            with self._opened(name) as file:
                return os.fstat(file.fileno()).st_size, hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return -1, ""

    def write(self, name: str, data: Any, check: Check | None = None) -> None:
        with self._written(name, data, check) as (writing, path):
            os.rename(writing, path)
            _sync(path.parent)

    def create(self, name: str, data: Any) -> bool:
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
        for name in (WRITING, NEXT, OLD):
            with contextlib.suppress(OSError):
                _clear(self.root / name)

    def untidy(self) -> bool:
        return any((self.root / name).exists() for name in (WRITING, READY, MOVING, OLD))

    def staged(self) -> Disk:
        """The folder in which results are made that shall replace those here. Raises `FailedError` if files that are
        not the sweep's would be in its way.
        """
        self._refuse_others()
        return Disk(self.root / NEXT)

    def take_over(self, keeps: Sequence[str]) -> None:
        """Replace the results here by the staged ones. If this is interrupted, `recover` completes it.

        keeps: files by names that a sweep gives which are not of these results, and stay.
        """
        self._refuse_others()
        if keeps:
            staged = self.staged()
            staged.make((LOG,))
            staged.write(MANIFEST, seal({**(parse_manifest(staged.read(MANIFEST)) or {}), "keeps": sorted(keeps)}))
        with self._failures(self.root, 0):
            os.rename(self.root / NEXT, self.root / READY)
            _sync(self.root)
        self.recover()

    def recover(self) -> None:
        """Complete a `take_over` that was interrupted. No file but the sweep's is ever moved."""
        ready, moving, old = self.root / READY, self.root / MOVING, self.root / OLD
        if not ready.is_dir() and not moving.is_dir():
            return
        with self._failures(self.root, 0):
            self._refuse_links()
            self._refuse_others()
            if ready.is_dir():
                keeps = (parse_manifest(Disk(ready).read(MANIFEST)) or {}).get("keeps", ())
                replaced = [name for name in _own(self.root) if name not in keeps and not KEPT.fullmatch(name)]
                _move(replaced, self.root, old)
                os.rename(ready, moving)
                _sync(self.root)
            _move(_own(moving), moving, self.root)
            _clear(old)
            _clear(moving)
        self.tidy()

    def lock(self) -> contextlib.AbstractContextManager[None]:
        """Keep other writers out. Raises `FailedError` with the name of the process that holds the folder."""
        self._refuse_links()
        return owned(self.root)

    def free(self) -> int | None:
        path = next(path for path in (self.root, *self.root.absolute().parents) if path.exists())
        return shutil.disk_usage(path).free

    def dataset(self, names: Sequence[str]) -> ds.Dataset:
        return ds.dataset([str(self.root / name) for name in names], format="parquet")

    @contextlib.contextmanager
    def _opened(self, name: str) -> Iterator[BufferedReader]:
        """A file to read. Raises OSError for what is none."""
        path = self.root / name
        try:
            number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise OSError(errno.ELOOP, "a link, which is not followed", str(path)) from None
            raise
        with open(number, "rb") as file:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise OSError(errno.EINVAL, "not a file", str(path))
            yield file

    def _refuse_others(self) -> None:
        """Raises `FailedError` if files that are not the sweep's lie in the folders through which results change."""
        for folder in (NEXT, READY, MOVING, OLD):
            for path in sorted((self.root / folder).rglob("*")):
                name = path.relative_to(self.root / folder).as_posix()
                own = OURS.fullmatch(name) or name in FILES or TEMPORARY.fullmatch(path.name)
                if path.is_symlink() or not (path.is_dir() or own):
                    raise FailedError(f"{path}: not of the sweep, in a folder that it is about to remove; move it away")

    def _refuse_links(self) -> None:
        """Raises `FailedError` if a link stands where the sweep would write."""
        if links := [path for path in (self.root, *(self.root / name for name in NAMES)) if path.is_symlink()]:
            raise FailedError(f"{links[0]}: a link; of results only the folder above {self.root} may be one")

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


def _own(folder: Path) -> list[str]:
    """The files of the sweep in a folder of results, by their names in it, those of one folder after another."""
    inside = [f"{name}/{inner}" for name in FOLDERS if (folder / name).is_dir() for inner in os.listdir(folder / name)]
    names = [name for name in (*inside, *os.listdir(folder)) if name in FILES or OURS.fullmatch(name)]
    return [name for name in names if (folder / name).is_file() and not (folder / name).is_symlink()]


def _move(names: Iterable[str], source: Path, target: Path) -> None:
    """Move files from one folder of results to another, and sync where they come to lie."""
    target.mkdir(exist_ok=True)
    for folder, inside in itertools.groupby(names, os.path.dirname):
        (target / folder).mkdir(exist_ok=True)
        for name in inside:
            os.rename(source / name, target / name)
        _sync(target / folder)


def _clear(folder: Path) -> None:
    """Remove a folder that a sweep made for itself, with all in it whose names a sweep gives; leave the rest."""
    if not folder.is_dir() or folder.is_symlink():
        return
    for name in (*FOLDERS, WRITING):
        _clear(folder / name)
    above = folder.name if folder.name in FOLDERS else ""
    for path in list(folder.iterdir()):
        name = f"{above}/{path.name}" if above else path.name
        if OURS.fullmatch(name) or name in FILES or TEMPORARY.fullmatch(path.name):
            path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # what is not the sweep's keeps its folder
        folder.rmdir()


def _sync(folder: Path) -> None:
    """Sync a folder, so that the names in it survive a crash."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
