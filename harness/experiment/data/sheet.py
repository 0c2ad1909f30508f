"""A CSV file as it stands: the separator, the names of the columns, their cells as text and as numbers.

`data: {file: ..}` of an experiment and `harness new --csv` see a file by this one look at it. What is not in doubt is
read: a comma, semicolon, tab or bar between cells, a byte-order mark, spaces and quotes around names and numbers, and
where the separator is no comma, a decimal comma.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import dropwhile, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment.errors import count, found, shorten
from harness.experiment.notes import BadValueError, refused

SUFFIXES = (".csv", ".tsv")
SEPARATORS = (",", ";", "\t", "|")
MOST_BYTES, MOST_COLUMNS = 2**24, 2**12
"""The most bytes and columns of a CSV file: it is read as text first, which takes ten times its size in memory."""
FIRST_BYTES, FIRST_ROWS = 2**20, 20
"""What is looked at to tell the separator and the header."""
COMMENTS = ("#", "%", "//")
"""How lines begin that other programs write above the names of the columns."""
SHOWN = 12
"""Columns that a message names."""
UTF8 = "a file that is saved as UTF-8"


def plain(word: str) -> str:
    """A name or a cell without the spaces and the pair of quotes around it."""
    word = word.strip()
    return word[1:-1].strip() if len(word) > 1 and word[0] == word[-1] and word[0] in "\"'" else word


def number(word: str, point: str = ".") -> float:
    """The number that a cell holds, correctly rounded; NaN if it holds none. point: what stands before the fraction."""
    word = plain(word).replace(point, ".")
    try:
        return float(word) if word.isascii() and "_" not in word else np.nan
    except ValueError:
        return np.nan


def unreadable(error: Exception, kind: str) -> BadValueError:
    """The refusal of a file that another library cannot read as what it claims to be. Raises MemoryError, too."""
    if isinstance(error, MemoryError):
        raise error
    return refused(f"cannot be read as {kind}: {shorten(' '.join(str(error).split()), 160)}")


def counts_from(numbers: Sequence[float] | NDArray[np.float64]) -> int | None:
    """Where numbers that count the rows begin, 0 or 1; None if they do not count them."""
    count = len(numbers)
    starts = (start for start in (0, 1) if count and np.array_equal(numbers, np.arange(start, start + count)))
    return next(starts, None)


@dataclass(frozen=True, eq=False)
class CsvColumn:
    """name: as in the header. text: pyarrow's array of the (S,) cells, without spaces around.

    point: what stands before fractions, where the separator leaves that open; else "". numbers: (S,), NaN where a cell
    holds none.
    """

    name: str
    text: Any
    point: str
    numbers: NDArray[np.float64]

    @property
    def texts(self) -> list[str]:
        """The cells of a column of text, each once; none if any cell begins like a number."""
        if not np.isnan(self.numbers).all():
            return []
        words = dict.fromkeys(word for cell in self.text.to_pylist() if (word := plain(cell)))
        return [] if any(word[0] in "+-.0123456789" for word in words) else list(words)

    @property
    def holds(self) -> str:
        """What a message says of a column of text: `holds text ('setosa', 'versicolor', ..)`."""
        words = self.texts
        return f"holds text ({', '.join(map(found, words[:2]))}{', ..' if len(words) > 2 else ''})"


class CsvFile:
    """The CSV file at a path. Raises BadValueError, in a line that names what the file has, if it cannot be read.

    called: how that line begins where it is about the file as a whole. names: of the columns, without spaces and quotes
    around. separator: one of `SEPARATORS`.
    """

    def __init__(self, path: Path, called: str = "") -> None:
        self._called = called
        try:
            self._content = _content(path)
            self.separator, self._first = _split(self._content)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise unreadable(error, "CSV") from None
        self.names = tuple(map(plain, self._first[0]))
        if any("\udc80" <= letter <= "\udcff" for name in self.names for letter in name):
            raise refused("the first line is not UTF-8 text", UTF8)
        if self._above_names:
            line = shorten(self.separator.join(self._first[0]), 60)
            names = "the names of its columns there, and nothing above them"
            raise refused(f"{called}begins with the line '{line}'", names)
        if len(self.names) > MOST_COLUMNS:
            raise refused(f"expected at most {MOST_COLUMNS:,} columns")
        if {len(row) for row in self._first[1:]} == {len(self.names) + 1}:
            has = f"{count(len(self.names), 'name')} in its first line and {len(self.names) + 1} cells below"
            raise refused(f"{called}has {has}", "a name for every column, also for the first")

    @property
    def _above_names(self) -> bool:
        """Whether the first line is a comment or a title that stands above the names, as the lines below it tell."""
        first, *below = self._first
        told = first[0].lstrip().lower()
        rest = list(dropwhile(lambda row: row[0].lstrip().startswith(COMMENTS), below))
        if told.startswith("sep="):
            return True
        if not told.startswith(COMMENTS):
            return len(first) == 1 and bool(below) and {len(row) for row in below} not in ({1}, {2})
        names = bool(rest) and all(np.isnan(self._number(cell)) for cell in rest[0])
        return len(rest) < len(below) or not rest or len(rest[0]) != len(first) or names

    @property
    def described(self) -> str:
        """The columns in words: `an unnamed first column that counts from 0, x1, x2`."""
        names = [shorten(name) or "an unnamed column" for name in self.names[:SHOWN]]
        if not self.names[0]:
            start = counts_from([self._number(row[0]) for row in self._first[1:]])
            counts = "" if start is None else f" that counts from {start}"
            names[0] = f"an unnamed first column{counts}"
        return ", ".join(names) + (", .." if len(self.names) > SHOWN else "")

    @cached_property
    def nameless(self) -> BadValueError | None:
        """The refusal of a file of which no column can be known by its name; None if each can."""
        if len(self.names) == 1:
            has = f"{self._called}has one column, {found(self.names[0])}"
            return refused(has, "several, with a comma, semicolon, tab or | between them")
        below = [[row[at] for row in self._first[1:] if at < len(row) and row[at]] for at in range(len(self.names))]
        numeric = [at for at, cells in enumerate(below) if not any(np.isnan(self._number(cell)) for cell in cells)]
        if not numeric or any(np.isnan(self._number(self.names[at])) for at in numeric):
            return None
        line = shorten(self.separator.join(self.names), 60)
        names = [*(f"x{at}" for at in range(1, min(len(self.names), 4))), "y"]
        return refused(f"{self._called}has no header: its first line is {line}", f"names, such as {','.join(names)}")

    def columns(self, places: Sequence[int]) -> list[CsvColumn]:
        """The columns at these places. Raises BadValueError."""
        import pyarrow as pa
        from pyarrow import compute
        from pyarrow import csv as arrow

        odd: list[Any] = []

        def note_row(row: Any) -> str:
            odd.append(row)
            return "error"

        keys = [f"f{place}" for place in places]
        options = arrow.ConvertOptions(
            include_columns=keys, column_types=dict.fromkeys(keys, pa.string()), strings_can_be_null=False
        )
        try:
            table = arrow.read_csv(
                pa.BufferReader(self._content),
                arrow.ReadOptions(autogenerate_column_names=True, use_threads=False),  # threads do not number rows
                arrow.ParseOptions(delimiter=self.separator, newlines_in_values=True, invalid_row_handler=note_row),
                options,
            ).slice(1)
        except pa.ArrowException as error:
            if not odd:
                raise _not_utf8(self._content) or unreadable(error, "CSV") from None
            cells, names = odd[0].actual_columns, odd[0].expected_columns
            has = f"{self._called}has {count(cells, 'cell')} in row {odd[0].number}, {shorten(odd[0].text, 60)}"
            raise refused(has, f"{names}, one for each name in its first line") from None
        return [
            self._column(place, compute.utf8_trim_whitespace(table.column(key).combine_chunks()))
            for place, key in zip(places, keys, strict=True)
        ]

    def _number(self, cell: str) -> float:
        value = number(cell)
        return number(cell, ",") if np.isnan(value) and self.separator != "," else value

    def _column(self, place: int, text: Any) -> CsvColumn:
        from pyarrow import compute

        def has(mark: str) -> bool:
            return bool(compute.any(compute.match_substring(text, mark)).as_py())

        point = "" if self.separator == "," else "." if has(".") else "," if has(",") else ""
        return CsvColumn(self.names[place], text, point, _numbers(text, point))


def _numbers(text: Any, point: str) -> NDArray[np.float64]:
    import pyarrow as pa
    from pyarrow import compute

    try:
        written = compute.replace_substring(text, ",", ".") if point == "," else text
        return np.asarray(compute.cast(written, pa.float64()).to_numpy(zero_copy_only=False))
    except pa.ArrowInvalid:
        return np.array([number(word, point or ".") for word in text.to_pylist()])


def _content(path: Path) -> bytes:
    """The file as UTF-8, from its first line on. Raises OSError, UnicodeDecodeError and BadValueError."""
    if path.stat().st_size > MOST_BYTES:
        raise refused(f"the file is over {MOST_BYTES // 2**20} MiB; keep more in a Parquet file")
    content = path.read_bytes()
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise _other_text("UTF-32")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            content = content.decode("utf-16").encode()
        except UnicodeDecodeError:
            raise refused("the file is UTF-16 text that is cut off or damaged") from None
    content = content.removeprefix(codecs.BOM_UTF8)
    if b"\0" in content[:FIRST_BYTES]:
        raise _with_nul(content[:1024])
    if not content.strip():
        raise refused("the file is empty")
    return content.lstrip(b"\r\n")


def _not_utf8(content: bytes) -> BadValueError | None:
    """The refusal of text that is not UTF-8, with the first such line; None if it is."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return refused(f"line {line} is not UTF-8 text", UTF8)
    return None


