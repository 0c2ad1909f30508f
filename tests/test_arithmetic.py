"""What the numbers mean, by oracles from outside: the answer's program, hand work, differences, PyTorch."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import harness
from harness import engine, reference
from harness.experiment.initialisations.written import parse as initialisation
from harness.experiment.model import Samples
from harness.formulas.activations import ACTIVATIONS, SLOPED
from harness.formulas.losses import LOSSES
from harness.formulas.optimizers import OPTIMIZERS
from harness.formulas.schedules import SCHEDULES
from harness.network.runs import Runs
from harness.network.structure import Structure
from harness.reference import Network, Update
from harness.reference.network import forward
from harness.sweeps.plan import Plan
from tests.support import ROOT

W1 = ["w1_1_1", "w1_1_2", "w1_2_1", "w1_2_2"]
W2 = ["w2_1_1", "w2_1_2"]
B = ["b1_1", "b1_2", "b2_1"]
RECORDED = json.loads((ROOT / "tests" / "torch_numbers.json").read_text("utf-8"))


def question(**parameters: Any) -> dict[str, Any]:
    return {
        "name": "question",
        "network": {"layers": [2, 2, 1]},
        "data": {"rows": [[1, 1, 1]]},
        "parameters": {"learning_rate": 0.1, "epochs": 1, "init": "ones"} | parameters,
    }


def the_answers_program(rows: list[list[float]], epochs: int, lr: float) -> tuple[dict[str, float], list[list[float]]]:
    """The 2-2-1 network of the question's answer, every weight written out, on NumPy scalars."""
    w = {name: np.float64(1) for name in W1 + W2} | {name: np.float64(0) for name in B}
    curve = []
    for _ in range(epochs):
        costs = []
        for x1, x2, t in rows:
            a1 = w["w1_1_1"] * x1 + w["w1_1_2"] * x2 + w["b1_1"]
            a2 = w["w1_2_1"] * x1 + w["w1_2_2"] * x2 + w["b1_2"]
            y = w["w2_1_1"] * a1 + w["w2_1_2"] * a2 + w["b2_1"]
            costs.append(((t - y) ** 2).mean())
            dy = -2 * (t - y)
            gradient = {
                "w1_1_1": dy * w["w2_1_1"] * x1,
                "w1_1_2": dy * w["w2_1_1"] * x2,
                "w1_2_1": dy * w["w2_1_2"] * x1,
                "w1_2_2": dy * w["w2_1_2"] * x2,
                "w2_1_1": dy * a1,
                "w2_1_2": dy * a2,
                "b1_1": dy * w["w2_1_1"],
                "b1_2": dy * w["w2_1_2"],
                "b2_1": dy,
            }
            for name in w:
                w[name] -= lr * gradient[name]
        curve.append([min(costs), sum(costs) / len(costs), max(costs)])
    return w, curve


@pytest.mark.parametrize("rows", [[[1, 1, 1]], [[1, 1, 1], [0.5, -1, 0.3], [-2, 0.25, -1]]])
@pytest.mark.parametrize("rate", [0.01, 0.05, 0.1, 1 / 7])
def test_weights_are_those_of_the_answer_s_program(rows: list[list[float]], rate: float) -> None:
    experiment = question(learning_rate=rate, epochs=[1, 2, 10, 50]) | {"data": {"rows": rows}}
    table = harness.train(experiment)
    for _, row in table[table.status != "diverged"].iterrows():
        weights, curve = the_answers_program(rows, row.epochs, np.float64(rate))
        assert {name: row[name] for name in weights} == weights
        assert np.allclose(row[["loss_min", "loss_mean", "loss_max"]].tolist(), curve[-1], rtol=3e-16, atol=0)
    assert (table.status != "diverged").any()


def test_one_step_by_hand_at_a_tenth() -> None:
    """A = 2 and 2, y = 4, cost 9, dcost/dy = -2*(1 - 4) = 6.

    First layer: gradient 6*1*1 = 6, so 1 - 0.6; second: 6*2 = 12, so 1 - 1.2; biases: 6, so -0.6.
    """
    row = harness.train(question()).iloc[0]
    assert row[W1].tolist() == [1 - 0.1 * 6] * 4
    assert row[W2].tolist() == [1 - 0.1 * 12] * 2
    assert row[B].tolist() == [-(0.1 * 6)] * 3
    assert row[["loss_min", "loss_mean", "loss_max", "last_finite_loss"]].tolist() == [9.0] * 4
    assert row.status == "ran"


