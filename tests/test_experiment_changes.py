"""One value of a parameter in place of its axis or constant: `sweep --set`."""

# ruff: noqa: E501

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harness
from harness.experiment import Experiment, ExperimentError, load
from harness.experiment.grid import Grid
from harness.experiment.source import describe
from tests.support.command import call

BASE: dict[str, Any] = {"name": "x", "network": {"layers": [2, 2, 1]}, "data": {"rows": [[1, 1, 1]]}}
PARAMETERS = {"learning_rate": [0.1, 0.2], "epochs": [1, 10], "init": ["ones", "he_normal"]}
VALUES = {"values": {"weights": [[[1, 2], [3, 4]], [[5, 6]]]}, "name": "mazur"}

CHANGES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    # before, settings, after
    ({"parameters": PARAMETERS}, {"learning_rate": 0.5}, {"parameters": PARAMETERS | {"learning_rate": 0.5}}),
    ({"parameters": PARAMETERS}, {"init": {"normal": {"std": 0.5}}, "epochs": 3},
     {"parameters": PARAMETERS | {"init": {"normal": {"std": 0.5}}, "epochs": 3}}),
    ({"parameters": PARAMETERS}, {"layers": [2, 3, 1], "activation": "tanh"},
     {"network": {"layers": [2, 3, 1], "activation": "tanh"}, "parameters": PARAMETERS}),
    ({"parameters": PARAMETERS | {"layers": [[2, 1], [2, 2, 1]]}}, {"layers": [2, 4, 1]},
     {"parameters": PARAMETERS | {"layers": [[2, 4, 1]]}}),
    ({"parameters": PARAMETERS, "training": {"loss": "mse", "max_loss": 3}}, {"max_loss": 5},
     {"parameters": PARAMETERS, "training": {"loss": "mse", "max_loss": 5}}),
    ({"parameters": PARAMETERS, "repeats": 3}, {"name": "other"}, {"parameters": PARAMETERS, "repeats": 3, "name": "other"}),
    ({"parameters": {"epochs": 1, "init": "ones", "learning_rate": 1, "learning_rate_2": [0.1, 0.3]}}, {"learning_rate": 0.5},
     {"parameters": {"epochs": 1, "init": "ones", "learning_rate": 0.5}}),
    ({"parameters": PARAMETERS}, {"learning_rate_1": 0.5, "learning_rate_2": 2},
     {"parameters": {"epochs": [1, 10], "init": ["ones", "he_normal"], "learning_rate_1": 0.5, "learning_rate_2": 2}}),
    ({"parameters": PARAMETERS | {"optimizer": ["sgd", "momentum"], "momentum": [0.1, 0.5]}}, {"optimizer": "sgd"},
     {"parameters": PARAMETERS | {"optimizer": "sgd"}}),
    ({"parameters": PARAMETERS | {"optimizer": ["sgd", "momentum"], "momentum": [0.1, 0.5]}}, {"momentum": 0.9},
     {"parameters": PARAMETERS | {"optimizer": ["sgd", "momentum"], "momentum": 0.9}}),
    ({"parameters": PARAMETERS, "training": {"optimizer": "momentum", "momentum": 0.5}}, {"optimizer": "adam", "eps": 1},
     {"parameters": PARAMETERS, "training": {"optimizer": "adam", "eps": 1}}),
    ({"parameters": {"init": "ones"}, "zip": {"a": {"learning_rate": [0.1, 0.2], "epochs": [1, 2]}}}, {"epochs": 7},
     {"parameters": {"init": "ones", "epochs": 7}, "zip": {"a": {"learning_rate": [0.1, 0.2]}}}),
    ({"parameters": PARAMETERS, "exclude": [{"epochs": 1, "init": "ones"}, {"epochs": 10, "learning_rate": 0.1}]},
     {"epochs": 10}, {"parameters": PARAMETERS | {"epochs": 10}, "exclude": [{"epochs": 10, "learning_rate": 0.1}]}),
    ({"parameters": PARAMETERS | {"init": [VALUES, "ones"]}, "exclude": [{"init": "mazur", "epochs": 1}]}, {"init": "mazur"},
     {"parameters": PARAMETERS | {"init": VALUES}, "exclude": [{"init": "mazur", "epochs": 1}]}),
    ({"grids": [{"parameters": PARAMETERS | {"dtype": ["float64", "float32"]}}, {"parameters": PARAMETERS}]},
     {"dtype": "float32", "learning_rate": 3},
     {"training": {"dtype": "float32"}, "grids": [{"parameters": PARAMETERS | {"dtype": "float32", "learning_rate": 3}},
                                                  {"parameters": PARAMETERS | {"learning_rate": 3}}]}),
]  # fmt: skip


def settings_of(settings: dict[str, Any]) -> dict[str, str]:
    return {key: value if isinstance(value, str) else describe(value) for key, value in settings.items()}


def meaning(experiment: Experiment) -> tuple[str, str, int]:
    return experiment.fingerprint, experiment.name, Grid(experiment).rows