def _other_text(name: str, how: str = "") -> BadValueError:
    return refused(f"the file is {name} text{how}", UTF8)


def _with_nul(beginning: bytes) -> BadValueError:
    """What a file is that has NUL bytes, as text in UTF-8 never has: by its first bytes, a multiple of four or all."""
    for name in ("UTF-32-LE", "UTF-32-BE", "UTF-16-LE", "UTF-16-BE"):
        text = beginning.decode(name, "ignore")
        if "\0" not in text and "\n" in text.replace("\r", "\n"):
            return _other_text(name[:6], " without a byte-order mark")
    return refused("the file is not text: it has NUL bytes", "a CSV file, saved as UTF-8")


def _split(content: bytes) -> tuple[str, list[list[str]]]:
    """The separator, and the first rows by it, the header among them. Raises csv.Error."""
    first = content[:FIRST_BYTES]
    if len(content) > FIRST_BYTES:
        first = first[: first.rfind(b"\n") + 1] or first
    rows = {separator: _rows(first, separator) for separator in SEPARATORS}

    def fitness(separator: str) -> tuple[bool, float, int]:
        """Whether all rows are of one length, the share of cells that hold numbers, and the number of columns."""
        header, *below = rows[separator]
        point = "." if separator == "," else ","
        cells = [cell for row in below for cell in row]
        numbers = sum(not (np.isnan(number(cell)) and np.isnan(number(cell, point))) for cell in cells)
        return all(len(row) == len(header) for row in below), numbers / max(len(cells), 1), len(header)

    best = max((separator for separator in SEPARATORS if len(rows[separator][0]) > 1), key=fitness, default=",")
    if not rows[best][0]:
        raise csv.Error(f"a cell of over {csv.field_size_limit():,} characters")
    return best, rows[best]


def _rows(content: bytes, separator: str) -> list[list[str]]:
    """The first rows by a separator; an empty one if it leaves a cell that is far too long."""
    text = io.TextIOWrapper(io.BytesIO(content), "utf-8", "surrogateescape")
    try:
        return list(islice((row for row in csv.reader(text, delimiter=separator) if row), FIRST_ROWS))
    except csv.Error:
        return [[]]
