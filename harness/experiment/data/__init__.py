"""The data of an experiment: rows in the file, a CSV or Parquet file beside it, or made up."""

from __future__ import annotations

import io
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path as FilePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment.data import sheet
from harness.experiment.data.generators import generate
from harness.experiment.data.sheet import CsvColumn, CsvFile, unreadable
from harness.experiment.errors import Path, count, either, found, shorten
from harness.experiment.notes import BadValueError, Note, Notes, Wrong, no_column

Floats = NDArray[np.float64]
NAMES = ("inputs", "targets")
ONLY_WITH = {**dict.fromkeys(NAMES, ("file", "rows")), **dict.fromkeys(("samples", "noise", "seed"), ("generate",))}
"""Key -> the `SOURCES` that it may stand beside."""
SUFFIXES = (*sheet.SUFFIXES, ".parquet")
MOST_ROWS = 10**6
"""The most rows of a Parquet file; the limits of a CSV file stand in `sheet`."""
MOST_NUMBERS = 50_000_000
"""The most numbers, rows times columns: 400 MB, and while they are read never more than three times as much.

A file says nothing of its size: Parquet keeps a hundred million zeros in half a megabyte.
"""
SOURCES = ("rows", "file", "generate")


@dataclass(frozen=True)
class DataTable:
    """numbers: (S, columns), inputs first. key: which of `SOURCES` gave it.

    inputs: how many columns are inputs; None when the network decides. names: of the columns, where they have any.
    """

    numbers: Floats
    inputs: int | None
    key: str
    names: tuple[str, ...] = ()


def read(section: dict[str, Any], given: Collection[str], folder: FilePath, kept: bytes | None = None) -> DataTable:
    """The table that a `data:` section describes. Raises BadValueError.

    section: all of its keys, with their defaults. given: those that stand in it. folder: where a file's name starts
    from. kept: a Parquet file to be read in place of the section's file, with the columns that this had.
    """
    sources = [key for key in SOURCES if key in given]
    if len(sources) != 1:
        raise BadValueError(Note((), Wrong.VALUE, f"one of {either(SOURCES)}", " and ".join(sources) or "none of them"))
    Notes(
        Note((key,), Wrong.OTHER, found=f"goes with {either(ONLY_WITH[key])}, not with {sources[0]}")
        for key in given
        if sources[0] not in ONLY_WITH.get(key, sources)
    ).settle()
    if sources[0] == "rows":
        numbers = _rows(section["rows"])
        names = _names(section, numbers.shape[1])
        return DataTable(numbers, len(section["inputs"]) if names else None, "rows", names)
    if sources[0] == "file":
        return _file(section, folder, kept)
    made = generate(section["generate"], section["samples"], section["noise"], section["seed"])
    table = np.hstack(made)
    if not np.isfinite(table).all():
        raise BadValueError(Note(("noise",), Wrong.OTHER, found="expected less noise: some numbers are not finite"))
    return DataTable(table, made[0].shape[1], "generate")


def _rows(rows: Any) -> Floats:
    if not isinstance(rows, list) or not rows:
        raise BadValueError(Note(("rows",), Wrong.VALUE, "rows such as [[1, 1, 1]]", found(rows)))
    plain = all(type(row) is list and row for row in rows)
    if plain and len(set(map(len, rows))) == 1 and set(map(type, chain.from_iterable(rows))) <= {int, float}:
        try:
            table = np.array(rows, dtype=np.float64)
        except OverflowError:
            table = np.array([np.inf])
        if np.isfinite(table).all():
            return table
    notes = Notes(_row_notes(rows))
    notes.shorten("rows")
    raise BadValueError(*notes)


def _names(section: dict[str, Any], width: int) -> tuple[str, ...]:
    """What the columns of rows are called, if anything. Raises BadValueError unless each of them has a name."""
    if all(section[key] is None for key in NAMES):
        return ()
    _missing(section).settle()
    names = _each_once(section)
    if len(names) != width:
        numbers = f"{len(names)} numbers in a row, one for each name"
        raise BadValueError(Note(("rows",), Wrong.VALUE, numbers, str(width)))
    return names


