"""What the reference computes, as rows of the record: (epoch, sample, phase, name, formula) and the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harness.formulas.losses import LOSSES
from harness.network.layout import WEIGHT, Parameter
from harness.reference import EpochMetrics, Network, Sample, Training, Update
from harness.views.explain.names import Names

COLUMNS = ("epoch", "sample", "phase", "name", "formula", "value", "before", "gradient", "change", "after")
Rows = Iterator[dict[str, Any]]


def of_update(names: Names, training: Training, update: Update) -> Rows:
    """Its samples forward and backward, what the optimizer takes and keeps, and every parameter's change."""
    for sample in update.batch:
        yield from forward(names, sample)
        yield from _backward(names, sample)
    yield from _optimizer(names, training, update)
    yield from _update(names, update)


def of_metrics(metrics: EpochMetrics) -> Rows:
    """The metrics of an epoch."""
    of = "of the costs of the epoch's samples"
    for name, value in metrics.values.items():
        yield {"epoch": metrics.epoch, "phase": "epoch", "name": name, "formula": of, "value": float(value)}


def of_network(names: Names, network: Network, epoch: int, samples: Sequence[Sample], of: str) -> Rows:
    """The network as it stands after an epoch: its parameters, and what it makes of some samples. of: for `formula`."""
    for parameter in names.parameters:
        value = _of(parameter, network.weights, network.biases)[parameter.place]
        yield {"epoch": epoch, "phase": "weights", "name": parameter.name, "formula": of, "value": float(value)}
    for sample in samples:
        yield from forward(names, sample)


def _row(epoch: int, sample: int, phase: str, name: str, formula: str, **numbers: Any) -> dict[str, Any]:
    return {"epoch": epoch, "sample": sample + 1, "phase": phase, "name": name, "formula": formula} | {
        key: float(number) for key, number in numbers.items()
    }


def forward(names: Names, sample: Sample) -> Rows:
    """The inputs, every unit's pre-activation and activation, the targets and the cost."""

    def row(name: str, formula: str, value: Any) -> dict[str, Any]:
        return _row(sample.epoch, sample.index, "forward", name, formula, value=value)

    for i in names.units(0):
        yield row(f"x{i}", "input", sample.a[0][i - 1])
    for layer in range(1, names.last + 1):
        for j in names.units(layer):
            yield row(f"z{layer}_{j}", names.pre_activation(layer, j), sample.z[layer - 1][j - 1])
            yield row(names.activation(layer, j), names.applied(layer, j), sample.a[layer][j - 1])
    for k in names.units(names.last):
        yield row(f"t{k}", "target", sample.t[k - 1])
    yield row("cost", LOSSES[names.structure.loss].text, sample.cost)


def _backward(names: Names, sample: Sample) -> Rows:
    def row(name: str, formula: str, value: Any) -> dict[str, Any]:
        return _row(sample.epoch, sample.index, "backward", name, formula, value=value)

    for k in names.units(names.last):
        yield row(f"dcost/dy{k}", names.cost_derivative(k), sample.derivative[k - 1])
    for layer in range(names.last, 0, -1):
        for j in names.units(layer):
            yield row(f"delta{layer}_{j}", names.delta(layer, j), sample.delta[layer - 1][j - 1])


def _optimizer(names: Names, training: Training, update: Update) -> Rows:
    """What an update takes, and what the optimizer then keeps of each parameter."""
    optimizer, rates = training.optimizer, update.rates

    def row(name: str, formula: str, value: Any) -> dict[str, Any]:
        return _row(update.epoch, update.order[-1], "optimizer", name, formula, value=value)

    same = (rates == rates[0]).all()
    for layer, rate in enumerate(rates[:1] if same else rates, start=1):
        yield row("lr" if same else f"lr{layer}", "learning rate", rate)
    given = dict(zip((number.name for number in optimizer.hyperparameters), training.hyperparameters, strict=True))
    for name, value in (given | {"weight_decay": training.decay, "gradient_clip": training.norm}).items():
        if value is not None:
            yield row(name, "setting", value)
    if optimizer.clock:
        yield row("t", "number of the update", update.number)
    formulas = names.kept()
    for parameter in filter(names.learns, names.parameters) if formulas else ():
        slots = _of(parameter, *update.slots)
        for (slot, formula), kept in zip(formulas.items(), slots, strict=True):
            yield row(f"{slot} of {parameter.name}", formula, kept[parameter.place])


def _update(names: Names, update: Update) -> Rows:
    plain = names.structure.optimizer == "sgd" and not names.structure.weight_decay
    for parameter in names.parameters:
        gradients = update.weight_gradient, update.bias_gradient
        g, before, after = (_of(parameter, *some)[parameter.place] for some in (gradients, update.before, update.after))
        moved = -(update.rates[parameter.layer - 1] * g) if plain else after - before
        change = moved if names.learns(parameter) else 0.0
        numbers = {"before": before, "gradient": g, "change": change, "after": after}
        yield _row(update.epoch, update.order[-1], "update", parameter.name, names.updated(parameter), **numbers)


def _of(parameter: Parameter, weights: Sequence[Any], biases: Sequence[Any]) -> Any:
    """The one of these, which each layer has for its weights and for its biases, that a parameter belongs to."""
    return (weights if parameter.kind == WEIGHT else biases)[parameter.layer - 1]