def test_one_step_by_hand_at_a_hundredth() -> None:
    row = harness.train(question(learning_rate=0.01)).iloc[0]
    assert row[W1].tolist() == pytest.approx([0.94] * 4, abs=1e-15)
    assert row[W2].tolist() == pytest.approx([0.88] * 2, abs=1e-15)
    assert row[B].tolist() == pytest.approx([-0.06] * 3, abs=1e-15)


def test_the_question_without_biases_settles_on_its_target() -> None:
    """All four first weights stay equal (u), both second ones too (v), and 4*u*v comes to 1."""
    table = harness.train(question(bias="false", learning_rate=0.01, epochs=[1, 10_000]))
    assert not set(B) & set(table.columns)
    last = table.iloc[1]
    assert last.status == "settled"
    assert len(set(last[W1])) == len(set(last[W2])) == 1
    assert 4 * last.w1_1_1 * last.w2_1_1 == pytest.approx(1, abs=1e-15)


def test_matt_mazur_s_example() -> None:
    """https://mattmazur.com/2015/03/17/a-step-by-step-backpropagation-example/: the weights after one step."""
    init = {
        "weights": [[[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45], [0.50, 0.55]]],
        "biases": [[0.35, 0.35], [0.60, 0.60]],
    }
    row = harness.train(
        {
            "name": "mazur",
            "network": {"layers": [2, 2, 2], "activation": "sigmoid", "output": "sigmoid", "bias": "fixed"},
            "data": {"rows": [[0.05, 0.10, 0.01, 0.99]]},
            "training": {"loss": "half_mse"},
            "parameters": {"learning_rate": 0.5, "epochs": 1, "init": {"values": init}},
        }
    ).iloc[0]
    published = {
        "w1_1_1": 0.149780716, "w1_1_2": 0.19956143, "w1_2_1": 0.24975114, "w1_2_2": 0.29950229,
        "w2_1_1": 0.35891648, "w2_1_2": 0.408666186, "w2_2_1": 0.511301270, "w2_2_2": 0.561370121,
    }  # fmt: skip
    assert row[list(published)].tolist() == pytest.approx(list(published.values()), abs=1e-8)
    assert row[["b1_1", "b1_2", "b2_1", "b2_2"]].tolist() == [0.35, 0.35, 0.60, 0.60]
    assert row.loss_mean == pytest.approx(0.298371109, abs=1e-9)


def first_update(
    activation: str, loss: str, slope: float | None = None, **changes: Any
) -> tuple[Network, Samples, Update]:
    """PyTorch's network and data, and the reference's first full-batch update on it."""
    given = RECORDED["network"]
    structure = Structure((3, 4, 2), (activation, "identity"), "true", loss, "sgd", 5, "float64", "exact", **changes)
    structure = replace(structure, slope=slope is not None)
    network = Network(structure, *([np.array(each) for each in given[name]] for name in ("weights", "biases")))
    targets = given["classes" if LOSSES[loss].logits else "numbers"]
    data = Samples(np.array(given["inputs"]), np.array(targets, float))
    update = next(
        reference.epochs(reference.Training(network, [0.1, 0.1], () if slope is None else (slope,), seed=0), data)
    )
    assert isinstance(update, Update)
    network.weights, network.biases = update.before
    return network, data, update


def assert_agrees(case: dict[str, Any]) -> None:
    reduction = case.get("reduction", "mean")
    _, _, update = first_update(case["activation"], case["loss"], case.get("slope"), reduction=reduction)
    value = sum(sample.cost for sample in update.batch) / (5 if reduction == "mean" else 1)
    assert value == pytest.approx(case["value"], rel=1e-12)
    for ours, theirs in ((update.weight_gradient, case["weights"]), (update.bias_gradient, case["biases"])):
        for gradient, expected in zip(ours, theirs, strict=True):
            assert np.allclose(gradient, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "case",
    RECORDED["cases"],
    ids=lambda case: "-".join(
        str(case.get(key)) for key in ("activation", "loss", "reduction", "slope") if key in case
    ),
)
def test_gradients_agree_with_what_pytorch_said(case: dict[str, Any]) -> None:
    assert RECORDED["torch"] == "2.13.0"
    assert_agrees(case)


