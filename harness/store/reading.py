"""A table back from its files, in the order of the grid or some rows at a time."""

from __future__ import annotations

import contextlib
import json
import os
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from harness.errors import HarnessWarning
from harness.experiment import ExperimentError, source
from harness.experiment.errors import none_of
from harness.store.contents import Contents, StoreError
from harness.store.place import Place
from harness.store.places import S3
from harness.store.strangers import ATTRIBUTES, Table, readable

if TYPE_CHECKING:
    import pandas as pd


ASKED = {
    "curves": ("loss curves", "{losses: {every: 1}}"),
    "predictions": ("predictions", "{predictions: test}"),
}
"""Tables that are kept only if they are asked for: what they hold, and how an experiment asks under `record`."""
ORDER = {"runs": ["config"], "curves": ["run", "epoch"], "predictions": ["config", "sample"]}
"""The columns by whose numbers each table is in order."""
BATCH, AHEAD = 2**17, 2
"""Rows that are read at once, and how many times as many ahead. A whole row group of all columns has 200 MB."""
NAMED = 3
"""How many files that are not of the sweep a warning names."""


def dataset(place: Place, kind: str) -> Table:
    """The files of a table (kind: runs, curves or predictions) as one data set, of which nothing is in memory yet.

    They are those that the log names, in the order of their blocks; a warning names what else lies there. Raises
    `StoreError` if there are none, or if they are not what a sweep writes.
    """
    contents = Contents(place)
    names = contents.files(kind)
    if not names:
        if kind in ASKED and contents.files("runs"):
            what, how = ASKED[kind]
            raise StoreError(f"{place}: no {what} there; an experiment with record: {how} keeps them")
        raise no_results(str(place), f"{kind}/*.parquet in its log")
    if strangers := contents.strangers():
        more = f" and {len(strangers) - NAMED:,} more" if len(strangers) > NAMED else ""
        told = ", ".join(strangers[:NAMED]) + more
        warnings.warn(HarnessWarning(f"{place}: not of the sweep, and ignored: {told}"), stacklevel=2)
    with readable(f"{place}/{names[0]}"):
        return Table.of(place.dataset(names), kind, f"{place}/{names[0]}")


def pieces(found: Table) -> list[Table]:
    """The row groups of all files, in order: a million rows each at most, as the harness writes them."""
    return [piece for file in found.get_fragments() for piece in file.split_by_row_group() or [file]]


def table_of(piece: Table, columns: Sequence[str] | None, only: ds.Expression | None = None) -> pa.Table:
    """Columns of the rows of a piece, all or those that meet an expression; little is read ahead."""
    return piece.to_table(columns=columns, filter=only, batch_size=BATCH, batch_readahead=AHEAD)


def distinct(tables: Iterable[pa.Table], names: Sequence[str]) -> dict[str, Any]:
    """The values of columns, each once: (V,) numbers in order, or labels in the order in which they come."""
    found: dict[str, list[pa.Array]] = {name: [] for name in names}
    for table in tables:
        for name in names:
            some = pc.drop_null(pc.unique(table[name]))
            found[name].append(some.cast(pa.string()) if pa.types.is_dictionary(some.type) else some)
    return {name: _values(pc.unique(pa.chunked_array(parts))) for name, parts in found.items()}


def _values(values: pa.Array) -> Any:
    if pa.types.is_string(values.type):
        return np.array(values.to_pylist())
    numbers = values.to_numpy(zero_copy_only=False)
    return np.sort(numbers) if np.issubdtype(numbers.dtype, np.number) else numbers


def load(place: Place, columns: Sequence[str] | None = None, kind: str = "runs") -> pa.Table:
    """A table, in the order of the grid. Raises `StoreError` if there is none, or no such column."""
    found = dataset(place, kind)
    names = found.schema.names
    if unknown := [name for name in columns or [] if name not in names]:
        raise StoreError(f"{place}: no column {unknown[0]!r}{none_of(unknown[0], names)}")
    wanted = list(names if columns is None else columns)
    order = ORDER[kind]
    table = found.to_table(columns=[*wanted, *(name for name in order if name not in wanted)])
    return in_order(table, order).select(wanted)


def no_results(path: str, missing: str) -> StoreError:
    """The error for a path without results; for an experiment file it says where its results are, or would be."""
    name = None
    if not S3.match(path) and not os.path.exists(path):
        if path.endswith((".yaml", ".yml")):
            return StoreError(f"{path}: no such file")
        return StoreError(f"{path}: no results there (no such folder)")
    if os.path.isfile(path):
        with contextlib.suppress(ExperimentError):
            name = source.read(path).data.get("name")
    if not isinstance(name, str):
        return StoreError(f"{path}: no results there (no {missing})")
    folder = os.path.join("results", name)
    where = f"are in {folder}" if os.path.isdir(folder) else f"would be in {folder}, after `harness sweep {path}`"
    return StoreError(f"{path}: this is an experiment, not a folder of results; its results {where}")


def to_frame(table: pa.Table) -> pd.DataFrame:
    """A table, or some columns and rows of it, as a DataFrame.

    Its `attrs` say which experiment it is of and, where all networks have the same, how many units each layer has:
    `harness.weights` needs them to shape list columns.
    """
    made: pd.DataFrame = table.to_pandas()
    made.attrs = json.loads((table.schema.metadata or {}).get(ATTRIBUTES, b"{}"))
    return made


def in_order(table: pa.Table, order: Sequence[str] = ("config",)) -> pa.Table:
    """The table sorted by these columns; the very same table if it is in that order already, by one column."""
    first = table.column(order[0]).to_numpy()
    if len(order) == 1 and bool((first[1:] > first[:-1]).all()):
        return table
    return table.sort_by([(name, "ascending") for name in order])
