"""The columns of the tables: name, role, type, unit and meaning. `results/README.md` is made from here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from harness.experiment.axes import setting_of
from harness.experiment.errors import either
from harness.experiment.measured import MEASURES, REACHED, Measure, Monitoring, Part
from harness.experiment.model import FOLD, REPEATING
from harness.experiment.settings import HYPERPARAMETERS, STANDARDIZE, users
from harness.formulas.metrics import LOSS, METRICS
from harness.formulas.scores import SCORES, SOLVED
from harness.network.layout import Layout, Parameter
from harness.network.runs import Status
from harness.network.structure import Structure

SCHEMA_VERSION = 1
OUTPUT = "output_"
"""How the columns of outputs begin."""
FIRST, LAST = "first_loss", "last_finite_loss"
"""Metrics of a run, not of its last epoch."""
NAMED_WEIGHTS = 512
"""Networks with more parameters than this keep them in one list column a layer."""
LABELS = pa.dictionary(pa.int32(), pa.string())
ROLE = b"harness.role"
"""The key of a role in a field's metadata."""
WHOLE = ("epochs", "batch_size", *REPEATING)
"""The parameters that every run has, and that are whole numbers."""


class Role(StrEnum):
    """What a column is: what readers of a table go by."""

    IDENTITY = "identity"
    PARAMETER = "parameter"
    STATUS = "status"
    METRIC = "metric"
    WEIGHT = "weight"


@dataclass(frozen=True)
class Column:
    """One column of a table. unit: of its numbers, or "". nullable: whether NULL can stand there."""

    name: str
    role: Role
    type: pa.DataType
    unit: str
    meaning: str
    nullable: bool = False

    @property
    def floating(self) -> bool:
        """Whether its numbers have a fraction."""
        return bool(pa.types.is_floating(self.type))

    @property
    def numeric(self) -> bool:
        """Whether there are numbers in it, not labels or lists."""
        return self.floating or bool(pa.types.is_integer(self.type))

    @property
    def field(self) -> pa.Field:
        """The column of an Arrow schema, its role in the metadata."""
        return pa.field(self.name, self.type, self.nullable, {ROLE: self.role})


def parameter_type(key: str) -> pa.DataType:
    """The column type of a swept parameter."""
    setting = setting_of(key)
    if key in WHOLE or setting is None:
        return pa.int64()
    return {"int": pa.int64(), "float": pa.float64(), "object": LABELS}[setting.column]


def _number_meaning(name: str) -> tuple[str, str]:
    """Unit and meaning of a number of optimizers, schedules or activations; whole ones count epochs."""
    kind, names = users(name)
    meaning = f"of {kind} {either(names)}; NULL where the {kind} is another"
    return "epochs" if HYPERPARAMETERS[name].whole else "", f"the {name} {meaning}"


PARAMETER_MEANINGS = {
    "learning_rate": (
        "",
        "learning rate of every layer; `learning_rate_2` that of layer 2 alone; 0 freezes; NULL where no layer has it",
    ),
    "epochs": ("epochs", "passes over the data that the row is the result of; 0 is the initial network"),
    "init": ("", "initialisation, as written in the experiment"),
    "max_loss": ("loss", "the loss above which a run counts as diverged"),
    "batch_size": ("samples", "samples per update"),
    "layers": ("units", "units of each layer, inputs first"),
    "activation": ("", "the experiment's `activation`; NULL where there is no hidden layer"),
    "optimizer": ("", "what an update makes of a weight and its gradient"),
    "schedule": ("", "how the learning rate goes on from epoch to epoch; `learning_rate` is the one it starts from"),
    "shuffle": ("", "`true`: the samples come in another order every epoch"),
    "reduction": ("", "what is made of the gradients of a batch: their mean or their sum"),
    "weight_decay": ("", "how much of each weight is added to its gradient; adamw takes it off the weight itself"),
    FOLD: ("", "which fold of the data is the validation part of the run, from 0"),
    STANDARDIZE: ("", "which columns have mean 0 and deviation 1 in the training part"),
    "decay_biases": ("", "whether `weight_decay` and `l1` are of biases, too"),
    "l1": ("", "how much of the sign of each weight is added to its gradient"),
    "gradient_clip": ("", "the largest L2 norm of all gradients together; NULL where there is none"),
    **{name: _number_meaning(name) for name in HYPERPARAMETERS},
}