def _missing(section: dict[str, Any]) -> Notes:
    """That the names of inputs or targets are not given."""
    return Notes(
        Note((key,), Wrong.MISSING, f"the names of columns, such as {key}: {example}")
        for key, example in zip(NAMES, ("[x1, x2]", "[y]"), strict=True)
        if section[key] is None
    )


def _each_once(section: dict[str, Any]) -> tuple[str, ...]:
    """The names of the columns, inputs first. Raises BadValueError if one is named twice."""
    columns = (*section["inputs"], *section["targets"])
    twice = [(key, i) for key in NAMES for i, column in enumerate(section[key]) if columns.count(column) > 1]
    if twice:
        raise BadValueError(Note(twice[-1], Wrong.OTHER, found="this column is named twice"))
    return columns


def _row_notes(rows: list[Any]) -> Iterator[Note]:
    width = next((len(row) for row in rows if isinstance(row, list) and row), 0)
    for index, row in enumerate(rows):
        if not isinstance(row, list) or not row:
            yield Note(("rows", index), Wrong.VALUE, "a row of numbers such as [1, 1, 1]", found(row))
            continue
        if len(row) != width:
            yield Note(("rows", index), Wrong.VALUE, f"{width} numbers as in the first row", str(len(row)))
        for place, number in enumerate(row):
            numeric = isinstance(number, int | float) and not isinstance(number, bool)
            if not numeric or not abs(number) <= np.finfo(np.float64).max:
                yield Note(("rows", index, place), Wrong.VALUE, "a finite number", found(number))


def _file(section: dict[str, Any], folder: FilePath, kept: bytes | None) -> DataTable:
    name = section["file"]
    notes, path = _missing(section), folder / name
    if path.suffix.lower() not in SUFFIXES:
        notes.append(Note(("file",), Wrong.VALUE, f"a file that ends in {either(SUFFIXES)}", found(name)))
    elif kept is None and not os.path.isfile(path):
        what = "is a directory" if os.path.isdir(path) else "no such file"
        notes.append(Note(("file",), Wrong.OTHER, found=f"{what}: {shorten(str(path), 200)}"))
    notes.settle()
    if path.suffix.lower() in sheet.SUFFIXES:
        section = section | {key: [sheet.plain(name) for name in section[key]] for key in NAMES}
    columns = _each_once(section)
    if kept is not None or path.suffix.lower() == ".parquet":
        numbers = _read_parquet(path if kept is None else io.BytesIO(kept), section)
    else:
        numbers = _read_csv(path, section)
    return DataTable(numbers, len(section["inputs"]), "file", columns)


def _check_columns(section: dict[str, Any], names: Sequence[str], has: str) -> None:
    """Raises BadValueError for columns that are not among the names, once each. has: the file's columns in words."""
    notes = Notes()
    for key in NAMES:
        for index, column in enumerate(section[key]):
            if column not in names:
                notes.append(no_column(column, names, (key, index), f"the file has {has}"))
            elif names.count(column) > 1:
                notes.append(Note((key, index), Wrong.OTHER, found="stands twice in the file"))
    notes.settle()


def _read_csv(path: FilePath, section: dict[str, Any]) -> Floats:
    try:
        file = CsvFile(path, f"{path.name} ")
        used = [*section["inputs"], *section["targets"]]
        if file.nameless and not set(used) <= set(file.names):
            raise file.nameless
        _check_columns(section, file.names, file.described)
        columns = file.columns([file.names.index(name) for name in used])
        if many := too_many(len(columns[0].text), len(used), ("file",)):
            raise BadValueError(many)
    except BadValueError as bad:
        raise BadValueError(*(note if note.path else note.below("file") for note in bad.notes)) from None
    places: list[Path] = [(key, index) for key in NAMES for index in range(len(section[key]))]
    notes = {
        column.name: Note(place, Wrong.OTHER, "numbers", f"column {shorten(column.name)} of {path.name} {column.holds}")
        for place, column in zip(places, columns, strict=True)
        if column.texts
    }
    notes |= _two_points(columns, places)
    cells = dict(zip(used, columns, strict=True))
    table = np.column_stack([column.numbers for column in columns])
    return _finite(table, used, lambda row, name: cells[name].text[row].as_py(), notes)


