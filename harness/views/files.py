"""Writing a page or a picture to a file."""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path

from harness.errors import FailedError


def put(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file whole; if that fails, what was there before stays. Raises `FailedError`."""
    target = Path(path)
    writing = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        try:
            writing.write_bytes(data)
            os.replace(writing, target)
        finally:
            with contextlib.suppress(OSError):
                writing.unlink(missing_ok=True)
    except OSError as error:
        raise FailedError(f"{target}: cannot be written: {error.strerror or error}") from error
