"""A trained network that predicts: what its inputs are called, how they are scaled, and what its outputs say."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from harness.errors import HarnessError
from harness.experiment.errors import count, either, none_of
from harness.experiment.measured import Part
from harness.experiment.model import Experiment
from harness.formulas.functions import exp, sigmoid
from harness.network.answers import classes, said
from harness.network.parts import DataForm, network_data
from harness.network.runs import rounded
from harness.reference.network import Network, forward

Floats = NDArray[np.floating]
LINKS = {"cross_entropy": "softmax", "bce": "sigmoid"}
"""What makes probabilities of the outputs of networks that were trained by a loss."""
AT_ONCE = 4096
"""Samples that go through a network together: all that it computes of them is in memory."""


class TrainedNetwork:
    """The network of a row, its data's gaps and scales built in.

    columns, targets: what its inputs and targets are called; none where nobody named them. classes: (C,) the labels
    that `predict` chooses from, numbers if they are whole ones; None if the targets are no classes. link: `softmax` or
    `sigmoid` if outputs are logits, else `none`. middle: above it, a single output says the second class. fill: (I,)
    what stands for missing inputs, NaN if none may be missing. inputs, outputs: how their columns are scaled.
    """

    def __init__(self, network: Network, experiment: Experiment, chosen: DataForm) -> None:
        self.network = network
        made = network.structure
        parts = network_data(experiment, made, chosen)
        self.columns, self.targets = experiment.columns[: made.layers[0]], experiment.columns[made.layers[0] :]
        self.fill, self.inputs, self.outputs = parts.fill, parts.inputs, parts.targets
        self.middle = parts.of[Part.TRAIN].middle
        self.link = LINKS.get(made.loss, "none")
        self.classes = classes(experiment.data, made, self.targets)

    @property
    def layers(self) -> tuple[int, ...]:
        """Units of each layer, inputs first."""
        return self.network.structure.layers

    @property
    def weights(self) -> dict[str, Floats]:
        """Its weights by layer: w1, w2, .. (O, I) and b1, b2, .. (O,) if there are biases."""
        layout = self.network.layout
        pairs = [*zip(layout.weights, self.network.weights, strict=True)]
        pairs += zip(layout.biases, self.network.biases, strict=True)
        return {tensor.parameter.name: array for tensor, array in pairs}

    def decision(self, x: ArrayLike | pd.DataFrame) -> Floats:
        """Its raw outputs (S, O) in the run's dtype, from inputs as for `predict`; logits are not probabilities yet.

        Equal, bit for bit, to what the engine computes in `exact` arithmetic.
        """
        given = _numbers(x, self.columns, self.layers[0])
        scaled = self.inputs(np.where(np.isnan(given), self.fill, given))
        if len(wrong := np.argwhere(~np.isfinite(scaled))):
            row, at = wrong[0].tolist()
            column = f"'{self.columns[at]}'" if self.columns else str(at + 1)
            why = "is not a finite number, and nothing was missing in the data that this network was trained on"
            raise HarnessError(f"row {row + 1}, column {column} {why}")
        taken = rounded(scaled, self.network.structure.dtype)
        with np.errstate(all="ignore"):
            parts = [forward(self.network, some)[1][-1] for some in np.array_split(taken, 1 + len(taken) // AT_ONCE)]
        found: Floats = np.concatenate(parts)
        return found

    def answers(self, x: ArrayLike | pd.DataFrame) -> Floats:
        """What its outputs mean, from inputs as for `predict`: probabilities of classes, (S, C); where it has none,
        its outputs (S, O) in the targets' own units, those of `bce` from 0 to 1.
        """
        y = self.decision(x)
        found: Floats = self.outputs.back(y)
        with np.errstate(all="ignore"):
            if self.link == "softmax":
                odds = exp(y - y.max(axis=1, keepdims=True))
                found = odds / reduce(np.add, odds.T)[:, None]
            elif self.link == "sigmoid":
                found = sigmoid(np.hstack([-y, y]) if self.single else y)
        return found

    @property
    def single(self) -> bool:
        """Whether a single output tells two classes apart."""
        return self.classes is not None and self.layers[-1] == 1

    def predict(self, x: ArrayLike | pd.DataFrame) -> NDArray[Any]:
        """Labels of classes, or numbers in the target's own unit, (S,); of several targets (S, T).

        x: (S, I), or a DataFrame, whose columns are found by their names; NaN where an input is missing. Raises
        `HarnessError` for columns that are not there, text, and gaps where the training data had none.
        """
        if self.classes is None:
            numbers = self.answers(x)
            return numbers[:, 0] if numbers.shape[1] == 1 else numbers
        labels: NDArray[Any] = self.classes[self.class_numbers(x)]
        return labels

    def class_numbers(self, x: ArrayLike | pd.DataFrame) -> NDArray[np.intp]:
        """Which of `classes` it says of each sample, (S,), from inputs as for `predict`."""
        return said(self.decision(x), self.middle)

    def predict_proba(self, x: ArrayLike | pd.DataFrame) -> Floats:
        """The probability of each class, (S, C), in the order of `classes`, from inputs as for `predict`: the softmax
        of the outputs for `cross_entropy`; for `bce` the sigmoid, of several outputs each for itself.

        Raises `HarnessError` if it was trained by another loss, or not to tell classes.
        """
        if self.classes is None or self.link == "none":
            what = "numbers" if self.classes is None else self.network.structure.loss
            raise HarnessError(
                f"a network trained on {what} has no probabilities; expected classes and {either(LINKS)}"
            )
        return self.answers(x)

    def table(self, x: ArrayLike | pd.DataFrame) -> pd.DataFrame:
        """Its predictions and, if it has them, the probabilities of the classes: (S, ..) columns of a CSV file.

        x: inputs as for `predict`.
        """
        found = self.predict(x)
        if found.ndim > 1:
            names = self.targets or [str(number) for number in range(1, found.shape[1] + 1)]
            return pd.DataFrame(found, columns=[f"prediction_{name}" for name in names])
        table = pd.DataFrame({"prediction": found})
        if self.classes is not None and self.link != "none":
            probabilities = self.answers(x).T
            table = table.assign(**{f"probability_{c}": p for c, p in zip(self.classes, probabilities, strict=True)})
        return table

    def __repr__(self) -> str:
        what = "numbers" if self.classes is None else f"one of {either(map(str, self.classes))}"
        return f"<a {'-'.join(map(str, self.layers))} network that predicts {what}>"


def _numbers(given: Any, names: tuple[str, ...], inputs: int) -> NDArray[np.float64]:
    """(S, I) what is given, by the names of its columns if it and the network have names. Raises `HarnessError`."""
    if hasattr(given, "columns"):
        there = list(given.columns)
        names = names or tuple(there)
        if absent := [name for name in names if name not in there]:
            near = none_of(absent[0], list(map(str, there)))
            more = f"; nor {either(absent[1:])}" if absent[1:] else ""
            raise HarnessError(f"no column {absent[0]!r}{near}{more}")
        if twice := [name for name in names if there.count(name) > 1]:
            raise HarnessError(f"column {twice[0]!r} stands twice in the DataFrame")
        given = {name: given[name] for name in names}
    try:
        x = pd.DataFrame(given).to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise HarnessError(f"expected numbers, {inputs} in a row: {error}") from None
    if x.shape[1] != inputs:
        raise HarnessError(f"expected {count(inputs, 'number')} in a row, found {x.shape[1]}")
    return x
