"""`auto` in layers: as many inputs or outputs as the data have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.experiment.data import DataTable
from harness.experiment.notes import Note, Wrong

AUTO = "auto"


def losses(data: Any, below: str = "") -> Iterator[str]:
    """The losses that an experiment names, wherever they stand."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key not in ("data", "description"):
                yield from losses(value, key)
    elif isinstance(data, list):
        for item in data:
            yield from losses(item, below)
    elif isinstance(data, str) and below in ("loss", "value", "values"):
        yield data


def filled(data: Any, table: DataTable, notes: list[Note]) -> Any:
    """The experiment's plain data with numbers in place of `auto`. notes: gets what is wrong."""
    chosen = set(losses(data))
    units = (table.inputs, table.outputs(chosen))

    def at_ends(layers: Any) -> Any:
        if not isinstance(layers, list):
            return {key: at_ends(value) for key, value in layers.items()} if isinstance(layers, dict) else layers
        if layers and all(isinstance(item, list) for item in layers):
            return [at_ends(item) for item in layers]
        if AUTO not in (layers[:1] + layers[-1:]):
            return layers
        if None in units:
            why = "auto needs data that say which columns are inputs and which targets; give their names, or numbers"
            notes.append(Note(("network", "layers"), Wrong.OTHER, found=why))
            return [1 if item == AUTO else item for item in layers]
        first, last = (units[k] if layers[k] == AUTO else layers[k] for k in (0, -1))
        return [first, *layers[1:-1], last] if len(layers) > 1 else layers

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: at_ends(item) if key == "layers" else item if key == "data" else walk(item)
                for key, item in value.items()
            }
        return [walk(item) for item in value] if isinstance(value, list) else value

    return walk(data)
