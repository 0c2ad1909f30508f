"""What back-propagation does to each weight of one network, step by step: recorded as a table, then printed.

The record comes from `harness.reference`, so its numbers are those of `exact` arithmetic to the last bit. Names: x1 an
input, z1_2 and a1_2 the pre-activation and activation of unit 2 in layer 1, y1 an output (the last layer's activation),
t1 its target, delta1_2 = dcost/dz1_2, w1_2_1 the weight to that unit from input 1, b1_2 its bias, lr the learning rate.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from harness import reference
from harness.formulas.activations import ACTIVATIONS
from harness.formulas.losses import LOSSES
from harness.formulas.optimizers import OPTIMIZERS
from harness.reference import Losses, Sample, Training, Update

if TYPE_CHECKING:
    from rich.console import RenderableType

    from harness.experiment.model import Data, Structure
    from harness.views.configuration import Configuration

DIGITS = 6
COLUMNS = ("epoch", "sample", "phase", "name", "formula", "value", "before", "gradient", "change", "after")


def record(training: Training, data: Data, epochs: int) -> pd.DataFrame:
    """One row for every number that these epochs compute, in order.

    Columns: epoch and sample (1-based; of an update, the last sample of its batch), phase (forward, backward, update,
    epoch; and before an update optimizer: what it takes and keeps), name, formula, value; and for an update the weight
    before, its gradient, the change and the weight after.
    """
    rows: list[dict[str, Any]] = []
    structure = training.network.structure
    with np.errstate(all="ignore"):
        for event in reference.epochs(training, data):
            if isinstance(event, Losses):
                rows += _epoch_rows(event)
                if event.epoch == epochs:
                    break
            else:
                names = _Names(structure, len(event.batch))
                for sample in event.batch:
                    rows += _sample_rows(names, sample, event.before)
                rows += _optimizer_rows(names, training, event)
                rows += _update_rows(names, event)
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"sample": "Int64"})


class _Names:
    """The network's own names for its numbers, and the formulas between them. Layers and units count from 1."""

    def __init__(self, structure: Structure, batch: int) -> None:
        self.structure, self.batch, self.last = structure, batch, len(structure.layers) - 1
        self.learnt = structure.bias == "true"

    def parameters(self) -> Iterator[tuple[str, int, int, tuple[int, ...], str]]:
        """Each parameter's name, whether it is a bias, its layer's position, its place there, and its gradient."""
        for layer in range(1, self.last + 1):
            for j in self.units(layer):
                delta = f"delta{layer}_{j}"
                for i in self.units(layer - 1):
                    gradient = f"{delta} * {self.activation(layer - 1, i)}"
                    yield f"w{layer}_{j}_{i}", 0, layer - 1, (j - 1, i - 1), gradient
                if self.structure.bias != "false":
                    yield f"b{layer}_{j}", 1, layer - 1, (j - 1,), delta

    def activation(self, layer: int, unit: int) -> str:
        if layer == 0:
            return f"x{unit}"
        return f"y{unit}" if layer == self.last else f"a{layer}_{unit}"

    def pre_activation(self, layer: int, unit: int) -> str:
        terms = [f"w{layer}_{unit}_{i}*{self.activation(layer - 1, i)}" for i in self.units(layer - 1)]
        return " + ".join(terms + ([f"b{layer}_{unit}"] if self.structure.bias != "false" else []))

    def units(self, layer: int) -> range:
        return range(1, self.structure.layers[layer] + 1)

    def applied(self, layer: int, unit: int) -> str:
        text = ACTIVATIONS[self.structure.activations[layer - 1]].text
        return text.format(z=f"z{layer}_{unit}")

    def cost_slope(self, unit: int) -> str:
        loss = LOSSES[self.structure.loss]
        text = loss.slope_text.format(t=f"t{unit}", y=f"y{unit}")
        outputs = self.structure.layers[-1]
        return text if outputs == 1 or not loss.mean else f"({text}) / {outputs}"

    def delta(self, layer: int, unit: int) -> str:
        """The formula of dcost/dz: what comes down from above, times the slope of the activation."""
        if layer == self.last:
            above = f"dcost/dy{unit}"
        else:
            above = " + ".join(f"delta{layer + 1}_{j}*w{layer + 1}_{j}_{unit}" for j in self.units(layer + 1))
        slope = ACTIVATIONS[self.structure.activations[layer - 1]].slope_text
        if slope == "1":
            return above
        slope = slope.format(z=f"z{layer}_{unit}", a=self.activation(layer, unit))
        return f"({above}) * {slope}" if " " in above else f"{above} * {slope}"

    def update(self, name: str, gradient: str) -> str:
        """What the optimizer makes of a parameter."""
        structure, g, w = self.structure, gradient, name
        optimizer = OPTIMIZERS[structure.optimizer]
        if self.batch > 1:
            g = f"mean({g})"
        if structure.gradient_clip:
            g = f"clip({g})"
        if structure.weight_decay and optimizer.decoupled:
            w = f"(1 - lr*weight_decay)*{w}"
        elif structure.weight_decay:
            g = f"({g} + weight_decay*{w})"
        return optimizer.step.format(w=w, g="g") + f", g = {g}" if optimizer.slots else optimizer.step.format(w=w, g=g)


