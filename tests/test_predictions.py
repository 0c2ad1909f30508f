"""What rows say of samples: as their networks do that are taken from the table, and kept like any other table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import harness
from harness.experiment import ExperimentError, load
from harness.store.compact import compact
from harness.store.contents import StoreError
from harness.store.places import place_of
from harness.sweeps import run
from harness.views.explain.configuration import of_row
from harness.views.status import status_of

CLASSES = {
    "name": "x",
    "network": {"layers": ["auto", 3, "auto"], "activation": "leaky_relu"},
    "data": {"load": "penguins", "missing": "mean", "standardize": "inputs", "split": {"validation": 0.1, "test": 0.1}},
    "training": {"loss": "cross_entropy", "batch_size": 16},
    "parameters": {"learning_rate": [0.1, 1e6], "epochs": [0, 3], "slope": [0.1, 0.3], "init": "xavier_uniform"},
    "record": {"predictions": ["test", "validation"]},
}
NUMBERS = {
    **CLASSES,
    "data": {"load": "diabetes", "standardize": "both", "split": {"folds": 4}},
    "training": {"batch_size": 64, "dtype": "float32"},
    "record": {"predictions": "validation"},
}


@pytest.mark.parametrize("asked", [CLASSES, NUMBERS], ids=["classes", "numbers"])
def test_predictions_are_those_of_the_network_of_the_row(asked: dict[str, Any], tmp_path: Path) -> None:
    results = harness.open(harness.sweep(asked, tmp_path))
    table, found = results.table(), results.predictions()
    there = table.loc[table["status"] != "diverged", "config"].tolist()
    assert found["config"].unique().tolist() == there
    assert len(there) < len(table) or asked is NUMBERS
    for config in there[::3]:
        one, network = of_row(results, config), results.network(config)
        data, fold = one.experiment.data, table["fold"][config] if "fold" in table else None
        own = found[found["config"] == config]
        inputs = data.inputs[own["sample"]]
        expected = network.decision(inputs) if network.classes is not None else network.answers(inputs)
        outputs = own.filter(like="output").to_numpy()
        assert outputs.tobytes() == expected.astype(outputs.dtype).tobytes()
        members = {part.label: rows.tolist() for part, rows in data.parts(fold).items()}
        assert {part: rows["sample"].tolist() for part, rows in own.groupby("part", observed=True)} == {
            part: members[part] for part in own["part"].unique()
        }
        if network.classes is not None:
            assert own["class"].tolist() == network.predict(inputs).tolist()
    last = found[found["config"] == there[-1]].reset_index(drop=True)
    pd.testing.assert_frame_equal(last, results.predictions([there[-1]]))


def test_predictions_agree_with_the_scores(tmp_path: Path) -> None:
    folder = harness.sweep({**CLASSES, "record": {"predictions": "test", "metrics": ["accuracy"]}}, tmp_path)
    found, table = harness.load(folder, predictions=True), harness.load(folder)
    experiment = load(CLASSES)
    own = np.array(experiment.data.classes)[experiment.data.targets[:, 0].astype(int)]
    right = (found["class"].to_numpy() == own[found["sample"]]).astype(float)
    accuracy = pd.Series(right).groupby(found["config"].to_numpy()).mean()
    assert accuracy.to_dict() == table.set_index("config")["test_accuracy"].dropna().to_dict()


def test_predictions_are_kept_like_any_table(tmp_path: Path) -> None:
    """A block size, threads, an extension and a compaction leave them as they are; a lost file is made again."""
    folder = Path(harness.sweep(CLASSES, tmp_path, block_size=1, threads=2))
    found = harness.load(folder, predictions=True)
    one = next(iter((folder / "predictions").glob("*.parquet")))
    one.unlink()
    assert [name for name, _ in status_of(str(folder)).bad] == [f"predictions/{one.name}"]
    harness.sweep(CLASSES, tmp_path, block_size=1)
    compact(place_of(folder))
    assert len(list((folder / "predictions").glob("*.parquet"))) == 1
    pd.testing.assert_frame_equal(harness.load(folder, predictions=True), found)
    wider = {**CLASSES, "parameters": {**CLASSES["parameters"], "slope": [0.1, 0.2, 0.3]}}
    run.sweep(load(wider), tmp_path, run.Options(extend=True))
    anew = Path(harness.sweep(wider, tmp_path / "anew"))
    pd.testing.assert_frame_equal(harness.load(folder, predictions=True), harness.load(anew, predictions=True))


def test_a_folder_without_predictions_says_how_to_get_them(tmp_path: Path) -> None:
    folder = harness.sweep({**CLASSES, "record": {}}, tmp_path)
    with pytest.raises(StoreError, match=r"no predictions there; an experiment with record: \{predictions: test\}"):
        harness.load(folder, predictions=True)


@pytest.mark.parametrize(
    ("record", "told"),
    [
        ({"predictions": "tset"}, "record.predictions[0]: expected train, validation or test, found 'tset'"),
        ({"predictions": "train", "weights": False}, "record.predictions: needs weights"),
        ({"predictions": []}, "record.predictions"),
        ({"predictions": "test"}, "record.predictions: there is no test part; give data.split"),
    ],
)
def test_what_cannot_be_predicted_is_refused_in_a_line(record: Any, told: str) -> None:
    data = {**NUMBERS["data"], "split": {"folds": 3}}
    with pytest.raises(ExperimentError) as error:
        load({**NUMBERS, "data": data, "record": record})
    assert told in str(error.value)
    assert len(error.value.lines) == 1
