"""Estimators of scikit-learn: they keep its contract, and choose what the same experiment in YAML chooses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import harness
from harness.errors import HarnessError, HarnessWarning
from harness.experiment import ExperimentError
from harness.experiment.data import shelf
from tests.support import ROOT

pytest.importorskip("sklearn", reason="scikit-learn is not installed: pip install -e '.[oracle]'")

from sklearn.datasets import load_wine
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import check_estimator

from harness.sklearn import SweepClassifier, SweepRegressor

FIRST = {"layers": [["auto", 140, "auto"]], "learning_rate": 0.01, "epochs": 20, "weight_decay": 0}
SMALL = FIRST | {"learning_rate": [0.001, 0.01], "epochs": [5, 20]}
"""Networks of over 400 parameters, for all of which the one kernel for any network is compiled."""
SKIPPED = {"check_array_api_input"}
"""What scikit-learn does not check unless SCIPY_ARRAY_API is set."""


@pytest.fixture(scope="module")
def iris() -> pd.DataFrame:
    return pd.read_csv(shelf.path("iris"))


@pytest.mark.parametrize("kind", [SweepClassifier, SweepRegressor], ids=lambda kind: kind.__name__)
@pytest.mark.filterwarnings("ignore")  # of what scikit-learn tries on purpose
def test_the_contract_of_scikit_learn(kind: type[Any]) -> None:
    done = check_estimator(kind(FIRST, folds=2), on_skip=None)
    assert len(done) > 50
    assert {one["check_name"] for one in done if one["status"] != "passed"} == SKIPPED


def test_a_case_by_hand() -> None:
    """One weight from 0 and y = 2x, |x| = 1: a step of full batches leads to w = 4 lr, wherever the folds are cut.

    With as many of both signs in each fold, R2 there is 1 - (2 - w)^2 / 4.
    """
    x = np.array([1.0, 1, 1, 1, -1, -1, -1, -1])[:, None]
    one = {"layers": [[1, 1]], "activation": "identity", "bias": False, "init": "zeros", "optimizer": "sgd"}
    one |= {"batch_size": "full", "standardize": "none", "weight_decay": 0, "epochs": 1}
    fitted = SweepRegressor({**one, "learning_rate": [0.1, 0.5, 0.75]}, folds=2).fit(x, 2 * x[:, 0])
    found = fitted.cv_results_
    assert found["learning_rate"].tolist() == [0.5, 0.75, 0.1]
    np.testing.assert_allclose(found["median"], [1, 0.75, 0.36], rtol=1e-15)
    assert (found["n"] == 2).all()
    assert (fitted.best_score_, fitted.best_params_["learning_rate"]) == (1.0, 0.5)
    assert fitted.network_.weights["w1"].tolist() == [[2.0]]
    assert fitted.predict([[3.0]]).tolist() == [6.0]


@pytest.mark.parametrize("repeats", [1, 2])
def test_it_chooses_what_the_experiment_in_yaml_chooses(iris: pd.DataFrame, tmp_path: Path, repeats: int) -> None:
    iris.to_csv(tmp_path / "iris.csv", index=False)
    file = tmp_path / "iris.yaml"
    start = """\