@pytest.mark.parametrize(("before", "settings", "after"), CHANGES)
def test_it_is_the_experiment_that_would_be_written(before: Any, settings: Any, after: Any, tmp_path: Path) -> None:
    found = load(BASE | before, settings=settings_of(settings))
    assert meaning(found) == meaning(load(BASE | after))
    path = tmp_path / "x.yaml"
    path.write_text(found.source, "utf-8")
    assert meaning(load(path)) == meaning(found)


BAD = [
    ({"lr": "1"}, ["--set lr: unknown key; did you mean learning_rate?"]),
    ({"seed": "1"}, ["--set seed: unknown key here; it belongs at the top level"]),
    ({"learning_rate": "[0.1, 0.2]"}, ["--set learning_rate: expected a finite number of at least 0, found a list of 2"]),
    ({"learning_rate": "[1"}, ["--set learning_rate: not valid YAML: expected ',' or ']', but got '<stream end>'"]),
    ({"name": "a b", "epochs": "x"}, [
        "--set name: expected 1 to 64 of A-Z a-z 0-9 . _ -, not starting with a dot, found 'a b'",
        "--set epochs: expected a whole number of at least 0, found 'x'"]),
    ({"momentum": "0.5"}, ["--set momentum: not used: optimizer is sgd; momentum and nesterov use it"]),
    ({"schedule": "cosine"}, ["--set schedule: schedule cosine needs t_max; give training.t_max"]),
    ({"init": "{normal: {sdt: 1}}"},
     ["--set init.normal.sdt: unknown key; did you mean std?", "--set init.normal: std is missing; expected {std: 0.5}"]),
    ({"learning_rate_3": "1"}, ["--set learning_rate_3: there is no layer 3: layers are numbered 1 to 2"]),
    ({"layers": "[1, 1]"}, ["data.rows: expected rows of 1 input and 1 target, to fit network.layers, found 3 numbers"]),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "lines"), BAD)
def test_what_is_wrong_with_a_setting_has_its_place(settings: dict[str, str], lines: list[str]) -> None:
    with pytest.raises(ExperimentError) as caught:
        load(BASE | {"parameters": PARAMETERS}, settings=settings)
    assert str(caught.value).split("\n") == [f"experiment: {line}" for line in lines]


def test_python_takes_values(tmp_path: Path) -> None:
    source = BASE | {"parameters": PARAMETERS}
    table = harness.train(source, settings={"learning_rate": 0.5, "init": "ones", "layers": [2, 1]})
    assert table["learning_rate"].tolist() == [0.5, 0.5]
    assert table["w1_1_2"].notna().all()
    assert "w2_1_1" not in table
    folder = harness.sweep(source, tmp_path, settings={"epochs": 1, "name": "one"}, threads=1)
    assert folder == tmp_path / "one"
    assert harness.load(folder)["epochs"].unique().tolist() == [1]
    assert "epochs: 1" in (folder / "experiment.yaml").read_text("utf-8")


EXPERIMENT = """\
name: x
network: {layers: [2, 2, 1]}
data: {file: d.csv, inputs: [a, b], targets: [c]}
parameters:
  learning_rate: [0.1, 0.2]   # two of them
  epochs: [1, 10]
  init: [ones, zeros]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("sub").mkdir()
    Path("sub/x.yaml").write_text(EXPERIMENT, "utf-8")
    Path("sub/d.csv").write_text("a,b,c\n1,1,1\n0,1,0\n", "utf-8")
    return tmp_path


def test_the_command_sweeps_and_counts_what_is_set(here: Path) -> None:
    assert call("sweep", "sub/x.yaml").exit_code == 0
    counted = call("plan", "sub/x.yaml", "--set", "learning_rate=0.3", "--set", "epochs=5")
    assert counted.stdout.startswith("rows    2\nruns    2\n")
    refused = call("sweep", "sub/x.yaml", "--set", "learning_rate=0.3")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "results/x: holds the results of another experiment (x, as it was on " in refused.stderr
    assert "give this one another name, as with --set name=NAME, " in refused.stderr
    assert len(harness.load("results/x")) == 8
    named = call("sweep", "sub/x.yaml", "--set", "learning_rate=0.3", "--set", "name=y", "--threads", "1")
    assert named.exit_code == 0, named.stderr
    assert "on 1 thread," in named.stderr
    table = harness.load("results/y")
    assert table["learning_rate"].unique().tolist() == [0.3]
    again = call("sweep", "sub/x.yaml", "--set", "learning_rate=0.3", "--set", "name=y")
    assert again.stdout.startswith("y is complete; nothing was left to do\n")


@pytest.mark.parametrize(
    ("option", "value"), [("--workers", "1"), ("--scheduler", "tcp://127.0.0.1:1"), ("--scheduler-file", "s.json")]
)
def test_threads_are_of_this_process(option: str, value: str, here: Path) -> None:
    result = call("sweep", "sub/x.yaml", "--threads", "2", option, value)
    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        result.stderr == f"--threads is for training in this process, and {option} for others; expected one of them\n"
    )
    assert not Path("results").exists()
