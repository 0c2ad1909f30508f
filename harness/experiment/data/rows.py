"""Data that stand in the experiment's own file, row by row: numbers, and perhaps a label at the end of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np

from harness.experiment.data import classes
from harness.experiment.data.table import NAMES, DataTable, Floats, each_once, numbered
from harness.experiment.errors import found
from harness.experiment.notes import BadValueError, Note, Notes, Wrong


def read(section: Mapping[str, Any]) -> DataTable:
    """The table of `rows`. Raises BadValueError.

    Its columns have names if the section gives them. Whether a column is an input is left to the network if not.
    """
    rows, names = section["rows"], tuple[str, ...]()
    if not isinstance(rows, list) or not rows:
        raise BadValueError(Note(("rows",), Wrong.VALUE, "rows such as [[1, 1, 1]]", found(rows)))
    labels: tuple[str, ...] = ()
    last = [row[-1] for row in rows if isinstance(row, list) and row]
    if len(last) == len(rows) and all(isinstance(cell, str) for cell in last):
        labels, numbers = classes.of_text(np.array(last, np.str_))
        rows = [[*row[:-1], number] for row, number in zip(rows, numbers.tolist(), strict=True)]
    table = _numbers(rows)
    if any(section[key] is not None for key in NAMES):
        _missing(section).settle()
        names = tuple(each_once(section))
        if len(names) != table.shape[1]:
            numbers_ = f"{len(names)} numbers in a row, one for each name"
            raise BadValueError(Note(("rows",), Wrong.VALUE, numbers_, str(table.shape[1])))
    made = DataTable(table, len(section["inputs"]) if names else None, "rows", names, labels)
    return made if labels else numbered(made, section)


def _numbers(rows: list[Any]) -> Floats:
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


def _missing(section: Mapping[str, Any]) -> Notes:
    """That the names of the columns of rows are not given, or not one by one."""
    return Notes(
        Note((key,), Wrong.MISSING, f"the names of columns, such as {key}: {example}")
        for key, example in zip(NAMES, ("[x1, x2]", "[y]"), strict=True)
        if not isinstance(section[key], tuple)
    )


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
