"""Files that nobody else can have written and that are whole: a private directory, and a checksum in each file.

Whoever can write a file of machine code can run anything, and a single wrong bit can crash the process or, worse, give
a wrong number. So a file is taken only from a directory that nobody else may write, through no link, and if its SHA-256
is right. Every directory is opened within the one before, so that none can be exchanged in between.
"""

from __future__ import annotations

import errno
import grp
import hashlib
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
NEW = "new-"
"""How the name of a file begins that is being written."""
DIGEST = hashlib.sha256().digest_size


@dataclass(frozen=True)
class PrivateFolder:
    """A private directory, made when the first file is written.

    root: where the user's caches are, or None if there is no such place; it may be a link of the user's own. names: the
    directories below it, each in the one before.
    """

    root: Path | None
    names: tuple[str, ...]

    def read(self, name: str) -> bytes | None:
        """The contents of a file; None if it is not there, is not whole, or may be somebody else's."""
        try:
            with self._opened() as folder:
                file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
                with os.fdopen(file, "rb") as stream:
                    _check(os.fstat(file), Path(name), stat.S_ISREG)
                    found = stream.read()
        except OSError:
            return None
        contents = memoryview(found)[DIGEST:]
        return bytes(contents) if self._digest(name, contents) == found[:DIGEST] else None

    def write(self, name: str, contents: bytes) -> None:
        """Write a file beside and rename it: whoever reads, and whatever happens, sees the old or the new one.

        It is not synced: what a lost power leaves of it, its checksum tells. Raises OSError, with the path, if the
        directory cannot be written, or may be somebody else's.
        """
        with self._opened(make=True) as folder, _named(self.path / name):
            beside = f"{NEW}{uuid4().hex}"
            try:
                file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder)
                with os.fdopen(file, "wb") as stream:
                    stream.write(self._digest(name, contents))
                    stream.write(contents)
                os.replace(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(beside, dir_fd=folder)
                raise

    @property
    def path(self) -> Path:
        """Raises OSError if there is no such place."""
        return self._root().joinpath(*self.names)

    def _root(self) -> Path:
        if self.root is None:
            raise OSError(errno.ENOENT, "no home folder is known", "~/.cache")
        return self.root

    def _digest(self, name: str, contents: bytes | memoryview) -> bytes:
        """SHA-256 of the contents and of where they belong: a file that was moved is as wrong as a damaged one."""
        hashed = hashlib.sha256("/".join((*self.names, name, "")).encode())
        hashed.update(contents)
        return hashed.digest()

    @contextmanager
    def _opened(self, make: bool = False) -> Iterator[int]:
        """The descriptor of the directory. Raises OSError, with the path, if it is not there or not private."""
        path = self._root()
        followed = path.resolve() if path.is_symlink() and path.lstat().st_uid in _trusted() else path
        if make:
            followed.mkdir(0o700, parents=True, exist_ok=True)
        for parent in followed.absolute().parents:
            _check(parent.stat(), parent, stat.S_ISDIR, root=True)
        folder = _enter(followed, path, root=True)
        try:
            for name in self.names:
                path /= name
                if make:
                    with _named(path), suppress(FileExistsError):
                        os.mkdir(name, 0o700, dir_fd=folder)
                above, folder = folder, _enter(name, path, folder)
                os.close(above)
            yield folder
        finally:
            os.close(folder)


def _enter(name: str | Path, path: Path, parent: int | None = None, root: bool = False) -> int:
    """Open a directory, in another one if there is a parent. path: what it is called in errors."""
    with _named(path):
        folder = os.open(name, DIRECTORY, dir_fd=parent)
        try:
            _check(os.fstat(folder), path, stat.S_ISDIR, root)
        except OSError:
            os.close(folder)
            raise
    return folder


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Put the whole path into errors, which know only the name in a directory that is open."""
    try:
        yield
    except OSError as error:
        link = error.errno in (errno.ELOOP, errno.ENOTDIR)
        raise OSError(error.errno, "a link, or no directory" if link else error.strerror, str(path)) from error


def _check(found: os.stat_result, path: Path, kind, root: bool = False) -> None:
    """Raise OSError unless this is of the right kind, the user's or the administrator's, and for nobody else to write.

    root: in it others may write if they cannot remove what is not theirs, as in /tmp.
    """
    if not kind(found.st_mode):
        raise OSError(errno.EINVAL, "no regular file", str(path))
    if found.st_uid not in _trusted():
        raise OSError(errno.EPERM, f"belongs to another user, number {found.st_uid}", str(path))
    others = found.st_mode & stat.S_IWOTH or (found.st_mode & stat.S_IWGRP and not _own_group(found.st_gid))
    if others and not (root and found.st_mode & stat.S_ISVTX):
        raise OSError(errno.EPERM, f"others may write there (mode {stat.S_IMODE(found.st_mode):o})", str(path))


def _trusted() -> tuple[int, ...]:
    """The users whose files are taken: this one, and the administrator, who can do anything anyway."""
    return os.geteuid(), 0


def _own_group(number: int) -> bool:
    """Whether a group has this user alone, as where each user has a group of the same name."""
    try:
        user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(number)
    except KeyError:
        return False
    return group.gr_name == user and set(group.gr_mem) <= {user}
