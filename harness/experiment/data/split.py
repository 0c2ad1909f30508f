"""Which samples are trained on, which a network is chosen by and which test it: drawn by a seed, or as a file says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.experiment.errors import count, either, found
from harness.experiment.measured import Part
from harness.experiment.notes import BadValueError, Note, Notes, Wrong

PARTS = {part.label: part for part in Part}


@dataclass(frozen=True)
class Split:
    """part: (S,) `Part` of each sample. fold: (S,) which fold a sample of TRAIN belongs to; None if there are none."""

    part: NDArray[np.int8]
    fold: NDArray[np.int64] | None = None


def parts_of(split: Split | None) -> set[Part]:
    """The parts that samples are divided into."""
    if split is None:
        return {Part.TRAIN}
    return {*map(Part, np.unique(split.part))} | ({Part.VALIDATION} if split.fold is not None else set())


def drawn(section: Any, classes: NDArray[np.intp] | None, names: tuple[str, ...], samples: int) -> Split:
    """The split that shares or folds ask for. Raises BadValueError.

    section: `validation`, `test`, `folds`, `seed` and `stratify`. classes: (S,) of each sample, if they have any.
    Samples are sorted by their class, if stratified, and within it by 64 random bits each, Philox of the seed; parts
    and folds are then dealt out evenly along this order, so that each has its share of every class, rounded.
    """
    if section.stratify and classes is None:
        raise BadValueError(Note(("stratify",), Wrong.OTHER, found="needs targets that are classes"))
    random = np.random.Philox(key=section.seed).random_raw(samples)
    apart = classes if classes is not None and section.stratify is not False else np.zeros(samples, np.intp)
    order = np.lexsort((random, apart))
    part = np.full(samples, Part.TRAIN, np.int8)
    for key, name in (("test", Part.TEST), ("validation", Part.VALIDATION)):
        share = getattr(section, key)
        if share is not None:
            left = order[part[order] == Part.TRAIN]
            taken = round(share * samples)
            if not 0 < taken < len(left):
                what = f"{share:g} of {count(samples, 'row')} is {taken}, of {len(left)} that are left"
                wanted = "a share that leaves no part empty"
                raise BadValueError(Note((key,), Wrong.VALUE, wanted, what))
            part[left[_dealt(len(left), taken)]] = name
    fold = None
    if section.folds:
        left = order[part[order] == Part.TRAIN]
        if section.folds > len(left):
            most = f"at most as many folds as rows, {len(left):,}"
            raise BadValueError(Note(("folds",), Wrong.VALUE, most, f"{section.folds:,}"))
        fold = np.full(samples, -1, np.int64)
        fold[left] = np.arange(len(left)) % section.folds
    made = Split(part, fold)
    if classes is not None:
        check_classes(made, classes, names)
    return made


def _dealt(count: int, taken: int) -> NDArray[np.bool_]:
    """Which `taken` of `count` places are dealt out, evenly along them."""
    ends = np.arange(1, count + 1) * taken // count
    return np.diff(ends, prepend=0).astype(bool)


def of_column(cells: NDArray[np.str_], name: str) -> Split:
    """The split that a column of the file says: train, validation or test in each row. Raises BadValueError."""
    lower = np.char.lower(cells)
    wrong = np.flatnonzero(~np.isin(lower, list(PARTS)))
    if len(wrong):
        row = int(wrong[0])
        says = found(str(cells[row])) if cells[row] else "an empty cell"
        raise BadValueError(
            Note(("split", "column"), Wrong.VALUE, either(PARTS), f"{says} in row {row + 1} of {name!r}")
        )
    part = np.array([PARTS[cell] for cell in lower.tolist()], np.int8)
    if not (part == Part.TRAIN).any():
        raise BadValueError(Note(("split", "column"), Wrong.OTHER, found=f"no row of {name!r} is train"))
    return Split(part)


def check_classes(split: Split, classes: NDArray[np.intp], names: tuple[str, ...]) -> None:
    """Raises BadValueError if a class is not among the samples that some run learns from, or that decide about it."""
    folds = int(split.fold.max()) + 1 if split.fold is not None else 0
    notes = Notes()
    for fold in range(folds) if folds else [None]:
        part = split.part if fold is None else np.where(split.fold == fold, Part.VALIDATION, split.part)
        for name in Part:
            here = np.unique(classes[part == name])
            if len(here) and len(here) < len(names):
                absent = names[int(np.setdiff1d(np.arange(len(names)), here)[0])]
                where = f"the {name.label} part" + (f" of fold {fold}" if fold is not None else "")
                what = f"class {absent!r} has no row in {where}; expected another seed, larger parts or fewer folds"
                notes.append(Note((), Wrong.OTHER, found=what))
    if notes:
        raise BadValueError(notes[0])
