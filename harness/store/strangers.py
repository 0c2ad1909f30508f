"""Tables that anybody may have written: what is not as a sweep writes it ends in one line, before it is used.

A folder of results is handed on, and its log and checksums can be made by whoever made the files.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from harness.block import Status
from harness.experiment.axes import setting_of
from harness.experiment.errors import found, shorten
from harness.store import files
from harness.store.arrays import LISTED, NAMED, is_layers
from harness.store.contents import StoreError
from harness.store.log import SMALL
from harness.store.schema import LABELS, NAMED_WEIGHTS, WHOLE, Column, curve_columns, fixed_columns, parameter_column

ATTRIBUTES, WRITTEN = b"PANDAS_ATTRS", b"harness.experiment"
"""The keys in a schema's metadata of what a DataFrame says of itself, and of the experiment as it was run."""
LATER = ("first_loss",)
"""Columns that tables of an earlier version do not have."""
REMEDY = "no sweep writes that; get the folder anew, or train it anew with --overwrite"
REASON = 200
"""Characters of a library's own words that are shown."""
STATUSES = {status.label for status in Status}


@contextlib.contextmanager
def readable(where: str) -> Iterator[None]:
    """Turn what pyarrow raises for a file that is no table into a `StoreError`, a line that says where."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise StoreError(
            f"{where}: a path that is not UTF-8, which pyarrow does not read; rename the folder"
        ) from error
    except (pa.ArrowException, UnicodeDecodeError) as error:
        if isinstance(error, MemoryError):
            raise
        raise _refusal(where, f"cannot be read as a table: {_reason(error)}") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise _refusal(where, f"cannot be read as a table: {_reason(error)}") from error


def from_arrow(data: bytes, where: str) -> pa.Table:
    """The table of an Arrow file. Raises `StoreError`."""
    with readable(where):
        return files.from_arrow(data)


def from_parquet(data: bytes, where: str) -> pa.Table:
    """The table of a Parquet file. Raises `StoreError`."""
    with readable(where):
        return pq.read_table(pa.BufferReader(data))


def joined(tables: Sequence[pa.Table], where: str) -> pa.Table:
    """Tables one after the other. Raises `StoreError` if their columns are not alike."""
    with readable(where):
        return pa.concat_tables(tables)


def whole(table: pa.Table, kind: str, where: str) -> pa.Table:
    """A table in memory, once all in it is as a sweep writes it. Raises `StoreError`."""
    return Table.of(ds.dataset(table), kind, where).to_table()


def _reason(error: Exception) -> str:
    return shorten(" ".join(str(error).split()), REASON)


def _refusal(where: str, what: str) -> StoreError:
    return StoreError(f"{where}: {what}; {REMEDY}")


@dataclass(frozen=True)
class Table:
    """The files of a table, or one of them. where: the first file. columns: what they hold, by name.

    The methods are those of a data set of pyarrow, and raise `StoreError` for what no sweep writes.
    """

    source: Any
    where: str
    columns: dict[str, Column]
    schema: pa.Schema

    @classmethod
    def of(cls, source: ds.Dataset, kind: str, where: str) -> Table:
        """A data set, once its schema is that of `runs` or `curves`. Raises `StoreError`."""
        _check_metadata(source.schema.metadata or {}, where)
        return cls(source, where, _columns(source.schema, kind, where), source.schema)

    def to_table(self, **how: Any) -> pa.Table:
        with readable(self.where):
            return self._checked(self.source.to_table(**how))

    def head(self, rows: int, columns: Sequence[str]) -> pa.Table:
        with readable(self.where):
            return self._checked(self.source.head(rows, columns=columns))

    def count_rows(self, **how: Any) -> int:
        with readable(self.where):
            return int(self.source.count_rows(**how))

    def get_fragments(self) -> Iterator[Table]:
        """Its files, in order."""
        for part in self.source.get_fragments():
            yield Table(part, part.path, self.columns, self.schema)

    def split_by_row_group(self) -> list[Table]:
        """The row groups of a file, in order."""
        with readable(self.where):
            return [replace(self, source=part) for part in self.source.split_by_row_group()]

    def _checked(self, table: pa.Table) -> pa.Table:
        for name, column in zip(table.schema.names, table.columns, strict=True):
            expected = self.columns[name]
            if column.type != expected.type:
                raise _refusal(self.where, f"column {name}: expected {expected.type}, found {column.type}")
            if column.null_count and not expected.nullable:
                raise _refusal(self.where, f"column {name}: expected a value in every row, found NULL")
            if expected.type == LABELS:
                self._check_labels(name, column)
        return table.replace_schema_metadata(self._said)

    def _check_labels(self, name: str, column: pa.ChunkedArray) -> None:
        for chunk in column.chunks:
            chunk.dictionary.validate(full=True)  # UTF-8
            if name == "status" and (strange := set(chunk.dictionary.to_pylist()) - STATUSES):
                expected = ", ".join(status.label for status in Status)
                raise _refusal(self.where, f"column status: expected {expected}, found {found(strange.pop())}")

    @cached_property
    def _said(self) -> dict[bytes, bytes]:
        """The metadata that a sweep wrote; pandas would believe others."""
        return {key: value for key, value in self.schema.metadata.items() if key != b"pandas"}


def _check_metadata(said: Mapping[bytes, bytes], where: str) -> None:
    """Raises `StoreError` for a table that does not say what experiment it is of."""
    for key in (files.FINGERPRINT, WRITTEN, ATTRIBUTES):
        try:
            text = said[key].decode()
            sound = len(text) <= SMALL and (key != ATTRIBUTES or _attributes(json.loads(text)["harness"]))
        except (KeyError, ValueError, TypeError, RecursionError):
            sound = False
        if not sound:
            expected = "the experiment's name and layers, as JSON" if key == ATTRIBUTES else "a text in UTF-8"
            given = f"{shorten(str(said[key]))}" if key in said else "nothing"
            raise _refusal(where, f"metadata {key.decode()}: expected {expected}, found {given}")


def _attributes(about: Any) -> bool:
    return isinstance(about["name"], str) and (about["layers"] is None or is_layers(about["layers"]))


def _columns(schema: pa.Schema, kind: str, where: str) -> dict[str, Column]:
    """What a sweep says of each column of a schema. Raises `StoreError` for a schema that no sweep writes."""
    names = schema.names
    if len(set(names)) < len(names):
        twice = next(name for at, name in enumerate(names) if names.index(name) < at)
        raise _refusal(where, f"column {shorten(twice)}: expected once, found twice")
    if "loss_mean" not in names:
        raise _refusal(where, "column loss_mean: missing")
    number = schema.field("loss_mean").type
    if number not in (pa.float32(), pa.float64()):
        raise _refusal(where, f"column loss_mean: expected float or double, found {number}")
    parts = _runs(names, number, where) if kind == "runs" else curve_columns(number)
    columns = {column.name: column for column in parts}
    if [*columns] != names:
        at = next((at for at, (one, other) in enumerate(zip(columns, names, strict=False)) if one != other), 0)
        expected, given = [*columns][at], shorten(names[at])
        raise _refusal(where, f"columns: expected {expected} as number {at + 1}, found {given}")
    for column in columns.values():
        if (given := schema.field(column.name).type) != column.type:
            raise _refusal(where, f"column {column.name}: expected {column.type}, found {given}")
    return columns


def _runs(names: list[str], number: pa.DataType, where: str) -> list[Column]:
    """The columns of the table of runs: fixed ones, and between and after them those that the names tell."""
    first, after = fixed_columns(number)
    after = [column for column in after if column.name in names or column.name not in LATER]
    for name in (*(column.name for column in (*first, *after)), *WHOLE[:1]):
        if name not in names:
            raise _refusal(where, f"column {name}: missing")
    swept = names[names.index(first[-1].name) + 1 : names.index(after[0].name)]
    weights = names[names.index(after[-1].name) + 1 :]
    made = [*first, *_each(swept, _parameter, where), *after]
    return [*made, *_each(weights, lambda name: _weight(name, number), where)]


def _each(names: list[str], column: Callable[[str], Column | None], where: str) -> list[Column]:
    made = [column(name) for name in names]
    if None in made:
        raise _refusal(where, f"column {shorten(names[made.index(None)])}: expected a parameter or a weight")
    return [column for column in made if column]


def _parameter(name: str) -> Column | None:
    return parameter_column(name) if setting_of(name) or name in WHOLE else None


def _weight(name: str, number: pa.DataType) -> Column | None:
    named = NAMED.fullmatch(name) and max(int(unit) for unit in name[1:].split("_")[1:]) <= NAMED_WEIGHTS
    if not named and not LISTED.fullmatch(name):
        return None
    return Column(name, number if named else pa.list_(number), "", "", nullable=True)
