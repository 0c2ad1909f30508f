"""Data as they are found: classes, gaps, scales, parts and folds; and what networks are given of them."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from math import fsum, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

import harness
from harness.experiment import ExperimentError, load
from harness.experiment.data import about
from harness.experiment.data.shelf import SHELF
from harness.experiment.measured import Part
from harness.experiment.model import Experiment
from harness.network.parts import AS_IT_IS, DataForm, NetworkData, network_data
from harness.network.structure import structure
from harness.store.contents import Contents
from harness.store.kept import as_it_was
from harness.store.places import place_of

PARAMETERS = {"learning_rate": 0.1, "epochs": [0, 2], "init": "ones"}


def experiment(section: dict[str, Any], layers: Any = ("auto", "auto"), **training: Any) -> dict[str, Any]:
    network = {"layers": list(layers)}
    return {"name": "x", "network": network, "data": section, "training": training, "parameters": PARAMETERS}


def made(section: dict[str, Any], layers: Any = ("auto", "auto"), **training: Any) -> Experiment:
    return load(experiment(section, layers, **training))


def networks(found: Experiment, chosen: DataForm = AS_IT_IS) -> NetworkData:
    return network_data(found, structure(found, {"fold": chosen.fold}), chosen)


def complaint(section: dict[str, Any], layers: Any = ("auto", "auto"), **training: Any) -> str:
    with pytest.raises(ExperimentError) as caught:
        made(section, layers, **training)
    return str(caught.value).removeprefix("experiment: ")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)


WINE = """"acid";"sugar";"id";"kind";"part"
1,5;10;1;red;train
2;20;2;white;train
;30;3;red;test
4;40;4;rosé;train
5;?;5;white;validation
6;60;6;red;train
"""


def test_a_file_is_read_as_it_was_downloaded() -> None:
    Path("wine.csv").write_text(WINE, "utf-8-sig")
    section = {"file": "wine.csv", "targets": "kind", "inputs": {"except": ["id", "part"]}, "missing": "drop"}
    found = made(section, loss="cross_entropy")
    assert found.columns == ("acid", "sugar", "kind")
    assert found.data.classes == ("red", "rosé", "white")
    assert found.data.inputs.tolist() == [[1.5, 10], [2, 20], [4, 40], [6, 60]]
    assert found.data.targets[:, 0].tolist() == [0, 2, 1, 0]
    assert found.settings["layers"] == (2, 3)
    assert about.described(found) == [
        "4 rows, 2 left out, 2 inputs, 1 target, semicolons between columns, decimal commas",
        "3 classes: red 2, rosé 1, white 1",
    ]
    assert networks(found).train.targets.tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]]


def test_parquet_and_csv_are_the_same_data() -> None:
    columns = {"a": [1.5, 2, 4], "b": ["x", "y", "x"], "c": pa.array(["u", None, "u"]).dictionary_encode()}
    parquet.write_table(pa.table(columns), "p.parquet")
    Path("p.csv").write_text("a,b,c\n1.5,x,u\n2,y,\n4,x,u\n")
    sections = [{"file": f"p.{end}", "targets": "b", "inputs": ["a"]} for end in ("csv", "parquet")]
    one, other = (made(section, loss="bce") for section in sections)
    assert one.fingerprint == other.fingerprint
    assert one.data.classes == ("x", "y")
    assert one.settings["layers"] == (1, 1)
    lines = [complaint({"file": f"p.{end}", "targets": "b"}) for end in ("csv", "parquet")]
    assert lines[0] == "data.inputs: column c of p.csv holds text ('u'); expected numbers"
    assert lines[1].startswith("data.inputs: expected a column of numbers, found dictionary")


@pytest.mark.parametrize(
    ("loss", "layers", "classes", "targets"),
    [
        ("bce", [1, 1], "ab", [[0], [1]]),
        ("mse", [1, 1], "ab", [[0], [1]]),
        ("hinge", [1, 1], "ab", [[-1], [1]]),
        ("cross_entropy", [1, 2], "ab", [[1, 0], [0, 1]]),
        ("bce", [1, 2], "ab", [[1, 0], [0, 1]]),
        ("mse", [1, 3], "abc", [[1, 0, 0], [0, 1, 0], [0, 0, 1]]),
        ("hinge", [1, 3], "abc", [[1, -1, -1], [-1, 1, -1], [-1, -1, 1]]),
    ],
)
def test_losses_know_what_to_do_with_classes(loss: str, layers: list[int], classes: str, targets: Any) -> None:
    found = made({"rows": [[i, name] for i, name in enumerate(classes)]}, layers, loss=loss)
    assert found.data.classes == tuple(classes)
    assert networks(found).train.targets.tolist() == targets
    of = networks(found).of[Part.TRAIN]
    assert of.about.classes == (1.0,) * len(classes)
    assert of.answers.tolist() == np.eye(len(classes)).tolist()


def test_whole_numbers_are_classes_if_they_are_said_to_be() -> None:
    rows = [[1, 7], [2, 3], [3, 7], [4, 5]]
    found = made({"rows": rows, "classes": "auto"}, [1, 3], loss="cross_entropy")
    assert found.data.classes == ("3", "5", "7")
    assert found.data.targets[:, 0].tolist() == [2, 0, 2, 1]
    assert made({"rows": rows}, [1, 1]).data.targets[:, 0].tolist() == [7, 3, 7, 5]
    half = complaint({"rows": [[1, 0.5], [2, 1]], "classes": "auto"}, [1, 1])
    assert half == "data.targets: expected labels or whole numbers, for classes, found 0.5"
    assert complaint({"rows": [[1, 1]], "classes": "auto"}, [1, 1]).endswith("for classes, found 1")


def test_auto_layers_fit_the_data_wherever_they_stand() -> None:
    mapping = experiment({"load": "iris"}, loss="cross_entropy")
    mapping["network"], mapping["parameters"] = {}, {**PARAMETERS, "layers": [["auto", "auto"], ["auto", 5, "auto"]]}
    by_hand = {**mapping, "parameters": {**PARAMETERS, "layers": [[4, 3], [4, 5, 3]]}}
    assert load(mapping).fingerprint == load(by_hand).fingerprint
    assert set(harness.train(mapping)["layers"]) == {"[4, 3]", "[4, 5, 3]"}
    unknown = complaint({"rows": [[1, 2]]})
    assert unknown.startswith("network.layers: auto needs data that say which columns are inputs")
    assert made({"load": "diabetes"}).settings["layers"] == (10, 1)
    middle = complaint({"load": "diabetes"}, ["auto", "auto", 1])
    assert middle == "network.layers[1]: expected a whole number of at least 1, found 'auto'"


@pytest.mark.parametrize("name", SHELF)
def test_the_shelf_is_trained_on(name: str) -> None:
    section = {"load": name, "standardize": "inputs", "missing": "mean", "split": {"folds": 3}}
    loss = "cross_entropy" if SHELF[name].classes else "mse"
    table = harness.train(experiment(section, loss=loss))
    assert set(table["fold"]) == {0, 1, 2}
    assert table["validation_loss"].notna().all()


def test_means_and_deviations_are_those_of_the_training_part() -> None:
    numbers = np.random.default_rng(5).normal(3, [1, 1e-3, 1e6], (40, 3))
    numbers[[3, 30], 1] = np.nan
    lines = ["a,b,y", *(",".join("" if np.isnan(x) else repr(x) for x in row) for row in numbers.tolist())]
    Path("p.csv").write_text("\n".join(lines))
    section = {"file": "p.csv", "targets": "y", "missing": "mean", "standardize": "both", "split": {"test": 0.25}}
    found = made(section)
    own = found.data.parts()[Part.TRAIN]
    assert len(own) == 30
    data = networks(found, DataForm(standardize="both"))
    there = numbers[own][~np.isnan(numbers[own, 1]), 1]
    mean = fsum(there) / len(there)
    assert data.fill[1] == mean
    filled = np.where(np.isnan(numbers), mean, numbers)
    for column, scaling, at in ((0, data.inputs, 0), (1, data.inputs, 1), (2, data.targets, 0)):
        exact = [Fraction(x) for x in filled[own, column]]
        average = sum(exact) / len(own)
        spread = sqrt(sum((x - average) ** 2 for x in exact) / len(own))
        assert scaling.mean[at] == pytest.approx(float(average), rel=1e-15)
        assert scaling.deviation[at] == pytest.approx(spread, rel=1e-12)
    train = data.train
    np.testing.assert_allclose(np.hstack([train.inputs, train.targets]).mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(np.hstack([train.inputs, train.targets]).std(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(data.targets.back(train.targets), numbers[own, 2:], rtol=1e-12)
    assert data.of[Part.TEST].about.scale == tuple(data.targets.deviation)


def test_scores_are_in_the_targets_own_units() -> None:
    section = {"load": "diabetes", "standardize": "both", "split": {"validation": 0.3}}
    mapping = {**experiment(section), "record": {"metrics": ["rmse", "mae", "r2"]}}
    at_start = harness.train(mapping)[lambda table: table["epochs"] == 0].iloc[0]
    found = load(mapping)
    data = networks(found, DataForm(standardize="both"))
    part = data.of[Part.VALIDATION]
    outputs = data.targets.back(part.samples.inputs.sum(axis=1, keepdims=True))
    error = (outputs - found.data.targets[found.data.parts()[Part.VALIDATION]])[:, 0]
    assert at_start["validation_rmse"] == pytest.approx(np.sqrt((error**2).mean()), rel=1e-12)
    assert at_start["validation_mae"] == pytest.approx(np.abs(error).mean(), rel=1e-12)


@given(
    st.integers(20, 90),
    st.sampled_from([None, 0.1, 0.25]),
    st.sampled_from([None, 0.2]),
    st.sampled_from([0, 2, 5]),
    st.integers(0, 2**64 - 1),
)
def test_a_split_is_a_partition(
    samples: int, test: float | None, validation: float | None, folds: int, seed: int
) -> None:
    if not (test or validation or folds):
        return
    labels = ["a", "b"] * (samples // 2) + ["a"] * (samples % 2)
    random.Random(seed).shuffle(labels)
    split = {"seed": seed, **({"test": test} if test else {})}
    split |= {"folds": folds} if folds else {"validation": validation} if validation else {}
    data = made({"rows": [[i, name] for i, name in enumerate(labels)], "split": split}, [1, 1], loss="bce").data
    again = made({"rows": [[i, name] for i, name in enumerate(labels)], "split": split}, [1, 1], loss="bce").data
    assert data.digest() == again.digest()
    seen: list[int] = []
    for fold in range(folds) if folds else [None]:
        parts = data.parts(fold)
        assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(samples))
        if test:
            assert len(parts[Part.TEST]) == round(test * samples)
        if folds:
            seen += parts[Part.VALIDATION].tolist()
        elif validation:
            assert len(parts[Part.VALIDATION]) == round(validation * samples)
        for rows in parts.values():
            share = (data.targets[rows, 0] == 1).mean() - (data.targets[:, 0] == 1).mean()
            assert abs(share) * len(rows) <= 2.5  # stratified: of each class its share, rounded
    if folds:
        assert sorted(seen) == sorted(np.flatnonzero(data.part == Part.TRAIN).tolist())


def test_the_split_is_the_same_on_every_machine() -> None:
    data = made({"generate": "moons", "samples": 12, "noise": 0, "split": {"test": 0.25, "folds": 3}}, [2, 1]).data
    assert data.part is not None
    assert data.fold is not None
    assert data.part.tolist() == [0, 0, 0, 0, 2, 0, 0, 2, 0, 2, 0, 0]
    assert data.fold.tolist() == [0, 0, 1, 0, -1, 2, 2, -1, 1, -1, 1, 2]


def test_a_column_or_files_say_the_parts() -> None:
    Path("wine.csv").write_text(WINE.replace("?", "50").replace("\n;", "\n3;"), "utf-8")
    section = {"file": "wine.csv", "targets": "acid", "inputs": ["sugar"], "split": {"column": "part"}}
    parts = {part.label: rows.tolist() for part, rows in made(section).data.parts().items()}
    assert parts == {"train": [0, 1, 3, 5], "validation": [4], "test": [2]}
    others = made(
        {"file": "wine.csv", "targets": "acid", "inputs": {"except": ["id", "kind"]}, "split": {"column": "part"}}
    )
    assert others.columns == ("sugar", "acid")
    Path("more.csv").write_text("id;acid;sugar\n9;1,25;5\n")
    section = {
        "file": "wine.csv",
        "targets": "acid",
        "inputs": ["sugar"],
        "split": {"validation": {"file": "more.csv"}},
    }
    data = made({**section, "split": {**section["split"], "test": 0.5}}).data
    assert data.inputs[:, 0].tolist() == [10, 20, 30, 40, 50, 60, 5]
    assert data.targets[data.parts()[Part.VALIDATION]].tolist() == [[1.25]]
    assert len(data.parts()[Part.TEST]) == 3


def test_another_row_or_seed_or_part_is_another_experiment() -> None:
    base = {"rows": [[i, i % 2, i % 3] for i in range(12)]}
    sections = [
        base,
        {"rows": [*base["rows"][:-1], [11, 1, 1]]},
        *({**base, "split": {"validation": 0.25, "seed": seed}} for seed in (0, 1)),
        {**base, "split": {"validation": 0.5}},
        {**base, "split": {"folds": 3}},
        {**base, "standardize": "inputs"},
    ]
    assert len({made(section, [2, 1]).fingerprint for section in sections}) == len(sections)
    assert made({**base, "standardize": "none"}, [2, 1]).fingerprint == made(base, [2, 1]).fingerprint


def test_folds_and_scales_are_dimensions_of_the_grid(tmp_path: Path) -> None:
    mapping = experiment({"load": "iris", "split": {"folds": 4, "test": 0.2}}, loss="cross_entropy", batch_size="full")
    mapping["parameters"] = {**PARAMETERS, "standardize": ["none", "inputs"], "learning_rate": [0.01, 0.1]}
    table = harness.load(harness.sweep(mapping, tmp_path))
    assert len(table) == 4 * 2 * 2 * 2
    assert table.groupby(["fold", "standardize"], observed=True).size().tolist() == [4] * 8
    found = load(mapping)
    for fold in range(4):
        for scale in ("none", "inputs"):
            alone = experiment({"rows": [[0, 0]]}, [4, 3], loss="cross_entropy", batch_size="full")
            train = networks(found, DataForm(fold, scale)).train
            rows = np.hstack([train.inputs, np.argmax(train.targets, axis=1)[:, None]])
            alone["data"] = {"rows": rows}
            alone["parameters"] = {**PARAMETERS, "learning_rate": [0.01, 0.1]}
            own = table[(table["fold"] == fold) & (table["standardize"] == scale)].sort_values("config")
            assert harness.train(alone)["loss_mean"].dropna().tolist() == own["loss_mean"].dropna().tolist()


def test_a_folder_tells_its_data_without_the_file(tmp_path: Path) -> None:
    Path("wine.csv").write_text(WINE.replace("rosé", "red"), "utf-8")
    section = {"file": "wine.csv", "targets": "kind", "inputs": ["acid", "sugar"], "missing": "mean"}
    mapping = experiment({**section, "standardize": "inputs", "split": {"folds": 2}}, loss="bce")
    before = load(mapping)
    folder = harness.sweep(mapping, tmp_path / "results")
    Path("wine.csv").unlink()
    row = harness.load(folder)[lambda table: (table["epochs"] == 2) & (table["fold"] == 1)].iloc[0]
    explained = harness.explain(folder, config=int(row["config"]), epochs=2)
    assert len(explained) > 0
    told = json.loads((Path(folder) / "manifest.json").read_text())["data"]
    part = next((Path(folder) / "runs").glob("*.parquet"))
    assert json.loads(parquet.read_schema(part).metadata[b"harness.data"]) == told
    assert told["classes"] == ["red", "white"]
    assert told["inputs"] == ["acid", "sugar"]
    assert [(one["fold"], one["train"], one["validation"]) for one in told["parts"]] == [(0, 3, 3), (1, 3, 3)]
    scaling = networks(before, DataForm(1, "inputs")).inputs
    assert told["parts"][1]["inputs"] == {"mean": scaling.mean.tolist(), "deviation": scaling.deviation.tolist()}
    again = as_it_was(Contents(place_of(folder)), before.source, before.fingerprint, ["experiment.yaml"])
    assert again.data.digest() == before.data.digest()
    assert again.data.classes == ("red", "white")


REFUSED = [
    ({"split": {}}, "data.split: expected validation, test, folds or column, found none of them"),
    ({"split": {"validation": 0.99}}, "data.split.validation: expected a share that leaves no part empty, found "),
    ({"split": {"test": 0.01}}, "data.split.test: expected a share that leaves no part empty, found "),
    ({"split": {"test": 1}}, "data.split.test: expected a share of the rows between 0 and 1, such as 0.2, or {file: "),
    ({"split": {"folds": 30}}, "data.split.folds: expected at most as many folds as rows, 12, found 30"),
    ({"split": {"folds": 1}}, "data.split.folds: expected a whole number of at least 2, found 1"),
    ({"split": {"folds": 2, "validation": 0.5}}, "data.split.folds: each fold is the validation part of one run"),
    ({"split": {"column": "part"}}, "data.split.column: goes with file, not with rows"),
    ({"split": {"test": {"file": "t.csv"}}}, "data.split.test: goes with file, not with rows"),
    ({"split": {"test": 0.2, "stratify": True}}, "data.split.stratify: needs targets that are classes"),
    ({"split": {"tset": 0.2}}, "data.split.tset: unknown key; did you mean test?"),
    ({"missing": "drop"}, "data.missing: goes with file or load, not with rows"),
    ({"standardize": "all"}, "data.standardize: expected none, inputs, targets or both, found 'all'"),
    ({"classes": True}, "data.classes: expected auto, found true"),
]


@pytest.mark.parametrize(("keys", "line"), REFUSED)
def test_what_data_may_not_be(keys: dict[str, Any], line: str) -> None:
    found = complaint({"rows": [[i, i / 7] for i in range(12)], **keys}, [1, 1])
    assert found.startswith(line), found


def test_what_does_not_fit_is_told() -> None:
    rows = [[i, name] for i, name in enumerate("aaaaaaaaaab")]
    absent = complaint({"rows": rows, "split": {"folds": 3}}, [1, 1], loss="bce")
    assert absent.startswith("data.split: class 'b' has no row in the validation part of fold 0; expected another")
    outputs = complaint({"load": "iris"}, [4, 2], loss="cross_entropy")
    assert outputs.startswith("network.layers: expected 3 outputs, one for each class of the targets, found 2")
    scaled = complaint({"load": "iris", "standardize": "both"}, loss="mse")
    assert scaled == "data.standardize: expected none or inputs, as the targets are classes, found 'both'"
    odds = complaint({"rows": [[1, 0], [2, 1]], "standardize": "targets"}, [1, 1], loss="bce")
    assert odds == "data.standardize: expected none or inputs, as bce takes targets as they are, found 'targets'"
    Path("p.csv").write_text("a,y,part\n1,2,train\n2,3,held\n")
    section = {"file": "p.csv", "targets": "y", "inputs": ["a"], "split": {"column": "part"}}
    held = "data.split.column: expected train, validation or test, found 'held' in row 2 of 'part'"
    assert complaint(section) == held
    assert complaint({**section, "split": {"column": "y"}}).startswith("data.split.column: column 'y' holds numbers")
    assert complaint({**section, "split": {"column": "z"}}).startswith("data.split.column: no such column")
    none = complaint({**section, "split": {"validation": {"file": "none.csv"}}})
    assert none.startswith("data.split.validation.file: no such file: ")
    Path("q.csv").write_text("a,b\n1,2\n")
    other = complaint({**section, "split": {"validation": {"file": "q.csv"}}})
    assert other == "data.split.validation.file: no such column; the file has a, b"


def test_what_to_look_out_for_is_told() -> None:
    def told(section: dict[str, Any], layers: Any = ("auto", "auto"), **training: Any) -> list[str]:
        return list(about.warnings(made(section, layers, **training)))

    assert told({"load": "iris"}, loss="cross_entropy") == []
    (scale,) = told({"load": "wine"}, loss="cross_entropy")
    assert scale.startswith("proline varies ")
    assert scale.endswith("data.standardize: inputs gives all inputs one scale")
    assert told({"load": "wine", "standardize": "inputs"}, loss="cross_entropy") == []
    constant = told({"rows": [[1, i, i] for i in range(9)], "standardize": "inputs"}, [2, 1])
    assert constant == ["the same in every row of the training part, and left so: input 1"]
    rare = told({"rows": [[i, "b" if i == 3 else "a"] for i in range(50)]}, [1, 1], loss="bce")
    assert rare == ["rare classes, of which accuracy says little: b (1 row); see balanced_accuracy"]
    twice = told({"rows": [[i % 2, 2] for i in range(8)], "split": {"validation": 0.25}}, [1, 1])
    assert twice == ["2 rows of one part are in another, too"]


def test_arrays_and_tables_of_a_program_are_data() -> None:
    random = np.random.default_rng(3)
    numbers, labels = random.normal(size=(8, 2)), np.array(["no", "yes"] * 4)
    pair = made((numbers, labels), loss="bce")  # type: ignore[arg-type]
    assert pair.columns == ("x1", "x2", "y")
    assert pair.data.classes == ("no", "yes")
    assert pair.data.inputs.tolist() == numbers.tolist()
    frame = pd.DataFrame({"a": numbers[:, 0], "b": numbers[:, 1], "id": range(8), "kind": labels})
    named = made((frame[["a", "b"]], frame["kind"]), loss="bce")  # type: ignore[arg-type]
    assert named.columns == ("a", "b", "kind")
    rows = {"rows": frame, "targets": "kind", "inputs": {"except": "id"}, "split": {"validation": 0.25}}
    split = made(rows, loss="bce")
    assert split.columns == named.columns
    assert split.data.inputs.tolist() == numbers.tolist()
    assert len(split.data.parts()[Part.VALIDATION]) == 2
    also = made({"rows": (numbers, numbers.sum(axis=1)), "split": {"folds": 2}, "standardize": "both"})
    assert also.columns == ("x1", "x2", "y")
    assert made(((1, 2, 3), (4, 5, 6)), [2, 1]).data.targets.tolist() == [[3], [6]]  # type: ignore[arg-type]
    assert made(numbers, [1, 1]).data.targets[:, 0].tolist() == numbers[:, 1].tolist()  # type: ignore[arg-type]
