"""A table as the bytes of a file: Parquet for the parts of the table, Arrow for blocks on their way there."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from harness.experiment.axes import setting_of

FINGERPRINT = b"harness.fingerprint"
"""The key in a schema's metadata under which a sweep writes what experiment its table is of."""


def parquet(table: pa.Table) -> pa.Buffer:
    """The table as a Parquet file. Numbers that hardly repeat are split into streams of bytes: they compress better."""
    split = [field.name for field in table.schema if _is_result(field)]
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        use_dictionary=[name for name in table.schema.names if name not in split],
        column_encoding=dict.fromkeys(split, "BYTE_STREAM_SPLIT"),
    )
    return sink.getvalue()


def arrow(table: pa.Table) -> pa.Buffer:
    """The table as an Arrow file, which is quick to write and gives back every byte."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def from_arrow(data: bytes) -> pa.Table:
    """The table of an Arrow file."""
    return pa.ipc.open_file(data).read_all()


def experiment_of(data: bytes) -> str:
    """The fingerprint of the experiment whose sweep wrote an Arrow or a Parquet file; nothing for another file."""
    try:
        schema = pa.ipc.open_file(data).schema if data[:6] == b"ARROW1" else pq.read_schema(pa.BufferReader(data))
    except pa.ArrowException:
        return ""
    return str((schema.metadata or {}).get(FINGERPRINT, b"").decode("ascii", "replace"))


def digest(data: pa.Buffer) -> tuple[int, str]:
    """Bytes and SHA-256."""
    return len(data), hashlib.sha256(data).hexdigest()


def check_parquet(rows: int, file: BinaryIO) -> None:
    """Read the footer of a Parquet file that was just written. Raises OSError if it has another number of rows."""
    _check(rows, lambda: pq.read_metadata(file).num_rows)


def check_arrow(rows: int, file: BinaryIO) -> None:
    """Read an Arrow file that was just written, all of it. Raises OSError if it has another number of rows."""
    _check(rows, lambda: pa.ipc.open_file(file).read_all().num_rows)


def _check(rows: int, count: Callable[[], int]) -> None:
    try:
        found = count()
    except pa.ArrowInvalid as error:
        raise OSError(errno.EIO, f"what was written cannot be read again ({error})") from error
    if found != rows:
        raise OSError(errno.EIO, f"what was written has {found:,} rows, expected {rows:,}")


def _is_result(field: pa.Field) -> bool:
    """Whether a column holds floats that hardly repeat: losses and weights, not parameters."""
    return bool(pa.types.is_floating(field.type)) and setting_of(field.name) is None
