"""The network of a row predicts: what the engine computes, in the units and names of the data."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import harness
from harness import engine
from harness.engine.cpu import scoring
from harness.errors import HarnessError
from harness.experiment.measured import Part
from harness.experiment.model import Samples
from harness.formulas.activations import ACTIVATIONS
from harness.formulas.scores import About, split
from harness.network.parts import NetworkSamples
from harness.reference.network import forward
from harness.views.explain.configuration import of_row
from harness.views.results import Results
from harness.views.trained import network as trained
from harness.views.trained.network import TrainedNetwork
from tests.support.command import call

PARAMETERS = {"learning_rate": 0.1, "epochs": [0, 5], "init": {"normal": {"std": 0.5}}}
Swept = Callable[..., Results]


@pytest.fixture
def swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Swept:
    """What gives the results of an experiment on these data, in a folder that no file of theirs is in."""
    monkeypatch.chdir(tmp_path)

    def made(data: dict[str, Any], layers: Any = ("auto", 3, "auto"), metrics: Any = None, **training: Any) -> Results:
        network = {"layers": list(layers), "activation": "tanh"}
        record = {"metrics": metrics} if metrics else {}
        parts = {"name": "x", "network": network, "data": data, "training": {"batch_size": 4, **training}}
        return harness.open(
            harness.sweep({**parts, "parameters": PARAMETERS, "record": record}, tmp_path, overwrite=True)
        )

    return made


def columns(results: Results, part: Part) -> tuple[pd.DataFrame, Any]:
    """(inputs, targets) of the samples of a part, as they stand in the data."""
    experiment = of_row(results, 0).experiment
    data = experiment.data
    own = data.parts(0 if data.folds else None)[part]
    frame = pd.DataFrame(data.inputs[own], columns=list(experiment.columns[: data.inputs.shape[1]]) or None)
    return frame, data.targets[own]


def engines(network: TrainedNetwork, inputs: Any) -> Any:
    """The sizes of the outputs (S, O) that the engine computes: distances from 0, of one sample at a time."""
    made, outputs = network.network.structure, network.layers[-1]
    trainer = engine.prepare(made)
    about, weights = About(1, (), (0.0,) * outputs, (1.0,) * outputs, True), network.network.flat()[:, None]
    found, work = [], scoring.work
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(scoring, "work", lambda *given: bundles.append(work(*given)) or bundles[-1])
        for x in inputs:
            bundles: list[Any] = []
            one = NetworkSamples(Samples(x[None], np.zeros((1, outputs))), np.zeros((1, max(outputs, 2))), 0.0, about)
            trainer.score(weights, np.empty((0, 1)), one, ["mae"])
            found.append(split(bundles[0].fields["sums"].array[0, :, 0], outputs).distances)
    return np.array(found)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("loss", ["mse", "cross_entropy", "hinge"])
def test_raw_outputs_are_the_engine_s_bit_for_bit(
    swept: Swept, dtype: str, loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = {"load": "penguins", "missing": "mean", "standardize": "inputs", "split": {"test": 0.3}}
    results = swept(section, loss=loss, dtype=dtype)
    network = results.network(1)
    inputs, _ = columns(results, Part.TEST)
    y = network.decision(inputs)
    assert y.dtype == dtype
    x = network.inputs(np.where(inputs.isna(), network.fill, inputs)).astype(dtype)
    one_by_one = [forward(network.network, sample)[1][-1] for sample in x]
    assert y.tobytes() == np.array(one_by_one).tobytes()
    assert np.abs(y).tobytes() == engines(network, x).tobytes()
    assert network.decision(inputs.to_numpy()).tobytes() == y.tobytes()
    monkeypatch.setattr(trained, "AT_ONCE", 10)
    assert network.decision(inputs).tobytes() == y.tobytes()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_many_samples_are_each_as_one_alone(activation: str, swept: Swept) -> None:
    results = swept({"generate": "sine", "samples": 30, "noise": 0}, [1, 4, 1])
    network = results.network(1).network
    network.structure = network.structure.__class__(
        **{**vars(network.structure), "activations": (activation, "identity")}
    )
    x = np.linspace(-30, 30, 50)[:, None]
    with np.errstate(all="ignore"):
        together = forward(network, x)[1][-1]
        assert together.tobytes() == np.array([forward(network, one)[1][-1] for one in x]).tobytes()


@pytest.mark.parametrize("loss", ["mse", "bce", "cross_entropy", "hinge"])
@pytest.mark.parametrize("load", ["wine", "breast_cancer"])
def test_predictions_score_what_the_row_says(swept: Swept, load: str, loss: str) -> None:
    section = {"load": load, "standardize": "inputs", "split": {"validation": 0.3}}
    results = swept(section, metrics=["accuracy"], loss=loss)
    inputs, targets = columns(results, Part.VALIDATION)
    for config in (0, 1):
        network = results.network(config)
        own = of_row(results, 0).experiment.data.classes
        assert network.classes is not None
        assert tuple(map(str, network.classes)) == own
        truth = network.classes[targets[:, 0].astype(int)]
        right = network.predict(inputs) == truth
        assert right.mean() == results.row(config)["validation_accuracy"].item()
    if loss in ("bce", "cross_entropy"):
        p = network.predict_proba(inputs)
        assert p.shape == (len(inputs), len(own))
        assert (network.classes[p.argmax(axis=1)] == network.predict(inputs)).all()
        if loss == "cross_entropy" or len(own) == 2:
            np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-14)
        if loss == "cross_entropy":
            of_truth = p[np.arange(len(p)), targets[:, 0].astype(int)]
            assert -np.log(of_truth).mean() == pytest.approx(results.row(1)["validation_loss"].item(), rel=1e-12)
    else:
        with pytest.raises(HarnessError, match=f"trained on {loss} has no probabilities; expected classes and "):
            network.predict_proba(inputs)


@pytest.mark.parametrize("standardize", ["none", "inputs", "both"])
def test_numbers_are_in_the_target_s_own_units(swept: Swept, standardize: str) -> None:
    section = {"load": "diabetes", "standardize": standardize, "split": {"folds": 3}}
    results = swept(section, metrics=["rmse", "r2"])
    table = results.table(["config", "fold", "epochs", "status"])
    config = int(table[(table["fold"] == 0) & (table["epochs"] == 5)]["config"].item())
    inputs, targets = columns(results, Part.VALIDATION)
    row, network = results.row(config), results.network(config)
    error = network.predict(inputs) - targets[:, 0]
    assert np.sqrt((error**2).mean()) == pytest.approx(row["validation_rmse"].item(), rel=1e-12)
    assert network.classes is None
    assert network.targets == ("progression",)
    with pytest.raises(HarnessError, match="trained on numbers has no probabilities"):
        network.predict_proba(inputs)


def test_columns_are_found_by_their_names(swept: Swept) -> None:
    results = swept({"load": "iris"}, loss="cross_entropy")
    network = results.network(1)
    inputs, _ = columns(results, Part.TRAIN)
    expected = network.predict(inputs)
    assert set(expected) <= {"setosa", "versicolor", "virginica"}
    other = inputs[inputs.columns[::-1]].assign(colour="blue").astype({"petal_width": "Float64"})
    assert (network.predict(other) == expected).all()
    assert repr(network) == "<a 4-3-3 network that predicts one of setosa, versicolor or virginica>"
    assert network.layers == (4, 3, 3)
    assert {name: array.shape for name, array in network.weights.items()} == {
        "w1": (3, 4), "w2": (3, 3), "b1": (3,), "b2": (3,),
    }  # fmt: skip
    assert list(network.table(inputs)) == [
        "prediction", "probability_setosa", "probability_versicolor", "probability_virginica",
    ]  # fmt: skip


def test_what_cannot_be_predicted_is_refused_in_a_line(swept: Swept) -> None:
    network = swept({"load": "iris"}, loss="cross_entropy").network(1)
    frame = pd.DataFrame(np.ones((2, 4)), columns=list(network.columns))

    def line(given: Any) -> str:
        with pytest.raises(HarnessError) as caught:
            network.predict(given)
        (said,) = caught.value.lines
        return said

    assert line(frame.rename(columns={"petal_width": "petal_widht"})) == (
        "no column 'petal_width'; did you mean petal_widht?"
    )
    assert line(frame[["sepal_length", "petal_width"]]) == (
        "no column 'sepal_width'; did you mean petal_width?; nor petal_length"
    )
    assert line(frame.assign(petal_width="wide")).startswith("expected numbers, 4 in a row: could not convert string")
    assert line(pd.concat([frame, frame], axis=1)) == "column 'sepal_length' stands twice in the DataFrame"
    assert line(np.ones((3, 5))) == "expected 4 numbers in a row, found 5"
    assert line(np.ones((3, 5, 4))).startswith("expected numbers, 4 in a row: ")
    gap = line(frame.assign(petal_length=[1, np.nan]))
    assert gap == (
        "row 2, column 'petal_length' is not a finite number, and nothing was missing in the data that this network "
        "was trained on"
    )


def test_gaps_are_filled_with_the_means_of_the_training_part(swept: Swept) -> None:
    results = swept({"load": "penguins", "missing": "mean", "split": {"test": 0.5}}, loss="bce")
    network = results.network(1)
    inputs, _ = columns(results, Part.TRAIN)
    whole = inputs.fillna(inputs.mean())
    np.testing.assert_allclose(network.decision(inputs), network.decision(whole), rtol=1e-12)
    nothing = network.decision(np.full((1, 4), np.nan))
    assert nothing.tobytes() == network.decision(network.fill[None]).tobytes()


@pytest.mark.parametrize(
    ("rows", "layers", "loss", "classes"),
    [
        ([[1, 0], [2, 1]], [1, 1], "mse", None),
        ([[1, 0], [2, 1]], [1, 1], "bce", [0, 1]),
        ([[1, 0.5], [2, 1], [3, 0]], [1, 1], "bce", None),
        ([[1, -1], [2, 1]], [1, 1], "hinge", [-1, 1]),
        ([[1, 0], [2, 2]], [1, 3], "cross_entropy", [0, 1, 2]),
        ([[1, 0, 1], [2, 1, 0]], [1, 2], "cross_entropy", [0, 1]),
        ([[1, 0, 1], [2, 1, 0]], [1, 2], "bce", [0, 1]),
        ([[1, 0, 1], [2, 1, 1]], [1, 2], "bce", None),
        ([[1, 0, 1], [2, 1, 1]], [1, 2], "mse", None),
        ([[1, "3"], [2, "10"]], [1, 1], "bce", [10, 3]),
        ([[1, "03"], [2, "10"]], [1, 1], "bce", ["03", "10"]),
    ],
)
def test_classes_are_what_the_targets_say(swept: Swept, rows: Any, layers: Any, loss: str, classes: Any) -> None:
    network = swept({"rows": rows}, layers, loss=loss).network(1)
    assert classes == (None if network.classes is None else network.classes.tolist())
    said = network.predict([[1.0], [2.0]])
    if classes is not None:
        assert set(said.tolist()) <= set(classes)
    else:
        assert said.shape == ((2,) if layers[-1] == 1 else (2, 2))
    if loss == "bce" and classes is None:
        assert ((said > 0) & (said < 1)).all()
    assert len(network.table([[1.0], [2.0]])) == 2


def test_only_rows_with_a_network_give_one(tmp_path: Path) -> None:
    experiment = {
        "name": "x",
        "network": {"layers": [1, 1]},
        "data": {"rows": [[1, 2]]},
        "parameters": {"learning_rate": [0.1, 1e300], "epochs": 9, "init": "ones"},
    }
    results = harness.open(harness.sweep(experiment, tmp_path))
    assert results.network(0).predict([[1]]).shape == (1,)
    with pytest.raises(HarnessError, match=r"config 1: this run diverged in epoch \d, so it left no network; expected"):
        results.network(1)
    bare = {**experiment, "name": "bare", "record": {"weights": False}}
    with pytest.raises(HarnessError, match="config 0: this run has no weights in the table, so it left no network"):
        harness.open(harness.sweep(bare, tmp_path)).network(0)
    with pytest.raises(HarnessError, match="config 5: no such row"):
        results.network(5)


NEW = "note;flipper_length_mm;species;bill_depth_mm;bill_length_mm;body_mass_g\n" + "".join(
    f"x;{row}\n" for row in ("181;Adelie;18,7;39,1;3750", "NA;unknown;15;46,5;4500", "?;;18;50;3800")
)


def test_a_file_is_predicted_by_the_names_of_its_columns(swept: Swept) -> None:
    results = swept({"load": "penguins", "missing": "mean", "standardize": "inputs"}, loss="cross_entropy")
    Path("new.csv").write_text(NEW, "utf-8")
    frame = pd.read_csv("new.csv", sep=";", decimal=",", na_values="?")
    frame.to_parquet("new.parquet")
    expected = results.network(1).table(frame)
    for file in ("new.csv", "new.parquet"):
        printed = call("predict", results.folder, file, "--config", 1)
        assert printed.exit_code == 0, printed.output
        pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(printed.stdout)), expected)
    saved = call("predict", results.folder, "new.csv", "--config", 1, "--save", "said.csv")
    assert saved.stdout == "wrote said.csv\n"
    assert Path("said.csv").read_text("utf-8") == printed.stdout
    lines = Path("new.csv").read_text("utf-8").splitlines()
    Path("one.csv").write_text("\n".join([lines[0], lines[3]]), "utf-8")  # a column of nothing but a gap
    assert call("predict", results.folder, "one.csv", "--config", 1).stdout.splitlines()[1:] == [
        printed.stdout.splitlines()[3]
    ]


def test_without_a_number_the_best_row_is_taken_and_said(swept: Swept) -> None:
    results = swept({"load": "iris", "split": {"folds": 3, "test": 0.2}}, loss="cross_entropy")
    Path("new.csv").write_text("petal_length,sepal_width,petal_width,sepal_length\n1.4,3.5,0.2,5.1\n", "utf-8")
    best = int(results.best()["config"].iloc[0])
    assert best > 0
    asked = call("predict", results.folder, "new.csv", "--config", best)
    left = call("predict", results.folder, "new.csv")
    assert (left.stdout, asked.stderr) == (asked.stdout, "")
    assert re.search(rf"^greatest validation accuracy: .* at config {best}: epochs 5; test_loss ", left.stderr)
    assert call("export", results.folder, "--to", "json").stdout == f"wrote x-{best}.json\n"


def test_steps_of_unequal_folds_are_counted(swept: Swept) -> None:
    folds = swept({"load": "iris", "split": {"folds": 7, "test": 0.2}}, loss="cross_entropy")
    manifest = json.loads((Path(folds.folder) / "manifest.json").read_text("utf-8"))
    assert manifest["steps"] == 5 * 6 * 120  # each of 120 rows is learnt from in six of seven folds
    assert "taken over" not in call("status", folds.folder).stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sepal_length,sepal_width,petal_length\n1,1,1\n", "petal_width: no such column; did you mean "),
        (
            "sepal_length,sepal_width,petal_length,petal_width\n1,1,1,wide\n",
            "petal_width: column petal_width of new.csv holds text ",
        ),
        (
            "sepal_length,sepal_width,petal_length,petal_width\n1,1,1,1\n1,1,,1\n",
            "row 2, column 'petal_length' is not ",
        ),
        (
            "sepal_length,sepal_width,petal_length,petal_width\n1,1,1,1\n1,1,1x,1\n",
            "row 2, column 'petal_length': expe",
        ),
        ("sepal_length,sepal_width,petal_length,petal_width\n", "the file has no rows"),
    ],
)
def test_a_file_that_does_not_fit_is_told_in_a_line(swept: Swept, text: str, said: str) -> None:
    results = swept({"load": "iris"}, loss="cross_entropy")
    Path("new.csv").write_text(text, "utf-8")
    result = call("predict", results.folder, "new.csv", "--config", 1)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"new.csv: {said}")
    assert result.stderr.count("\n") == 1
    nowhere = call("predict", results.folder, "nowhere.csv", "--config", 1)
    assert nowhere.stderr == "nowhere.csv: no such file: nowhere.csv\n"


def test_inputs_without_names_are_taken_in_their_order(swept: Swept) -> None:
    results = swept({"generate": "moons", "samples": 9, "noise": 0}, [2, 1])
    Path("new.csv").write_text("a,b\n1,2\n-1,0.5\n", "utf-8")
    printed = call("predict", results.folder, "new.csv", "--config", 1).stdout
    expected = results.network(1).predict([[1, 2], [-1, 0.5]])
    assert [float(line) for line in printed.splitlines()[1:]] == expected.tolist()
    Path("new.csv").write_text("a,b,c\n1,2,3\n", "utf-8")
    told = call("predict", results.folder, "new.csv", "--config", 1).stderr
    assert told == "new.csv: expected 2 numbers in a row, found 3\n"


def test_a_stranger_s_class_does_not_steer_the_terminal(swept: Swept) -> None:
    results = swept({"rows": [[1, "a\x1b[2J"], [2, "b\nc"]]}, [1, 1], loss="bce")
    Path("new.csv").write_text("a,b\n1,2\n", "utf-8")
    frame = results.network(1).table(pd.DataFrame({"x": [1.0, 2.0]}))
    assert list(frame) == ["prediction", "probability_a\x1b[2J", "probability_b\nc"]
    Path("new.parquet").write_bytes(b"")
    pd.DataFrame({"x": [1.0, 2.0]}).to_parquet("new.parquet")
    printed = call("predict", results.folder, "new.parquet", "--config", 1).stdout
    assert printed.startswith("prediction,probability_a\\x1b[2J,probability_b\\nc\n")
    assert "\x1b" not in printed
