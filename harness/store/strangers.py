"""Tables that anybody may have written: what is not as a sweep writes it ends in one line, before it is used.

A folder of results is handed on, and its log and checksums can be made by whoever made the files.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from harness.experiment.axes import setting_of
from harness.experiment.errors import found, shorten
from harness.experiment.measured import MEASURES
from harness.network.layout import parse
from harness.network.runs import Status
from harness.store import files
from harness.store.arrays import is_layers
from harness.store.contents import StoreError
from harness.store.log import SMALL
from harness.store.schema import (
    LABELS,
    NAMED_WEIGHTS,
    OUTPUT,
    ROLE,
    WHOLE,
    Column,
    Role,
    curve_columns,
    metric_column,
    monitored_column,
    parameter_column,
    prediction_columns,
    run_columns,
    score_column,
    weight_column,
)

ATTRIBUTES, WRITTEN = b"PANDAS_ATTRS", b"harness.experiment"
"""The keys in a schema's metadata of what a DataFrame says of itself, and of the experiment as it was run."""
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
        """Its files, in order; of a table in memory itself."""
        for part in self.source.get_fragments():
            yield Table(part, getattr(part, "path", self.where), self.columns, self.schema)

    def split_by_row_group(self) -> list[Table]:
        """The row groups of a file, in order; none of a table in memory."""
        if not isinstance(self.source, ds.ParquetFileFragment):
            return []
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
    usual = f"{OUTPUT}1" if kind == "predictions" else "loss_mean"
    if usual not in names:
        raise _refusal(where, f"column {usual}: missing")
    number = schema.field(usual).type
    if number not in (pa.float32(), pa.float64()):
        raise _refusal(where, f"column {usual}: expected float or double, found {number}")
    fixed = _fixed(kind, number, names)
    for column in fixed:
        if column.name not in names and column.role != Role.METRIC:
            raise _refusal(where, f"column {column.name}: missing")
    known, columns = {column.name: column for column in fixed}, {}
    for field in schema:
        told = known.get(field.name) or _told(field, kind, number)
        if told is None:
            raise _refusal(where, f"column {shorten(field.name)}: expected a parameter, a metric or a weight")
        if field.type != told.type:
            raise _refusal(where, f"column {told.name}: expected {told.type}, found {field.type}")
        columns[told.name] = told
    return columns


def _fixed(kind: str, number: pa.DataType, names: Sequence[str]) -> list[Column]:
    """The columns that a table has whatever was asked. number: the type of its numbers. names: what it has."""
    if kind == "runs":
        return run_columns(number, (parameter_column("epochs"),), (), (), ())
    if kind == "curves":
        return curve_columns(number)
    return prediction_columns(number, sum(name.startswith(OUTPUT) for name in names), "class" in names)


def _told(field: pa.Field, kind: str, number: pa.DataType) -> Column | None:
    """The column of a name that not every table has: by what the name means, or else by its role."""
    parameter, role = parse(field.name), (field.metadata or {}).get(ROLE, b"")
    if kind == "runs" and (setting_of(field.name) or field.name in WHOLE):
        return parameter_column(field.name)
    if kind == "runs" and parameter and max(parameter.units, default=0) <= NAMED_WEIGHTS:
        return weight_column(parameter, number)
    measure = MEASURES.get(field.name)
    if measure and measure.part is not None:
        return score_column(measure, number)
    if kind == "runs" and (watched := monitored_column(field.name, number)):
        return watched
    return metric_column(field.name, number) if role == Role.METRIC.encode() else None
