"""What the reference computes, as rows of the record: where each stands, what it is, its formulas and its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from harness.formulas.losses import LOSSES
from harness.network.layout import WEIGHT, Parameter
from harness.reference import EpochMetrics, Network, Sample, Training, Update
from harness.views.explain.names import Names, RowKind, kind_of

UPDATED = ("before", "gradient", "change", "after")
"""The numbers of an update."""
SHAPE = ("kind", "name", "formula", "gradient_formula")
"""What a row says in words, as do those of the same weight or unit in another step."""
COLUMNS = ("epoch", "sample", "phase", "name", "formula", "value", *UPDATED, "kind", "gradient_formula")


def of_update(names: Names, training: Training, update: Update) -> Iterator[dict[str, Any]]:
    """Its samples forward and backward, what the optimizer takes and keeps, and every parameter's change."""
    for sample in update.batch:
        yield from forward(names, sample)
        yield from _backward(names, sample)
    yield from _optimizer(names, training, update)
    yield from _update(names, update)


def of_metrics(metrics: EpochMetrics) -> Iterator[dict[str, Any]]:
    """The metrics of an epoch."""
    row = partial(_row, (metrics.epoch, None, "epoch"), RowKind.METRIC)
    for name, value in metrics.values.items():
        yield row(name, "of the costs of the epoch's samples", value=value)


def of_network(
    names: Names, network: Network, epoch: int, samples: Sequence[Sample], of: str
) -> Iterator[dict[str, Any]]:
    """The network as it stands after an epoch: its parameters, and what it makes of some samples. of: for `formula`."""
    for parameter in names.parameters:
        value = _of(parameter, network.weights, network.biases)[parameter.place]
        yield _row((epoch, None, "weights"), kind_of(parameter), parameter.name, of, value=value)
    for sample in samples:
        yield from forward(names, sample)


def _row(where: tuple[int, int | None, str], kind: RowKind, name: str, formula: str, **numbers: Any) -> dict[str, Any]:
    """where: epoch, sample counted from 0 or None, and phase."""
    epoch, sample, phase = where
    place = (
        {"epoch": epoch, "phase": phase} if sample is None else {"epoch": epoch, "sample": sample + 1, "phase": phase}
    )
    about = {"kind": kind.value, "name": name, "formula": formula}
    return place | about | {key: float(number) for key, number in numbers.items()}


def forward(names: Names, sample: Sample) -> Iterator[dict[str, Any]]:
    """The inputs, every unit's pre-activation and activation, the targets and the cost."""
    row = partial(_row, (sample.epoch, sample.index, "forward"))
    for i in names.units(0):
        yield row(RowKind.INPUT, names.activation(0, i), "input", value=sample.a[0][i - 1])
    for layer in range(1, names.last + 1):
        for j in names.units(layer):
            own, z, a = names.of(layer, j), sample.z[layer - 1][j - 1], sample.a[layer][j - 1]
            yield row(RowKind.PRE_ACTIVATION, own["sum"], names.pre_activation(layer, j), value=z)
            yield row(RowKind.ACTIVATION, own["name"], names.applied(layer, j), value=a)
    for k in names.units(names.last):
        yield row(RowKind.TARGET, names.of(names.last, k)["target"], "target", value=sample.t[k - 1])
    yield row(RowKind.COST, "cost", LOSSES[names.structure.loss].text, value=sample.cost)


def _backward(names: Names, sample: Sample) -> Iterator[dict[str, Any]]:
    row = partial(_row, (sample.epoch, sample.index, "backward"))
    for k in names.units(names.last):
        name, value = names.of(names.last, k)["derivative"], sample.derivative[k - 1]
        yield row(RowKind.COST_DERIVATIVE, name, names.cost_derivative(k), value=value)
    for layer in range(names.last, 0, -1):
        for j in names.units(layer):
            name, value = names.of(layer, j)["delta"], sample.delta[layer - 1][j - 1]
            yield row(RowKind.DELTA, name, names.delta(layer, j), value=value)


def _optimizer(names: Names, training: Training, update: Update) -> Iterator[dict[str, Any]]:
    """What an update takes, and what the optimizer then keeps of each parameter."""
    optimizer, rates = training.optimizer, update.rates
    row = partial(_row, (update.epoch, update.order[-1], "optimizer"))
    same = (rates == rates[0]).all()
    for layer, rate in enumerate(rates[:1] if same else rates, start=1):
        yield row(RowKind.RATE, "lr" if same else f"lr{layer}", "learning rate", value=rate)
    given = dict(zip((number.name for number in optimizer.hyperparameters), training.hyperparameters, strict=True))
    network = training.network
    given |= {"weight_decay": training.decay, "l1": training.l1, "gradient_clip": training.norm}
    for name, value in (given | {"slope": network.slope, "output_slope": network.output_slope}).items():
        if value is not None:
            yield row(RowKind.SETTING, name, "setting", value=value)
    if optimizer.clock:
        yield row(RowKind.CLOCK, "t", "number of the update", value=update.number)
    formulas = names.kept()
    for parameter in filter(names.learns, names.parameters) if formulas else ():
        slots = _of(parameter, *update.slots)
        for (slot, formula), kept in zip(formulas.items(), slots, strict=True):
            yield row(RowKind.SLOT, names.slot(slot, parameter), formula, value=kept[parameter.place])


def _update(names: Names, update: Update) -> Iterator[dict[str, Any]]:
    row = partial(_row, (update.epoch, update.order[-1], "update"))
    plain = names.structure.optimizer == "sgd" and not (names.structure.weight_decay or names.structure.l1)
    for parameter in names.parameters:
        gradients = update.weight_gradient, update.bias_gradient
        g, before, after = (_of(parameter, *some)[parameter.place] for some in (gradients, update.before, update.after))
        moved = -(update.rates[parameter.layer - 1] * g) + 0.0 if plain else after - before  # one zero, not two
        change = moved if names.learns(parameter) else 0.0
        numbers = {"before": before, "gradient": g, "change": change, "after": after}
        formula, gradient = names.updated(parameter)
        made = row(kind_of(parameter), parameter.name, formula, **numbers)
        yield made if gradient is None else made | {"gradient_formula": gradient}


def _of(parameter: Parameter, weights: Sequence[Any], biases: Sequence[Any]) -> Any:
    """The one of these, which each layer has for its weights and for its biases, that a parameter belongs to."""
    return (weights if parameter.kind == WEIGHT else biases)[parameter.layer - 1]
