"""The data of an experiment: rows in the file, a CSV or Parquet file beside it, or made up; and how they are split."""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path as FilePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment.data import classes, split
from harness.experiment.data.columns import SUFFIXES, Columns, DataFile, Wanted, too_many
from harness.experiment.data.generators import generate
from harness.experiment.data.split import Split
from harness.experiment.errors import Path, either, found
from harness.experiment.model import Data, Part
from harness.experiment.notes import BadValueError, Note, Notes, Wrong

__all__ = ["ONLY_WITH", "SOURCES", "SUFFIXES", "DataTable", "read", "too_many"]

Floats = NDArray[np.float64]
NAMES = ("inputs", "targets")
SOURCES = ("rows", "file", "generate")
ONLY_WITH = {
    **dict.fromkeys(NAMES, ("file", "rows")),
    **dict.fromkeys(("samples", "noise", "seed"), ("generate",)),
    "missing": ("file",),
}
"""Key -> the `SOURCES` that it may stand beside."""
PART, FOLD = "(part)", "(fold)"
"""Columns of the data that are kept with results, beside those of the data themselves."""
KEPT = b"harness.data"
"""What is kept beside these columns: the key of the metadata."""


@dataclass(frozen=True)
class DataTable:
    """numbers: (S, columns), inputs first; NaN where an input is missing. key: which of `SOURCES` gave it.

    inputs: how many columns are inputs; None when the network decides. names: of the columns, where they have any.
    classes: what the targets are called, if they are classes. split: the parts, if there are any. how: how a file was
    read, in words. dropped: rows that were left out.
    """

    numbers: Floats
    inputs: int | None
    key: str
    names: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    split: Split | None = None
    how: str = ""
    dropped: int = 0

    def data(self, inputs: int) -> Data:
        """The samples of networks with so many inputs."""
        numbers, split = self.numbers, self.split
        part, fold = (split.part, split.fold) if split else (None, None)
        first, rest = (np.ascontiguousarray(some) for some in (numbers[:, :inputs], numbers[:, inputs:]))
        return Data(first, rest, self.classes, part, fold)

    def outputs(self, losses: Collection[str]) -> int | None:
        """How many outputs fit the targets and all of these losses; None if the network decides what a target is."""
        if self.inputs is None:
            return None
        targets = self.numbers.shape[1] - self.inputs
        if self.classes:
            return 1 if len(self.classes) == 2 and "cross_entropy" not in losses else len(self.classes)
        return int(self.numbers[:, -1].max()) + 1 if targets == 1 and "cross_entropy" in losses else targets


def read(section: dict[str, Any], given: Collection[str], folder: FilePath, kept: bytes | None = None) -> DataTable:
    """The table that a `data:` section describes. Raises BadValueError.

    section: all of its keys, with their defaults. given: those that stand in it. folder: where a file's name starts
    from. kept: the data as they were kept with results, to be taken in place of the section's.
    """
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
        return _file(section, folder)
    made = _rows(section) if sources[0] == "rows" else _generated(section)
    return _split(made, section)


def _generated(section: Mapping[str, Any]) -> DataTable:
    made = generate(section["generate"], section["samples"], section["noise"], section["seed"])
    table = np.hstack(made)
    if not np.isfinite(table).all():
        raise BadValueError(Note(("noise",), Wrong.OTHER, found="expected less noise: some numbers are not finite"))
    return _numbered(DataTable(table, made[0].shape[1], "generate"), section)


def _rows(section: dict[str, Any]) -> DataTable:
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
        names = tuple(_each_once(section))
        if len(names) != table.shape[1]:
            numbers_ = f"{len(names)} numbers in a row, one for each name"
            raise BadValueError(Note(("rows",), Wrong.VALUE, numbers_, str(table.shape[1])))
    made = DataTable(table, len(section["inputs"]) if names else None, "rows", names, labels)
    return made if labels else _numbered(made, section)


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


def _each_once(section: Mapping[str, Any]) -> dict[str, Path]:
    """Where each column is named, inputs first. Raises BadValueError if one is named twice."""
    places = [(column, (key, i)) for key in NAMES for i, column in enumerate(section[key])]
    names = [name for name, _ in places]
    twice = [place for name, place in places if names.count(name) > 1]
    if twice:
        raise BadValueError(Note(twice[-1], Wrong.OTHER, found="this column is named twice"))
    return dict(places)


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


