"""From the weight columns of a table back to arrays shaped like the network's layers."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.experiment.errors import found
from harness.experiment.settings import MOST_WEIGHTS

Arrays = dict[str, NDArray[np.floating]]
NAMED = re.compile(r"w(?P<w>[1-9]\d*)_([1-9]\d*)_([1-9]\d*)|b(?P<b>[1-9]\d*)_([1-9]\d*)")
LISTED = re.compile(r"[wb][1-9]\d*")


def weights(table: pd.DataFrame, layers: Sequence[int] | None = None) -> Arrays:
    """The weights of a table as arrays: w1, w2, .. (rows, O, I) and b1, b2, .. (rows, O), NaN where a row has none.

    table: of columns w1_1_1, .. or, for large networks, list columns w1, .. layers: units of each layer, inputs first;
    only needed for list columns of a table whose `attrs` and columns do not say. Raises ValueError if they are needed
    and not given.
    """
    named: dict[str, dict[tuple[int, ...], str]] = {}
    listed = [column for column in map(str, table.columns) if LISTED.fullmatch(column)]
    for column in map(str, table.columns):
        if NAMED.fullmatch(column):
            layer, *numbered = column.split("_")
            named.setdefault(layer, {})[tuple(int(unit) - 1 for unit in numbered)] = column
    networks = _networks(table, layers) if listed else []
    made = {}
    for name in sorted({*named, *listed}, key=lambda name: (int(name[1:]), name[0] == "b")):
        shapes = [_shape(name, network) for network in networks] if name in listed else []
        shapes += [tuple(unit + 1 for unit in units) for units in named.get(name, {})]
        array = np.full((len(table), *map(max, zip(*shapes, strict=True))), np.nan, _dtype(table, name, named))
        for units, column in named.get(name, {}).items():
            place: tuple[Any, ...] = (slice(None), *units)
            array[place] = table[column]
        if name in listed:
            _fill(array, table[name], [_shape(name, network) for network in networks])
        made[name] = array
    return made


def _dtype(table: pd.DataFrame, name: str, named: dict[str, dict[tuple[int, ...], str]]) -> np.dtype[Any]:
    """The type of a layer's array: float32 if all of its columns are, else float64."""
    dtypes = {str(table[column].dtype) for column in named.get(name, {}).values()}
    return np.dtype("float32" if dtypes == {"float32"} else "float64")


def _networks(table: pd.DataFrame, layers: Sequence[int] | None) -> list[Sequence[int]]:
    """The units of each layer, inputs first, of the network of each row."""
    layers = layers or table.attrs.get("harness", {}).get("layers")
    if layers is not None:
        return [layers] * len(table)
    if "layers" in table.columns:
        read = {text: _read(text) for text in set(table["layers"])}
        return [read[text] for text in table["layers"]]
    raise ValueError("the table does not say what layers its networks have: give layers=[inputs, .., outputs]")


def is_layers(layers: Any) -> bool:
    """Whether these can be the units of each layer of a network."""
    if not isinstance(layers, list) or len(layers) < 2:
        return False
    if not all(isinstance(units, int) and not isinstance(units, bool) and units > 0 for units in layers):
        return False
    return bool(sum(above * below for below, above in pairwise(layers)) <= MOST_WEIGHTS)


def _read(text: Any) -> Sequence[int]:
    """The layers that a label of the table says. Raises `HarnessError`."""
    with contextlib.suppress(TypeError, ValueError, RecursionError):
        if is_layers(layers := json.loads(text)):
            return list(layers)
    raise HarnessError(f"column layers: expected the units of each layer, such as [2, 2, 1], found {found(text)}")


def _shape(name: str, layers: Sequence[int]) -> tuple[int, ...]:
    layer = int(name[1:])
    if layer >= len(layers):
        return (0, 0) if name[0] == "w" else (0,)
    return (layers[layer], layers[layer - 1]) if name[0] == "w" else (layers[layer],)


def _fill(array: NDArray[np.floating], column: pd.Series, shapes: list[tuple[int, ...]]) -> None:
    for row, (values, shape) in enumerate(zip(column, shapes, strict=True)):
        if values is not None:
            if np.size(values) != np.prod(shape):
                raise HarnessError(
                    f"column {column.name}: expected the {np.prod(shape)} numbers of that layer, found "
                    f"{np.size(values)}; give the layers that the network had"
                )
            place: tuple[Any, ...] = (row, *map(slice, shape))
            array[place] = np.reshape(values, shape)
