"""A Python mapping as the plain data that YAML would give: arrays, Series, ranges, tuples, Decimals and paths too.

A DataFrame stands for rows whose columns have names. Anything else is left for validation to refuse, except what cannot
be read in one order, once and for all: a set, a generator.
"""

from __future__ import annotations

import os
from collections.abc import ItemsView, Iterator, KeysView, Mapping, Sequence, Set, ValuesView
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from harness.experiment.errors import Path, either, found
from harness.experiment.notes import Note, Wrong, no_column
from harness.experiment.yaml import DEEPEST

MOST_BYTES = 1 << 20
"""The most bytes of an experiment, written as YAML."""
TOO_LARGE = "over 1 MiB when written as YAML; keep large data in a CSV or Parquet file"


def plain_mapping(mapping: Mapping[str, Any], notes: list[Note]) -> dict[str, Any]:
    """An experiment as plain data. notes: gets what is wrong with it, each with its path."""
    given = dict(mapping)
    if _is_frame(given.get("data")):
        given["data"] = {"rows": given["data"]}
    frame = given["data"].get("rows") if isinstance(given.get("data"), Mapping) else None
    if _is_frame(frame):
        given["data"] = _named_rows(frame, given["data"], _inputs(given), notes)
    made: dict[str, Any] = plain(given, (), notes)
    section = made.get("data")
    if isinstance(section, dict) and isinstance(section.get("file"), str):
        made["data"] = {**section, "file": os.path.abspath(section["file"])}
    return made


def plain(value: Any, path: Path, notes: list[Note]) -> Any:
    """A Python value as plain data. path: where it stands."""
    if isinstance(value, np.generic) and isinstance(value.item(), np.generic):
        return float(value) if isinstance(value, np.floating) else value  # of more digits than Python has
    if isinstance(value, Decimal | Fraction):
        return _number(value)
    if isinstance(value, str | bytes | bool | int | float):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    for name in ("tolist", "to_list"):  # of NumPy, pandas, polars, array, ..
        if callable(getattr(value, name, None)):
            value = getattr(value, name)()
            break
    if isinstance(value, Mapping | Sequence | KeysView | ValuesView | ItemsView) and not isinstance(value, str | bytes):
        return _nested(value, path, notes)
    if isinstance(value, Set):
        notes.append(Note(path, Wrong.VALUE, "a list", f"a {type(value).__name__}, which has no order"))
    elif isinstance(value, Iterator):
        notes.append(Note(path, Wrong.VALUE, "a list", f"a {type(value).__name__}, which can be read only once"))
    return value


def _nested(value: Any, path: Path, notes: list[Note]) -> Any:
    if len(path) > DEEPEST:
        notes.append(Note(path[:4], Wrong.OTHER, found=f"nested more than {DEEPEST} deep"))
        return None
    if not isinstance(value, Mapping):
        if isinstance(value, range) and value[MOST_BYTES : MOST_BYTES + 1]:
            notes.append(Note(path, Wrong.OTHER, found=TOO_LARGE))
            return None
        return [plain(item, (*path, index), notes) for index, item in enumerate(value)]
    result = {}
    for key, item in value.items():
        if isinstance(key, str):
            result[str(key)] = plain(item, (*path, key), notes)
        else:
            notes.append(Note((*path, found(key)), Wrong.VALUE, "a name as the key", found(key)))
    return result


def _number(value: Decimal | Fraction) -> int | float:
    """The nearest float64; an int where it is a whole number that has one."""
    try:
        number = float(value)
    except OverflowError:
        return np.inf if value > 0 else -np.inf
    return int(number) if number.is_integer() and abs(number) < 2**53 and value == number else number


def _is_frame(value: Any) -> bool:
    """Whether it is a table with named columns, of pandas or polars."""
    return hasattr(value, "columns") and callable(getattr(value, "to_numpy", None))


def _named_rows(frame: Any, section: Mapping[str, Any], inputs: int, notes: list[Note]) -> dict[str, Any]:
    """The section with the rows of a DataFrame and the names of its columns, as far as these are known.

    inputs: how many of the columns are inputs, unless the section names them; 0 if that is not known.
    """
    names, numbers = list(frame.columns), np.asarray(frame.to_numpy())
    given = [plain(section.get(key, []), (), []) for key in ("inputs", "targets")]
    chosen = [name for some in given if isinstance(some, list) for name in some]
    unique = len(set(names)) == len(names) and all(isinstance(name, str) for name in names)
    if chosen:
        if wrong := [name for name in chosen if names.count(name) != 1]:
            path, called = ("data", "rows", found(wrong[0])), [*map(str, names)]
            several = Note(path, Wrong.OTHER, found=f"stands {names.count(wrong[0])} times in the DataFrame")
            none = no_column(wrong[0], called, path, f"the DataFrame has {either(called)}")
            notes.append(several if wrong[0] in names else none)
            return {**section, "rows": []}
        numbers = numbers[:, [names.index(name) for name in chosen]]
    elif unique and 0 < inputs < len(names):
        section = {**section, "inputs": names[:inputs], "targets": names[inputs:]}
    if numbers.size > MOST_BYTES:
        notes.append(Note(("data", "rows"), Wrong.OTHER, found=TOO_LARGE))
        return {**section, "rows": []}
    rows = [[int(cell) if isinstance(cell, bool) else cell for cell in row] for row in numbers.tolist()]
    return {**section, "rows": rows}


def _inputs(value: Any, depth: int = 5) -> int:
    """The inputs of the first network that an experiment has, wherever it stands; 0 if there is none to be seen.

    depth: how far down to look: a zip group in a grid is the deepest.
    """
    if not depth:
        return 0
    if isinstance(value, Mapping):
        units: Any = value.get("layers")
        while isinstance(units, Sequence | np.ndarray) and not isinstance(units, str) and len(units):
            units = units[0]
        here = int(units) if isinstance(units, int | np.integer) else 0
        return here or next((inner for item in value.values() if (inner := _inputs(item, depth - 1))), 0)
    if isinstance(value, list | tuple):
        return next((inner for item in value if (inner := _inputs(item, depth - 1))), 0)
    return 0
