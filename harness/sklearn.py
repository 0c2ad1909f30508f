"""Estimators of scikit-learn: `fit` sweeps a grid on folds of the rows, and trains the best setting on all of them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import HarnessError, HarnessWarning
from harness.experiment import load, source
from harness.experiment.data import DataTable
from harness.experiment.grid import EPOCHS
from harness.experiment.initialisations import Initialisation
from harness.experiment.model import REPEATING, label
from harness.sweeps import run
from harness.views.explain.configuration import Configuration, of_row
from harness.views.results import Results
from harness.views.trained.network import TrainedNetwork

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ModuleNotFoundError as missing:
    needed = "harness.sklearn needs scikit-learn: pip install backprop-harness[sklearn]"
    raise ModuleNotFoundError(needed, name=missing.name) from None

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SweepClassifier", "SweepRegressor"]

PARAMETERS: Mapping[str, Any] = {
    "layers": [["auto", 16, "auto"]],
    "activation": "tanh",
    "optimizer": "adam",
    "batch_size": 16,
    "shuffle": True,
    "learning_rate": [0.001, 0.003, 0.01, 0.03],
    "epochs": [10, 30, 100],
    "weight_decay": [0, 0.001, 0.01, 0.1],
    "init": "xavier_uniform",
}
"""The grid of both estimators, as far as nothing else is given."""


class SweepEstimator(BaseEstimator):
    """What both estimators share. grid: of its own, beside `PARAMETERS`. metric: of the folds, which chooses."""

    grid: ClassVar[Mapping[str, Any]]
    metric: ClassVar[str]
    network_: TrainedNetwork

    def __init__(
        self,
        parameters: Mapping[str, Any] | None = None,
        *,
        folds: int = 5,
        repeats: int = 1,
        seed: int = 0,
        threads: int | None = None,
    ) -> None:
        self.parameters = parameters
        self.folds = folds
        self.repeats = repeats
        self.seed = seed
        self.threads = threads

    def _choose(
        self, inputs: NDArray[np.float64], targets: NDArray[Any], folds: int, classes: tuple[str, ...] = ()
    ) -> None:
        """Sweep, choose and train again. targets: (S,) or (S, T), the numbers of `classes` if there are any."""
        numbers = np.column_stack([inputs, targets]).astype(np.float64)
        names = list(getattr(self, "feature_names_in_", []))
        names += [f"y{at}" for at in range(1, numbers.shape[1] - len(names) + 1)] if names else []
        table = DataTable(numbers, inputs.shape[1], "rows", tuple(names), classes)
        asked: dict[str, Any] = {
            "name": type(self).__name__,
            "seed": self.seed,
            "data": {"split": {"folds": folds, "seed": self.seed}},
            "parameters": {**PARAMETERS, **self.grid, **(self.parameters or {})},
            "repeats": self.repeats,
            "record": {"weights": False, "metrics": [self.metric]},
        }
        swept = load(asked, kept=table)
        results = Results("the sweep", run.in_memory(swept, self.threads))
        self.cv_results_: pd.DataFrame = results.best(top=results.rows)
        best = self.cv_results_.iloc[0]
        self.best_score_ = float(best["median"])
        if np.isnan(self.best_score_):
            raise HarnessError("parameters: every setting diverged; expected lower learning rates")
        chosen = _settings(of_row(results, int(best["config"]), swept))
        self.best_params_ = {name: source.fragment(text) for name, text in chosen.items()}
        again = load(asked | {"data": {}, "repeats": 1, "record": {}}, settings=chosen, kept=table)
        self.network_ = of_row(Results("the network", run.in_memory(again, self.threads)), 0, again).trained()

    def _checked(self, x: Any) -> NDArray[np.float64]:
        """(S, I) inputs like those of `fit`. Raises `NotFittedError` before it, and ValueError for other inputs."""
        check_is_fitted(self)
        checked: NDArray[np.float64] = validate_data(self, x, dtype=np.float64, reset=False)
        return checked


def _settings(row: Configuration) -> dict[str, str]:
    """What a row was trained with, as YAML, so that it can be trained again on more rows of the data."""
    settings = {name: value for name, value in row.values.items() if name not in REPEATING} | {EPOCHS: row.epochs}
    if settings.get("batch_size") == row.experiment.data.trained:
        settings["batch_size"] = "full"
    return {
        name: value.written if isinstance(value, Initialisation) else label(value) for name, value in settings.items()
    }


class SweepClassifier(ClassifierMixin, SweepEstimator):
    """The network that tells classes apart best on rows kept aside, of a grid of settings.

    parameters: what to sweep, as in an experiment's `parameters`, every key of network, training and standardize among
    them; laid over those of `harness.sklearn.PARAMETERS`, `loss: cross_entropy` and `standardize: inputs`. folds: parts
    of the rows, each the validation part of a run in turn, and all with their share of every class. repeats: draws of
    the initial weights. seed: of these, the folds and the shuffling. threads: all processors if None.

    After `fit`: `best_params_`, a mapping of each parameter to its value in the best setting, that of the greatest
    median accuracy over folds and repeats; `best_score_`, that median; `cv_results_`, all settings as
    `harness.views.results.Results.best` ranks them; `network_`, the `TrainedNetwork` of the best setting, trained on
    all rows; `classes_` (C,), `n_features_in_` and, of a DataFrame, `feature_names_in_` (I,).
    """

    grid: ClassVar = {"loss": "cross_entropy", "standardize": "inputs"}
    metric = "accuracy"

    def fit(self, X: ArrayLike | pd.DataFrame, y: ArrayLike) -> SweepClassifier:  # noqa: N803
        """Choose the best setting on folds, and train it on all rows. X: (S, I) numbers. y: (S,) labels.

        A class of fewer rows than folds makes these fewer, with a `HarnessWarning`. Raises `ExperimentError` for bad
        parameters, and ValueError, such as `HarnessError`, for data that cannot be learnt from.
        """
        x, labels = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(labels)
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise HarnessError(f"y: expected at least 2 classes, found one class, {self.classes_[0]}")
        self._choose(x, numbers, self._folds(np.bincount(numbers)), tuple(map(str, self.classes_.tolist())))
        return self

    def predict(self, X: ArrayLike | pd.DataFrame) -> NDArray[Any]:  # noqa: N803
        """Labels (S,), of inputs (S, I).

        Raises `NotFittedError`, and ValueError for other inputs than those of `fit`.
        """
        x = self._checked(X)
        labels: NDArray[Any] = self.classes_[self.network_.class_numbers(x)]
        return labels

    def predict_proba(self, X: ArrayLike | pd.DataFrame) -> NDArray[np.floating]:  # noqa: N803
        """The probability of each class, (S, C), in the order of `classes_`; those of a row sum to 1.

        X: (S, I). Raises as `predict` does, and `HarnessError` if the loss has none: not `cross_entropy`, not `bce`.
        """
        x = self._checked(X)
        found = self.network_.predict_proba(x)
        apart = self.network_.link == "sigmoid" and not self.network_.single
        return found / found.sum(axis=1, keepdims=True) if apart else found

    def _folds(self, rows: NDArray[np.intp]) -> int:
        """As many folds as are asked for, or as the rarest class has rows. rows: (C,) of each class."""
        rarest = int(rows.argmin())
        fewest, name = int(rows[rarest]), self.classes_[rarest]
        if fewest < 2:
            raise HarnessError(f"y: class {name} has one row; expected two at least, to learn from and to choose by")
        if fewest < self.folds:
            told = f"y: class {name} has {fewest} rows, so that there are {fewest} folds and not {self.folds}"
            warnings.warn(HarnessWarning(told), stacklevel=3)
        return min(fewest, self.folds)


class SweepRegressor(RegressorMixin, SweepEstimator):
    """The network that predicts numbers best on rows kept aside, of a grid of settings.

    parameters: what to sweep, as in an experiment's `parameters`, every key of network, training and standardize among
    them; laid over those of `harness.sklearn.PARAMETERS`, `loss: mse` and `standardize: both`. folds: parts of the
    rows, each the validation part of a run in turn. repeats: draws of the initial weights. seed: of these, the folds
    and the shuffling. threads: all processors if None.

    After `fit`: `best_params_`, a mapping of each parameter to its value in the best setting, that of the greatest
    median R2 over folds and repeats; `best_score_`, that median; `cv_results_`, all settings as
    `harness.views.results.Results.best` ranks them; `network_`, the `TrainedNetwork` of the best setting, trained on
    all rows; `n_features_in_` and, of a DataFrame, `feature_names_in_` (I,).
    """

    grid: ClassVar = {"loss": "mse", "standardize": "both"}
    metric = "r2"

    def fit(self, X: ArrayLike | pd.DataFrame, y: ArrayLike) -> SweepRegressor:  # noqa: N803
        """Choose the best setting on folds, and train it on all rows. X: (S, I) numbers. y: (S,), or (S, T) targets.

        Raises `ExperimentError` for bad parameters, and ValueError, such as `HarnessError`, for data that cannot be
        learnt from.
        """
        x, targets = validate_data(
            self, X, y, dtype=np.float64, multi_output=True, y_numeric=True, ensure_min_samples=2
        )
        if (targets == targets[0]).all():
            raise HarnessError(f"y: expected targets that differ, found {targets[0]} in each of {len(targets)} rows")
        self._choose(x, targets, self.folds)
        return self

    def predict(self, X: ArrayLike | pd.DataFrame) -> NDArray[Any]:  # noqa: N803
        """Numbers (S,), or (S, T), in the targets' own units, of inputs (S, I).

        Raises `NotFittedError`, and ValueError for other inputs than those of `fit`.
        """
        x = self._checked(X)
        return self.network_.predict(x)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
