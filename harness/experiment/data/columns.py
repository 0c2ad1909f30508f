"""The columns of a data file by their names, as numbers or as text: CSV and Parquet look the same from here on."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment.data import sheet
from harness.experiment.data.sheet import CsvColumn, CsvFile, unreadable
from harness.experiment.errors import Path, count, either, found, shorten
from harness.experiment.notes import BadValueError, Note, Notes, Wrong, no_column

Floats = NDArray[np.float64]
SUFFIXES = (*sheet.SUFFIXES, ".parquet")
MOST_ROWS = 10**6
"""The most rows of a Parquet file; the limits of a CSV file stand in `sheet`."""
MOST_NUMBERS = 50_000_000
"""The most numbers, rows times columns: 400 MB, and while they are read never more than three times as much.

A file says nothing of its size: Parquet keeps a hundred million zeros in half a megabyte.
"""
MISSING = frozenset(["", "na", "n/a", "nan", "null", "none", "?", "."])
"""How cells say that they hold nothing, in lower case."""


@dataclass(frozen=True)
class Wanted:
    """Columns of a file. places: where each name stands in the section. texts: those that may hold text.

    gaps: whether cells may hold nothing.
    """

    places: Mapping[str, Path]
    texts: frozenset[str] = frozenset()
    gaps: bool = False

    @property
    def names(self) -> list[str]:
        return list(self.places)


@dataclass(frozen=True)
class Columns:
    """numbers: (S, n) of the columns that were wanted, NaN where a cell holds nothing or text.

    texts: name -> (S,) cells, "" where they hold nothing, of columns that hold text. how: how the file was read, in
    words.
    """

    numbers: Floats
    texts: Mapping[str, NDArray[np.str_]]
    how: str

    def rows(self, which: NDArray[np.bool_]) -> Columns:
        """Some of the rows."""
        texts = {name: cells[which] for name, cells in self.texts.items()}
        return Columns(self.numbers[which], texts, self.how)


class DataFile:
    """A CSV or Parquet file. called: how it is named in the section. content: of a Parquet file, in place of its own.

    names: of its columns. described: the same in words. Raises BadValueError if it is not there or cannot be read.
    """

    def __init__(self, folder: FilePath, called: str, content: bytes | None = None) -> None:
        self.path, self._content = folder / called, content
        if self.path.suffix.lower() not in SUFFIXES:
            raise BadValueError(Note((), Wrong.VALUE, f"a file that ends in {either(SUFFIXES)}", found(called)))
        if content is None and not os.path.isfile(self.path):
            what = "is a directory" if os.path.isdir(self.path) else "no such file"
            raise BadValueError(Note((), Wrong.OTHER, found=f"{what}: {shorten(str(self.path), 200)}"))
        text = content is None and self.path.suffix.lower() in sheet.SUFFIXES
        self.csv = CsvFile(self.path, f"{self.path.name} ") if text else None
        if self.csv:
            self.names, self.described = self.csv.names, self.csv.described
        else:
            with self._parquet() as file:
                self.names = tuple(file.schema_arrow.names)
            self.described = ", ".join(map(shorten, self.names[: sheet.SHOWN]))

    def plain(self, name: str) -> str:
        """A column's name as the file has it: spaces and quotes around those of a CSV file do not count."""
        return sheet.plain(name) if self.csv else name

    def check(self, places: Mapping[str, Path]) -> None:
        """Raises BadValueError for names that are not the file's, once each. places: where they stand."""
        if self.csv and self.csv.nameless and not set(places) <= set(self.names):
            raise BadValueError(*self.csv.nameless.below("file"))
        notes = Notes()
        for name, place in places.items():
            if name not in self.names:
                notes.append(no_column(name, self.names, place, f"the file has {self.described}"))
            elif self.names.count(name) > 1:
                notes.append(Note(place, Wrong.OTHER, found="stands twice in the file"))
        notes.settle()

    def read(self, wanted: Wanted) -> Columns:
        """The columns that are wanted. Raises BadValueError, at the places of the names."""
        try:
            return self._read_csv(self.csv, wanted) if self.csv else self._read_parquet(wanted)
        except BadValueError as bad:
            raise BadValueError(*(note if note.path else note.below("file") for note in bad.notes)) from None

    def _read_csv(self, file: CsvFile, wanted: Wanted) -> Columns:
        columns = file.columns([file.names.index(name) for name in wanted.names])
        if many := too_many(len(columns[0].text), len(columns), ()):
            raise BadValueError(many)
        notes = {
            column.name: Note(
                wanted.places[column.name],
                Wrong.OTHER,
                "numbers",
                f"column {shorten(column.name)} of {self.path.name} {column.holds}",
            )
            for column in columns
            if column.name not in wanted.texts and any(not is_missing(cell) for cell in column.texts)
        }
        notes |= _two_points(columns, wanted)
        cells = {column.name: column for column in columns}
        texts = {column.name: _text(column.text) for column in columns if column.texts and column.name in wanted.texts}
        table = np.column_stack([column.numbers for column in columns])
        _check_finite(table, wanted, lambda row, name: cells[name].text[row].as_py(), notes, texts)
        points = {column.point for column in columns} - {""}
        how = f"{SEPARATORS[file.separator]} between columns" + ", decimal commas" * ("," in points)
        return Columns(table, texts, how)

    @contextmanager
    def _parquet(self) -> Iterator[Any]:
        """The open Parquet file. Raises BadValueError for what cannot be read as one, then or later."""
        import pyarrow as pa
        from pyarrow import parquet

        try:  # the name of the file pyarrow may not take
            source = self.path.open("rb") if self._content is None else io.BytesIO(self._content)
            with source, parquet.ParquetFile(source) as file:
                yield file
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise unreadable(error, "Parquet") from None

    def _read_parquet(self, wanted: Wanted) -> Columns:
        import pyarrow as pa
        from pyarrow import compute

        with self._parquet() as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
            kinds = {name: schema.field(name).type for name in wanted.names}
            Notes(
                Note(wanted.places[name], Wrong.VALUE, "a column of numbers", str(kind))
                for name, kind in kinds.items()
                if not _is_numeric(kind) and not (name in wanted.texts and _is_text(kind))
            ).settle()
            if rows > MOST_ROWS:
                raise BadValueError(Note(("file",), Wrong.OTHER, found=f"the file has over {MOST_ROWS:,} rows"))
            if many := too_many(rows, len(kinds), ("file",)):
                raise BadValueError(many)

            def column(name: str) -> Any:
                found = file.read(columns=[name]).column(name)
                if len(found) != rows:
                    raise pa.ArrowInvalid(f"a column of {len(found):,} rows, where {rows:,} are said to be")
                return found

            table, texts = np.empty((rows, len(kinds))), {}
            for at, (name, kind) in enumerate(kinds.items()):  # one at a time: each is in memory twice
                if _is_text(kind):
                    texts[name], table[:, at] = _text(column(name).cast(pa.string())), np.nan
                else:
                    table[:, at] = compute.cast(column(name), pa.float64(), safe=False).to_numpy()
            _check_finite(table, wanted, lambda row, name: column(name)[row].as_py(), {}, texts)
            return Columns(table, texts, "Parquet")


SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
"""What stands between the columns of a CSV file, in words."""


def too_many(rows: int, columns: int, path: Path, why: str = "") -> Note | None:
    """What is wrong with so many numbers; None if nothing is. why: there are so many columns."""
    if rows * columns <= MOST_NUMBERS:
        return None
    has, hint = f"{rows:,} rows x {columns:,} columns", f"keep fewer of either{why and f'; {why}'}"
    return Note(path, Wrong.VALUE, f"at most {MOST_NUMBERS:,} numbers", has, hint=hint)


def is_missing(cell: object) -> bool:
    """Whether a cell says that it holds nothing."""
    return cell is None or (isinstance(cell, float) and np.isnan(cell)) or str(cell).strip().lower() in MISSING


def _text(column: Any) -> NDArray[np.str_]:
    """(S,) the cells of a column of text, "" where they hold nothing."""
    return np.array(["" if is_missing(cell) else sheet.plain(cell) for cell in column.to_pylist()], np.str_)


def _two_points(columns: Sequence[CsvColumn], wanted: Wanted) -> dict[str, Note]:
    """That a file writes some fractions with a point and others with a comma, which may then mean thousands."""
    points = {column.point: column for column in reversed(columns) if not column.texts}
    if not {".", ","} <= points.keys():
        return {}
    name, wrong = shorten(points["."].name), points[","]
    example = next(cell for cell in wrong.text.to_pylist() if "," in cell)
    what = f"found {found(example)}, with a comma, and in column '{name}' numbers with a point"
    return {wrong.name: Note(wanted.places[wrong.name], Wrong.OTHER, "the same sign before all fractions", what)}


def _is_numeric(kind: Any) -> bool:
    from pyarrow import types

    tests = (types.is_integer, types.is_floating, types.is_boolean, types.is_decimal)
    return any(test(kind) for test in tests)


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    return any(test(kind) for test in (types.is_string, types.is_large_string, types.is_string_view))


def _check_finite(
    table: Floats, wanted: Wanted, cell: Callable[[int, str], Any], told: Mapping[str, Note], texts: Mapping[str, Any]
) -> None:
    """Raises BadValueError if a cell holds no finite number, unless it may hold nothing. told: what else is wrong."""
    if not len(table):
        raise BadValueError(Note(("file",), Wrong.OTHER, found="the file has no rows"))
    notes = Notes(told.values())
    for name, column in zip(wanted.names, table.T, strict=True):
        if name in told or name in texts:
            continue
        wrong = np.flatnonzero(~np.isfinite(column))
        if wanted.gaps:
            wrong = np.array([row for row in wrong.tolist() if not is_missing(cell(row, name))], np.int64)
        if len(wrong):
            value = cell(int(wrong[0]), name)
            what = "an empty cell" if value is None or value == "" else found(value)
            more = f", and in {count(len(wrong) - 1, 'more row')}" if len(wrong) > 1 else ""
            where = f"row {wrong[0] + 1}, column '{name}'"
            hint = "; missing: drop leaves such rows out" if is_missing(value) else ""
            said = f"{where}: expected a finite number, found {what}{more}{hint}"
            notes.append(Note(("file",), Wrong.OTHER, found=said))
    notes.settle()
