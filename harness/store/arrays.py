"""From the weight columns of a table back to arrays shaped like the network's layers."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.experiment.errors import found
from harness.experiment.settings import MOST_WEIGHTS
from harness.network.layout import Parameter, parse, shape

if TYPE_CHECKING:
    import pandas as pd

Arrays = dict[str, NDArray[np.floating]]


def weights(table: pd.DataFrame, layers: Sequence[int] | None = None) -> Arrays:
    """The weights of a table as arrays: w1, w2, .. (rows, O, I) and b1, b2, .. (rows, O), NaN where a row has none.

    table: of columns w1_1_1, .. or, for large networks, list columns w1, .. layers: units of each layer, inputs first;
    only needed for list columns of a table whose `attrs` and columns do not say. Raises ValueError if they are needed
    and not given.
    """
    found = [parameter for column in map(str, table.columns) if (parameter := parse(column))]
    named: dict[Parameter, list[Parameter]] = {}
    for parameter in found:
        some = named.setdefault(parameter.whole, [])
        some += [parameter] if parameter.units else []
    networks = _networks(table, layers) if any(not parameter.units for parameter in found) else []
    made = {}
    for whole, parameters in sorted(named.items(), key=lambda pair: pair[0].order):
        listed = [shape(whole, network) for network in networks] if whole in found else []
        shapes = [*listed, *(parameter.units for parameter in parameters)]
        array = np.full((len(table), *map(max, zip(*shapes, strict=True))), np.nan, _dtype(table, parameters))
        for parameter in parameters:
            place: tuple[Any, ...] = (slice(None), *parameter.place)
            array[place] = table[parameter.name]
        if listed:
            _fill(array, table[whole.name], listed)
        made[whole.name] = array
    return made


def _dtype(table: pd.DataFrame, parameters: list[Parameter]) -> np.dtype[Any]:
    """The type of a layer's array: float32 if all of its columns are, else float64."""
    dtypes = {str(table[parameter.name].dtype) for parameter in parameters}
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


def _fill(array: NDArray[np.floating], column: pd.Series, shapes: list[tuple[int, ...]]) -> None:
    for row, (values, own) in enumerate(zip(column, shapes, strict=True)):
        if values is not None:
            if np.size(values) != np.prod(own):
                raise HarnessError(
                    f"column {column.name}: expected the {np.prod(own)} numbers of that layer, found "
                    f"{np.size(values)}; give the layers that the network had"
                )
            place: tuple[Any, ...] = (row, *map(slice, own))
            array[place] = np.reshape(values, own)
