"""Results in memory: the tables as they are, and the few small files beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from harness.store.place import Check, Place


class Memory(Place):
    """Files of one sweep of this process, for as long as somebody holds them. A table counts as a file of no bytes."""

    exclusive = True

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._tables: dict[str, pa.Table] = {}

    def __str__(self) -> str:
        return "memory"

    def read(self, name: str, most: int | None = None) -> bytes:
        if name not in self._files:
            raise FileNotFoundError(name)
        return self._files[name]

    def sizes(self, folder: str) -> dict[str, int]:
        names = [name for name in sorted([*self._files, *self._tables]) if name.rpartition("/")[0] == folder]
        return {name: len(self._files.get(name, b"")) for name in names}

    def digest(self, name: str) -> tuple[int, str]:
        data = self._files.get(name, b"")
        there = name in self._files or name in self._tables
        return (len(data), hashlib.sha256(data).hexdigest()) if there else (-1, "")

    def write(self, name: str, data: Any, check: Check | None = None) -> None:
        self._files[name] = bytes(data)

    def create(self, name: str, data: Any) -> bool:
        taken = name in self._files
        self._files.setdefault(name, bytes(data))
        return not taken

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            self._files.pop(name, None)
            self._tables.pop(name, None)

    def dataset(self, names: Sequence[str]) -> ds.Dataset:
        return ds.dataset(pa.concat_tables(self._tables[name] for name in names))

    def put_table(self, name: str, table: pa.Table) -> tuple[int, str]:
        self._tables[name] = table
        return self.digest(name)

    def table(self, name: str) -> pa.Table:
        if name not in self._tables:
            raise FileNotFoundError(name)
        return self._tables[name]
