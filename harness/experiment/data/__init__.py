"""The data of an experiment: rows in the file, a CSV or Parquet file beside it, or made up."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path as FilePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment.data import sheet
from harness.experiment.data.sheet import Column, Sheet, unreadable
from harness.experiment.errors import MOST_NOTES, BadValueError, Path, count, either, found, nearest, shorten
from harness.experiment.generators import generate

Floats = NDArray[np.float64]
ONLY_WITH = {
    "inputs": "file",
    "targets": "file",
    "samples": "generate",
    "noise": "generate",
    "seed": "generate",
}
SUFFIXES = (*sheet.SUFFIXES, ".parquet")
MOST_ROWS = 10**6
"""The most rows of a Parquet file; the limits of a CSV file stand in `sheet`."""
SOURCES = ("rows", "file", "generate")


@dataclass(frozen=True)
class Table:
    """numbers: (S, columns), inputs first. key: which of `SOURCES` gave it.

    inputs: how many columns are inputs; None when the network decides.
    """

    numbers: Floats
    inputs: int | None
    key: str


def read(section: dict[str, Any], folder: FilePath) -> Table:
    """The table that a `data:` section describes. section: the keys that are given. Raises BadValueError."""
    given = [key for key in SOURCES if key in section]
    notes: list[tuple[Path, str]] = []
    if len(given) != 1:
        what = f"{' and '.join(given)}" if given else "none of them"
        notes.append(((), f"expected one of {either(SOURCES)}, found {what}"))
    elif wrong := [key for key in section if ONLY_WITH.get(key, given[0]) != given[0]]:
        notes += [((key,), f"goes with {ONLY_WITH[key]}, not with {given[0]}") for key in wrong]
    if notes:
        raise BadValueError(notes=notes)
    if given[0] == "rows":
        return Table(_rows(section["rows"]), None, "rows")
    if given[0] == "file":
        return _file(section, folder)
    made = generate(section["generate"], section.get("samples", 200), section.get("noise", 0.1), section.get("seed", 0))
    table = np.hstack(made)
    if not np.isfinite(table).all():
        raise BadValueError(notes=[(("noise",), "expected less noise: some numbers are not finite")])
    return Table(table, made[0].shape[1], "generate")


def _rows(rows: Any) -> Floats:
    if not isinstance(rows, list) or not rows:
        raise BadValueError(notes=[(("rows",), f"expected rows such as [[1, 1, 1]], found {found(rows)}")])
    plain = all(type(row) is list and row for row in rows)
    if plain and len(set(map(len, rows))) == 1 and set(map(type, chain.from_iterable(rows))) <= {int, float}:
        try:
            table = np.array(rows, dtype=np.float64)
        except OverflowError:
            table = np.array([np.inf])
        if np.isfinite(table).all():
            return table
    notes = list(_row_notes(rows))
    if len(notes) > MOST_NOTES:
        notes[MOST_NOTES:] = [(("rows",), f"and {len(notes) - MOST_NOTES} more like these")]
    raise BadValueError(notes=notes)


def _row_notes(rows: list[Any]) -> Iterator[tuple[Path, str]]:
    width = next((len(row) for row in rows if isinstance(row, list) and row), 0)
    for index, row in enumerate(rows):
        if not isinstance(row, list) or not row:
            yield ("rows", index), f"expected a row of numbers such as [1, 1, 1], found {found(row)}"
            continue
        if len(row) != width:
            yield ("rows", index), f"expected {width} numbers as in the first row, found {len(row)}"
        for place, number in enumerate(row):
            numeric = isinstance(number, int | float) and not isinstance(number, bool)
            if not numeric or not abs(number) <= np.finfo(np.float64).max:
                yield ("rows", index, place), f"expected a finite number, found {found(number)}"


def _file(section: dict[str, Any], folder: FilePath) -> Table:
    name = section["file"]
    notes: list[tuple[Path, str]] = [
        ((key,), f"missing; expected the names of columns, such as {key}: {example}")
        for key, example in (("inputs", "[x1, x2]"), ("targets", "[y]"))
        if key not in section
    ]
    path = folder / name
    if path.suffix.lower() not in SUFFIXES:
        notes.append((("file",), f"expected a file that ends in {either(SUFFIXES)}, found {found(name)}"))
    elif not os.path.isfile(path):
        what = "is a directory" if os.path.isdir(path) else "no such file"
        notes.append((("file",), f"{what}: {shorten(str(path), 200)}"))
    if notes:
        raise BadValueError(notes=notes)
    if path.suffix.lower() in sheet.SUFFIXES:
        section = section | {key: [sheet.plain(name) for name in section[key]] for key in ("inputs", "targets")}
    columns = [*section["inputs"], *section["targets"]]
    twice = [(key, i) for key in ("inputs", "targets") for i, c in enumerate(section[key]) if columns.count(c) > 1]
    if twice:
        raise BadValueError(notes=[((*twice[-1],), "this column is named twice")])
    reader = _read_parquet if path.suffix.lower() == ".parquet" else _read_csv
    return Table(reader(path, section), len(section["inputs"]), "file")


def _check_columns(section: dict[str, Any], names: Sequence[str], has: str) -> None:
    """Raises BadValueError for columns that are not among the names, once each. has: the file's columns in words."""
    notes: list[tuple[Path, str]] = []
    for key in ("inputs", "targets"):
        for index, column in enumerate(section[key]):
            if names.count(column) != 1:
                what = "stands twice in the file" if column in names else "no such column"
                hint = nearest(column, names) or f"; the file has {has}"
                notes.append(((key, index), what + ("" if column in names else hint)))
    if notes:
        raise BadValueError(notes=notes)


