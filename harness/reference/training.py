"""Epochs of one run, batch by batch, update by update, and what the table keeps of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.formulas.functions import sign
from harness.formulas.metrics import METRICS
from harness.formulas.optimizers import OPTIMIZERS
from harness.formulas.schedules import SCHEDULES
from harness.network.runs import Status, rounded
from harness.reference.draws import permutation
from harness.reference.network import Array, Network, Sample, batch_gradient, sample_gradient

if TYPE_CHECKING:
    from harness.experiment.measured import Goal
    from harness.experiment.model import Samples
    from harness.reference.monitoring import Progress


@dataclass(frozen=True)
class Update:
    """The end of a batch: its gradients, the learning rates and the parameters before and after.

    number: of all updates, from 1. order: the places in the data of the batch's samples. batch: its first samples, as
    many as `epochs` was told to keep. slots: what the optimizer keeps of each parameter, after; `[group][layer][slot]`.
    """

    epoch: int
    number: int
    order: list[int]
    batch: list[Sample]
    weight_gradient: list[Array]
    bias_gradient: list[Array]
    rates: Array
    slots: list[list[list[Array]]]
    before: tuple[list[Array], list[Array]]
    after: tuple[list[Array], list[Array]]


@dataclass(frozen=True)
class EpochMetrics:
    """What one epoch's costs come to, each taken before its sample's update. values: as `METRICS` has them."""

    epoch: int
    values: Mapping[str, Any]

    @property
    def mean(self) -> Any:
        """The mean of the costs."""
        return self.values["loss_mean"]

    @classmethod
    def of(cls, epoch: int, costs: Sequence[Any]) -> EpochMetrics:
        """The metrics of an epoch with these costs, in the order of its samples."""
        values = {}
        for name, metric in METRICS.items():
            folded = costs[0]
            for cost in costs[1:]:
                folded = metric.fold(folded, cost)
            values[name] = metric.finish(folded, float(len(costs)))
        return cls(epoch, values)


@dataclass
class Row:
    """What the table holds for one number of epochs; None where it holds NULL."""

    status: Status = Status.RAN
    settled_epoch: int | None = None
    diverged_epoch: int | None = None
    metrics: EpochMetrics | None = None
    first_loss: Any = None
    last_finite_loss: Any = None
    weights: Array | None = None
    stopped_epoch: int | None = None
    best_epoch: int | None = None
    best: Any = None
    reached: Mapping[Goal, int] = field(default_factory=dict)


@dataclass
class Trajectory:
    """The rows of one run, by their number of epochs, and the metrics of every epoch until it diverged."""

    rows: dict[int, Row] = field(default_factory=dict)
    metrics: list[EpochMetrics] = field(default_factory=list)


def clipped(weights: list[Array], biases: list[Array], norm: Any) -> tuple[list[Array], list[Array]]:
    """The gradients, scaled so that their norm is at most the given (torch.nn.utils.clip_grad_norm_)."""
    square = np.zeros((), weights[0].dtype)[()]
    for layer, w in enumerate(weights):
        for g in (*w.ravel(), *(biases[layer] if biases else ())):
            square = square + g * g
    share = norm / (np.sqrt(square) + 1e-6)
    share = share if share < 1 else np.ones_like(square)
    return [w * share for w in weights], [b * share for b in biases]


class Training:
    """One run under way: the optimizer, what it keeps of each parameter, and the learning rates.

    rates: one a layer, or one for all. hyperparameters: those of `structure.hyperparameters`.
    """

    def __init__(self, network: Network, rates: Sequence[float], hyperparameters: Sequence[float], seed: int) -> None:
        structure = network.structure
        self.network, self.seed = network, seed
        given = dict(zip(structure.hyperparameters, rounded(hyperparameters, structure.dtype), strict=True))
        self.optimizer, self.schedule = OPTIMIZERS[structure.optimizer], SCHEDULES[structure.schedule]
        self.hyperparameters = tuple(given[number.name] for number in self.optimizer.hyperparameters)
        self.pace = tuple(given[number.name] for number in self.schedule.hyperparameters)
        self.decay, self.l1, self.norm = (given.get(name) for name in ("weight_decay", "l1", "gradient_clip"))
        network.slope, network.output_slope = given.get("slope"), given.get("output_slope")
        self.base = np.broadcast_to(rounded(rates, structure.dtype), len(network.weights))
        self.rates = self.base
        learnt = (network.weights, network.biases)
        self.slots = [[[np.zeros_like(p) for _ in range(self.optimizer.slots)] for p in group] for group in learnt]
        self.clock = [np.ones((), structure.dtype)[()] for _ in range(self.optimizer.clock)]

    def carried(self) -> bytes:
        """Everything that one epoch leaves to the next, but for the learning rates."""
        slots = [slot for group in self.slots for slots in group for slot in slots]
        return b"".join(array.tobytes() for array in (self.network.flat(), *slots, *self.clock))

    def start(self, epoch: int, samples: int) -> list[int]:
        """Begin an epoch, counted from 0: set its rates, and return the order of its samples."""
        at = rounded(float(epoch), self.network.structure.dtype)[()]
        pairs = zip(self.base, self.rates, strict=True)
        rates = [self.schedule.rate(base, before, at, self.pace) if base else base for base, before in pairs]
        self.rates = np.array(rates)
        return permutation(self.seed, epoch, samples) if self.network.structure.shuffle else list(range(samples))

    def steady(self, epoch: int) -> bool:
        """Whether every later epoch is like this one, counted from 0."""
        return not self.network.structure.shuffle and epoch >= self.schedule.steady(self.pace)

    def update(self, weights: list[Array], biases: list[Array]) -> tuple[list[Array], list[Array]]:
        """Change the network by the gradients of a batch; return them, clipped if so asked."""
        network = self.network
        learnt = network.structure.bias == "true"
        if self.norm is not None:
            weights, biases = clipped(weights, biases if learnt else [], self.norm)
        if self.optimizer.tick:
            self.optimizer.tick(self.clock, self.hyperparameters)
        network.weights = self._descend(network.weights, weights, self.slots[0], True)
        if learnt:
            network.biases = self._descend(network.biases, biases, self.slots[1], network.structure.decay_biases)
        return weights, biases

    def _descend(
        self, parameters: list[Array], gradients: list[Array], slots: list[Any], penalized: bool
    ) -> list[Array]:
        """W - lr*gradient in the simplest case: the gradient is rounded first, then multiplied, then subtracted."""
        changed, decay, l1 = [], self.decay if penalized else None, self.l1 if penalized else None
        for layer, (p, g, lr, kept) in enumerate(zip(parameters, gradients, self.rates, slots, strict=True)):
            before = p
            if decay is not None and not self.optimizer.decoupled:
                g = decay * p + g
            if l1 is not None:
                g = l1 * sign(p) + g
            if decay is not None and self.optimizer.decoupled:
                p = p * (1.0 - lr * decay)
            after = self.optimizer.change(p, g, lr, kept, self.clock, self.hyperparameters)
            changed.append(after if self.base[layer] else before)  # a layer whose rate is 0 is frozen
        return changed


def epochs(
    training: Training, data: Samples, first: int = 1, keep: int | None = None
) -> Iterator[Update | EpochMetrics]:
    """Train for ever, changing the network: every `Update` as it happens and, after each epoch, its `EpochMetrics`.

    first: the number of the next epoch, for a run that has settled (see `Training.steady`): the epochs before it are
    not trained, as they change nothing. keep: how many samples of a batch its `Update` has, all if not given.
    """
    network, structure = training.network, training.network.structure
    inputs, targets = (rounded(values, structure.dtype) for values in (data.inputs, data.targets))
    epoch = first - 1
    number = epoch * -(-len(inputs) // structure.batch_size)
    while True:
        order = training.start(epoch, len(inputs))
        epoch += 1
        costs: list[Any] = []
        for start in range(0, len(inputs), structure.batch_size):
            places = order[start : start + structure.batch_size]
            batch: list[Sample] = []
            samples = (sample_gradient(network, epoch, s, inputs[s], targets[s]) for s in places)
            divisor = len(places) if structure.reduction == "mean" else 1
            gradient = batch_gradient(_noted(samples, costs, batch, keep), divisor)
            before = network.weights, network.biases
            layers = len(network.weights)
            dw, db = training.update(gradient[:layers], gradient[layers:])
            number += 1
            slots = [[list(kept) for kept in group] for group in training.slots]
            after = network.weights, network.biases
            yield Update(epoch, number, places, batch, dw, db, training.rates, slots, before, after)
        yield EpochMetrics.of(epoch, costs)


def _noted(samples: Iterable[Sample], costs: list[Any], batch: list[Sample], keep: int | None) -> Iterator[Sample]:
    """The samples, each one's cost noted, and the first ones kept."""
    for sample in samples:
        costs.append(sample.cost)
        if keep is None or len(batch) < keep:
            batch.append(sample)
        yield sample


