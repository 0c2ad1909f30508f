"""The table of a CSV or Parquet file, with those of the files in which its other parts stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment.data import classes, split
from harness.experiment.data.columns import Columns, DataFile, Wanted
from harness.experiment.data.table import NAMES, DataTable, check_ways, checked, divided, each_once, numbered
from harness.experiment.errors import Path
from harness.experiment.measured import Part
from harness.experiment.notes import BadValueError, Note, Notes, Wrong


def read(section: Mapping[str, Any], folder: FilePath, key: str = "file") -> DataTable:
    """The table of the file that a section names, from a folder. key: what the table is said to come from.

    Raises BadValueError.
    """
    notes = Notes()
    if section["targets"] is None:
        notes.append(Note(("targets",), Wrong.MISSING, "the name of a column, such as targets: y"))
    file = notes.read(lambda called: DataFile(folder, called), section["file"], "file")
    notes.settle()
    asked = section["split"]
    column = asked.column if asked else None
    places = _places(section, file, column)
    names, of_column = list(places), dict[str, Path]({column: ("split", "column")} if column else {})
    file.check({**places, **of_column})
    targets = [name for name, place in places.items() if place[0] == "targets"]
    texts = frozenset([*(targets if len(targets) == 1 else ()), *of_column])
    wanted = Wanted({**places, **of_column}, texts, section["missing"] != "refuse")
    columns, part = _with_parts(file.read(wanted), wanted, asked, folder)
    if column and column not in columns.texts:
        holds = f"column {column!r} holds numbers; expected train, validation or test in each row"
        raise BadValueError(Note(("split", "column"), Wrong.OTHER, found=holds))
    dropped = 0
    if section["missing"] == "drop":
        whole = ~_gaps(columns, wanted)
        dropped = int((~whole).sum())
        if not whole.any():
            raise BadValueError(Note(("missing",), Wrong.OTHER, found="drop leaves no row"))
        columns, part = columns.rows(whole), None if part is None else part[whole]
    labels: tuple[str, ...] = ()
    numbers = columns.numbers[:, : len(names)]
    if targets[0] in columns.texts:
        labels, numbers[:, -1] = classes.of_text(columns.texts[targets[0]])
    empty = np.flatnonzero(np.isnan(numbers[:, len(names) - len(targets) :]).any(axis=1))
    if len(empty):
        what = f"row {empty[0] + 1} has no target; missing: drop leaves such rows out"
        raise BadValueError(Note(("targets",), Wrong.OTHER, found=what))
    made = DataTable(numbers, len(names) - len(targets), key, tuple(names), labels, how=columns.how, dropped=dropped)
    made = made if labels else numbered(made, section)
    if not column:
        return divided(made, section, part)
    check_ways(asked, made)
    return replace(made, split=checked(split.of_column(columns.texts[column], column), made))


def _places(section: Mapping[str, Any], file: DataFile, column: str | None) -> dict[str, Path]:
    """Where each column that is used is named, inputs first. Those that nobody names are at `inputs`."""
    targets = {file.plain(name): ("targets", i) for i, name in enumerate(section["targets"])}
    inputs = section["inputs"]
    if isinstance(inputs, tuple):
        named = {key: tuple(map(file.plain, section[key])) for key in NAMES}
        return each_once(named)
    left_out = tuple(map(file.plain, inputs.left_out)) if inputs else ()
    file.check({**targets, **{name: ("inputs", "except", i) for i, name in enumerate(left_out)}})
    others = [name for name in file.names if name not in targets and name not in left_out and name != column]
    if not others:
        raise BadValueError(Note(("inputs",), Wrong.OTHER, found="no column is left for the inputs"))
    return {**dict.fromkeys(others, ("inputs",)), **targets}


def _beside(folder: FilePath, called: str, wanted: Wanted, part: Part) -> Columns:
    """The columns that are wanted of the file in which a part stands."""
    here: Path = ("split", part.label, "file")
    notes = Notes()
    file = notes.read(lambda called: DataFile(folder, called), called, *here)
    notes.settle()
    try:
        file.check(dict.fromkeys(wanted.names, ("file",)))
        found: Columns = file.read(replace(wanted, places=dict.fromkeys(wanted.names, ("file",))))
    except BadValueError as bad:
        raise BadValueError(*bad.below(*here[:-1])) from None
    return found


def _with_parts(
    first: Columns, wanted: Wanted, asked: Any, folder: FilePath
) -> tuple[Columns, NDArray[np.int8] | None]:
    """The columns with those of the files of other parts below; (S,) the part of each row, if there are such files."""
    own = {part: getattr(asked, part.label, None) for part in (Part.VALIDATION, Part.TEST)}
    more = {part: _beside(folder, file, wanted, part) for part, file in own.items() if isinstance(file, str)}
    if not more:
        return first, None
    tables = [first, *more.values()]
    for name in wanted.names:
        if len({name in table.texts for table in tables}) > 1:
            what = f"column {name!r} holds text in one of the files and numbers in another"
            raise BadValueError(Note(("split",), Wrong.OTHER, found=what))
    texts = {name: np.concatenate([table.texts[name] for table in tables]) for name in first.texts}
    together = Columns(np.concatenate([table.numbers for table in tables]), texts, first.how)
    return together, np.repeat(np.array([Part.TRAIN, *more], np.int8), [len(table.numbers) for table in tables])


def _gaps(columns: Columns, wanted: Wanted) -> NDArray[np.bool_]:
    """(S,) whether a cell of a row holds nothing."""
    found: NDArray[np.bool_] = np.zeros(len(columns.numbers), bool)
    for name, numbers in zip(wanted.names, columns.numbers.T, strict=True):
        found |= columns.texts[name] == "" if name in columns.texts else np.isnan(numbers)
    return found