def parameter_column(key: str) -> Column:
    """The column of a swept parameter."""
    base = "learning_rate" if key.startswith("learning_rate") else key
    unit, meaning = PARAMETER_MEANINGS.get(base, ("", f"the experiment's `{key}`"))
    column = parameter_type(key)
    always = key in WHOLE or (column == LABELS and key != "activation")
    return Column(key, Role.PARAMETER, column, unit, meaning, nullable=not always)


def run_columns(
    number: pa.DataType,
    swept: Iterable[Column],
    scores: Iterable[Column],
    watched: Iterable[Column],
    weights: Iterable[Column],
) -> list[Column]:
    """The columns of the table of runs. number: the type of metrics and weights."""
    states = "; ".join(f"`{status.label}`: {status.words}: {status.sentence}" for status in Status)
    no_epoch = "NULL if `epochs` is 0 or the run diverged in its first epoch"
    return [
        Column("config", Role.IDENTITY, pa.int64(), "", "number of the configuration in the grid, from 0"),
        Column("run", Role.IDENTITY, pa.int64(), "", "number of the run; rows that differ only in `epochs` share one"),
        *swept,
        Column("repeat", Role.IDENTITY, pa.int64(), "", "which draw of a random initialisation, from 0"),
        Column("status", Role.STATUS, LABELS, "", states),
        _epoch("settled_epoch", "the first epoch that changed nothing, if the status is settled"),
        _epoch("diverged_epoch", "the epoch in which the run diverged, if it did"),
        *_metrics(number, "the last epoch's samples", "; NULL if the run diverged or `epochs` is 0", nullable=True),
        metric_column(FIRST, number, LOSS, f"mean loss of the run's first epoch; {no_epoch}"),
        metric_column(LAST, number, LOSS, "mean loss of the last epoch where it was finite; NULL if there was none"),
        *scores,
        *watched,
        *weights,
    ]


def curve_columns(number: pa.DataType, scores: Iterable[Column] = ()) -> list[Column]:
    """The columns of the loss curves. number: the type of metrics."""
    points = "completed passes: 1, every, 2*every, .., last; a run that diverged has none from there on"
    return [
        Column("run", Role.IDENTITY, pa.int64(), "", "number of the run, as in the table of runs"),
        Column("epoch", Role.IDENTITY, pa.int64(), "epochs", points),
        *_metrics(number, "this epoch's samples"),
        *scores,
    ]


def prediction_columns(number: pa.DataType, outputs: int, classes: bool) -> list[Column]:
    """The columns of predictions. number: the type of the outputs. outputs: the most of any network."""
    of_class = [Column("class", Role.METRIC, LABELS, "", "the class that the outputs say")]
    return [
        Column("config", Role.IDENTITY, pa.int64(), "", "number of the row, as in the table of runs"),
        Column("sample", Role.IDENTITY, pa.int64(), "", "number of the sample among those that are used, from 0"),
        Column("part", Role.IDENTITY, LABELS, "", "train, validation or test"),
        *(output_column(f"{OUTPUT}{number_of}", number) for number_of in range(1, outputs + 1)),
        *(of_class if classes else []),
    ]


def output_column(name: str, number: pa.DataType) -> Column:
    """The column of an output in a table of predictions. number: its type."""
    meaning = "in the targets' own unit; of classes as it is, a logit for cross_entropy and bce"
    return Column(name, Role.METRIC, number, "", f"output {name.removeprefix(OUTPUT)}, {meaning}", nullable=True)