name: iris
seed: 3
network: {layers: [auto, 140, auto], activation: tanh}
training: {loss: cross_entropy, optimizer: adam, batch_size: 16, shuffle: true, weight_decay: 0}
parameters: {learning_rate: [0.001, 0.01], epochs: [5, 20], init: xavier_uniform}
"""
    data = "file: iris.csv, targets: species, standardize: inputs"
    file.write_text(f"{start}repeats: {repeats}\ndata: {{{data}, split: {{folds: 5, seed: 3}}}}\n", "utf-8")
    expected = harness.open(harness.sweep(file, tmp_path)).best(top=99)
    inputs, labels = iris.drop(columns="species"), iris["species"]
    fitted = SweepClassifier(SMALL, repeats=repeats, seed=3).fit(inputs, labels)
    pd.testing.assert_frame_equal(fitted.cv_results_, expected, check_exact=True)
    best = expected.iloc[0]
    assert (fitted.best_score_, fitted.best_params_["epochs"]) == (best["median"], best["epochs"])

    file.write_text(f"{start}data: {{{data}}}\n", "utf-8")
    settings = {"name": "all", **{name: best[name] for name in ("learning_rate", "epochs")}}
    network = harness.open(harness.sweep(file, tmp_path, settings=settings)).network(0)
    for name, weights in network.weights.items():
        assert fitted.network_.weights[name].tobytes() == weights.tobytes()
    assert fitted.predict_proba(inputs).tobytes() == network.predict_proba(inputs).tobytes()
    assert (fitted.predict(inputs) == network.predict(inputs)).all()


def test_full_batches_and_weights_from_outside_stay_what_they_are() -> None:
    """On all rows a batch is more than it was on folds; weights are not in the labels of the table, only a hash."""
    x = np.random.default_rng(0).normal(size=(12, 2))
    y = x[:, 0] - x[:, 1] ** 2
    weights = [np.random.default_rng(1).normal(size=shape).tolist() for shape in ((140, 2), (1, 140))]
    asked = {**FIRST, "layers": [[2, 140, 1]], "batch_size": "full", "init": {"values": {"weights": weights}}}
    fitted = SweepRegressor(asked, folds=3).fit(x, y)
    assert (fitted.best_params_["batch_size"], fitted.best_params_["layers"]) == ("full", [2, 140, 1])
    own = {"optimizer": "adam", "activation": "tanh", "standardize": "both", "shuffle": True}
    made = {"name": "x", "data": (x, y), "network": {"layers": [2, 140, 1]}, "parameters": {**asked, **own}}
    expected = harness.weights(harness.train(made))
    assert {name: array[0].tobytes() for name, array in expected.items()} == {
        name: array.tobytes() for name, array in fitted.network_.weights.items()
    }


def test_wine_without_a_word() -> None:
    inputs, labels = load_wine(return_X_y=True, as_frame=True)
    train, test, train_labels, test_labels = train_test_split(inputs, labels, random_state=0, stratify=labels)
    fitted = SweepClassifier().fit(train, train_labels)
    assert fitted.score(test, test_labels) > 0.95
    assert len(fitted.cv_results_) == 4 * 3 * 4


def test_names_of_columns_and_classes_are_kept(iris: pd.DataFrame) -> None:
    inputs, labels = iris.drop(columns="species"), iris["species"]
    fitted = SweepClassifier(SMALL, folds=2).fit(inputs, labels)
    assert fitted.classes_.tolist() == fitted.network_.classes.tolist() == sorted(set(labels))
    assert fitted.feature_names_in_.tolist() == list(fitted.network_.columns) == list(inputs)
    assert fitted.n_features_in_ == 4
    assert fitted.score(inputs, labels) == accuracy_score(labels, fitted.predict(inputs))
    likely = fitted.predict_proba(inputs)[np.arange(150), np.searchsorted(fitted.classes_, labels)]
    assert likely.mean() > 0.8
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(inputs[list(inputs)[::-1]])


def test_a_pipeline_and_its_scores(iris: pd.DataFrame) -> None:
    inputs, labels = iris.drop(columns="species").to_numpy(), iris["species"]
    made = make_pipeline(MinMaxScaler(), SweepClassifier(SMALL, folds=3))
    assert cross_val_score(made, inputs, labels, cv=2, error_score="raise").mean() > 0.9
    width, length = inputs[:, 3], inputs[:, 2]
    fitted = SweepRegressor(SMALL).fit(inputs[:, :3], width)
    assert fitted.score(inputs[:, :3], width) == r2_score(width, fitted.predict(inputs[:, :3])) > 0.9
    both = SweepRegressor(SMALL).fit(inputs[:, :2], np.column_stack([length, width]))
    assert both.predict(inputs[:, :2]).shape == (150, 2)
    assert both.score(inputs[:, :2], np.column_stack([length, width])) > 0.8


@pytest.mark.parametrize("labels", [["no", "yes"], [1.0, 2.0], [False, True], [3, 7]], ids=str)
def test_labels_of_any_kind_come_back(iris: pd.DataFrame, labels: list[Any]) -> None:
    inputs = iris.drop(columns="species").to_numpy()
    y = np.array(labels)[(iris["species"] == "virginica").astype(int)]
    for loss, outputs in (("cross_entropy", 2), ("bce", 1), ("mse", 1)):
        fitted = SweepClassifier({**SMALL, "loss": loss}, folds=2).fit(inputs, y)
        assert fitted.network_.layers[-1] == outputs
        assert fitted.predict(inputs).dtype == y.dtype
        assert fitted.score(inputs, y) > 0.85


def test_probabilities_of_a_row_sum_to_1(iris: pd.DataFrame) -> None:
    inputs, labels = iris.drop(columns="species").to_numpy(), iris["species"]
    fitted = SweepClassifier({**SMALL, "loss": "bce"}, folds=2).fit(inputs, labels)
    apart, together = fitted.network_.predict_proba(inputs), fitted.predict_proba(inputs)
    assert np.abs(apart.sum(axis=1) - 1).max() > 0.01
    np.testing.assert_allclose(together.sum(axis=1), 1, rtol=1e-15)
    assert log_loss(labels, together) < 0.5
    with pytest.raises(HarnessError, match="a network trained on hinge has no probabilities"):
        SweepClassifier({**SMALL, "loss": "hinge"}, folds=2).fit(inputs, labels).predict_proba(inputs)


def test_data_of_any_size_are_taken() -> None:
    """A mapping with rows ends at 1 MiB of YAML."""
    random = np.random.default_rng(0)
    inputs = random.normal(size=(5000, 20))
    fitted = SweepRegressor({**FIRST, "epochs": 0}, folds=2).fit(inputs, inputs.sum(axis=1))
    np.testing.assert_allclose(fitted.network_.inputs.mean, inputs.mean(axis=0), rtol=1e-9, atol=1e-12)


X = np.arange(24.0).reshape(12, 2) % 7
REFUSED = [
    (SweepClassifier(), ["a"] * 12, "y: expected at least 2 classes, found one class, a"),
    (SweepClassifier(), ["a"] * 11 + ["b"], "y: class b has one row; expected two at least, to learn from"),
    (SweepRegressor(), [4.5] * 12, "y: expected targets that differ, found 4.5 in each of 12 rows"),
    (SweepRegressor(folds=13), range(12), r"data.split.folds: expected at most as many folds as rows, 12, found 13"),
    (SweepRegressor(folds=1), range(12), r"data.split.folds: expected a whole number of at least 2, found 1"),
    (SweepRegressor({"epoch": 3}), range(12), r"parameters.epoch: unknown .*epochs"),
    (SweepRegressor({"loss": "cross_entropy"}), range(12), "parameters.standardize: expected none or inputs"),
    (SweepClassifier({"standardize": "both"}), ["a", "b"] * 6, "standardize: expected none or inputs"),
    (
        SweepRegressor({"learning_rate": 1e300, "epochs": 30, "optimizer": "sgd"}, folds=2),
        range(12),
        "parameters: every setting diverged; expected lower learning rates",
    ),
]


@pytest.mark.parametrize(("estimator", "y", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_cannot_be_fitted_is_told(estimator: Any, y: Any, message: str) -> None:
    with pytest.raises(HarnessError, match=message) as caught:
        estimator.fit(X, list(y))
    assert isinstance(caught.value, ValueError)
    assert len(caught.value.lines) == 1


def test_all_mistakes_in_parameters_are_told_at_once() -> None:
    with pytest.raises(ExperimentError) as caught:
        SweepRegressor({"epochs": -1, "init": "onse"}, folds=2).fit(X, range(12))
    assert len(caught.value.lines) == 2


def test_a_rare_class_makes_fewer_folds() -> None:
    with pytest.warns(HarnessWarning, match="y: class b has 3 rows, so that there are 3 folds and not 5"):
        fitted = SweepClassifier(FIRST).fit(X, ["a"] * 9 + ["b"] * 3)
    assert fitted.cv_results_["n"].tolist() == [3]


def test_what_is_not_fitted_says_so() -> None:
    for estimator in (SweepClassifier(), SweepRegressor()):
        with pytest.raises(NotFittedError):
            estimator.predict(X)


def test_the_package_does_not_load_scikit_learn() -> None:
    program = "import sys, harness, harness.cli; sys.exit('sklearn' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def test_without_scikit_learn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("sklearn.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.delitem(sys.modules, "harness.sklearn")
    with pytest.raises(ModuleNotFoundError, match=r"harness.sklearn needs scikit-learn: pip install backprop-harness"):
        import harness.sklearn  # noqa: F401
