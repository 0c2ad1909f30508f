"""Initial weights that stand elsewhere: in a file of arrays, or in a row of earlier results.

    {file: start.npz}               w1, w2, .. (O, I) and, if there are biases, b1, b2, .. (O,)
    {results: results/x, config: 7}

They are put into the experiment as `values`, so that its results say all that they were made of.
"""

from __future__ import annotations

import itertools
import os
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.experiment.errors import found, shorten
from harness.experiment.initialisations.written import KEYS
from harness.experiment.mapping import MOST_BYTES
from harness.experiment.notes import BadValueError, Note, Notes, Wrong, refused, unknown
from harness.experiment.settings import NAME, whole
from harness.experiment.source import Source, to_yaml

Arrays = Mapping[str, NDArray[Any]]
RowWeights = Callable[[str, int], Arrays]
"""The weights of a row of a results folder by its number, no arrays if it diverged. Raises `HarnessError`."""
FORMS = {"file": ("file", "name", "bias"), "results": ("results", "config", "name", "bias")}
"""The keys that may stand beside the first."""


def filled(given: Source, row_weights: RowWeights | None = None) -> Source:
    """The experiment with all initial weights in it. Raises `ExperimentError`.

    row_weights: what reads results; without it none are read.
    """
    notes = Notes()

    def made(raw: Any, *path: str | int) -> Any:
        if isinstance(raw, list):
            return [made(item, *path, number) for number, item in enumerate(raw)]
        if not isinstance(raw, dict):
            return raw
        form = next((form for form in FORMS if form in raw), None)
        if form is not None:
            return notes.read(lambda raw: _values(form, raw, given.folder, row_weights), raw, *path)
        return {key: made(value, *path, key) if key in ("value", "values") else value for key, value in raw.items()}

    data = dict(given.data)
    if isinstance(data.get("grids"), list):
        data["grids"] = [_grid(grid, made, "grids", number) for number, grid in enumerate(data["grids"])]
    data = _grid(data, made)
    if data == given.data:
        return given
    text = to_yaml(data)
    if not notes and len(text) > MOST_BYTES:
        why = "too many weights: with them the experiment would be over 1 MiB"
        notes.append(Note(("parameters", "init"), Wrong.OTHER, found=why))
    if notes:
        raise given.error(notes)
    return replace(given, data=data, text=text)


def _grid(grid: Any, made: Callable[..., Any], *path: str | int) -> Any:
    """A grid with other initialisations, or whatever stands in its place."""
    if not isinstance(grid, dict):
        return grid
    changed = dict(grid)
    if isinstance(parameters := grid.get("parameters"), dict) and "init" in parameters:
        changed["parameters"] = {**parameters, "init": made(parameters["init"], *path, "parameters", "init")}
    if isinstance(groups := grid.get("zip"), dict):
        changed["zip"] = {
            name: {**group, "init": made(group["init"], *path, "zip", name, "init")}
            if isinstance(group, dict) and "init" in group
            else group
            for name, group in groups.items()
        }
    return changed


def _values(form: str, raw: dict[str, Any], folder: FilePath, row_weights: RowWeights | None) -> dict[str, Any]:
    """The initialisation by values. Raises BadValueError."""
    notes = Notes(unknown(key, FORMS[form], (key,)) for key in raw if key not in FORMS[form])
    notes.settle()
    if not isinstance(raw[form], str):
        raise BadValueError(Note((form,), Wrong.VALUE, "a path", found(raw[form])))
    if form == "file":
        arrays, name = notes.read(lambda path: _of_file(folder / path), raw["file"], "file"), FilePath(raw["file"]).stem
    else:
        config = notes.read(whole, raw.get("config"), "config")
        name = f"{os.path.basename(raw['results'].rstrip('/'))}-{config}"
        notes.settle()
        arrays = notes.read(lambda path: _of_row(path, config, row_weights), raw["results"], "results")
    notes.settle()
    values = notes.read(_layers, arrays, form)
    notes.settle()
    named = {"name": name} if NAME.fullmatch(name) and name not in KEYS else {}
    return {"values": values, **named, **{key: raw[key] for key in ("name", "bias") if key in raw}}


def _of_file(path: FilePath) -> Arrays:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files if name[:1] in "wb" and name[1:].isdecimal()}
    except FileNotFoundError:
        raise refused("no such file") from None
    except (OSError, ValueError, AttributeError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise refused(f"not a file of arrays as numpy.savez writes it: {shorten(str(error))}") from None


def _of_row(folder: str, config: int, row_weights: RowWeights | None) -> Arrays:
    if row_weights is None:
        raise refused("results are not read here; write the weights into a file with harness export --to npz")
    try:
        arrays = row_weights(folder, config)
    except HarnessError as error:
        raise refused(error.lines[0]) from None
    if not arrays:
        raise refused(f"config {config} has no weights: it diverged, or they were not recorded")
    return arrays


def _layers(arrays: Arrays) -> dict[str, Any]:
    """Weights and biases of each layer as lists. Raises BadValueError."""
    depth = next(layer for layer in itertools.count() if f"w{layer + 1}" not in arrays)
    names = [f"w{layer}" for layer in range(1, depth + 1)], [f"b{layer}" for layer in range(1, depth + 1)]
    if not depth or (any(name in arrays for name in names[1]) and not all(name in arrays for name in names[1])):
        raise refused(f"expected arrays w1, w2, .. and b1, b2, .. of each layer or none, found {found(sorted(arrays))}")
    for name, dimensions in ((name, 2 if name[0] == "w" else 1) for name in arrays):
        array = arrays[name]
        if array.ndim != dimensions or array.dtype.kind not in "fiu" or not np.isfinite(array).all():
            raise refused(f"{name}: expected finite numbers of shape {'(O, I)' if dimensions == 2 else '(O,)'}")
    weights, biases = ([arrays[name].astype(np.float64).tolist() for name in some if name in arrays] for some in names)
    return {"weights": weights, **({"biases": biases} if biases else {})}
