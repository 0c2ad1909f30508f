"""The data of an experiment: rows in its file, a file beside it, a set from the shelf, or made up."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment.data import files, rows
from harness.experiment.data.columns import SUFFIXES, too_many
from harness.experiment.data.generators import generate
from harness.experiment.data.shelf import SHELF
from harness.experiment.data.shelf import path as shelved
from harness.experiment.data.split import Split
from harness.experiment.data.table import NAMES, DataTable, divided, numbered
from harness.experiment.errors import either
from harness.experiment.model import Data
from harness.experiment.notes import BadValueError, Note, Notes, Wrong

__all__ = ["ONLY_WITH", "SOURCES", "SUFFIXES", "DataTable", "kept_columns", "read", "too_many"]

SOURCES = ("rows", "file", "load", "generate")
ONLY_WITH = {
    **dict.fromkeys(NAMES, ("file", "rows", "load")),
    **dict.fromkeys(("samples", "noise", "seed"), ("generate",)),
    "missing": ("file", "load"),
}
"""Key -> the `SOURCES` that it may stand beside."""
PART, FOLD = "(part)", "(fold)"
"""Columns of the data that are kept with results, beside those of the data themselves."""
KEPT = b"harness.data"
"""What is kept beside these columns: the key of the metadata."""


def read(
    section: Mapping[str, Any], given: Collection[str], folder: FilePath, kept: bytes | DataTable | None = None
) -> DataTable:
    """The table that a `data:` section describes. Raises BadValueError.

    section: all of its keys, with their defaults. given: those that stand in it. folder: where a file's name starts
    from. kept: the data as they were kept with results, to be taken in place of the section's; or a program's own
    table, which the section divides into parts.
    """
    if isinstance(kept, DataTable):
        return divided(kept, section)
    sources = [key for key in SOURCES if key in given]
    if len(sources) != 1:
        raise BadValueError(Note((), Wrong.VALUE, f"one of {either(SOURCES)}", " and ".join(sources) or "none of them"))
    Notes(
        Note((key,), Wrong.OTHER, found=f"goes with {either(ONLY_WITH[key])}, not with {sources[0]}")
        for key in given
        if sources[0] not in ONLY_WITH.get(key, sources)
    ).settle()
    if kept is not None:
        return _as_kept(kept, section)
    if sources[0] == "file":
        return files.read(section, folder)
    if sources[0] == "load":
        own = SHELF[section["load"]]
        names = {key: section[key] if section[key] is not None else getattr(own, key) for key in NAMES}
        return files.read({**section, **names, "file": own.file}, shelved(section["load"]).parent, "load")
    return divided(rows.read(section) if sources[0] == "rows" else _generated(section), section)


def _generated(section: Mapping[str, Any]) -> DataTable:
    made = generate(section["generate"], section["samples"], section["noise"], section["seed"])
    table = np.hstack(made)
    if not np.isfinite(table).all():
        raise BadValueError(Note(("noise",), Wrong.OTHER, found="expected less noise: some numbers are not finite"))
    return numbered(DataTable(table, made[0].shape[1], "generate"), section)


def kept_columns(data: Data, names: Sequence[str]) -> tuple[dict[str, NDArray[Any]], dict[bytes, str]]:
    """The columns of data as they are kept with results, and their metadata: what `read` makes the data of again."""
    columns: dict[str, NDArray[Any]] = dict(zip(names, np.hstack([data.inputs, data.targets]).T, strict=True))
    about = {"inputs": data.inputs.shape[1], "classes": data.classes}
    parts = {PART: data.part, FOLD: data.fold}
    columns |= {name: numbers for name, numbers in parts.items() if numbers is not None}
    return columns, {KEPT: json.dumps(about)}


def _as_kept(kept: bytes, section: Mapping[str, Any]) -> DataTable:
    """The table that `kept_columns` were made of."""
    from pyarrow import parquet

    table = parquet.read_table(io.BytesIO(kept))
    about = json.loads((table.schema.metadata or {}).get(KEPT, b"{}"))
    columns = {name: table.column(name).to_numpy() for name in table.column_names}
    part, fold = columns.pop(PART, None), columns.pop(FOLD, None)
    inputs = about.get("inputs") or len(section["inputs"])
    made = Split(part, fold) if part is not None else None
    return DataTable(
        np.column_stack(list(columns.values())), inputs, "file", tuple(columns), tuple(about.get("classes", ())), made
    )
