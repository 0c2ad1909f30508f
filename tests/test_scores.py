"""What networks score on samples: the engine against the reference, bit for bit, and both against other libraries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import harness
from harness import engine, reference
from harness.experiment import load
from harness.experiment.measured import Part
from harness.experiment.model import Samples
from harness.formulas.losses import LOSSES
from harness.formulas.scores import SCORES, About
from harness.network.parts import AS_IT_IS, NetworkSamples, network_data
from harness.network.structure import Structure, structure
from tests.support.networks import part_for, runs_for, structures


def scored(
    structure: Structure, weights: Any, hyperparameters: Any, part: NetworkSamples, own_kernel: bool
) -> dict[str, Any]:
    names = [name for name, one in SCORES.items() if one.applies(part.about)]
    found = engine.prepare(structure, own_kernel=own_kernel).score(weights, hyperparameters, part, names)
    return dict(zip(names, found, strict=True))


def assert_equals_reference(structure: Structure, samples: int, seed: int, own_kernel: bool) -> None:
    random = np.random.default_rng(seed)
    part, given = part_for(structure, samples, random), runs_for(structure, int(random.integers(1, 70)), random, 0)
    networks = []
    for run in range(given.count):
        init = given.initialisations[given.initialisation[run]]
        network = reference.initial_network(structure, init, given.seed, int(given.repeat[run]))
        of_run = given.rates[:, run], given.hyperparameters[:, run]
        networks.append(reference.Training(network, *of_run, given.seed).network)
    weights = np.array([network.flat() for network in networks]).T
    found = scored(structure, weights, given.hyperparameters, part, own_kernel)
    for row, network in enumerate(networks):
        expected = reference.scores(network, part, SCORES)
        for name, numbers in found.items():
            assert numbers.dtype == structure.dtype
            assert numbers[row].tobytes() == expected[name].tobytes(), (name, row, structure)
        for name in SCORES.keys() - found.keys():
            assert np.isnan(expected[name])


@settings(max_examples=40)
@given(structures(), st.integers(0, 2**32), st.integers(1, 6))
def test_every_score_is_the_reference_s(structure: Structure, seed: int, samples: int) -> None:
    assert_equals_reference(structure, samples, seed, own_kernel=False)


@pytest.mark.parametrize("loss", ["mse", "bce", "cross_entropy", "hinge"])
def test_a_network_s_own_kernel_scores_the_same(loss: str) -> None:
    output = "identity" if LOSSES[loss].logits else "tanh"
    made = Structure((2, 3, 2), ("tanh", output), "true", loss, "sgd", 1, "float64", "exact")
    assert_equals_reference(made, 7, 3, own_kernel=True)
    assert_equals_reference(Structure((2, 1), (output,), "true", "mse", "sgd", 4, "float32", "exact"), 5, 4, True)


EXPERIMENT = {
    "name": "x",
    "network": {"layers": [2, 3, 1], "activation": "tanh"},
    "data": {"generate": "moons", "samples": 60, "standardize": "inputs", "split": {"validation": 0.2, "test": 0.25}},
    "training": {"loss": "bce", "batch_size": 4},
    "parameters": {"learning_rate": [0.1, 100], "epochs": [0, 1, 7], "init": "xavier_uniform"},
    "repeats": 3,
    "record": {"metrics": ["accuracy", "balanced_accuracy", "solved"], "losses": {"every": 2}},
}


def test_each_row_says_what_its_own_weights_score() -> None:
    experiment, table = load(EXPERIMENT), harness.train(EXPERIMENT)
    made = structure(experiment, {})
    parts = network_data(experiment, made, AS_IT_IS._replace(standardize="inputs"))
    weights = harness.weights(table)
    diverged = table["status"] == "diverged"
    for row in np.flatnonzero(~diverged):
        layers = sorted(weights)
        network = reference.Network(
            made, *([weights[name][row] for name in layers if name[0] == kind] for kind in "wb")
        )
        for part, name in experiment.scores:
            column = name if name == "solved" else f"{part.label}_{name}"
            expected = reference.scores(network, parts.of[part], [name])[name]
            assert table[column].iloc[row] == expected, (row, column)
    assert table.loc[diverged, "train_loss"].isna().all()
    assert table.loc[diverged, "train_accuracy"].isna().all()


def test_the_last_point_of_a_curve_is_the_row(tmp_path: Any) -> None:
    folder = harness.sweep(EXPERIMENT, tmp_path)
    table, curves = harness.load(folder), harness.load(folder, curves=True)
    last = table[(table["epochs"] == 7) & (table["status"] != "diverged")].set_index("run")
    assert len(last) >= 3
    at_end = curves[curves["epoch"] == 7].set_index("run")
    for name in ("train_loss", "validation_accuracy", "test_balanced_accuracy", "solved", "loss_mean"):
        assert at_end[name].loc[last.index].tolist() == last[name].tolist()
    first = table[table["epochs"] == 1].set_index("run")["validation_loss"]
    assert (
        curves[curves["epoch"] == 1].set_index("run")["validation_loss"].dropna().to_dict() == first.dropna().to_dict()
    )


def test_nothing_is_scored_that_nobody_asks_for() -> None:
    plain = {**EXPERIMENT, "data": {"generate": "moons", "samples": 8}, "record": {}}
    assert load(plain).scores == ()
    assert not [name for name in harness.train(plain) if name.startswith(("train", "test", "validation"))]
    asked = load({**plain, "record": {"metrics": ["rmse"]}})
    assert asked.scores == ((Part.TRAIN, "loss"), (Part.TRAIN, "rmse"))


def numbers(t: list[list[float]], scale: float = 1.0) -> tuple[NetworkSamples, Structure]:
    """A part of numbers for a network that gives its inputs back."""
    targets = np.array(t)
    made = Structure((2, 2), ("identity",), "false", "mse", "sgd", 1, "float64", "exact")
    spread = tuple((((targets - targets.mean(axis=0)) ** 2).sum(axis=0)).tolist())
    about = About(len(t), (), spread, (scale, 2 * scale), estimates=True)
    inputs = targets + np.array([[0.5, 1.0], [-0.5, 0.0], [0.0, -2.0]])
    return NetworkSamples(Samples(inputs, targets), np.zeros((3, 2)), 0.0, about), made


def test_numbers_are_scored_as_by_hand() -> None:
    """As sklearn.metrics has r2_score, root_mean_squared_error and mean_absolute_error: means over the outputs."""
    part, made = numbers([[0.0, 1.0], [1.0, 3.0], [2.0, 5.0]], 3.0)
    found = {name: one[0] for name, one in scored(made, np.eye(2).reshape(4, 1), np.empty((0, 1)), part, False).items()}
    assert found["r2"] == pytest.approx(((1 - 0.5 / 2) + (1 - 5 / 8)) / 2)
    assert found["rmse"] == pytest.approx((3 * (0.5 / 3) ** 0.5 + 6 * (5 / 3) ** 0.5) / 2)
    assert found["mae"] == pytest.approx((3 * 1 / 3 + 6 * 3 / 3) / 2)
    assert found["loss"] == pytest.approx((0.5 + 5) / 2 / 3)
    same, _ = numbers([[1.0, 1.0], [1.0, 3.0], [1.0, 5.0]])
    assert np.isnan(scored(made, np.eye(2).reshape(4, 1), np.empty((0, 1)), same, False)["r2"][0])
