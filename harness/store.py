"""The table: its columns, and the folder of Parquet files that holds it.

    results/NAME/experiment.yaml      the experiment as it was run
    results/NAME/manifest.json        state, counts, time, host and versions
    results/NAME/runs/*.parquet       a row for every configuration
    results/NAME/curves/*.parquet     the loss curves, if they were recorded

A part is written in `.writing/` beside and renamed when it is whole, so that a reader never sees half of one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from harness.block import Curves, Outcome, Status, parameter_count
from harness.experiment.model import Experiment, Structure

SCHEMA_VERSION = 1
NAMED_WEIGHTS = 512
"""Networks with more parameters than this keep them in one list column a layer."""
LABELS = pa.dictionary(pa.int32(), pa.string())
STATUS_LABELS = [status.label for status in Status]
WHOLE = ("epochs", "batch_size", "repeat")
NUMBERS = ("learning_rate", "max_loss")


@dataclass(frozen=True)
class Column:
    """One column of a table. unit: of its numbers, or "". nullable: whether NULL can stand there."""

    name: str
    type: pa.DataType
    unit: str
    meaning: str
    nullable: bool = False


class StoreError(ValueError):
    """A results folder is not what it should be: one line that names it and says what to do."""


def parameter_type(key: str) -> pa.DataType:
    """The column type of a swept parameter."""
    if key in WHOLE:
        return pa.int64()
    return pa.float64() if key.startswith(NUMBERS) else LABELS


PARAMETER_MEANINGS = {
    "learning_rate": ("", "learning rate of every layer; `learning_rate_2` is that of layer 2"),
    "epochs": ("epochs", "passes over the data that the row is the result of; 0 is the initial network"),
    "init": ("", "initialisation, as written in the experiment"),
    "max_loss": ("loss", "the loss above which a run counts as diverged"),
    "batch_size": ("samples", "samples per update"),
    "layers": ("units", "units of each layer, inputs first"),
}


def parameter_column(key: str) -> Column:
    """The column of a swept parameter."""
    base = "learning_rate" if key.startswith("learning_rate") else key
    unit, meaning = PARAMETER_MEANINGS.get(base, ("", f"the experiment's `{key}`"))
    return Column(key, parameter_type(key), unit, meaning, nullable=key.startswith(NUMBERS))


def fixed_columns(number: pa.DataType) -> tuple[list[Column], list[Column]]:
    """The columns before and after the swept parameters; number: the type of losses and weights."""
    states = "; ".join(f"`{status.label}`: {status.sentence}" for status in Status)
    loss = "of the costs of the last epoch's samples, each taken before that sample's update; NULL if the run diverged or `epochs` is 0"
    first = [
        Column("config", pa.int64(), "", "number of the configuration in the grid, from 0"),
        Column("run", pa.int64(), "", "number of the run; rows that differ only in `epochs` share one"),
    ]
    return first, [
        Column("repeat", pa.int64(), "", "which draw of a random initialisation, from 0"),
        Column("status", LABELS, "", states),
        Column("settled_epoch", pa.int64(), "epochs", "the first epoch that changed nothing, if the status is settled", True),
        Column("diverged_epoch", pa.int64(), "epochs", "the epoch in which the run diverged, if it did", True),
        Column("loss_min", number, "loss", f"least {loss}", True),
        Column("loss_mean", number, "loss", f"mean {loss}", True),
        Column("loss_max", number, "loss", f"greatest {loss}", True),
        Column("last_finite_loss", number, "loss", "mean loss of the last epoch where it was finite; NULL if there was none", True),
    ]


def curve_columns(number: pa.DataType) -> list[Column]:
    """The columns of the loss curves."""
    loss = "of the costs of this epoch's samples, each taken before that sample's update"
    return [
        Column("run", pa.int64(), "", "number of the run, as in the table of runs"),
        Column("epoch", pa.int64(), "epochs", "completed passes: 1, every, 2*every, .., last; a run that diverged has none from there on"),
        Column("loss_min", number, "loss", f"least {loss}"),
        Column("loss_mean", number, "loss", f"mean {loss}"),
        Column("loss_max", number, "loss", f"greatest {loss}"),
    ]


def weight_names(structure: Structure) -> list[str]:
    """The (P,) names of a network's parameters, in the engine's order: w1_2_1 is layer 1, to unit 2, from input 1."""
    names = []
    for layer, (inputs, outputs) in enumerate(zip(structure.layers, structure.layers[1:], strict=False), start=1):
        names += [f"w{layer}_{j}_{i}" for j in range(1, outputs + 1) for i in range(1, inputs + 1)]
        if structure.bias != "false":
            names += [f"b{layer}_{j}" for j in range(1, outputs + 1)]
    return names


def weight_lists(structure: Structure) -> dict[str, slice]:
    """For a network too large for names: each list column and where its parameters lie among the P."""
    lists, p = {}, 0
    for layer, (inputs, outputs) in enumerate(zip(structure.layers, structure.layers[1:], strict=False), start=1):
        lists[f"w{layer}"] = slice(p, p + outputs * inputs)
        p += outputs * inputs
        if structure.bias != "false":
            lists[f"b{layer}"] = slice(p, p + outputs)
            p += outputs
    return lists


def weight_columns(structures: Iterable[Structure], number: pa.DataType) -> list[Column]:
    """The union of the weight columns of these networks, in the order of layers and units."""
    named: set[str] = set()
    lists: dict[str, set[int]] = {}
    for structure in structures:
        if parameter_count(structure) <= NAMED_WEIGHTS:
            named.update(weight_names(structure))
        else:
            for name, where in weight_lists(structure).items():
                lists.setdefault(name, set()).add(where.stop - where.start)
    columns = [Column(name, number, "", _weight_meaning(name), True) for name in sorted(named, key=_weight_order)]
    for name, sizes in sorted(lists.items(), key=lambda item: _weight_order(item[0])):
        size = sizes.pop() if len(sizes) == 1 else -1
        columns.append(Column(name, pa.list_(number, size), "", _weight_meaning(name), True))
    return columns


def _weight_order(name: str) -> tuple[int, bool, tuple[int, ...]]:
    layer, *units = (int(part) for part in name[1:].split("_"))
    return layer, name[0] == "b", tuple(units)


def _weight_meaning(name: str) -> str:
    layer, *units = name[1:].split("_")
    what = "weight" if name[0] == "w" else "bias"
    if not units:
        return f"every {what} of layer {layer}, " + ("row by row" if what == "weight" else "in order")
    return f"{what} of layer {layer}, to unit {units[0]}" + (f" from unit {units[1]} below" if units[1:] else "")


@dataclass(frozen=True)
class Tables:
    """The tables of one experiment: their columns and what turns a block's outcome into them."""

    experiment: Experiment
    runs: list[Column]
    curves: list[Column]
    labels: Mapping[str, Sequence[str]]
    metadata: Mapping[str, str]

    @classmethod
    def of(cls, experiment: Experiment, structures: Sequence[Structure], labels: Mapping[str, Sequence[str]]) -> Tables:
        """structures: every one that occurs. labels: of each swept parameter that is not a number, its values in print."""
        wide = any(structure.dtype == "float64" for structure in structures)
        number = pa.float64() if wide else pa.float32()
        first, after = fixed_columns(number)
        weights = weight_columns(structures, number) if experiment.record_weights else []
        columns = [*first, *(parameter_column(key) for key in experiment.swept), *after, *weights]
        attributes = {"harness": {"name": experiment.name, "layers": _shared_layers(structures)}}
        metadata = {
            "harness.experiment": experiment.source,
            "harness.fingerprint": experiment.fingerprint,
            "harness.schema_version": str(SCHEMA_VERSION),
            "harness.dtype": ",".join(sorted({structure.dtype for structure in structures})),
            "harness.arithmetic": ",".join(sorted({structure.arithmetic for structure in structures})),
            "PANDAS_ATTRS": json.dumps(attributes),
        }
        labels = {**labels, "status": STATUS_LABELS}
        return cls(experiment, columns, curve_columns(number), labels, metadata)

    def runs_table(
        self, structure: Structure, config: Any, run: Any, parameters: Mapping[str, Any], outcome: Outcome
    ) -> pa.Table:
        """The rows of one block. parameters: for each swept one its (R,) numbers, NaN for none, or label ids."""
        there = outcome.status != Status.DIVERGED
        valid = None if there.all() else pa.array(there).buffers()[1]
        given = {
            "config": config,
            "run": run,
            **parameters,
            "status": outcome.status,
            "settled_epoch": _epochs(outcome.settled_epoch),
            "diverged_epoch": _epochs(outcome.diverged_epoch),
            **dict(zip(("loss_min", "loss_mean", "loss_max"), outcome.losses, strict=True)),
            "last_finite_loss": outcome.last_finite_loss,
        }
        weights = self._weights(structure, outcome.weights, valid) if self.experiment.record_weights else {}
        columns = [
            weights[column.name] if column.name in weights else self._array(column, given.get(column.name), len(there))
            for column in self.runs
        ]
        return pa.Table.from_arrays(columns, schema=self._schema(self.runs))

    def curves_table(self, curves: Curves, first_run: int) -> pa.Table:
        """The loss curves of one block whose first run has this number."""
        given = [curves.run + first_run, curves.epoch, *curves.losses]
        columns = [self._array(column, values, len(values)) for column, values in zip(self.curves, given, strict=True)]
        return pa.Table.from_arrays(columns, schema=self._schema(self.curves))

    def _schema(self, columns: list[Column]) -> pa.Schema:
        fields = [pa.field(column.name, column.type, nullable=column.nullable) for column in columns]
        return pa.schema(fields, metadata=dict(self.metadata))

    def _array(self, column: Column, values: Any, rows: int) -> pa.Array:
        if values is None:
            return pa.nulls(rows, column.type)
        if isinstance(values, pa.Array):
            return values
        if column.type == LABELS:
            return pa.DictionaryArray.from_arrays(pa.array(values, pa.int32()), pa.array(self.labels[column.name], pa.string()))
        return pa.array(values, column.type, from_pandas=True)

    def _weights(self, structure: Structure, weights: Any, valid: Any) -> dict[str, pa.Array]:
        """The weight columns of weights (P, R); valid: the bitmap of the rows that did not diverge, or None."""
        rows = weights.shape[1]
        columns = {column.name: column.type for column in self.runs}

        def floats(values: Any, bitmap: Any) -> pa.Array:
            made = pa.Array.from_buffers(
                pa.from_numpy_dtype(values.dtype), values.size, [bitmap, pa.py_buffer(np.ascontiguousarray(values))]
            )
            return made

        if parameter_count(structure) <= NAMED_WEIGHTS:
            return {
                name: floats(weights[p], valid).cast(columns[name])
                for p, name in enumerate(weight_names(structure))
            }
        lists = {}
        for name, where in weight_lists(structure).items():
            flat = floats(weights[where].T, None).cast(columns[name].value_type)
            size = where.stop - where.start
            made = pa.FixedSizeListArray.from_arrays(flat, size)
            if valid is not None:
                kept = pa.Array.from_buffers(pa.bool_(), rows, [None, valid])
                made = pc.if_else(kept, made, pa.nulls(rows, made.type))
            lists[name] = made.cast(columns[name])
        return lists


