"""Where results can lie: named files, each written whole, on disk, in an object store or in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.dataset as ds

from harness.errors import FailedError
from harness.store import files

Check = Callable[[BinaryIO], None]
"""A function that reads a file that was just written, and raises OSError if it is not what it should be."""
FORMS = {".parquet": (files.parquet, files.check_parquet), ".arrow": (files.arrow, files.check_arrow)}
"""How tables become files, by the ends of their names."""


class Place(ABC):
    """Files by their names, such as `runs/part-000000.parquet`.

    A write that fails raises `FailedError` and changes nothing. What has a default here is for places where several may
    write at once, and where nothing can be left half done.
    """

    exclusive = False
    """Whether one process at a time writes here: else several may write the same names with the same bytes."""

    @abstractmethod
    def read(self, name: str, most: int | None = None) -> bytes:
        """All of a file. Raises OSError. most: its bytes; a larger one is not read."""

    @abstractmethod
    def sizes(self, folder: str) -> dict[str, int]:
        """The files right under a folder and their bytes; none if there is no such folder."""

    @abstractmethod
    def digest(self, name: str) -> tuple[int, str]:
        """Bytes and SHA-256 of a file; (-1, "") if it cannot be read."""

    @abstractmethod
    def write(self, name: str, data: Any, check: Check | None = None) -> None:
        """Write a file, or replace one."""

    @abstractmethod
    def create(self, name: str, data: Any) -> bool:
        """Create a file unless its name is taken; return whether it was created."""

    @abstractmethod
    def remove(self, names: Iterable[str]) -> None:
        """Remove files, if they are there."""

    @abstractmethod
    def dataset(self, names: Sequence[str]) -> ds.Dataset:
        """Tables as one data set, of which nothing is in memory yet, if they are not here already."""

    def names(self, folder: str) -> list[str]:
        """Whatever lies right under a folder, also what is no file."""
        return list(self.sizes(folder))

    def put_table(self, name: str, table: pa.Table) -> tuple[int, str]:
        """Write a table, as the end of its name says; return its bytes and SHA-256."""
        form, check = FORMS[name[name.rindex(".") :]]
        data = form(table)
        self.write(name, data, partial(check, table.num_rows))
        return files.digest(data)

    def table(self, name: str) -> pa.Table:
        """The table of a block, as `put_table` wrote it. Raises OSError, and what pyarrow raises for another file."""
        return files.from_arrow(self.read(name))

    def make(self, folders: Iterable[str]) -> None:
        """Make these folders."""

    def tidy(self) -> None:
        """Remove what writers left that were killed, or have finished."""

    def untidy(self) -> bool:
        """Whether a writer was killed before it could `recover` or `tidy`."""
        return False

    def staged(self) -> Place:
        """Where results are made that shall replace those here. Raises `FailedError` if there is no such place."""
        raise FailedError(f"{self}: results here cannot be replaced at one instant; give another --results")

    def take_over(self, keeps: Sequence[str]) -> None:
        """Replace the results here by the staged ones. keeps: files of other experiments, which stay."""

    def recover(self) -> None:
        """Complete a `take_over` that was interrupted."""

    def lock(self) -> AbstractContextManager[None]:
        """Keep other writers out."""
        return nullcontext()

    def free(self) -> int | None:
        """The bytes that can still be written; None where that is not known."""
        return None
