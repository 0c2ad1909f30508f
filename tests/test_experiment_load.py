"""A whole experiment: defaults, structures, what is left out, and what a fingerprint covers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.experiment import Experiment, ExperimentError, load
from harness.experiment.grid import Grid
from harness.experiment.model import label
from harness.network.structure import Structure, structure
from reliability.fuzz import FULL
from tests.support.experiments import SMALL, changed


def written(text: str, path: Path) -> Experiment:
    path.write_text(text)
    return load(path)


def test_only_the_question_must_be_given() -> None:
    found = load(SMALL)
    assert (found.name, found.description, found.seed, found.repeats, found.run_cap) == ("x", "", 0, 1, 50_000_000)
    assert (found.record_weights, found.losses_every) == (True, None)
    assert found.swept == ("learning_rate", "epochs", "init")
    assert found.settings.get("max_loss") is None
    assert structure(found, {}) == Structure(
        (2, 2, 1), ("identity", "identity"), "true", "mse", "sgd", 1, "float64", "exact"
    )


def test_every_key_there_is(tmp_path: Path) -> None:
    found = written(FULL, tmp_path / "x.yaml")
    assert (found.name, found.description, found.seed) == ("Full.example_1-a", "every key there is", 3)
    assert (found.repeats, found.run_cap, found.record_weights, found.losses_every) == (2, 1000, False, 5)
    assert found.settings["max_loss"] == 10
    assert found.source == FULL
    assert found.swept == ("learning_rate", "init", "learning_rate_2", "epochs", "batch_size")
    assert "batch_size" not in found.settings
    assert structure(found, {"batch_size": 4}) == Structure(
        (2, 3, 1), ("tanh", "identity"), "fixed", "bce", "adam", 4, "float32", "fast", "step", True, True, True
    )
    assert Grid(found).rows == 20 * 3 * (2 * (1 + 2 + 1) - 1)


def test_a_structure_is_what_a_grid_asks_for() -> None:
    found = load(
        changed(
            network={"layers": [2, 5, 4, 1]},
            parameters={"activation": ["relu", ["tanh", "sigmoid"]], "layers": [[2, 3, 3, 1]]},
        )
    )
    assert "layers" not in found.settings
    asked = structure(found, {"layers": (2, 3, 3, 1), "activation": "relu", "batch_size": "full"})
    assert (asked.layers, asked.activations, asked.batch_size) == ((2, 3, 3, 1), ("relu", "relu", "identity"), 1)
    assert structure(found, {"layers": (2, 3, 3, 1), "activation": ("tanh", "sigmoid")}).activations == (
        "tanh",
        "sigmoid",
        "identity",
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("tanh", "tanh"),
        ((2, 2, 1), "[2, 2, 1]"),
        (("relu", "tanh"), "[relu, tanh]"),
        (0.1, "0.1"),
        (4, "4"),
        (True, "true"),
        ("full", "full"),
    ],
)
def test_labels(value: Any, text: str) -> None:
    assert label(value) == text


def test_what_is_excluded_is_not_checked() -> None:
    """A misfit of two settings is no misfit where the grid leaves it out, or where a zip group keeps them apart."""
    parameters = {"loss": ["mse", "bce"], "output": ["identity", "tanh"]}
    with pytest.raises(
        ExperimentError, match=r"parameters\.output: expected identity, as bce takes logits, found 'tanh'"
    ):
        load(changed(parameters=parameters))
    left_out = [{"loss": "bce", "output": "tanh"}]
    assert Grid(load({**changed(parameters=parameters), "exclude": left_out})).rows == 3 * 8
    also_constant = [{"loss": "bce", "output": "tanh", "dtype": "float64"}]
    assert load({**changed(parameters={**parameters, "dtype": "float64"}), "exclude": also_constant})
    with pytest.raises(ExperimentError, match="expected identity"):
        load({**changed(parameters=parameters), "exclude": [{"loss": "bce", "output": "tanh", "epochs": 1}]})
    assert load({**SMALL, "zip": {"both": {"loss": ["mse", "bce"], "output": ["tanh", "identity"]}}})
    with pytest.raises(ExperimentError, match="expected identity"):
        load({**SMALL, "zip": {"both": {"loss": ["mse", "bce"], "output": ["tanh", "tanh"]}}})
    assert load(
        {
            **SMALL,
            "zip": {"both": {"loss": ["mse", "bce"], "output": ["tanh", "tanh"], "max_loss": [1, 2]}},
            "exclude": [{"max_loss": 2}],
        }
    )


def test_values_belong_to_their_own_network() -> None:
    inits = [{"values": {"weights": [[[1, 1]]]}}, {"values": {"weights": [[[1, 1], [1, 1]], [[1, 1]]]}}]
    layers = [[2, 1], [2, 2, 1]]
    parameters = {"learning_rate": 1, "epochs": 1}
    assert load({**SMALL, "parameters": parameters, "zip": {"both": {"init": inits, "layers": layers}}})
    with pytest.raises(
        ExperimentError, match=r"parameters\.init: expected one matrix a layer, 1 for \[2, 1\], found 2"
    ):
        load({**SMALL, "parameters": {**parameters, "init": inits, "layers": layers}})


def test_grids_stand_in_place_of_one() -> None:
    parameters = SMALL["parameters"]
    one = {key: SMALL[key] for key in ("name", "network", "data")}
    found = load(
        {
            **one,
            "grids": [
                {"parameters": parameters},
                {"parameters": {**parameters, "loss": "half_mse"}, "exclude": [{"init": "ones"}]},
            ],
        }
    )
    assert len(found.grids) == 2
    assert found.swept == ("learning_rate", "epochs", "init", "loss")
    assert found.settings["loss"] == "mse"
    assert Grid(found).rows == 8 + 4
    rates = {key: value for key, value in parameters.items() if key != "learning_rate"} | {
        "learning_rate_1": 1,
        "learning_rate_2": 2,
    }
    assert (
        load({**one, "grids": [{"parameters": parameters}, {"parameters": rates}]}).settings.get("learning_rate")
        is None
    )
    with pytest.raises(ExperimentError, match=r"network\.layers: missing; expected the units of each layer"):
        load(
            {
                **one,
                "network": {},
                "grids": [{"parameters": parameters}, {"parameters": {**parameters, "layers": [[2, 1]]}}],
            }
        )


SAME = [
    {"description": "other"},
    {"name": "y"},
    {"run_cap": 99},
    {"repeats": 1.0, "seed": 0},
    {"record": {"weights": True}},
    {"training": {"batch_size": 1, "loss": "mse", "reduction": "mean", "decay_biases": True}},
    {"training": {"optimizer": "sgd", "schedule": "constant", "shuffle": False}},
    {"network": {"layers": [2.0, 2, 1], "bias": True}},
    {"parameters": {"learning_rate": {"values": [0.1, 0.2]}, "init": [{"constant": 1}, {"he_normal": None}]}},
    {"data": {"rows": [[1.0, 1, 1]]}},
]
OTHER = [
    {"seed": 1},
    {"repeats": 2},
    {"record": {"losses": {"every": 1}}},
    {"record": {"weights": False}},
    {"training": {"loss": "half_mse"}},
    {"training": {"max_loss": 1}},
    {"training": {"shuffle": True}},
    {"training": {"reduction": "sum"}},
    {"training": {"l1": 0.1}},
    {"training": {"decay_biases": False}},
    {"training": {"weight_decay": 0.1}},
    {"training": {"gradient_clip": 0.1}},
    {"training": {"optimizer": "adam"}},
    {"training": {"optimizer": "adam", "eps": 0.1}},
    {"training": {"schedule": "exponential", "gamma": 0.1}},
    {"network": {"bias": False}},
    {"data": {"rows": [[1, 1, 2]]}},
    {"parameters": {"learning_rate": [0.2, 0.1]}},
    {"parameters": {"learning_rate": {"linspace": [0.1, 0.2, 2]}}},
    {"parameters": {"learning_rate": {"distribution": "uniform", "min": 1, "max": 2, "n": 2}}},
    {"parameters": {"learning_rate": {"distribution": "uniform", "min": 1, "max": 2, "n": 3}}},
    {"parameters": {"max_loss": 1}},
    {"exclude": [{"epochs": 1}]},
    {"exclude": [{"epochs": 1}, {"init": "ones"}]},
    {"zip": {"a": {"max_loss": [1, 2]}}},
]


def test_the_fingerprint_covers_what_determines_the_rows() -> None:
    wanted = load(SMALL).fingerprint
    assert len(wanted) == 64
    assert {load(changed(**change)).fingerprint for change in SAME} == {wanted}
    assert len({load(changed(**change)).fingerprint for change in OTHER} | {wanted}) == len(OTHER) + 1


def test_a_mapping_is_written_as_a_file_of_the_same_meaning(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    Path("p.csv").write_text("a,b,c\n1,2,3\n")
    file = {"file": Path("p.csv"), "inputs": ["a", "b"], "targets": ["c"]}
    for change in [*SAME, *OTHER, {"description": "'x': [1]\n# \x07\ud83d\ude00"}]:
        mapping = changed(**change)
        for source in (mapping, {**mapping, "data": file}):
            experiment = load(source)
            Path("sub").mkdir(exist_ok=True)
            again = written(experiment.source, Path("sub/x.yaml"))
            assert (again.fingerprint, again.description) == (experiment.fingerprint, experiment.description)
            assert again.source == experiment.source


def test_grids_share_what_they_merge(tmp_path: Path) -> None:
    text = """\
name: x
network: {layers: [2, 2, 1]}
data: {rows: [[1, 1, 1]]}
grids:
  - parameters: &base {learning_rate: [0.1, 0.2], epochs: 10, init: ones}
  - parameters:
      <<: *base
      epochs: [1, 100]
      optimizer: adam
"""
    merged = written(text, tmp_path / "x.yaml")
    base = {"learning_rate": [0.1, 0.2], "epochs": 10, "init": "ones"}
    plain = [{"parameters": base}, {"parameters": base | {"epochs": [1, 100], "optimizer": "adam"}}]
    rest = {key: value for key, value in SMALL.items() if key != "parameters"}
    assert merged.fingerprint == load(rest | {"grids": plain}).fingerprint
    with pytest.raises(ExperimentError) as caught:
        written(text.replace("[0.1, 0.2]", "[0.1, x]"), tmp_path / "x.yaml")
    assert str(caught.value).split("\n") == [
        f"{tmp_path / 'x.yaml'}:5:45: grids[{grid}].parameters.learning_rate[1]: "
        "expected a finite number of at least 0, found 'x'"
        for grid in (0, 1)
    ]
