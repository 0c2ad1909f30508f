"""One configuration to look at: of an experiment as set, or of a row of its results."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness import reference
from harness.errors import HarnessError
from harness.experiment import shipped
from harness.experiment.grid import EPOCHS, IDLE, REPEAT, Grid
from harness.experiment.measured import Monitoring
from harness.experiment.model import Experiment, Value, label
from harness.experiment.resolve import override
from harness.network.layout import Layout
from harness.network.parts import choice, network_data
from harness.network.structure import structure
from harness.store import arrays
from harness.store.contents import Contents, StoreError
from harness.store.files import FINGERPRINT
from harness.store.kept import as_it_was
from harness.store.places import S3
from harness.views.explain.epochs import AskedEpochs, resolved
from harness.views.explain.final import Final
from harness.views.explain.names import names_of
from harness.views.results import Results
from harness.views.rows import row_weights
from harness.views.trained.network import TrainedNetwork

if TYPE_CHECKING:
    from harness.experiment.model import Samples
    from harness.network.structure import Structure
    from harness.types import ExperimentLike

MOST_STEPS, MOST_WEIGHTS = 100, 100_000
"""The most steps (samples times epochs), and steps times weights, that a picture shows if nobody asks for more."""
FIRST_FEW = 3
"""Epochs of a row that text shows besides its last if nobody asks for others."""


@dataclass(frozen=True)
class Configuration:
    """values: of every swept parameter. repeat: which draw of the initialisation. epochs: the most that are trained.

    number: of the row, if it is one, and final: how it ended.
    """

    experiment: Experiment
    values: Mapping[str, Value]
    epochs: int
    repeat: int = 0
    number: int | None = None
    final: Final | None = None

    def training(self) -> reference.Training:
        """Its run, before the first epoch."""
        values = self.experiment.used(self.values)
        made, seed = structure(self.experiment, self.values), self.experiment.seed
        rates = [
            float(values[own if (own := f"learning_rate_{layer}") in values else "learning_rate"])
            for layer in range(1, len(made.layers))
        ]
        numbers = [values[key] for key in made.hyperparameters]
        network = reference.initial_network(made, values["init"], seed, self.repeat)
        return reference.Training(network, rates, numbers, seed)

    def data(self) -> Samples:
        """The samples, as its network takes them."""
        made = structure(self.experiment, self.values)
        return network_data(self.experiment, made, choice(self.values, self.experiment)).train

    def trained(self) -> TrainedNetwork:
        """The network that a row ended with, to predict with. Raises `HarnessError` if there is none."""
        assert self.final is not None
        if self.final.network is None:
            why = f"diverged in epoch {self.final.epoch:,}" if self.final.diverged else "has no weights in the table"
            other = "another row" if self.final.diverged else "record: {weights: true}"
            raise HarnessError(f"config {self.number}: this run {why}, so it left no network; expected {other}")
        began = self.training().network
        network = replace(self.final.network, slope=began.slope, output_slope=began.output_slope)
        return TrainedNetwork(network, self.experiment, choice(self.values, self.experiment))

    def columns(self) -> dict[str, str]:
        """Inputs and targets by our names, and what the data's file calls them; none where it has no names, or ours."""
        data, theirs = self.data(), list(self.experiment.columns)
        inputs, targets = data.inputs.shape[1], data.targets.shape[1]
        ours = [names_of(0, at + 1, 1)["name"] for at in range(inputs)]
        ours += [names_of(1, at + 1, 1)["target"] for at in range(targets)]
        named = list(zip(ours, theirs, strict=True)) if len(theirs) == len(ours) else []
        groups = named[:inputs], named[inputs:]
        return {our: their for group in groups if any(our != their for our, their in group) for our, their in group}

    @property
    def last(self) -> int:
        """The last epoch that is trained: of a row that diverged the one in which it did."""
        return self.epochs if self.final is None else self.final.epoch

    def drawn_epochs(self) -> int:
        """As many as are trained, and at least one, but no more than `MOST_STEPS` and `MOST_WEIGHTS` allow."""
        weights = Layout(structure(self.experiment, self.values)).count
        return max(1, min(self.epochs, min(MOST_STEPS, MOST_WEIGHTS // weights) // self.experiment.data.trained))

    def shown_epochs(self, asked: AskedEpochs | None, drawn: bool) -> Sequence[int]:
        """The epochs that are asked for; if none are, the first, and of a row also its last.

        drawn: for a picture, which shows more of the first ones than text. Raises `HarnessError` for epochs that a row
        does not have.
        """
        row = self.number is not None
        if asked is not None:
            return resolved(asked, self.last, f"config {self.number}" if row else None)
        if not row:
            return range(1, (self.drawn_epochs() if drawn else 1) + 1)
        first = min(self.drawn_epochs() if drawn else FIRST_FEW, self.last)
        return sorted({*range(1, first + 1), self.last})

    def labels(self) -> dict[str, str]:
        """What it is called: its parameters' values; of a row also its number, its repeat and its epochs."""
        values = {key: label(value) for key, value in self.values.items()}
        if self.number is None:
            return values
        init: Any = self.values["init"]
        repeat = {REPEAT: str(self.repeat)} if init.random else {}
        return {"config": str(self.number), **values, **repeat, EPOCHS: str(self.epochs)}


def chosen(origin: ExperimentLike, settings: Mapping[str, str], number: int | None = None) -> Configuration:
    """The configuration with these settings of an experiment, or the row with this number of a results folder.

    Raises `ExperimentError`, `StoreError`, and `HarnessError` for what cannot be asked together.
    """
    name = "experiment" if isinstance(origin, Mapping) else os.fspath(origin)
    if number is None:
        if not isinstance(origin, Mapping) and (os.path.isdir(name) or S3.match(name)):
            raise HarnessError(f"{name}: this is a folder; expected --config N, the number of one of its rows")
        return of_file(origin, settings)
    if isinstance(origin, Mapping) or os.path.isfile(name):
        raise HarnessError(f"{name}: config {number}: an experiment has no rows; expected a results folder")
    if settings:
        raise HarnessError(f"{name}: --set {next(iter(settings))}: a row is as it was trained; expected --config alone")
    return of_row(Results(name), number)


def of_file(origin: ExperimentLike, settings: Mapping[str, str]) -> Configuration:
    """The configuration of an experiment with these settings, as YAML, and the first value of every other axis.

    Its epochs, if not set, are the most of any. Raises `ExperimentError`.
    """
    whole, chosen = override(origin, settings, row_weights)
    values = {key: dimension.values(key)[0] for dimension in chosen.grids[0].dimensions for key in dimension.keys}
    asked = values.pop(EPOCHS)
    return Configuration(chosen, values, int(asked) if EPOCHS in settings else _most_epochs(whole))


def _most_epochs(experiment: Experiment) -> int:
    dimensions = [d for grid in experiment.grids for d in grid.dimensions if EPOCHS in d.keys]
    return max(MOST_STEPS if d.lazy else max(map(int, d.values(EPOCHS))) for d in dimensions)


def of_row(results: Results, number: int, experiment: Experiment | None = None) -> Configuration:
    """The configuration of a row of a results folder. experiment: whose results they are, if it is at hand.

    Raises `HarnessError` if there is no such row, or if the data that its experiment names are not here.
    """
    return of_rows(results, [number], experiment)[0]


def of_rows(results: Results, numbers: Sequence[int], experiment: Experiment | None = None) -> list[Configuration]:
    """The configurations of rows of a results folder, whose experiment is read once. Raises as `of_row` does."""
    experiment = experiment or _experiment(results)
    grid = Grid(experiment)
    return [_of_row(results, number, experiment, grid) for number in numbers]


def _of_row(results: Results, number: int, experiment: Experiment, grid: Grid) -> Configuration:
    row = results.row(number)
    ((run, epochs),) = row[["run", EPOCHS]].itertuples(index=False)
    if not 0 <= run < grid.runs or epochs < 0:
        raise StoreError(
            f"{results.folder}: config {number}: expected a run from 0 to {grid.runs - 1:,}, found {run:,} of "
            f"{epochs:,} epochs; these rows are not of that experiment"
        )
    ids = grid.select(run, run + 1).ids
    used = [key for key in (*grid.keys, REPEAT) if key != EPOCHS and ids[key][0] != IDLE]
    values = {key: grid.values[key][ids[key][0]] for key in used}
    repeat = int(values.pop(REPEAT))
    given = {key: value for key, value in values.items() if value is not None}
    final = _final(row, structure(experiment, given), experiment.monitoring)
    return Configuration(experiment, given, epochs, repeat, number, final)


def _final(row: pd.DataFrame, made: Structure, monitoring: Monitoring | None) -> Final:
    """How a row of the table ended. Its last epoch is the one after which the run had the weights of the row."""
    (about,) = row.to_dict("records")
    last = ["stopped_epoch", *(["best_epoch"] if monitoring and monitoring.keep else [])]
    for name in ("settled_epoch", "diverged_epoch", *last):
        if not pd.isna(about.get(name)) and not 0 < about[name] <= about[EPOCHS]:
            raise StoreError(f"column {name}: expected one of the {about[EPOCHS]:,} epochs, found {about[name]:,}")
    if not pd.isna(about["diverged_epoch"]):
        return Final(int(about["diverged_epoch"]), None, diverged=True)
    settled = None if pd.isna(about["settled_epoch"]) else int(about["settled_epoch"])
    parts = arrays.weights(row.dropna(axis=1, how="all"), made.layers)
    layout = Layout(made)
    weights, biases = (
        [parts[tensor.parameter.name][0].astype(made.dtype) for tensor in some if parts]
        for some in (layout.weights, layout.biases)
    )
    network = reference.Network(made, weights, biases) if weights else None
    ended = next((about[name] for name in reversed(last) if not pd.isna(about.get(name))), about[EPOCHS])
    return Final(int(ended), network, settled)


def _experiment(results: Results) -> Experiment:
    """The experiment of a results folder, with its data.

    A data file that was not kept there is looked for from here on, and then among those that come with the package.
    """
    fingerprint = str(results.runs.schema.metadata[FINGERPRINT], "ascii")
    labels = (results.name, str(shipped.folder() / results.name))
    return as_it_was(Contents(results.place), results.source, fingerprint, labels)