def _row(sample: Any, phase: str, name: str, formula: str, **numbers: Any) -> dict[str, Any]:
    return {"epoch": sample.epoch, "sample": sample.index + 1, "phase": phase, "name": name, "formula": formula} | {
        key: float(number) for key, number in numbers.items()
    }


def _sample_rows(names: _Names, sample: Sample, parameters: Any) -> Iterator[dict[str, Any]]:
    for i, x in enumerate(sample.a[0], start=1):
        yield _row(sample, "forward", f"x{i}", "input", value=x)
    for layer in range(1, names.last + 1):
        for j in names.units(layer):
            z, a = sample.z[layer - 1][j - 1], sample.a[layer][j - 1]
            yield _row(sample, "forward", f"z{layer}_{j}", names.pre_activation(layer, j), value=z)
            yield _row(sample, "forward", names.activation(layer, j), names.applied(layer, j), value=a)
    for k, t in enumerate(sample.t, start=1):
        yield _row(sample, "forward", f"t{k}", "target", value=t)
    yield _row(sample, "forward", "cost", LOSSES[names.structure.loss].text, value=sample.cost)
    for k in names.units(names.last):
        yield _row(sample, "backward", f"dcost/dy{k}", names.cost_slope(k), value=sample.slope[k - 1])
    for layer in range(names.last, 0, -1):
        for j in names.units(layer):
            value = sample.delta[layer - 1][j - 1]
            yield _row(sample, "backward", f"delta{layer}_{j}", names.delta(layer, j), value=value)


def _optimizer_rows(names: _Names, training: Training, update: Update) -> Iterator[dict[str, Any]]:
    """What an update takes, and what the optimizer then keeps of each parameter."""
    optimizer, rates = training.optimizer, update.rates

    def row(name: str, formula: str, value: Any) -> dict[str, Any]:
        return _row(update.batch[-1], "optimizer", name, formula, value=value)

    same = (rates == rates[0]).all()
    for layer, rate in enumerate(rates[:1] if same else rates, start=1):
        yield row("lr" if same else f"lr{layer}", "learning rate", rate)
    given = dict(zip((number.name for number in optimizer.numbers), training.numbers, strict=True))
    for name, value in (given | {"weight_decay": training.decay, "gradient_clip": training.norm}).items():
        if value is not None:
            yield row(name, "setting", value)
    if optimizer.clock:
        yield row("t", "number of the update", update.number)
    for name, group, layer, place, _ in names.parameters():
        if group == 0 or names.learnt:
            for (slot, formula), kept in zip(optimizer.kept.items(), update.slots[group][layer], strict=True):
                yield row(f"{slot} of {name}", formula.format(g="g"), kept[place])