def test_pytorch_says_so_today() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install -e '.[oracle]'")
    from tests import make_torch_numbers

    live = json.loads(json.dumps(make_torch_numbers.recorded()))
    assert {(case["activation"], case["loss"]) for case in live["cases"]} == {
        (activation, loss) for activation in ACTIVATIONS for loss in LOSSES
    }
    assert live["network"] == RECORDED["network"]
    for case in live["cases"]:
        assert_agrees(case)
    assert {run["optimizer"] for run in live["training"]["runs"]} == set(OPTIMIZERS)
    assert {run["schedule"] for run in live["training"]["runs"]} == set(SCHEDULES)
    for run in live["training"]["runs"]:
        assert_trains_alike(run)


FLAGS = ("optimizer", "schedule", "weight_decay", "gradient_clip", "reduction", "l1", "decay_biases")


def assert_trains_alike(run: dict[str, Any]) -> None:
    """The engine's and the reference's weights after 50 updates (17 epochs of 5 samples) are PyTorch's to 1e-10."""
    given, settings = RECORDED["network"], RECORDED["training"]
    flags = {key: run[key] for key in FLAGS}
    structure = Structure(
        (3, 4, 2), ("tanh", "identity"), "true", "mse", batch_size=2, dtype="float64", arithmetic="exact", **flags
    )
    known = settings["numbers"] | {"gamma": settings["gamma"].get(run["schedule"])}
    numbers = np.array([known[name] for name in structure.hyperparameters], float)
    epochs = run["steps"] // 3
    weights, biases = ([np.array(each) for each in given[name]] for name in ("weights", "biases"))
    training = reference.Training(Network(structure, weights, biases), [settings["rate"]], numbers, seed=0)
    data = Samples(np.array(given["inputs"]), np.array(given["numbers"], float))
    row = reference.trajectory(training, data, [epochs]).rows[epochs]
    expected = np.concatenate([np.ravel(each) for each in run["after"]])
    assert row.weights is not None
    assert np.allclose(row.weights, expected, rtol=0, atol=1e-10)
    init = initialisation({"values": {"weights": given["weights"], "biases": given["biases"]}})
    one = np.zeros(1, np.int64)
    given = Runs(
        structure, 0, (init,), one, one, np.full((1, 1), settings["rate"]), numbers[:, None], np.full(1, np.inf),
        np.arange(2), one + epochs, one,
    )  # fmt: skip
    assert (
        engine.prepare(given.structure, own_kernel=False).train(given, data).weights.tobytes() == row.weights.tobytes()
    )


@pytest.mark.parametrize(
    "run",
    RECORDED["training"]["runs"],
    ids=lambda run: "-".join(str(run[key]) for key in FLAGS),
)
def test_training_agrees_with_what_pytorch_said(run: dict[str, Any]) -> None:
    assert run["steps"] >= 50
    assert_trains_alike(run)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("activation", "slope"), [*((name, None) for name in ACTIVATIONS), *zip(SLOPED, (0.3, 2.5), strict=True)]
)
def test_gradients_agree_with_central_differences(activation: str, slope: float | None, loss: str) -> None:
    network, data, update = first_update(activation, loss, slope)
    for parameters, gradients in ((network.weights, update.weight_gradient), (network.biases, update.bias_gradient)):
        for parameter, gradient in zip(parameters, gradients, strict=True):
            for place in np.ndindex(parameter.shape):
                there = parameter[place]
                step = 1e-5
                costs = []
                for moved in (there + step, there - step):
                    parameter[place] = moved
                    costs.append(total_cost(network, data))
                parameter[place] = there
                assert gradient[place] == pytest.approx((costs[0] - costs[1]) / (2 * step), rel=1e-5, abs=1e-9)


def total_cost(network: Network, data: Samples) -> float:
    total = 0.0
    for x, t in zip(data.inputs, data.targets, strict=True):
        _, a = forward(network, x)
        total += LOSSES[network.structure.loss].cost(t, a[-1], np.empty_like(t))
    return total / len(data.inputs)


