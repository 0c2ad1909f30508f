"""A Python mapping as the plain data that YAML would give: arrays, Series, ranges, tuples, Decimals and paths too.

A DataFrame stands for rows whose columns have names. Anything else is left for validation to refuse, except what cannot
be read in one order, once and for all: a set, a generator.
"""

from __future__ import annotations

import os
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, Sequence, Set, ValuesView
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
    data = given.get("data")
    if data is not None and not isinstance(data, Mapping | str):
        data = given["data"] = {"rows": data}
    rows: Any = data.get("rows") if isinstance(data, Mapping) else None
    if isinstance(data, Mapping) and _is_pair(rows):
        given["data"] = _inputs_and_targets(rows[0], rows[1], data)
    elif isinstance(data, Mapping) and _is_frame(rows):
        given["data"] = _named_rows(rows, data, _inputs(given), notes)
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


def _is_pair(value: Any) -> bool:
    """Whether it is (X, y): an array or a table (S, I) of inputs, and S targets. Two rows of numbers are not."""
    if not isinstance(value, tuple) or len(value) != 2 or any(isinstance(one, str | Mapping) for one in value):
        return False
    shapes = [np.shape(one.to_numpy() if callable(getattr(one, "to_numpy", None)) else one) for one in value]
    return len(shapes[0]) == 2 and len(shapes[1]) in (1, 2) and shapes[0][0] == shapes[1][0]


def _inputs_and_targets(inputs: Any, targets: Any, section: Mapping[str, Any]) -> dict[str, Any]:
    """The section with rows of both, and the names that their columns have, or else x1, x2, .. and y."""
    columns: dict[str, list[Any]] = {}
    names: dict[str, list[str]] = {}
    for key, given, letter in (("inputs", inputs, "x"), ("targets", targets, "y")):
        own = getattr(given, "columns", [getattr(given, "name", None)])
        table = np.asarray(given.to_numpy() if callable(getattr(given, "to_numpy", None)) else given)
        table = table.reshape(len(table), -1)
        count = table.shape[1]
        made = [letter] if count == 1 and key == "targets" else [f"{letter}{at}" for at in range(1, count + 1)]
        named = len(own) == count and all(isinstance(name, str) for name in own)
        names[key] = [str(name) for name in own] if named else made
        columns |= {f"{key} {at}": column for at, column in enumerate(table.T.tolist())}
    return {**section, **names, "rows": _plain_rows(zip(*columns.values(), strict=True))}


def _plain_rows(rows: Iterable[Iterable[Any]]) -> list[list[Any]]:
    return [[int(cell) if isinstance(cell, bool) else cell for cell in row] for row in rows]


def _named_rows(frame: Any, section: Mapping[str, Any], inputs: int, notes: list[Note]) -> dict[str, Any]:
    """The section with the rows of a DataFrame and the names of its columns, as far as these are known.

    inputs: how many of the columns are inputs, unless the section names them; 0 if that is not known.
    """
    names, numbers = list(frame.columns), np.asarray(frame.to_numpy())
    given = {key: plain(section.get(key), (), []) for key in ("inputs", "targets")}
    if isinstance(given["targets"], str):
        given["targets"] = [given["targets"]]
    if isinstance(given["targets"], list) and not isinstance(given["inputs"], list):
        left_out = given["inputs"].get("except", []) if isinstance(given["inputs"], dict) else []
        left_out = [left_out] if isinstance(left_out, str) else left_out
        given["inputs"] = [name for name in names if name not in given["targets"] and name not in left_out]
        section = {**section, **given}
    chosen = [name for some in given.values() if isinstance(some, list) for name in some]
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
    return {**section, "rows": _plain_rows(numbers.tolist())}


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
