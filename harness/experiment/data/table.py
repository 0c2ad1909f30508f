"""The table of an experiment's data: numbers, classes and parts, wherever they come from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment.data import classes, split
from harness.experiment.data.split import Split
from harness.experiment.errors import Path
from harness.experiment.measured import Part
from harness.experiment.model import Data
from harness.experiment.notes import BadValueError, Note, Notes, Wrong

Floats = NDArray[np.float64]
NAMES = ("inputs", "targets")


@dataclass(frozen=True)
class DataTable:
    """numbers: (S, columns), inputs first; NaN where an input is missing. key: what gave it, as `rows` or `file`.

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
        return Data(first, rest, self.classes, part, fold, self.how, self.dropped)

    def outputs(self, losses: Collection[str]) -> int | None:
        """How many outputs fit the targets and all of these losses; None if the network decides what a target is."""
        if self.inputs is None:
            return None
        targets = self.numbers.shape[1] - self.inputs
        if self.classes:
            return 1 if len(self.classes) == 2 and "cross_entropy" not in losses else len(self.classes)
        return int(self.numbers[:, -1].max()) + 1 if targets == 1 and "cross_entropy" in losses else targets


def numbered(made: DataTable, section: Mapping[str, Any]) -> DataTable:
    """The table with whole numbers as classes, if that is asked for."""
    if section["classes"] is None:
        return made
    if made.inputs is not None and made.numbers.shape[1] - made.inputs != 1:
        several = str(made.numbers.shape[1] - made.inputs)
        raise BadValueError(Note(("classes",), Wrong.VALUE, "one column of targets, the class", several))
    labels, column = classes.of_numbers(made.numbers[:, -1])
    return replace(made, numbers=np.column_stack([made.numbers[:, :-1], column]), classes=labels)


def divided(made: DataTable, section: Mapping[str, Any], part: NDArray[np.int8] | None = None) -> DataTable:
    """The table with its parts, as `split` asks for them. part: of rows that come from files of their own."""
    asked = section["split"]
    if asked is None:
        return made
    check_ways(asked, made)
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
    return replace(made, split=checked(Split(parts, fold), made))


def check_ways(asked: Any, made: DataTable) -> None:
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


def checked(made: Split, table: DataTable) -> Split:
    """The split, if each class is in each of its parts."""
    if table.classes:
        try:
            split.check_classes(made, table.numbers[:, -1].astype(np.intp), table.classes)
        except BadValueError as bad:
            raise BadValueError(*(note.below("split") for note in bad.notes)) from None
    return made


def each_once(section: Mapping[str, Any]) -> dict[str, Path]:
    """Where each column is named, inputs first. Raises BadValueError if one is named twice."""
    places = [(column, (key, i)) for key in NAMES for i, column in enumerate(section[key])]
    names = [name for name, _ in places]
    twice = [place for name, place in places if names.count(name) > 1]
    if twice:
        raise BadValueError(Note(twice[-1], Wrong.OTHER, found="this column is named twice"))
    return dict(places)
