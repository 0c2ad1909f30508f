"""A table back from its files, in the order of the grid or some rows at a time."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.dataset as ds

from harness.errors import HarnessWarning
from harness.store.contents import Contents, StoreError
from harness.store.places import Place, place_of

NAMED = 3
"""How many strangers a warning names."""


def dataset(place: Place, kind: str) -> ds.Dataset:
    """A table that need not be in memory: the files that the log names, in the order of their blocks.

    Warns of files that it does not name. Raises `StoreError` if there is no table.
    """
    contents = Contents(place)
    names = contents.files(kind)
    if not names:
        raise StoreError(f"{place}: no results there (no {kind}/*.parquet that its log names)")
    if strangers := contents.strangers():
        more = f" and {len(strangers) - NAMED:,} more" if len(strangers) > NAMED else ""
        told = ", ".join(strangers[:NAMED]) + more
        warnings.warn(HarnessWarning(f"{place}: not of the sweep, and ignored: {told}"), stacklevel=2)
    paths, filesystem = place.dataset(names)
    return ds.dataset(paths, format="parquet", filesystem=filesystem)


def load(folder: str | os.PathLike[str], columns: Sequence[str] | None = None, kind: str = "runs") -> pa.Table:
    """A table of a folder, in the order of the grid. Raises `StoreError` if there is none, or no such column."""
    found = dataset(place_of(folder), kind)
    names = found.schema.names
    if unknown := [name for name in columns or [] if name not in names]:
        raise StoreError(f"{folder}: no column {unknown[0]!r}; there are {', '.join(names)}")
    wanted = list(names if columns is None else columns)
    order = ["config"] if kind == "runs" else ["run", "epoch"]
    table = found.to_table(columns=[*wanted, *(name for name in order if name not in wanted)])
    return in_order(table, order).select(wanted)


def in_order(table: pa.Table, order: Sequence[str] = ("config",)) -> pa.Table:
    """The table sorted by these columns; as it is if it is in order by the one there is."""
    first = table.column(order[0]).to_numpy()
    if len(order) == 1 and bool((first[1:] > first[:-1]).all()):
        return table
    return table.sort_by([(name, "ascending") for name in order])
