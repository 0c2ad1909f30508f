"""From a block's outcome to rows of the table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from harness.experiment.measured import Monitoring, Part
from harness.experiment.model import Experiment
from harness.formulas.metrics import METRICS
from harness.network.answers import classes
from harness.network.layout import Layout
from harness.network.parts import told
from harness.network.runs import Curves, Outcome, Status
from harness.network.structure import Structure
from harness.store.schema import (
    FIRST,
    LABELS,
    LAST,
    NAMED_WEIGHTS,
    OUTPUT,
    SCHEMA_VERSION,
    Column,
    curve_columns,
    monitored_columns,
    parameter_column,
    prediction_columns,
    run_columns,
    score_column,
    weight_columns,
)


@dataclass(frozen=True)
class Described:
    """What the table says of R rows beside what the engine gives.

    config, run: (R,). parameters: for each swept one, and `repeat`, its (R,) numbers, NaN for none, or label ids,
    negative for none.
    """

    config: Any
    run: Any
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Predicted:
    """P predictions: row (P,) of the block, sample (P,), part (P,) and answer (P,) as numbers, outputs (P, O)."""

    row: Any
    sample: Any
    part: Any
    outputs: Any
    answer: Any


@dataclass(frozen=True)
class Tables:
    """The tables of one experiment: their columns and what turns a block's outcome into them."""

    experiment: Experiment
    runs: list[Column]
    curves: list[Column]
    predictions: list[Column]
    scores: list[Column]
    labels: Mapping[str, Sequence[str]]
    metadata: Mapping[str, str]

    @classmethod
    def of(cls, experiment: Experiment, structures: Sequence[Structure], labels: Mapping[str, Sequence[str]]) -> Tables:
        """structures: every one that occurs. labels: of each swept parameter that is no number, its values in print."""
        wide = any(structure.dtype == "float64" for structure in structures)
        number = pa.float64() if wide else pa.float32()
        weights = weight_columns(structures, number) if experiment.record_weights else []
        scores = [score_column(measure, number) for measure in experiment.scores]
        watched = monitored_columns(experiment.monitoring, number)
        columns = run_columns(number, map(parameter_column, experiment.swept), scores, watched, weights)
        attributes = {"harness": {"name": experiment.name, "layers": _shared_layers(structures)}}
        metadata = {
            "harness.experiment": experiment.source,
            "harness.fingerprint": experiment.fingerprint,
            "harness.schema_version": str(SCHEMA_VERSION),
            "harness.dtype": ",".join(sorted({structure.dtype for structure in structures})),
            "harness.arithmetic": ",".join(sorted({structure.arithmetic for structure in structures})),
            "PANDAS_ATTRS": json.dumps(attributes),
        }
        found = [classes(experiment.data, one, experiment.targets) for one in structures]
        of_class = any(labels is not None for labels in found)
        predictions = prediction_columns(number, max(one.layers[-1] for one in structures), of_class)
        if about := told(experiment):
            metadata["harness.data"] = json.dumps(about)
        may_stop = experiment.monitoring is not None and experiment.monitoring.may_stop
        statuses = [status.label for status in Status if may_stop or status != Status.STOPPED]
        labels = {**labels, "status": statuses}
        curves = curve_columns(number, scores)
        return cls(experiment, columns, curves, predictions, scores, labels, metadata)

    def runs_table(self, structure: Structure, rows: Described, outcome: Outcome) -> pa.Table:
        """The rows of one block."""
        there = outcome.status != Status.DIVERGED
        valid = None if there.all() else pa.array(there).buffers()[1]
        given = {
            "config": rows.config,
            "run": rows.run,
            **rows.parameters,
            "status": outcome.status,
            "settled_epoch": _epochs(outcome.settled_epoch),
            "diverged_epoch": _epochs(outcome.diverged_epoch),
            **dict(zip(METRICS, outcome.metrics, strict=True)),
            FIRST: outcome.first_loss,
            LAST: outcome.last_finite_loss,
            **{column.name: score for column, score in zip(self.scores, outcome.scores, strict=True)},
            **self._monitored(outcome),
        }
        weights = self._weights(structure, outcome.weights, valid) if self.experiment.record_weights else {}
        columns = [
            weights[column.name] if column.name in weights else self._array(column, given.get(column.name), len(there))
            for column in self.runs
        ]
        return pa.Table.from_arrays(columns, schema=self._schema(self.runs))

    def _monitored(self, outcome: Outcome) -> dict[str, Any]:
        """The columns of what was watched of the rows of an outcome."""
        monitoring = self.experiment.monitoring or Monitoring()
        reached = zip(monitoring.reaches, outcome.reached[len(monitoring.ends) :], strict=True)
        best = {f"best_{monitoring.monitor.column}": outcome.best} if monitoring.monitor else {}
        epochs = {"stopped_epoch": outcome.stopped_epoch, "best_epoch": outcome.best_epoch}
        epochs |= {goal.column: found for goal, found in reached}
        return {name: _epochs(found) for name, found in epochs.items()} | best

    def outcome(self, structure: Structure, runs: pa.Table) -> dict[str, Any]:
        """What the engine gave for rows of `runs_table`: the arrays of an `Outcome`, its curves aside."""
        dtype = structure.dtype

        def floats(name: str) -> Any:
            return _floats(runs[name]).astype(dtype)

        def epochs(name: str) -> Any:
            return pc.fill_null(runs[name], 0).to_numpy() if name in names else np.zeros(len(runs), np.int64)

        names, monitoring = runs.schema.names, self.experiment.monitoring or Monitoring()
        labels, layout = pa.array([status.label for status in Status]), Layout(structure)
        best = floats(f"best_{monitoring.monitor.column}") if monitoring.monitor else np.full(len(runs), np.nan, dtype)
        weights = np.full((layout.count, len(runs)), np.nan, dtype)
        if self.experiment.record_weights and layout.count <= NAMED_WEIGHTS:
            weights = np.array([floats(name) for name in layout.names])
        elif self.experiment.record_weights:
            weights = np.concatenate([_listed(runs[one.parameter.name], one.size, dtype) for one in layout.tensors])
        goals = monitoring.goals
        reached = np.array([epochs(goal.column) for goal in goals]).reshape(len(goals), len(runs))
        return {
            "status": pc.index_in(runs["status"].cast(pa.string()), labels).to_numpy().astype(np.uint8),
            "settled_epoch": epochs("settled_epoch"),
            "diverged_epoch": epochs("diverged_epoch"),
            "stopped_epoch": epochs("stopped_epoch"),
            "best_epoch": epochs("best_epoch"),
            "best": best,
            "reached": reached,
            "metrics": np.array([floats(name) for name in METRICS]),
            "first_loss": floats(FIRST),
            "last_finite_loss": floats(LAST),
            "scores": np.array([floats(column.name) for column in self.scores]).reshape(len(self.scores), len(runs)),
            "weights": weights,
        }

    def points(self, curves: pa.Table) -> tuple[Any, Any]:
        """(metrics (M, C), scores (Q, C)) of the C rows of a table of curves."""
        metrics, scores = (
            np.array([_floats(curves[name]) for name in names]).reshape(len(names), len(curves))
            for names in (list(METRICS), [column.name for column in self.scores])
        )
        return metrics, scores

    def curves_table(self, curves: Curves, first_run: int) -> pa.Table:
        """The loss curves of one block whose first run has this number."""
        given = [curves.run + first_run, curves.epoch, *curves.metrics, *curves.scores]
        columns = [self._array(column, values, len(values)) for column, values in zip(self.curves, given, strict=True)]
        return pa.Table.from_arrays(columns, schema=self._schema(self.curves))

    def predictions_table(self, structure: Structure, rows: Described, found: Predicted) -> pa.Table:
        """The predictions of the rows of one block."""
        outputs = {f"{OUTPUT}{number}": values for number, values in enumerate(found.outputs.T, start=1)}
        given = {"config": rows.config[found.row], "sample": found.sample, **outputs}
        labels = {"part": [part.label for part in Part]}
        given["part"] = found.part
        names = classes(self.experiment.data, structure, self.experiment.targets)
        if names is not None:
            labels["class"], given["class"] = list(map(str, names.tolist())), found.answer
        made = replace(self, labels={**self.labels, **labels})
        columns = [made._array(column, given.get(column.name), len(found.row)) for column in self.predictions]
        return pa.Table.from_arrays(columns, schema=self._schema(self.predictions))

    def _schema(self, columns: list[Column]) -> pa.Schema:
        return pa.schema([column.field for column in columns], metadata=dict(self.metadata))

    def _array(self, column: Column, values: Any, rows: int) -> pa.Array:
        if values is None:
            return pa.nulls(rows, column.type)
        if isinstance(values, pa.Array):
            return values
        if column.type == LABELS:
            return pa.DictionaryArray.from_arrays(
                pa.array(values, pa.int32(), mask=np.asarray(values) < 0),
                pa.array(self.labels[column.name], pa.string()),
            )
        if column.type == pa.bool_():
            return pa.array(values == 1.0, column.type, mask=np.isnan(values))
        return pa.array(values, column.type, from_pandas=True)

    def _weights(self, structure: Structure, weights: Any, valid: Any) -> dict[str, pa.Array]:
        """The weight columns of weights (P, R); valid: the bitmap of the rows that did not diverge, or None."""
        rows, layout = weights.shape[1], Layout(structure)
        columns = {column.name: column.type for column in self.runs}

        def floats(values: Any, bitmap: Any) -> pa.Array:
            return pa.Array.from_buffers(
                pa.from_numpy_dtype(values.dtype), values.size, [bitmap, pa.py_buffer(np.ascontiguousarray(values))]
            )

        if layout.count <= NAMED_WEIGHTS:
            return {name: floats(weights[p], valid).cast(columns[name]) for p, name in enumerate(layout.names)}
        lists, there = {}, np.ones(rows, bool)
        if valid is not None:
            there = pa.Array.from_buffers(pa.bool_(), rows, [None, valid]).to_numpy(zero_copy_only=False)
        ends = np.append(0, np.cumsum(there, dtype=np.int32))
        for tensor in layout.tensors:
            name = tensor.parameter.name
            flat = floats(weights[tensor.slice].T[there], None).cast(columns[name].value_type)
            offsets = pa.array(ends * np.int32(tensor.size))
            lists[name] = pa.ListArray.from_arrays(offsets, flat, columns[name], mask=pa.array(~there))
        return lists


def together(tables: Iterable[pa.Table]) -> pa.Table:
    """The rows of tables that have the same columns, in this order."""
    return pa.concat_tables(tables)


def _floats(column: pa.ChunkedArray) -> Any:
    """The numbers of a column as float64, NaN for none; 1 and 0 for true and false."""
    return pc.cast(column, pa.float64()).to_numpy()


def _listed(column: pa.ChunkedArray, size: int, dtype: str) -> Any:
    """(size, R) the lists of a column, NaN for none."""
    listed = np.full((len(column), size), np.nan, dtype)
    there = pc.is_valid(column).to_numpy()
    listed[there] = pc.list_flatten(column.drop_null()).to_numpy().reshape(-1, size)
    return listed.T


def _shared_layers(structures: Sequence[Structure]) -> list[int] | None:
    found = {structure.layers for structure in structures}
    return list(found.pop()) if len(found) == 1 else None


def _epochs(values: Any) -> pa.Array:
    return pa.array(values, pa.int64(), mask=values == 0)