def score_column(measure: Measure, number: pa.DataType) -> Column:
    """The column of a score on a part of the data. number: its type."""
    part, score = measure.part or Part.TRAIN, SCORES[measure.name]
    if measure.name == SOLVED:
        return Column(SOLVED, Role.STATUS, pa.bool_(), "", f"{score.what}, of the {part.label} part", nullable=True)
    meaning = f"{score.what}, of the {part.label} part, by the weights of the row; NULL if the run diverged"
    return metric_column(measure.column, number, score.unit, meaning)


def monitored_columns(monitoring: Monitoring | None, number: pa.DataType) -> list[Column]:
    """The columns of what is watched of each run. number: the type of metrics."""
    if monitoring is None:
        return []
    columns = [stopped_column()] if monitoring.may_stop else []
    if monitoring.monitor is not None:
        columns += [_best_epoch(), _best_column(monitoring.monitor, number)]
    return [*columns, *(_reached_column(goal.column, goal.measure.column) for goal in monitoring.reaches)]


def monitored_column(name: str, number: pa.DataType) -> Column | None:
    """The column of this name, if it is of what is watched of runs. number: the type of metrics."""
    found = {column.name: column for column in (stopped_column(), _best_epoch())}
    found |= {(column := _best_column(measure, number)).name: column for measure in MEASURES.values()}
    measure = next((one for one in MEASURES if name.startswith(f"{REACHED}{one}_")), None)
    return _reached_column(name, measure) if measure else found.get(name)


def stopped_column() -> Column:
    """The column of the epoch in which a run was stopped."""
    return _epoch("stopped_epoch", "the epoch after which training.stop ended the run, if the status is stopped")


def _best_epoch() -> Column:
    return _epoch("best_epoch", "the epoch of the best monitored number so far; NULL if the run diverged")


def _best_column(measure: Measure, number: pa.DataType) -> Column:
    unit = SCORES[measure.name].unit if measure.part is not None else METRICS[measure.name].unit
    return metric_column(f"best_{measure.column}", number, unit, f"`{measure.column}` after the epoch `best_epoch`")


def _reached_column(name: str, measure: str) -> Column:
    number = name.removeprefix(f"{REACHED}{measure}_")
    return _epoch(name, f"the first epoch after which `{measure}` had got to {number}; NULL if none had")


def metric_column(name: str, number: pa.DataType, unit: str = "", meaning: str = "", nullable: bool = True) -> Column:
    """The column of a metric. number: its type."""
    return Column(name, Role.METRIC, number, unit, meaning, nullable)


def _metrics(number: pa.DataType, samples: str, null: str = "", nullable: bool = False) -> list[Column]:
    costs = f"of the costs of {samples}, each taken before that sample's update{null}"
    return [
        metric_column(name, number, metric.unit, f"{metric.what} {costs}", nullable) for name, metric in METRICS.items()
    ]


def _epoch(name: str, meaning: str) -> Column:
    return Column(name, Role.STATUS, pa.int64(), "epochs", meaning, nullable=True)


def weight_columns(structures: Iterable[Structure], number: pa.DataType) -> list[Column]:
    """The union of the weight columns of these networks, in the order of layers and units."""
    named: set[Parameter] = set()
    listed: set[Parameter] = set()
    for layout in map(Layout, structures):
        if layout.count <= NAMED_WEIGHTS:
            named.update(layout.parameters)
        else:
            listed.update(tensor.parameter for tensor in layout.tensors)
    return [weight_column(one, number) for some in (named, listed) for one in sorted(some, key=lambda one: one.order)]


def weight_column(parameter: Parameter, number: pa.DataType) -> Column:
    """The column of a parameter, or of all those of a layer; number: their type."""
    # No lists of a fixed size: pyarrow before 26 cannot write those in Parquet where one is NULL.
    column = number if parameter.units else pa.list_(number)
    return Column(parameter.name, Role.WEIGHT, column, "", parameter.meaning, nullable=True)