def trajectory(
    training: Training,
    data: Samples,
    recorded: Sequence[int],
    max_loss: float = np.inf,
    watched: Progress | None = None,
) -> Trajectory:
    """Train one network and keep what the table keeps, by the plain loop: no epoch is left out.

    watched: what is watched of it, nothing yet.
    """
    kept, network, over = Trajectory(), training.network, (Status.DIVERGED, Status.STOPPED)
    before = training.carried()
    row = Row(weights=network.flat())
    bound = rounded(max_loss, network.structure.dtype)
    if 0 in recorded:
        kept.rows[0] = row
    with np.errstate(all="ignore"):
        for metrics in islice(epoch_metrics(training, data), max(recorded)):
            after = training.carried()
            unchanged = training.steady(metrics.epoch - 1) and after == before
            if row.status not in over:
                after_it = next_row(row, metrics, unchanged, network.flat(), bound)
                if after_it.status != Status.DIVERGED:
                    kept.metrics.append(metrics)
                if watched is None:
                    row = after_it
                elif row.status != Status.SETTLED:  # a run that has settled has ended
                    row = _noted_in(after_it, watched, metrics, network)
            if metrics.epoch in recorded:
                kept.rows[metrics.epoch] = row
            before = after
    return kept


def _noted_in(row: Row, watched: Progress, metrics: EpochMetrics, network: Network) -> Row:
    """The row of a run after an epoch, with what is watched of it."""
    if row.status == Status.DIVERGED:
        return replace(row, reached=dict(watched.reached))
    stopped = watched.after(metrics.epoch, metrics.values, network)
    status, settled = (Status.STOPPED, None) if stopped else (row.status, row.settled_epoch)
    return replace(
        row,
        status=status,
        settled_epoch=settled,
        stopped_epoch=metrics.epoch if stopped else None,
        best_epoch=watched.best_epoch,
        best=watched.best,
        weights=watched.weights if watched.monitoring.keep and watched.weights is not None else row.weights,
        reached=dict(watched.reached),
    )


def epoch_metrics(training: Training, data: Samples) -> Iterator[EpochMetrics]:
    """Train for ever, changing the network: the metrics of each epoch."""
    return (event for event in epochs(training, data) if isinstance(event, EpochMetrics))


def next_row(row: Row, metrics: EpochMetrics, unchanged: bool, after: Array, max_loss: Any) -> Row:
    """The row after one more epoch of a run that has not diverged."""
    first_loss = metrics.mean if metrics.epoch == 1 else row.first_loss
    last_finite_loss = metrics.mean if np.isfinite(metrics.mean) else row.last_finite_loss
    if not (np.isfinite(after).all() and np.isfinite(metrics.mean) and metrics.values["loss_max"] <= max_loss):
        first_loss = None if metrics.epoch == 1 else first_loss
        return Row(Status.DIVERGED, None, metrics.epoch, None, first_loss, last_finite_loss)
    if row.status == Status.SETTLED or unchanged:
        settled = row.settled_epoch or metrics.epoch
        return Row(Status.SETTLED, settled, None, metrics, first_loss, last_finite_loss, after)
    return Row(Status.RAN, None, None, metrics, first_loss, last_finite_loss, after)
