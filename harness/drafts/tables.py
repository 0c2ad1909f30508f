"""What an experiment on a CSV file needs: inputs and a target, a loss that suits it, and layers that fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import HarnessError, in_utf8
from harness.experiment import source
from harness.experiment.data.sheet import SUFFIXES, CsvColumn, CsvFile, counts_from
from harness.experiment.errors import count, either, found, shorten
from harness.experiment.notes import BadValueError

TARGETS = ("target", "label", "class", "y")
"""Names that say which column is the target, whatever its place."""
INDEXES = ("id", "index", "idx", "unnamed: 0", "rownames", "#")
"""Names that say that a column only numbers the rows."""
SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MOST_CLASSES, FEW, MOST_LINES, LARGE = 20, 5, 30, 10.0
"""The most classes of a target; the most whose rows a comment counts; the most columns that a comment describes one by
one; and the magnitude above which inputs should be scaled."""
STEPS = 1e5
"""How many samples one run of a draft takes, about: epochs times samples."""


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
    kind = _Target(target)
    names = [shorten(column.name) for column in inputs]
    from_what = " and ".join(names) if len(names) < 3 else f"{names[0]}, {names[1]} and {len(names) - 2} more"
    return {
        "question": f"How well does a small network predict {shorten(target.name)} from {from_what}?",
        "table": {
            "file": path.name,
            "path": source.describe(file),
            "rows": count(len(target.numbers), "row"),
            "columns": count(len(columns), "column"),
            "separator": SEPARATORS[sheet.separator],
            "lines": _lines(columns, target, f"{kind.found}; the target, {why}", left_out),
            "advice": _advice([*inputs, target] if kind.loss == "mse" else inputs),
            "inputs": source.describe([column.name for column in inputs]),
            "targets": source.describe([target.name]),
        },
        "loss": kind.loss,
        "loss_comment": kind.comment,
        **_sizes(len(inputs), kind.outputs, len(target.numbers)),
    }


class _Target:
    """What a target asks for. found: in words. loss, comment: what suits it. outputs: of the network."""

    def __init__(self, column: CsvColumn) -> None:
        values, counts = np.unique(column.numbers, return_counts=True)
        classes = len(values)
        self.outputs, self.found = 1, _range(column)
        if classes <= FEW:
            told = zip(values, counts, strict=True)
            self.found = ", ".join(f"{value:g} in {count(int(rows), 'row')}" for value, rows in told)
        if set(values) <= {0, 1}:
            self.loss = "bce"
            self.comment = "For a target of 0 and 1. It takes the output before any sigmoid, so `output` is left out."
        elif column.name.lower() in TARGETS[:3] and 2 < classes <= MOST_CLASSES and counts_from(values) == 0:
            self.loss, self.outputs = "cross_entropy", classes
            self.comment = "For classes 0, 1, .., an output for each; softmax is part of it, so `output` is left out."
        else:
            self.loss = "mse"
            self.comment = "For a target of any numbers: the mean of (t - y)^2."
            if classes == 2:
                self.comment += " Written as 0 and 1, these two would suit `loss: bce`."


def _target(file: str, columns: Sequence[CsvColumn]) -> tuple[CsvColumn, str]:
    """The target, and why it is. Raises HarnessError if it is not a column of numbers."""
    names = [column.name for column in columns]
    named = [columns[names.index(name)] for wanted in TARGETS for name in names if name.lower() == wanted]
    target, why = (named[0], "by its name") if named else (columns[-1], "as the last column")
    if target.texts:
        codes = f"table[{target.name!r}].astype('category').cat.codes"
        raise HarnessError(
            f"{file}: the target, column {shorten(target.name)}, {target.holds}; expected numbers: "
            f"number the classes from 0 on, as {codes} does in pandas"
        )
    if problem := _unfit(target, columns):
        raise HarnessError(f"{file}: the target, column {shorten(target.name) or 'without a name'}, {problem}")
    return target, why


def _unfit(column: CsvColumn, columns: Sequence[CsvColumn]) -> str:
    """Why a column can be neither an input nor a target; "" if it can."""
    if [other.name for other in columns].count(column.name) > 1:
        return "has a name that stands twice"
    start = counts_from(column.numbers)
    if not column.name:
        return "has no name" if start is None else f"has no name and counts from {start}"
    if column.name.lower() in INDEXES:
        return "only numbers the rows" if start is None else f"only numbers the rows, from {start} on"
    if column.texts:
        return f"{column.holds}; networks take numbers"
    wrong = np.flatnonzero(~np.isfinite(column.numbers))
    if not len(wrong):
        return ""
    cell = column.text[int(wrong[0])].as_py()
    what = f"holds {found(cell)}" if cell else "has an empty cell"
    return f"{what} in row {wrong[0] + 1}" + (f" and no number in {len(wrong) - 1} more" if len(wrong) > 1 else "")


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
    return f"from {column.numbers.min():g} to {column.numbers.max():g}"


def _advice(columns: Sequence[CsvColumn]) -> list[str]:
    """What to do about columns of large numbers."""
    large = [shorten(column.name) for column in columns if np.abs(column.numbers).max() > LARGE]
    if not large:
        return []
    names = ", ".join(large[:5]) + (", .." if len(large) > 5 else "")
    return [
        f"Networks learn best from numbers of about -1 to 1. Larger ones: {names}.",
        "Take the mean off each of these columns and divide it by its standard deviation, in a file of its own.",
    ]


def _sizes(inputs: int, outputs: int, samples: int) -> dict[str, Any]:
    """Layers, rates and epochs that make a sweep of seconds."""
    epochs = 10 ** min(max(round(math.log10(STEPS / samples)), 0), 3)
    return {
        "layers_comment": f"{count(inputs, 'input')}, {count(outputs, 'output')}, and the hidden layer is up to you",
        "layers": [[inputs, units, outputs] for units in (2, 8)],
        "rates": [0.0001, 10, 21],
        "epochs": [epochs // 10, epochs] if epochs > 1 else [1],
        "batch_size": 8 if samples >= 8 else 1,
        "repeats": 5,
    }
