"""What an experiment on a CSV file needs: inputs and a target, a loss that suits it, and rows kept aside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import HarnessError, in_utf8
from harness.experiment import source
from harness.experiment.data.classes import MOST_CLASSES
from harness.experiment.data.columns import is_missing
from harness.experiment.data.sheet import SUFFIXES, CsvColumn, CsvFile, counts_from, plain
from harness.experiment.errors import count, either, found, shorten
from harness.experiment.notes import BadValueError

TARGETS = ("target", "label", "class", "y")
"""Names that say which column is the target, whatever its place."""
INDEXES = ("id", "index", "idx", "unnamed: 0", "rownames", "#")
"""Names that say that a column only numbers the rows."""
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
FEW, MOST_LINES = 5, 30
"""The most classes whose rows a comment counts; the most columns that a comment describes one by one."""
MOST_NAMED, MOST_NUMBERS, OFTEN = 20, 10, 10
"""Whole numbers are classes if there are at most so many of them and the target is called label or the like; or so
many, and each stands in at least so many rows."""
TEST = 0.2
"""The share of the rows that nothing is chosen by."""
MOST_FOLDS, EPOCHS, STEPS = 5, (1, 3, 10, 30, 100, 300), 1e5
"""The most folds; what one run of a draft may take: so many epochs, so many samples in all of them, about."""


def of_csv(file: str) -> dict[str, Any]:
    """The values of the draft for a CSV file. Raises HarnessError in a line that says what the file has."""
    path = Path(in_utf8(file))
    if path.suffix.lower() not in SUFFIXES:
        raise HarnessError(f"{file}: expected a file that ends in {either(SUFFIXES)}")
    if not path.is_file():
        raise HarnessError(f"{file}: {'is no file' if path.exists() else 'no such file'}")
    try:
        sheet = CsvFile(path)
        if sheet.nameless:
            raise sheet.nameless
        columns = sheet.columns(range(len(sheet.names)))
    except BadValueError as bad:
        raise HarnessError(f"{file}: {bad}") from None
    if not len(columns[0].numbers):
        raise HarnessError(f"{file}: has no rows")
    target, why = _target(file, columns)
    left_out = {column: problem for column in columns if column is not target and (problem := _unfit(column, columns))}
    inputs = [column for column in columns if column is not target and column not in left_out]
    if not inputs:
        raise HarnessError(f"{file}: no column of numbers is left for the inputs beside the target {target.name}")
    kind = _Target(file, target)
    names = [shorten(column.name) for column in inputs]
    from_what = " and ".join(names) if len(names) < 3 else f"{names[0]}, {names[1]} and {len(names) - 2} more"
    rows = len(target.numbers)
    return {
        "question": f"How well does a small network predict {shorten(target.name)} from {from_what}?",
        "table": {
            "file": path.name,
            "path": source.describe(file),
            "rows": count(rows, "row"),
            "columns": count(len(columns), "column"),
            "separator": SEPARATORS[sheet.separator],
            "lines": _lines(columns, target, f"{kind.found}; the target, {why}", left_out),
            "inputs": source.describe([column.name for column in inputs]),
            "targets": source.describe([target.name]),
            "classes": kind.classes,
            "gaps": any(np.isnan(column.numbers).any() for column in inputs),
            "standardize": "inputs" if kind.classes else "both",
            "split": _split(kind.rarest),
        },
        "loss": kind.loss,
        "loss_comment": kind.comment,
        "epochs": [epochs for epochs in EPOCHS if epochs <= max(STEPS / rows, EPOCHS[1])][-3:],
    }


class _Target:
    """What a target asks for. Raises HarnessError if it has more classes than a network may have, or one.

    found: in words. classes: whether it has some. rarest: rows of the rarest, or of numbers all. loss, comment: what
    suits it.
    """

    def __init__(self, file: str, column: CsvColumn) -> None:
        cells = np.array([plain(cell) for cell in column.text.to_pylist()]) if column.texts else column.numbers
        values, counts = np.unique(cells, return_counts=True)
        many, named = len(values), column.name.lower() in TARGETS[:3]
        whole = not column.texts and bool((values == np.floor(values)).all())
        usual = many == 2 or (many <= MOST_NAMED and named) or (many <= MOST_NUMBERS and int(counts.min()) >= OFTEN)
        self.classes = bool(column.texts) or (whole and many > 1 and usual)
        self.rarest = int(counts.min()) if self.classes else len(cells)
        if column.texts and not 1 < many <= MOST_CLASSES:
            kinds = f"from 2 to {MOST_CLASSES:,} different labels, found {many:,}"
            raise HarnessError(f"{file}: the target, column {shorten(column.name)}, {column.holds}; expected {kinds}")
        self.found = f"{many} classes, of {counts.min()} to {counts.max()} rows" if column.texts else _range(column)
        if many <= FEW:
            names = [shorten(str(value)) if column.texts else f"{value:g}" for value in values]
            told = zip(names, counts.tolist(), strict=True)
            self.found = ", ".join(f"{name} in {count(rows, 'row')}" for name, rows in told)
        if not self.classes:
            self.loss, self.comment = "mse", "For a target of any numbers: the mean of (t - y)^2."
            if whole and 1 < many <= MOST_NAMED:
                self.comment += " With `classes: auto` and cross_entropy, each number would be a class."
        elif many == 2:
            self.loss = "bce"
            self.comment = "For two classes. It takes the output before any sigmoid, so `output` is left out."
        else:
            self.loss = "cross_entropy"
            self.comment = "For classes, with an output for each; softmax is part of it, so `output` is left out."


def _split(rows: int) -> str:
    """How rows are kept aside, of which there are so many, or so many of the rarest class; nothing of too few."""
    left = rows - math.ceil(rows * TEST)
    return source.describe({"folds": min(MOST_FOLDS, left // 2), "test": TEST}) if left > 3 else ""


def _target(file: str, columns: Sequence[CsvColumn]) -> tuple[CsvColumn, str]:
    """The target, and why it is. Raises HarnessError if it holds neither numbers nor labels, or not in each row."""
    names = [column.name for column in columns]
    named = [columns[names.index(name)] for wanted in TARGETS for name in names if name.lower() == wanted]
    target, why = (named[0], "by its name") if named else (columns[-1], "as the last column")
    if problem := _unfit(target, columns, target=True):
        raise HarnessError(f"{file}: the target, column {shorten(target.name) or 'without a name'}, {problem}")
    return target, why


def _unfit(column: CsvColumn, columns: Sequence[CsvColumn], target: bool = False) -> str:
    """Why a column can be no input, or not the target; "" if it can."""
    if [other.name for other in columns].count(column.name) > 1:
        return "has a name that stands twice"
    start = counts_from(column.numbers)
    if not column.name:
        return "has no name" if start is None else f"has no name and counts from {start}"
    if column.name.lower() in INDEXES:
        return "only numbers the rows" if start is None else f"only numbers the rows, from {start} on"
    if column.texts and not target:
        return f"{column.holds}; networks take numbers"
    cells = column.text.to_pylist()
    wrong = [at for at in np.flatnonzero(~np.isfinite(column.numbers)).tolist() if is_missing(cells[at]) <= target]
    wrong = [at for at in wrong if is_missing(cells[at])] if column.texts else wrong
    if not wrong:
        return "" if column.texts or not np.isnan(column.numbers).all() else "holds nothing"
    what = "has an empty cell" if is_missing(cells[wrong[0]]) else f"holds {found(cells[wrong[0]])}"
    return f"{what} in row {wrong[0] + 1}" + (f" and no number in {len(wrong) - 1} more" if wrong[1:] else "")


def _lines(columns: Sequence[CsvColumn], target: CsvColumn, about: str, left_out: dict[CsvColumn, str]) -> list[str]:
    """What a comment says of each column."""
    names = {column: shorten(column.name) or "(unnamed)" for column in columns}
    width = min(max(map(len, names.values())), 30)

    def line(column: CsvColumn) -> str:
        what = about if column is target else f"left out: {left_out[column]}" if column in left_out else _range(column)
        return f"{names[column]:<{width}}  {what}"

    shown = [column for column in columns[:MOST_LINES] if column is not target]
    more = len(columns) - 1 - len(shown)
    return [*map(line, shown), *([f"and {more:,} more"] if more else []), line(target)]


def _range(column: CsvColumn) -> str:
    empty = int(np.isnan(column.numbers).sum())
    gaps = f", and {count(empty, 'empty cell')}" if empty else ""
    return f"from {np.nanmin(column.numbers):g} to {np.nanmax(column.numbers):g}{gaps}"