def _two_points(columns: Sequence[CsvColumn], places: Sequence[Path]) -> dict[str, Note]:
    """That a file writes some fractions with a point and others with a comma, which may then mean thousands."""
    points = {column.point: column for column in reversed(columns)}
    if not {".", ","} <= points.keys():
        return {}
    name, wrong = shorten(points["."].name), points[","]
    example = next(cell for cell in wrong.text.to_pylist() if "," in cell)
    what = f"found {found(example)}, with a comma, and in column '{name}' numbers with a point"
    expected = "the same sign before all fractions"
    return {wrong.name: Note(places[columns.index(wrong)], Wrong.OTHER, expected, what)}


def _read_parquet(source: FilePath | io.BytesIO, section: dict[str, Any]) -> Floats:
    import pyarrow as pa
    from pyarrow import compute, parquet

    used = [*section["inputs"], *section["targets"]]
    try:
        opened = source if isinstance(source, io.BytesIO) else source.open("rb")  # whose name pyarrow may not take
        with opened, parquet.ParquetFile(opened) as file:
            schema = file.schema_arrow
            _check_columns(section, schema.names, ", ".join(shorten(name) for name in schema.names[:12]))
            Notes(
                Note((key, index), Wrong.VALUE, "a column of numbers", str(schema.field(column).type))
                for key in NAMES
                for index, column in enumerate(section[key])
                if not _is_numeric(schema.field(column).type)
            ).settle()
            rows = file.metadata.num_rows
            if rows > MOST_ROWS:
                raise BadValueError(Note(("file",), Wrong.OTHER, found=f"the file has over {MOST_ROWS:,} rows"))
            if many := too_many(rows, len(used), ("file",)):
                raise BadValueError(many)

            def column(name: str) -> Any:
                found = file.read(columns=[name]).column(name)
                if len(found) != rows:
                    raise pa.ArrowInvalid(f"a column of {len(found):,} rows, where {rows:,} are said to be")
                return found

            table = np.empty((rows, len(used)))
            for at, name in enumerate(used):  # one at a time: each is in memory twice
                table[:, at] = compute.cast(column(name), pa.float64(), safe=False).to_numpy()
            return _finite(table, used, lambda row, name: column(name)[row].as_py(), {})
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise BadValueError(*unreadable(error, "Parquet").below("file")) from None


def too_many(rows: int, columns: int, path: Path, why: str = "") -> Note | None:
    """What is wrong with so many numbers; None if nothing is. why: there are so many columns."""
    if rows * columns <= MOST_NUMBERS:
        return None
    has, hint = f"{rows:,} rows x {columns:,} columns", f"keep fewer of either{why and f'; {why}'}"
    return Note(path, Wrong.VALUE, f"at most {MOST_NUMBERS:,} numbers", has, hint=hint)


def _is_numeric(kind: Any) -> bool:
    from pyarrow import types

    tests = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal)
    return any(test(kind) for test in tests)


def _finite(table: Floats, names: list[str], found_at: Any, told: Mapping[str, Note]) -> Floats:
    """The (S, columns) numbers. told: what is wrong with columns. Raises BadValueError if any is not finite, too."""
    if not len(table):
        raise BadValueError(Note(("file",), Wrong.OTHER, found="the file has no rows"))
    notes = Notes(told.values())
    for name, column in zip(names, table.T, strict=True):
        wrong = np.flatnonzero(~np.isfinite(column))
        if len(wrong) and name not in told:
            value = found_at(int(wrong[0]), name)
            what = "an empty cell" if value is None or value == "" else found(value)
            more = f", and in {count(len(wrong) - 1, 'more row')}" if len(wrong) > 1 else ""
            where = f"row {wrong[0] + 1}, column '{name}'"
            notes.append(Note(("file",), Wrong.OTHER, found=f"{where}: expected a finite number, found {what}{more}"))
    notes.settle()
    return table