def _file(section: dict[str, Any], folder: FilePath) -> DataTable:
    """The table of a file, with that of another for each part that has a file of its own below it."""
    notes = Notes()
    if section["targets"] is None:
        notes.append(Note(("targets",), Wrong.MISSING, "the name of a column, such as targets: y"))
    file = notes.read(lambda called: DataFile(folder, called), section["file"], "file")
    notes.settle()
    asked = section["split"]
    column = asked.column if asked else None
    places = _places(section, file, column)
    of_column: dict[str, Path] = {column: ("split", "column")} if column else {}
    file.check({**places, **of_column})
    targets = tuple(name for name, place in places.items() if place[0] == "targets")
    texts = frozenset(targets if len(targets) == 1 else ()) | ({column} if column else frozenset())
    wanted = Wanted({**places, **of_column}, texts, section["missing"] != "refuse")
    tables, parts = [file.read(wanted)], [Part.TRAIN]
    for part in (Part.VALIDATION, Part.TEST):
        own = getattr(asked, part.label, None)
        if isinstance(own, str):
            tables.append(_beside(folder, own, wanted, part))
            parts.append(part)
    made, of_part = _table(section, wanted, tables, len(targets), column)
    counts = [len(table.numbers) for table in tables]
    own_part = np.repeat(np.array(parts, np.int8), counts) if len(tables) > 1 else None
    if made.dropped:
        kept = ~np.isnan(_without_gaps(wanted, tables)).any(axis=1)
        own_part = None if own_part is None else own_part[kept]
        of_part = None if of_part is None else of_part[kept]
    if column:
        assert of_part is not None
        _check_split(asked, made)
        return replace(made, split=_checked(split.of_column(of_part, column), made))
    return _split(made, section, own_part)


def _places(section: Mapping[str, Any], file: DataFile, column: str | None) -> dict[str, Path]:
    """Where each column that is used is named, inputs first. Those that nobody names are at `inputs`."""
    targets = {file.plain(name): ("targets", i) for i, name in enumerate(section["targets"])}
    inputs = section["inputs"]
    if isinstance(inputs, tuple):
        named = {key: tuple(map(file.plain, section[key])) for key in NAMES}
        return _each_once(named)
    left_out = tuple(map(file.plain, inputs.left_out)) if inputs else ()
    file.check({**targets, **{name: ("inputs", "except", i) for i, name in enumerate(left_out)}})
    others = [name for name in file.names if name not in targets and name not in left_out and name != column]
    if not others:
        raise BadValueError(Note(("inputs",), Wrong.OTHER, found="no column is left for the inputs"))
    return {**dict.fromkeys(others, ("inputs",)), **targets}


def _beside(folder: FilePath, called: str, wanted: Wanted, part: Part) -> Columns:
    """The same columns of the file of a part."""
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


def _without_gaps(wanted: Wanted, tables: Sequence[Columns]) -> Floats:
    """(S, columns) of all tables, NaN where there is nothing, 0 where there is text."""
    numbers = np.concatenate([table.numbers for table in tables])
    for at, name in enumerate(wanted.names):
        if name in tables[0].texts:
            cells = np.concatenate([table.texts[name] for table in tables])
            numbers[:, at] = np.where(cells == "", np.nan, 0.0)
    return numbers


