"""One configuration of an experiment: the first value of every axis, but for what is set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.experiment import Experiment, ExperimentError, load
from harness.experiment.grid import Grid
from harness.experiment.model import label
from reliability.fuzz import FULL
from tests.support.experiments import SMALL, changed, configured


def only(experiment: Experiment) -> dict[str, str]:
    """The one configuration of an experiment, in print."""
    grid = Grid(experiment)
    assert grid.rows == 1
    return {key: label(values[0]) for key, values in grid.values.items() if key in experiment.swept}


def test_overriding_gives_one_configuration(tmp_path: Path) -> None:
    first = {"learning_rate": "0.1", "epochs": "1", "init": "ones"}
    assert only(configured(SMALL, {})) == first
    chosen = {
        "learning_rate": "3",
        "init": "{normal: {std: 0.5}}",
        "layers": "[2, 4, 1]",
        "activation": "tanh",
        "batch_size": "full",
    }
    assert only(configured(SMALL, chosen)) == {**first, **chosen, "learning_rate": "3.0", "batch_size": "1"}
    path = tmp_path / "x.yaml"
    path.write_text(FULL)
    rate = label(load(path).grids[0].dimensions[2].values("learning_rate_2")[0])
    start = {"learning_rate": "0.001", "learning_rate_2": rate, "init": "ones", "epochs": "10", "batch_size": "1"}
    assert only(configured(path, {})) == start
    assert only(configured(path, {"learning_rate": "0.5"})) == {
        key: "0.5" if key == "learning_rate" else value for key, value in start.items() if key != "learning_rate_2"
    }
    assert only(configured(path, {"learning_rate_1": "0.5", "learning_rate_2": "2"})).keys() == {
        "learning_rate_1",
        "learning_rate_2",
        "init",
        "epochs",
        "batch_size",
    }
    assert only(configured(path, {"init": "he_normal"})) == {**start, "init": "he_normal"}


@pytest.mark.parametrize(
    "raw",
    [
        {"linspace": [0.5, 1, 10**30]},
        {"range": [0.5, 1, 1e-30]},
        {"geomspace": [0.5, 2, 7]},
        {"logspace": [-1, 2, 7]},
        {"distribution": "uniform", "min": 1, "max": 2, "n": 10**30},
    ],
)
def test_the_first_value_is_had_without_the_others(raw: dict[str, Any]) -> None:
    short = {key: value if isinstance(value, str) or value != 10**30 else 1 for key, value in raw.items()}
    if "linspace" in raw:
        short = {"value": 0.5}
    if "range" in raw:
        short = {"value": 0.5}
    wanted = load(changed(parameters={"learning_rate": short})).grids[0].dimensions[0].values("learning_rate")[0]
    assert only(configured(changed(parameters={"learning_rate": raw}), {}))["learning_rate"] == label(wanted)


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        ({"learning_rate": "-1"}, ["--set learning_rate: expected a finite number of at least 0, found -1"]),
        (
            {"learning_rate": "[1, 2]"},
            ["--set learning_rate: expected a finite number of at least 0, found a list of 2"],
        ),
        ({"learning_rate": ""}, ["--set learning_rate: expected a finite number of at least 0, found nothing"]),
        ({"epochs": "[1"}, ["--set epochs: not valid YAML: expected ',' or ']', but got '<stream end>'"]),
        (
            {"init": "onse", "lr": "1"},
            [
                "--set init: expected an initialisation such as ones or {normal: {std: 0.5}}, found 'onse'; "
                "did you mean ones?",
                "--set lr: unknown key; did you mean learning_rate?",
            ],
        ),
        (
            {"init": "{normal: {sdt: 1}}"},
            [
                "--set init.normal.sdt: unknown key; did you mean std?",
                "--set init.normal: std is missing; expected {std: 0.5}",
            ],
        ),
        ({"learning_rate_3": "1"}, ["--set learning_rate_3: there is no layer 3: layers are numbered 1 to 2"]),
        (
            {"layers": "[1, 1]"},
            ["data.rows: expected rows of 1 input and 1 target, to fit --set layers, found 3 numbers"],
        ),
        ({"loss": "bce", "output": "relu"}, ["--set output: expected identity, as bce takes logits, found 'relu'"]),
    ],
)
def test_bad_settings(settings: dict[str, str], lines: list[str]) -> None:
    with pytest.raises(ExperimentError) as caught:
        configured(SMALL, settings)
    assert str(caught.value).split("\n") == [f"experiment: {line}" for line in lines]
