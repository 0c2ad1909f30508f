"""Initial weights from a file, or from a row of earlier results: training goes on from there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import harness
from harness.experiment import ExperimentError, load
from tests.support.command import call

DATA = {"network": {"layers": [2, 3, 1], "activation": "tanh"}, "data": {"generate": "moons", "samples": 20}}
FIRST = {
    "name": "first",
    **DATA,
    "parameters": {"learning_rate": [0.1, 1e9], "epochs": [3, 10], "init": "xavier_uniform"},
}


def second(init: Any, epochs: int = 7) -> dict[str, Any]:
    return {"name": "second", **DATA, "parameters": {"learning_rate": 0.1, "epochs": epochs, "init": init}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    return str(harness.sweep(FIRST, "results"))


def assert_goes_on(table: pd.DataFrame, row: pd.Series) -> None:
    """Whether a run came to the weights of a row."""
    weights = [name for name in table if name[:2] in ("w1", "w2", "b1", "b2")]
    assert len(weights) == 13
    assert table[weights].iloc[0].tolist() == row[weights].tolist()


def test_a_run_goes_on_from_a_row_to_where_the_longer_run_came(folder: str) -> None:
    whole = harness.load(folder).iloc[1]
    assert (whole["learning_rate"], whole["epochs"]) == (0.1, 10)
    table = harness.train(second({"results": "results/first", "config": 0}))
    assert_goes_on(table, whole)
    assert table["init"].tolist() == ["first-0"]


def test_a_file_starts_like_the_row_that_it_was_exported_from(folder: str, tmp_path: Path) -> None:
    assert call("export", folder, "--config", "0", "--to", "npz", "--save", "start.npz").exit_code == 0
    assert_goes_on(harness.train(second([{"file": "start.npz"}, "ones"])), harness.load(folder).iloc[1])
    weights = {name: array.astype(np.float32) for name, array in harness.open(folder).weights(0).items()}
    np.savez(tmp_path / "own.npz", **{name: array for name, array in weights.items() if name[0] == "w"})
    first = harness.train(second({"file": "own.npz", "bias": 0.5, "name": "mine"}, epochs=0)).iloc[0]
    assert (first["init"], first["b1_2"], first["b2_1"]) == ("mine", 0.5, 0.5)
    assert first["w1_2_1"] == weights["w1"][1, 0]


def test_the_results_say_what_they_started_from(folder: str, tmp_path: Path) -> None:
    """Also when what they started from is gone; and weights that have changed are another experiment."""
    asked = second({"results": folder, "config": 0})
    before = load(asked, row_weights=lambda where, config: harness.open(where).weights(config))
    made = harness.sweep(asked, tmp_path)
    (tmp_path / "results" / "first").rename(tmp_path / "gone")
    record = harness.explain(made, config=0)
    assert record.attrs["notes"] is not None
    other = load(asked, row_weights=lambda *_: {**harness.open(tmp_path / "gone").weights(1)})
    assert other.fingerprint != before.fingerprint


@pytest.mark.parametrize(
    ("init", "told"),
    [
        ({"file": "none.npz"}, "parameters.init.file: no such file"),
        ({"file": "text.npz"}, "parameters.init.file: not a file of arrays as numpy.savez writes it"),
        ({"file": "odd.npz"}, "parameters.init.file: expected arrays w1, w2, .. and b1, b2, .. of each layer or none"),
        ({"file": "nan.npz"}, "parameters.init.file: w1: expected finite numbers of shape (O, I)"),
        ({"file": 3}, "parameters.init.file: expected a path, found 3"),
        ({"file": "small.npz"}, "parameters.init: expected one matrix a layer, 2 for [2, 3, 1], found 1"),
        ({"file": "small.npz", "std": 1}, "parameters.init.std: unknown key"),
        ({"results": "results/first"}, "parameters.init.config: expected a whole number of at least 0"),
        ({"results": "results/first", "config": 99}, "config 99: no such row among the 4 that are there"),
        ({"results": "results/first", "config": 3}, "config 3 has no weights: it diverged, or they were not recorded"),
        ({"results": "results/none", "config": 3}, "parameters.init.results: results/none: no results there"),
        ({"values": [{"file": "none.npz"}]}, "parameters.init.values[0].file: no such file"),
    ],
)
def test_what_is_not_there_is_refused_in_a_line(folder: str, init: Any, told: str) -> None:
    Path("text.npz").write_text("w1")
    np.savez("odd.npz", w1=np.ones((1, 2)), w2=np.ones((1, 1)), b1=np.ones(1))
    np.savez("nan.npz", w1=np.array([[np.nan]]))
    np.savez("small.npz", w1=np.ones((1, 2)))
    with pytest.raises(ExperimentError) as error:
        harness.train(second(init))
    assert told in str(error.value)
    assert len(error.value.lines) == 1


def test_pickled_objects_are_not_opened(folder: str) -> None:
    np.savez("objects.npz", w1=np.array([[{}]], dtype=object))
    with pytest.raises(ExperimentError, match="not a file of arrays"):
        harness.train(second({"file": "objects.npz"}))


def test_a_file_is_looked_for_beside_the_experiment(folder: str, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    np.savez(tmp_path / "below" / "start.npz", w1=np.ones((1, 2)))
    text = "name: x\nnetwork: {layers: [2, 1]}\ndata: {rows: [[1, 1, 1]]}\n"
    text += "parameters: {learning_rate: 0.1, epochs: 0, init: {file: start.npz}}\n"
    (tmp_path / "below" / "x.yaml").write_text(text)
    assert call("plan", str(tmp_path / "below" / "x.yaml")).exit_code == 0
    assert load(tmp_path / "below" / "x.yaml").source.count("start") == 1
