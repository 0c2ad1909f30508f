"""Writing a page or a picture to a file."""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path

from harness.errors import FailedError

MAKER = "backprop-harness"
"""Who made it, as every page, and every PNG of a sweep, says in its head."""
HEAD = 1024
"""The first bytes of a file, among which its maker stands."""


def put(path: str | os.PathLike[str], data: bytes, *, chosen: bool = True) -> None:
    """Write a file whole; if that fails, what was there before stays. Raises `FailedError`.

    chosen: whether its name was asked for. Of a name of our own, only what we made is replaced.
    """
    target = Path(path)
    writing = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        if not chosen and _of_another(target):
            raise FailedError(f"{target}: not made by harness, so it stays; rename it, or write elsewhere with --save")
        try:
            writing.write_bytes(data)
            os.replace(writing, target)
        finally:
            with contextlib.suppress(OSError):
                writing.unlink(missing_ok=True)
    except OSError as error:
        raise FailedError(f"{target}: cannot be written: {error.strerror or error}") from error


def _of_another(target: Path) -> bool:
    """Whether something stands there that we did not make. A link is the user's, whatever it leads to."""
    if not os.path.lexists(target):
        return False
    if target.is_symlink() or not target.is_file():
        return True
    with target.open("rb") as file:
        return MAKER.encode() not in file.read(HEAD)