def _shared_layers(structures: Sequence[Structure]) -> list[int] | None:
    found = {structure.layers for structure in structures}
    return list(found.pop()) if len(found) == 1 else None


def _epochs(values: Any) -> pa.Array:
    return pa.array(values, pa.int64(), mask=values == 0)


def write_part(folder: Path, kind: str, number: int, table: pa.Table) -> Path:
    """Write one part of `runs` or `curves`; it appears under its name only when it is whole."""
    name = f"part-{number:06d}.parquet"
    writing, place = folder / ".writing" / f"{kind}-{name}", folder / kind / name
    split = [field.name for field in table.schema if _is_result(field)]
    pq.write_table(
        table,
        writing,
        compression="zstd",
        use_dictionary=[name for name in table.schema.names if name not in split],
        column_encoding=dict.fromkeys(split, "BYTE_STREAM_SPLIT"),
    )
    os.replace(writing, place)
    return place


def _is_result(field: pa.Field) -> bool:
    """Whether a column holds floats that hardly repeat: losses and weights, not learning rates."""
    return pa.types.is_floating(field.type) and not field.name.startswith(NUMBERS)


def load_table(folder: str | os.PathLike[str], columns: Sequence[str] | None = None, kind: str = "runs") -> pa.Table:
    """The rows in the order of the grid. Raises `StoreError` if the folder holds no results."""
    path = Path(folder) / kind
    if not path.is_dir() or not any(path.glob("*.parquet")):
        raise StoreError(f"{folder}: no results there (no {kind}/*.parquet)")
    dataset = ds.dataset(path, format="parquet")
    if columns is None:
        columns = dataset.schema.names
    elif unknown := [name for name in columns if name not in dataset.schema.names]:
        raise StoreError(f"{folder}: no column {unknown[0]!r}; there are {', '.join(dataset.schema.names)}")
    order = ["config"] if kind == "runs" else ["run", "epoch"]
    table = dataset.to_table(columns=[*columns, *(name for name in order if name not in columns)])
    if not _sorted(table, order):
        table = table.sort_by([(name, "ascending") for name in order])
    return table.select(list(columns))


def _sorted(table: pa.Table, order: list[str]) -> bool:
    first = table.column(order[0]).to_numpy()
    return len(order) == 1 and bool((first[1:] >= first[:-1]).all())
