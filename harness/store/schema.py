"""The columns of the tables: name, type, unit and meaning. `results/README.md` is made from here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import pyarrow as pa

from harness.block import Status, parameter_count
from harness.experiment.axes import setting_of
from harness.experiment.errors import either
from harness.experiment.model import Structure
from harness.experiment.settings import NUMBERS, users

SCHEMA_VERSION = 1
NAMED_WEIGHTS = 512
"""Networks with more parameters than this keep them in one list column a layer."""
LABELS = pa.dictionary(pa.int32(), pa.string())
WHOLE = ("epochs", "batch_size", "repeat")
"""The parameters that every run has, and that are whole numbers."""


@dataclass(frozen=True)
class Column:
    """One column of a table. unit: of its numbers, or "". nullable: whether NULL can stand there."""

    name: str
    type: pa.DataType
    unit: str
    meaning: str
    nullable: bool = False


def parameter_type(key: str) -> pa.DataType:
    """The column type of a swept parameter."""
    setting = setting_of(key)
    if key in WHOLE or setting is None:
        return pa.int64()
    return {"int": pa.int64(), "float": pa.float64(), "object": LABELS}[setting.column]


def _number_meaning(name: str) -> tuple[str, str]:
    """Unit and meaning of a number of optimizers or schedules; whole ones count epochs."""
    kind, names = users(name)
    meaning = f"of {kind} {either(names)}; NULL where the {kind} is another"
    return "epochs" if NUMBERS[name].whole else "", f"the {name} {meaning}"


PARAMETER_MEANINGS = {
    "learning_rate": (
        "",
        "learning rate of every layer; `learning_rate_2` that of layer 2 alone; NULL where no layer has it",
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
    "weight_decay": ("", "how much of each weight is added to its gradient; adamw takes it off the weight itself"),
    "gradient_clip": ("", "the largest L2 norm of all gradients together; NULL where there is none"),
    **{name: _number_meaning(name) for name in NUMBERS},
}


def parameter_column(key: str) -> Column:
    """The column of a swept parameter."""
    base = "learning_rate" if key.startswith("learning_rate") else key
    unit, meaning = PARAMETER_MEANINGS.get(base, ("", f"the experiment's `{key}`"))
    column = parameter_type(key)
    always = key in WHOLE or (column == LABELS and key != "activation")
    return Column(key, column, unit, meaning, nullable=not always)


def fixed_columns(number: pa.DataType) -> tuple[list[Column], list[Column]]:
    """The columns before and after the swept parameters; number: the type of losses and weights."""
    states = "; ".join(f"`{status.label}`: {status.sentence}" for status in Status)
    loss = (
        "of the costs of the last epoch's samples, each taken before that sample's update; "
        "NULL if the run diverged or `epochs` is 0"
    )
    first = [
        Column("config", pa.int64(), "", "number of the configuration in the grid, from 0"),
        Column("run", pa.int64(), "", "number of the run; rows that differ only in `epochs` share one"),
    ]
    return first, [
        Column("repeat", pa.int64(), "", "which draw of a random initialisation, from 0"),
        Column("status", LABELS, "", states),
        Column(
            "settled_epoch",
            pa.int64(),
            "epochs",
            "the first epoch that changed nothing, if the status is settled",
            True,
        ),
        Column("diverged_epoch", pa.int64(), "epochs", "the epoch in which the run diverged, if it did", True),
        Column("loss_min", number, "loss", f"least {loss}", True),
        Column("loss_mean", number, "loss", f"mean {loss}", True),
        Column("loss_max", number, "loss", f"greatest {loss}", True),
        Column(
            "first_loss",
            number,
            "loss",
            "mean loss of the run's first epoch; NULL if `epochs` is 0 or the run diverged in its first epoch",
            True,
        ),
        Column(
            "last_finite_loss",
            number,
            "loss",
            "mean loss of the last epoch where it was finite; NULL if there was none",
            True,
        ),
    ]


def curve_columns(number: pa.DataType) -> list[Column]:
    """The columns of the loss curves."""
    loss = "of the costs of this epoch's samples, each taken before that sample's update"
    return [
        Column("run", pa.int64(), "", "number of the run, as in the table of runs"),
        Column(
            "epoch",
            pa.int64(),
            "epochs",
            "completed passes: 1, every, 2*every, .., last; a run that diverged has none from there on",
        ),
        Column("loss_min", number, "loss", f"least {loss}"),
        Column("loss_mean", number, "loss", f"mean {loss}"),
        Column("loss_max", number, "loss", f"greatest {loss}"),
    ]


def weight_names(structure: Structure) -> list[str]:
    """The (P,) names of a network's parameters, in the engine's order: w1_2_1 is layer 1, to unit 2, from input 1."""
    names = []
    for layer, (inputs, outputs) in enumerate(pairwise(structure.layers), start=1):
        names += [f"w{layer}_{j}_{i}" for j in range(1, outputs + 1) for i in range(1, inputs + 1)]
        if structure.bias != "false":
            names += [f"b{layer}_{j}" for j in range(1, outputs + 1)]
    return names


def weight_lists(structure: Structure) -> dict[str, slice]:
    """For a network too large for names: each list column and where its parameters lie among the P."""
    lists, p = {}, 0
    for layer, (inputs, outputs) in enumerate(pairwise(structure.layers), start=1):
        lists[f"w{layer}"] = slice(p, p + outputs * inputs)
        p += outputs * inputs
        if structure.bias != "false":
            lists[f"b{layer}"] = slice(p, p + outputs)
            p += outputs
    return lists


def weight_columns(structures: Iterable[Structure], number: pa.DataType) -> list[Column]:
    """The union of the weight columns of these networks, in the order of layers and units."""
    named: set[str] = set()
    lists: set[str] = set()
    for structure in structures:
        if parameter_count(structure) <= NAMED_WEIGHTS:
            named.update(weight_names(structure))
        else:
            lists.update(weight_lists(structure))
    columns = [Column(name, number, "", _weight_meaning(name), True) for name in sorted(named, key=_weight_order)]
    # No lists of a fixed size: pyarrow before 26 cannot write those in Parquet where one is NULL.
    columns += [
        Column(name, pa.list_(number), "", _weight_meaning(name), True) for name in sorted(lists, key=_weight_order)
    ]
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
