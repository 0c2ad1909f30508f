"""Where results can lie: a folder on disk, or a prefix in an object store. Both hold named files, written whole."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from harness.errors import in_utf8
from harness.store.disk import Check, Disk

if TYPE_CHECKING:
    import pyarrow.fs as fs

S3 = re.compile("s3:/+")
"""The start of an address in an object store; `Path` makes one slash of two."""


class Place(Protocol):
    """The operations that `harness.store.folder` needs. A write that fails raises `FailedError` and changes nothing."""

    exclusive: bool

    def make(self, folders: Iterable[str]) -> None: ...
    def read(self, name: str, most: int | None = None) -> bytes: ...
    def names(self, folder: str) -> list[str]: ...
    def sizes(self, folder: str) -> dict[str, int]: ...
    def digest(self, name: str) -> tuple[int, str]: ...
    def write(self, name: str, data: Any, check: Check | None = None) -> None: ...
    def create(self, name: str, data: Any) -> bool: ...
    def remove(self, names: Iterable[str]) -> None: ...
    def tidy(self) -> None: ...
    def untidy(self) -> bool: ...
    def staged(self) -> Place: ...
    def take_over(self, keeps: Sequence[str]) -> None: ...
    def recover(self) -> None: ...
    def lock(self) -> AbstractContextManager[None]: ...
    def free(self) -> int | None: ...
    def dataset(self, names: Sequence[str]) -> tuple[list[str], fs.FileSystem | None]: ...


def place_of(results: str | os.PathLike[str], *names: str, endpoint: str | None = None) -> Place:
    """The place RESULTS/NAME/.. on disk or in a store. endpoint: the store's address, by default the environment's.

    Raises `HarnessError` for a path that is not UTF-8, for an address without a bucket, and for an endpoint that is no
    address; and `FailedError` if the store cannot be reached.
    """
    text = in_utf8(os.fspath(results))
    if found := S3.match(text):
        from harness.store.objects import Objects

        return Objects.at(text[found.end() :], names, endpoint)
    return Disk(Path(text, *names))