def _read_csv(path: FilePath, section: dict[str, Any]) -> Floats:
    try:
        file = Sheet(path)
        used = [*section["inputs"], *section["targets"]]
        if file.nameless and not set(used) <= set(file.names):
            raise BadValueError(file.nameless)
        _check_columns(section, file.names, file.described)
        columns = file.columns([file.names.index(name) for name in used])
    except BadValueError as bad:
        raise BadValueError(notes=[(path or ("file",), text) for path, text in bad.notes]) from None
    places: list[Path] = [(key, index) for key in ("inputs", "targets") for index in range(len(section[key]))]
    notes = {
        column.name: (place, f"column {shorten(column.name)} of {file.file} {column.holds}; expected numbers")
        for place, column in zip(places, columns, strict=True)
        if column.texts
    }
    notes |= _two_points(columns, places)
    cells = dict(zip(used, columns, strict=True))
    return _finite([column.numbers for column in columns], used, lambda row, name: cells[name].text[row].as_py(), notes)


def _two_points(columns: Sequence[Column], places: Sequence[Path]) -> dict[str, tuple[Path, str]]:
    """That a file writes some fractions with a point and others with a comma, which may then mean thousands."""
    points = {column.point: column for column in reversed(columns)}
    if not {".", ","} <= points.keys():
        return {}
    name, wrong = shorten(points["."].name), points[","]
    example = next(cell for cell in wrong.text.to_pylist() if "," in cell)
    what = f"found {found(example)}, with a comma, and in column '{name}' numbers with a point"
    return {wrong.name: (places[columns.index(wrong)], f"{what}; expected the same sign before all fractions")}


def _read_parquet(path: FilePath, section: dict[str, Any]) -> Floats:
    import pyarrow as pa
    from pyarrow import compute, parquet

    used = [*section["inputs"], *section["targets"]]
    try:
        with path.open("rb") as opened, parquet.ParquetFile(opened) as file:
            schema = file.schema_arrow
            _check_columns(section, schema.names, ", ".join(shorten(name) for name in schema.names[:12]))
            notes = [
                ((key, index), f"expected a column of numbers, found {schema.field(column).type}")
                for key in ("inputs", "targets")
                for index, column in enumerate(section[key])
                if not _is_numeric(schema.field(column).type)
            ]
            if notes:
                raise BadValueError(notes=notes)
            if file.metadata.num_rows > MOST_ROWS:
                raise BadValueError(notes=[(("file",), f"the file has over {MOST_ROWS:,} rows")])
            table = file.read(columns=used)
        columns = [compute.cast(table.column(name), pa.float64(), safe=False).to_numpy() for name in used]
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise BadValueError(notes=unreadable(error, "Parquet").below("file")) from None
    return _finite(columns, used, lambda row, name: table.column(name)[row].as_py(), {})


def _is_numeric(kind: Any) -> bool:
    from pyarrow import types

    tests = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal)
    return any(test(kind) for test in tests)


def _finite(
    columns: list[NDArray[Any]], names: list[str], found_at: Any, told: Mapping[str, tuple[Path, str]]
) -> Floats:
    """The (S, columns) numbers. told: what is wrong with columns. Raises BadValueError if any is not finite, too."""
    table = np.column_stack([np.asarray(column, dtype=np.float64) for column in columns])
    if not len(table):
        raise BadValueError(notes=[(("file",), "the file has no rows")])
    notes = list(told.values())
    for name, column in zip(names, table.T, strict=True):
        wrong = np.flatnonzero(~np.isfinite(column))
        if len(wrong) and name not in told:
            value = found_at(int(wrong[0]), name)
            what = "an empty cell" if value is None or value == "" else found(value)
            more = f", and in {count(len(wrong) - 1, 'more row')}" if len(wrong) > 1 else ""
            notes.append(
                (
                    ("file",),
                    f"row {wrong[0] + 1}, column '{name}': expected a finite number, found {what}{more}",
                )
            )
    if notes:
        raise BadValueError(notes=notes)
    return np.ascontiguousarray(table)