def _table(
    section: Mapping[str, Any], wanted: Wanted, tables: Sequence[Columns], targets: int, column: str | None
) -> tuple[DataTable, NDArray[np.str_] | None]:
    """The table of a file's columns, and the cells of the column that says the parts."""
    odd = [name for table in tables[1:] for name in wanted.names if (name in table.texts) != (name in tables[0].texts)]
    if odd:
        what = f"column {odd[0]!r} holds text in one of the files and numbers in another"
        raise BadValueError(Note(("split",), Wrong.OTHER, found=what))
    names = [name for name in wanted.names if name != column]
    numbers = tables[0].numbers if len(tables) == 1 else np.concatenate([table.numbers for table in tables])
    texts = {name: np.concatenate([table.texts[name] for table in tables]) for name in tables[0].texts}
    if column and column not in texts:
        holds = f"column {column!r} holds numbers"
        raise BadValueError(Note(("split", "column"), Wrong.VALUE, "a column of train, validation and test", holds))
    dropped: NDArray[Any] = np.zeros(len(numbers), bool)
    if section["missing"] == "drop":
        dropped = np.isnan(_without_gaps(wanted, tables)).any(axis=1)
    if dropped.all():
        raise BadValueError(Note(("missing",), Wrong.OTHER, found="drop leaves no row"))
    labels: tuple[str, ...] = ()
    if column:
        numbers = numbers[:, [wanted.names.index(name) for name in names]]
    of_targets = names[len(names) - targets :]
    if of_targets[0] in texts:
        labels, numbers[:, -1] = classes.of_text(texts[of_targets[0]])
    empty = np.flatnonzero(np.isnan(numbers[:, len(names) - targets :]).any(axis=1) & ~dropped)
    if len(empty):
        what = f"row {empty[0] + 1} has no target; missing: drop leaves such rows out"
        raise BadValueError(Note(("targets",), Wrong.OTHER, found=what))
    made = DataTable(
        numbers[~dropped] if dropped.any() else numbers,
        len(names) - targets,
        "file",
        tuple(names),
        labels,
        None,
        tables[0].how,
        int(dropped.sum()),
    )
    of_part = texts[column] if column else None
    return (made if labels else _numbered(made, section)), of_part


def _numbered(made: DataTable, section: Mapping[str, Any]) -> DataTable:
    """The table with whole numbers as classes, if that is asked for."""
    if section["classes"] is None:
        return made
    if made.inputs is not None and made.numbers.shape[1] - made.inputs != 1:
        several = str(made.numbers.shape[1] - made.inputs)
        raise BadValueError(Note(("classes",), Wrong.VALUE, "one column of targets, the class", several))
    labels, column = classes.of_numbers(made.numbers[:, -1])
    return replace(made, numbers=np.column_stack([made.numbers[:, :-1], column]), classes=labels)


def _split(made: DataTable, section: Mapping[str, Any], part: NDArray[np.int8] | None = None) -> DataTable:
    """The table with its parts, as `split` asks for them. part: of rows that come from files of their own."""
    asked = section["split"]
    if asked is None:
        return made
    _check_split(asked, made)
    given = {name: getattr(asked, name) for name in ("validation", "test")}
    shares = {name: None if isinstance(share, str) else share for name, share in given.items()}
    own = np.arange(len(made.numbers)) if part is None else np.flatnonzero(part == Part.TRAIN)
    of_class = made.numbers[:, -1].astype(np.intp) if made.classes else None
    wanted = type(asked)(**{**vars(asked), **shares})
    try:
        drawn = split.drawn(wanted, None if of_class is None else of_class[own], made.classes, len(own))
    except BadValueError as bad:
        raise BadValueError(*(note.below("split") for note in bad.notes)) from None
    if part is None:
        return replace(made, split=drawn)
    parts, fold = part.copy(), None
    parts[own] = drawn.part
    if drawn.fold is not None:
        fold = np.full(len(part), -1, np.int64)
        fold[own] = drawn.fold
    return replace(made, split=_checked(Split(parts, fold), made))


def _check_split(asked: Any, made: DataTable) -> None:
    """Raises BadValueError for keys of a split that do not go together."""
    ways = [key for key in ("validation", "test", "folds", "column") if getattr(asked, key) is not None]
    notes = Notes()
    if not ways:
        notes.append(Note(("split",), Wrong.VALUE, "validation, test, folds or column", "none of them"))
    if made.key != "file" and (odd := [key for key in ways if key == "column" or isinstance(getattr(asked, key), str)]):
        notes.append(Note(("split", odd[0]), Wrong.OTHER, found=f"goes with file, not with {made.key}"))
    if "column" in ways and len(ways) > 1:
        notes.append(Note(("split", "column"), Wrong.OTHER, found=f"says every part, so that {ways[0]} has no place"))
    if "folds" in ways and "validation" in ways:
        why = "each fold is the validation part of one run, so that validation has no place"
        notes.append(Note(("split", "folds"), Wrong.OTHER, found=why))
    notes.settle()


def _checked(made: Split, table: DataTable) -> Split:
    """The split, if each class is in each of its parts."""
    if table.classes:
        try:
            split.check_classes(made, table.numbers[:, -1].astype(np.intp), table.classes)
        except BadValueError as bad:
            raise BadValueError(*(note.below("split") for note in bad.notes)) from None
    return made


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