def test_nan_stays_nan_in_every_activation() -> None:
    """A unit that overflowed must not come back as a harmless zero."""
    for name, activation in ACTIVATIONS.items():
        for dtype in (np.float64, np.float32):
            with np.errstate(all="ignore"):
                assert np.isnan(activation.f(dtype(np.nan))), name


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("arithmetic", ["exact", "fast"])
def test_a_rate_of_0_freezes_a_layer(optimizer: str, arithmetic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No bit moves, whatever else would move it; and the other layer learns."""
    monkeypatch.setattr(Plan, "own_kernel", lambda plan, structure: optimizer == "sgd")
    init = {"values": {"weights": [[[0.5, 0], [0.25, -1]], [[0, 0.75]]], "biases": [[0, 1], [0.5]]}}
    rates = {"learning_rate_1": [0, 0.1], "learning_rate_2": [0, 0.2]}
    penalties = {"weight_decay": 0.1, "l1": 0.1, "gradient_clip": 5}
    experiment = question(init=init, epochs=20) | {"data": {"rows": [[1, 0.5, 1], [-1, 2, 0.25], [0.5, 1, -1]]}}
    experiment["parameters"] = {key: v for key, v in experiment["parameters"].items() if key != "learning_rate"} | rates
    for training in ({}, penalties, {"schedule": "cosine", "t_max": 7, "eta_min": 0.01}, {"batch_size": 2}):
        given = training | {"optimizer": optimizer, "arithmetic": arithmetic}
        table = harness.train(experiment | {"training": given}).astype({"learning_rate_1": float})
        start = {name: np.float64(value) for name, value in zip(W1, (0.5, 0, 0.25, -1), strict=True)}
        start |= {"b1_1": 0.0, "b1_2": 1.0, "w2_1_1": 0.0, "w2_1_2": 0.75, "b2_1": 0.5}
        for _, row in table.iterrows():
            for layer in (1, 2):
                names = [name for name in start if name[1] == str(layer)]
                same = [np.float64(row[name]).tobytes() == np.float64(start[name]).tobytes() for name in names]
                assert all(same) if row[f"learning_rate_{layer}"] == 0 else not any(same[-1:]), (training, names)
        assert table.status[0] in ("settled", "ran")


def test_a_frozen_network_settles_at_once() -> None:
    row = harness.train(question(learning_rate=0, epochs=50)).iloc[0]
    assert (row.status, row.settled_epoch, row.loss_mean, row.w1_1_1) == ("settled", 1, 9, 1)


def test_a_weight_may_overflow_before_the_loss_does() -> None:
    """At lr 1e308 the first cost is 9, and 1e308 * 6 is infinite: the run diverges in its first epoch."""
    row = harness.train(question(learning_rate=1e308)).iloc[0]
    assert (row.status, row.diverged_epoch, row.last_finite_loss) == ("diverged", 1, 9.0)
    assert row[["loss_min", "loss_mean", "loss_max", *W1, *W2, *B]].isna().all()


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": {"learning_rate": 1e300, "epochs": 2, "init": "ones"}},
        {"parameters": {"learning_rate": 0.1, "epochs": 2, "init": {"constant": 1e300}}},
        {"data": {"rows": [[1, 1e300, 1]]}},
    ],
)
def test_numbers_beyond_float32_are_infinite_there(change: dict[str, Any]) -> None:
    row = harness.train(question() | {"training": {"dtype": "float32"}} | change).iloc[0]
    assert row.status == "diverged"


def test_a_bound_beyond_float32_bounds_nothing() -> None:
    row = harness.train(question(max_loss=1e300) | {"training": {"dtype": "float32"}}).iloc[0]
    assert (row.status, row.loss_mean) == ("ran", 9.0)


def test_max_loss_is_a_bound_that_may_be_reached() -> None:
    """The first cost is 9: a bound of 9 holds, the number below it does not, and its loss is kept."""
    table = harness.train(question(max_loss=[9.0, float(np.nextafter(9, 0))]))
    assert table.status.tolist() == ["ran", "diverged"]
    assert table.last_finite_loss.tolist() == [9.0, 9.0]
    assert table.loss_mean.isna().tolist() == [False, True]