def _update_rows(names: _Names, update: Update) -> Iterator[dict[str, Any]]:
    plain = names.structure.optimizer == "sgd" and not names.structure.weight_decay
    for name, group, layer, place, gradient in names.parameters():
        g = (update.weight_gradient, update.bias_gradient)[group][layer][place]
        before, after = (parameters[group][layer][place] for parameters in (update.before, update.after))
        fixed = group == 1 and not names.learnt
        formula = f"{name} <- " + (f"{name} (fixed)" if fixed else names.update(name, gradient))
        change = 0.0 if fixed else -(update.rates[layer] * g) if plain else after - before
        numbers = {"before": before, "gradient": g, "change": change, "after": after}
        yield _row(update.batch[-1], "update", name, formula, **numbers)


def _epoch_rows(losses: Losses) -> Iterator[dict[str, Any]]:
    of = "of the costs of the epoch's samples"
    for name, value in (("loss_min", losses.min), ("loss_mean", losses.mean), ("loss_max", losses.max)):
        yield {"epoch": losses.epoch, "phase": "epoch", "name": name, "formula": of, "value": float(value)}


def record_of(configuration: Configuration, epochs: int) -> pd.DataFrame:
    """The record of so many epochs of a configuration; attrs has the experiment's name and the settings' labels."""
    recorded = record(configuration.training(), configuration.data(), epochs)
    recorded.attrs = {"name": configuration.experiment.name, "settings": configuration.labels()}
    return recorded


def to_json(recorded: pd.DataFrame) -> str:
    """A JSON array with an object for each row; what a row does not have, or is not finite, is left out."""
    rows = [
        {
            key: value
            for key, value in row.items()
            if isinstance(value, str) or (value is not None and math.isfinite(value))
        }
        for row in recorded.astype({"sample": object}).to_dict("records")
    ]
    return "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]"


TITLES = {
    "forward": "Forward",
    "backward": "Backward: every derivative of the cost",
    "optimizer": "What the optimizer keeps of each weight, g its gradient",
    "update": "Every weight: before, its gradient, the change, and after",
}


def tables(recorded: pd.DataFrame) -> Iterator[RenderableType]:
    """The record for a terminal: each sample forward and backward, each update, each epoch's losses."""
    from rich.text import Text

    settings = ", ".join(f"{key} {value}" for key, value in recorded.attrs["settings"].items())
    yield Text(f"{recorded.attrs['name']}: {settings}")
    yield Text(f"Numbers to {DIGITS} digits; --csv and --json give all of them.", style="dim")
    for _, part in recorded.groupby(["epoch", "sample", "phase"], sort=False, dropna=False):
        epoch, sample, phase = part[["epoch", "sample", "phase"]].iloc[0]
        if phase == "forward":
            yield Text(f"\nEpoch {epoch}, sample {sample}", style="bold")
        if phase == "optimizer":
            kept = part["name"].str.contains(" of ")
            takes = ", ".join(f"{row['name']} {shown(row['value'])}" for _, row in part[~kept].iterrows())
            if kept.any():
                yield Text(f"\n{TITLES[phase]}")
                yield _table(part[kept], ["value"])
        elif phase == "epoch":
            losses = ", ".join(f"{row['name']} {shown(row['value'])}" for _, row in part.iterrows())
            yield Text(f"Epoch {epoch} as a whole: {losses}")
        else:
            yield Text(f"\n{TITLES[phase]}" + (f"; {takes}" if phase == "update" else ""))
            yield _table(part, ["before", "gradient", "change", "after"] if phase == "update" else ["value"])


def _table(part: pd.DataFrame, numbers: list[str]) -> RenderableType:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    updates = "after" in numbers
    if not updates:  # an update's formula begins with the name
        table.add_column("name", no_wrap=True)
    table.add_column("formula", overflow="fold", min_width=24)
    for number in numbers:
        table.add_column(number, justify="right", no_wrap=True)
    for _, row in part.iterrows():
        name = [] if updates else [row["name"]]
        table.add_row(*name, row["formula"], *(shown(row[number]) for number in numbers))
    return table


def shown(number: float) -> str:
    """A number to `DIGITS` digits."""
    return f"{float(number) + 0.0:.{DIGITS}g}"  # + 0.0: no minus sign before a zero
