"""Pictures of one network: what they show is what the network says, of the data as they stand in the file."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image
from pyarrow import chunked_array as arrow
from pyarrow import parquet

import harness
from harness.errors import HarnessError
from harness.experiment.data.generators import generate
from harness.experiment.measured import Part
from harness.store.schema import monitored_column
from harness.views import files
from harness.views.explain.configuration import of_row
from harness.views.palette import CLASSES
from harness.views.plots import marks, milestones
from harness.views.plots.calibration import reliability
from tests.support.command import call
from tests.support.figures import bars, caption, legend, legend_title, panels, shown, title

MOONS = {"generate": "moons", "samples": 60, "noise": 0.2, "classes": "auto"}
SPLIT = {"validation": 0.3, "test": 0.2}
XAVIER = {"normal": {"std": 0.5}}


def made(path: Path, data: dict[str, Any], layers: Any = ("auto", 3, "auto"), **more: Any) -> Path:
    """The results, in this folder, of networks with tanh on these data; of learning rates 0.1 and 0.5 if not told."""
    training = {"batch_size": 4, **more.pop("training", {})}
    parameters = {"learning_rate": [0.1, 0.5], "epochs": [0, 2, 20], "init": XAVIER, **more.pop("parameters", {})}
    network = {"layers": list(layers), "activation": "tanh"}
    parts = {"name": "made", "network": network, "data": data, "training": training, "parameters": parameters}
    return Path(harness.sweep({**parts, **more}, path, overwrite=True))


@pytest.fixture(scope="module")
def moons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    record = {"losses": {"every": 1}, "metrics": ["accuracy"]}
    data = {**MOONS, "split": SPLIT}
    return made(tmp_path_factory.mktemp("moons"), data, training={"loss": "bce"}, record=record, repeats=2)


@pytest.fixture(scope="module")
def penguins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes, gaps, inputs of unlike scales, and folds."""
    data = {
        "load": "penguins",
        "inputs": ["bill_length_mm", "flipper_length_mm"],
        "missing": "mean",
        "standardize": "inputs",
        "split": {"folds": 3, "test": 0.2},
    }
    return made(tmp_path_factory.mktemp("penguins"), data, training={"loss": "cross_entropy"}, parameters={"epochs": 9})


@pytest.fixture(scope="module")
def sine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = {"generate": "sine", "samples": 30, "noise": 0.1, "standardize": "both", "split": {"validation": 0.3}}
    return made(tmp_path_factory.mktemp("sine"), data, [1, 4, 1], parameters={"learning_rate": [0.1, 1e150]})


def surface(axes: Any) -> tuple[np.ndarray, np.ndarray]:
    """(cells (Y, X, ..), (Y*X, 2) the middles of the cells) of a boundary."""
    (image,) = axes.images
    cells = np.asarray(image.get_array())
    left, right, bottom, top = image.get_extent()
    height, width = cells.shape[:2]
    x = left + (right - left) * (np.arange(width) + 0.5) / width
    y = bottom + (top - bottom) * (np.arange(height) + 0.5) / height
    return cells, np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def marked(axes: Any, part: str) -> tuple[np.ndarray, list[str]]:
    """((S, 2) places, the colours) of the samples of a part."""
    (marks_,) = [one for one in axes.collections if one.get_gid() == part]
    faces, rims = marks_.get_facecolors(), marks_.get_edgecolors()
    return np.asarray(marks_.get_offsets()), [to_hex(colour) for colour in (faces if part == "training" else rims)]


def test_a_boundary_has_the_probabilities_of_the_network(moons: Path) -> None:
    best = int(harness.open(moons).best()["config"].iloc[0])
    drawn = harness.plot(moons, "boundary", where={"epochs": 20})
    (axes,) = panels(drawn)
    cells, places = surface(axes)
    network = harness.open(moons).network(best)
    assert cells.ravel() == pytest.approx(network.predict_proba(places)[:, 1])
    assert f"config {best} (setting of greatest validation accuracy)" in shown(drawn)
    assert title(drawn) == "Where does the network draw the line between 0 and 1?"
    assert list(bars(drawn)) == ["probability of 1"]
    line = np.concatenate([path.vertices for one in axes.collections for path in one.get_paths() if not one.get_gid()])
    near = network.predict_proba(line)[:, 1]
    assert near == pytest.approx(0.5, abs=0.05)


def test_samples_stand_where_they_are_in_the_marks_of_their_parts(moons: Path) -> None:
    (axes,) = panels(made_ := harness.plot(moons, "boundary", where={"epochs": 2}))
    inputs, targets = generate("moons", 60, 0.2, 0)
    seen: list[tuple[float, ...]] = []
    for part, share in (("training", 0.5), ("validation", 0.3), ("test", 0.2)):
        places, colours = marked(axes, part)
        assert len(places) == pytest.approx(60 * share, abs=2)
        for place, colour in zip(places, colours, strict=True):
            (own,) = np.flatnonzero((inputs == place).all(axis=1))
            assert colour == CLASSES[int(targets[own, 0])]
        seen += map(tuple, places)
    assert len(set(seen)) == 60
    assert legend(made_) == ["0", "1", "training sample", "validation sample", "test sample"]


def test_regions_of_classes_are_as_strong_as_they_are_probable(penguins: Path) -> None:
    results = harness.open(penguins)
    (axes,) = panels(drawn := harness.plot(penguins, "boundary", config=4))
    cells, places = surface(axes)
    network = results.network(4)
    p = network.predict_proba(places)
    colours = [to_hex(1 - (1 - colour) / (1 - colour).max()) for colour in cells.reshape(-1, 3)[::97]]
    full = [to_hex(1 - (1 - rgb) / (1 - rgb).max()) for rgb in (np.array(of(colour)) for colour in CLASSES[:3])]
    said = [full.index(min(full, key=lambda one: distance(one, colour))) for colour in colours]
    assert said == p.argmax(axis=1)[::97].tolist()
    paleness = (1 - cells.reshape(-1, 3)).max(axis=1)
    for which in range(3):
        own = p.argmax(axis=1) == which
        if own.any():
            assert np.corrcoef(paleness[own], p.max(axis=1)[own])[0, 1] > 0.999
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("bill_length_mm", "flipper_length_mm")
    assert 180 < np.mean(axes.get_ylim()) < 220  # in mm, though the network takes them standardized
    assert legend(drawn)[:3] == ["Adelie", "Chinstrap", "Gentoo"]
    assert "2 samples with gaps stand where the network takes them" in caption(drawn)


def of(colour: str) -> tuple[float, ...]:
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))


def distance(one: str, other: str) -> float:
    return float(np.abs(np.subtract(of(one), of(other))).sum())


def test_the_parts_are_those_of_the_row_s_fold(penguins: Path) -> None:
    table, data = harness.load(penguins), of_row(harness.open(penguins), 0).experiment.data
    there = ~np.isnan(data.inputs).any(axis=1)
    for fold in range(3):
        config = int(table[table["fold"] == fold]["config"].iloc[0])
        (axes,) = panels(harness.plot(penguins, "boundary", config=config))
        places = sorted(map(tuple, marked(axes, "validation")[0]))
        assert places == sorted(map(tuple, data.inputs[(data.fold == fold) & there]))
        assert len(places) < len(marked(axes, "training")[0])


def test_a_number_has_a_surface_with_a_bar_in_its_own_unit(tmp_path: Path) -> None:
    data = {"load": "diabetes", "inputs": ["bmi", "s5"], "standardize": "both"}
    there = made(tmp_path, data, parameters={"epochs": 1, "learning_rate": 0.01})
    (axes,) = panels(drawn := harness.plot(there, "boundary"))
    cells, places = surface(axes)
    assert cells.ravel() == pytest.approx(harness.open(there).network(0).predict(places))
    assert list(bars(drawn)) == ["progression"]
    assert bars(drawn)["progression"].get_ylim() == (25, 346)
    assert title(drawn) == "What does the network predict of progression?"
    assert legend(drawn) == []


@pytest.mark.parametrize("loss", ["mse", "hinge"])
def test_without_probabilities_the_line_is_where_the_label_changes(loss: str, tmp_path: Path) -> None:
    there = made(tmp_path, MOONS, training={"loss": loss}, parameters={"epochs": 20, "learning_rate": 0.1})
    (axes,) = panels(drawn := harness.plot(there, "boundary"))
    cells, places = surface(axes)
    network = harness.open(there).network(0)
    assert ((cells.ravel() > network.middle) == (network.predict(places) == 1)).all()
    assert list(bars(drawn)) == ["output"]


def test_a_panel_for_each_number_of_epochs_of_the_run(moons: Path) -> None:
    table = harness.load(moons)
    run = table[table["run"] == 3].sort_values("epochs")
    chosen = int(run["config"].iloc[1])
    drawn = harness.plot(moons, "boundary", config=chosen)
    assert [axes.get_title() for axes in panels(drawn)] == ["0 epochs", f"2 epochs (config {chosen})", "20 epochs"]
    for axes, config in zip(panels(drawn), run["config"], strict=True):
        cells, places = surface(axes)
        assert cells.ravel() == pytest.approx(harness.open(moons).network(int(config)).predict_proba(places)[:, 1])
    assert f"config {chosen} · learning rate 0.5, repeat 1" in shown(drawn)


def test_of_many_numbers_of_epochs_some_are_drawn_the_row_s_among_them(tmp_path: Path) -> None:
    sine = {"generate": "sine", "samples": 20, "noise": 0}
    there = made(tmp_path, sine, [1, 4, 1], parameters={"epochs": list(range(10)), "learning_rate": 0.1})
    titles = [axes.get_title() for axes in panels(harness.plot(there, "fit", config=8))]
    assert titles == ["0 epochs", "2 epochs", "4 epochs", "5 epochs", "8 epochs (config 8)", "9 epochs"]
    assert call("plot", there, "--kind", "fit", "--animate", "--save", tmp_path / "x.gif").exit_code == 0
    with Image.open(tmp_path / "x.gif") as image:
        assert image.n_frames == 10


def test_a_fit_has_the_curve_of_the_network_in_the_data_s_own_units(sine: Path) -> None:
    table = harness.load(sine)
    chosen = table[table["learning_rate"] == 0.1].sort_values("epochs")
    drawn = harness.plot(sine, "fit", config=int(chosen["config"].iloc[-1]))
    inputs, targets = generate("sine", 30, 0.1, 0)
    assert len(panels(drawn)) == 3
    for axes, config in zip(panels(drawn), chosen["config"], strict=True):
        (curve,) = [line for line in axes.lines if line.get_gid() == "curve"]
        network = harness.open(sine).network(int(config))
        assert curve.get_ydata() == pytest.approx(network.predict(np.array(curve.get_xdata())[:, None]))
        places = np.concatenate([marked(axes, part)[0] for part in ("training", "validation")])
        assert sorted(map(tuple, places)) == sorted(zip(inputs[:, 0], targets[:, 0], strict=True))
        (low, high), (left, right) = axes.get_ylim(), axes.get_xlim()
        assert low < targets.min() < targets.max() < high
        assert left < inputs.min() < inputs.max() < right
    assert title(drawn) == "How well does the network fit y, by x1?"


def test_a_confusion_counts_and_its_accuracy_is_the_table_s(penguins: Path, tmp_path: Path) -> None:
    row = harness.open(penguins).row(5)
    drawn = harness.plot(penguins, "confusion", config=5)
    for axes, part in zip(panels(drawn), ("validation", "test"), strict=True):
        counts = np.array([int(text.get_text().split("\n")[0]) for text in axes.texts]).reshape(3, 3)
        accuracy = row[f"{part}_accuracy"].item()
        assert np.trace(counts) / counts.sum() == accuracy
        assert axes.get_title() == f"{part}: {np.trace(counts)} of {counts.sum()} right ({accuracy:.1%})"
        shares = np.asarray(axes.images[0].get_array())
        assert shares == pytest.approx(counts / counts.sum(axis=1, keepdims=True))
    assert f"Accuracy {row['validation_accuracy'].item():.1%} on the validation part" in title(drawn)
    (axes,) = panels(plain := harness.plot(made(tmp_path, MOONS, training={"loss": "bce"}), "confusion"))
    counts = np.array([int(text.get_text().split("\n")[0]) for text in axes.texts]).reshape(2, 2)
    assert counts.sum(axis=1).tolist() == [30, 30]  # a row is what samples are
    assert "on the training part" in title(plain)


def test_confusion_is_scikit_learn_s(penguins: Path) -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed: pip install -e '.[oracle]'")
    drawn = harness.plot(penguins, "confusion", config=3)
    results = harness.open(penguins)
    data = of_row(results, 3).experiment.data
    test = data.part == Part.TEST
    truth = np.array(data.classes)[data.targets[test, 0].astype(int)]
    counts = np.array([int(text.get_text().split("\n")[0]) for text in panels(drawn)[1].texts]).reshape(3, 3)
    expected = metrics.confusion_matrix(truth, results.network(3).predict(data.inputs[test]))
    assert counts.tolist() == expected.tolist()
    assert len(np.unique(counts)) > 3


@pytest.mark.parametrize("classes", [2, 4])
def test_calibration_is_scikit_learn_s(classes: int) -> None:
    reason = "scikit-learn is not installed: pip install -e '.[oracle]'"
    calibration = pytest.importorskip("sklearn.calibration", reason=reason)
    metrics = pytest.importorskip("sklearn.metrics", reason=reason)
    random = np.random.default_rng(0)
    p = random.dirichlet(np.ones(classes), 300)
    p[:21, 1] = np.linspace(0, 1, 21)  # on the edges of bins
    p[:21, [0, *range(2, classes)]] = ((1 - p[:21, 1]) / (classes - 1))[:, None]
    y = np.array([random.choice(classes, p=own / own.sum()) for own in p**1.5])
    found = reliability(p, y)
    one, right = (p[:, 1], y) if classes == 2 else (p.max(axis=1), y == p.argmax(axis=1))
    true, said = calibration.calibration_curve(right, one, n_bins=10)
    assert found.true == pytest.approx(true)
    assert found.said == pytest.approx(said)
    assert found.brier == pytest.approx(metrics.brier_score_loss(y, one if classes == 2 else p))
    assert found.counts.sum() == 300


def test_calibration_by_hand() -> None:
    """Four samples: 0.25 and 0.25 of which one is so, 0.85 which is, 1 which is not."""
    p = np.array([0.25, 0.25, 0.85, 1.0])
    found = reliability(np.column_stack([1 - p, p]), np.array([0, 1, 1, 0]))
    assert found.said.tolist() == [0.25, 0.85, 1.0]
    assert found.true.tolist() == [0.5, 1.0, 0.0]
    assert found.counts.tolist() == [0, 0, 2, 0, 0, 0, 0, 0, 1, 1]
    assert found.brier == pytest.approx((0.25**2 + 0.75**2 + 0.15**2 + 1) / 4)


def test_a_calibration_draws_what_came_true(moons: Path) -> None:
    drawn = harness.plot(moons, "calibration", config=11)
    curve, test, counts, _ = panels(drawn)
    _, line = curve.lines
    assert counts.containers[0].datavalues.sum() == 18
    assert curve.get_title().startswith("validation part: 18 samples, Brier score 0.")
    assert test.get_title().startswith("test part: 12 samples, Brier score 0.")
    assert len(line.get_xdata()) == np.count_nonzero(counts.containers[0].datavalues)
    assert counts.get_xlabel() == "probability of 1"
    assert title(drawn).startswith("Can its probabilities be believed? Brier score 0.")


def test_learning_curves_have_training_beside_validation(moons: Path) -> None:
    curves, row = harness.load(moons, curves=True), harness.open(moons).row(11)
    own = curves[curves["run"] == row["run"].item()]
    drawn = harness.plot(moons, "curves", config=11)
    assert [axes.get_ylabel() for axes in panels(drawn)] == ["loss", "accuracy"]
    for axes, score in zip(panels(drawn), ("loss", "accuracy"), strict=True):
        train, validation = axes.lines
        assert train.get_ydata() == pytest.approx(own[f"train_{score}"].to_numpy())
        assert validation.get_ydata() == pytest.approx(own[f"validation_{score}"].to_numpy())
        assert (train.get_linestyle(), validation.get_linestyle()) == ("-", "--")
        assert train.get_color() == validation.get_color()
    assert legend(drawn) == ["training part", "validation part"]
    assert shown(drawn).startswith("config 11 · scores after each epoch")
    many = harness.plot(moons, "curves")
    assert "medians of 4 runs over learning_rate, repeat" in shown(many)
    median = curves.groupby("epoch")["validation_accuracy"].median()
    assert panels(many)[1].lines[1].get_ydata() == pytest.approx(median.to_numpy())


def test_the_epochs_of_stopping_are_marked_where_the_table_has_them(moons: Path, tmp_path: Path) -> None:
    """Columns of epochs, NULL where a run was not stopped, of which each run's last row tells."""

    def lines(drawn: Any) -> list[dict[str, float]]:
        of_panels = [[line for line in axes.lines if line.get_gid() in milestones.COLUMNS] for axes in panels(drawn)]
        return [{str(line.get_gid()): line.get_xdata()[0] for line in some} for some in of_panels]

    assert lines(harness.plot(moons, "curves", config=11)) == [{}, {}]
    there = Path(shutil.copytree(moons, tmp_path / "stopped"))
    for file in (there / "runs").iterdir():
        table = parquet.read_table(file)
        last = table["epochs"].to_numpy() == 20
        ended = {0: 5, 1: 9, 2: None, 3: 16}
        stopped = [ended[run] if end else 1 for run, end in zip(table["run"].to_pylist(), last, strict=True)]
        for name, values in (("stopped_epoch", stopped), ("best_epoch", [4] * len(table))):
            column = monitored_column(name, table["loss_mean"].type)
            assert column is not None
            table = table.append_column(column.field, arrow([values], column.type))
        parquet.write_table(table, file)
    assert lines(harness.plot(there, "curves", config=11)) == [{"stopped_epoch": 16, "best_epoch": 4}] * 2
    made_ = harness.plot(there, "curves")
    assert lines(made_) == [{"stopped_epoch": 9, "best_epoch": 4}] * 2
    assert legend(made_)[2:] == ["best epoch (median)", "stopped (median)"]
    run2 = harness.plot(there, "curves", where={"learning_rate": 0.5, "repeat": 0})
    assert lines(run2) == [{"best_epoch": 4}] * 2
    assert legend(run2)[2:] == ["best epoch"]


def test_without_scores_the_losses_of_the_run_of_a_row_are_drawn(tmp_path: Path) -> None:
    there = made(
        tmp_path, {"generate": "moons", "samples": 60, "noise": 0.2}, ("auto", 3, 1), record={"losses": {"every": 1}}
    )
    curves = harness.load(there, curves=True)
    (axes,) = panels(drawn := harness.plot(there, "curves", config=4))
    assert legend(drawn) == ["least", "mean", "greatest"]
    own = curves[curves["run"] == 1]
    assert [line.get_ydata().tolist() for line in axes.lines] == [
        own[name].tolist() for name in ("loss_min", "loss_mean", "loss_max")
    ]


def test_an_animation_has_a_frame_for_each_number_of_epochs(
    moons: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = call("plot", moons, "--kind", "boundary", "--config", "5", "--animate")
    assert result.output == "wrote made-boundary.gif\n", result.output
    frames = []
    with Image.open("made-boundary.gif") as image:
        assert (image.format, image.n_frames, image.info["comment"]) == ("GIF", 3, b"backprop-harness")
        for number in range(3):
            image.seek(number)
            frames.append(np.asarray(image.convert("RGB")))
            assert image.info["duration"] == (250 if number < 2 else 1500)
    assert all((one != other).any() for one, other in itertools.combinations(frames, 2))
    assert files.MAKER.encode() in Path("made-boundary.gif").read_bytes()[: files.HEAD]  # so that it may be replaced
    for arguments, told in (
        (["--animate", "--save", "x.png"], "x.png: expected a folder, or a name that ends in .gif\n"),
        (["--save", "x.gif"], "x.gif: expected a folder, or a name that ends in .png, .svg or .pdf\n"),
    ):
        result = call("plot", moons, "--kind", "boundary", *arguments)
        assert (result.exit_code, result.stderr) == (2, told)
    result = call("plot", moons, "--kind", "confusion", "--animate")
    assert (
        result.stderr == "confusion: shows no network epoch by epoch, as what --animate draws does: boundary or fit\n"
    )


def test_a_run_that_diverges_is_drawn_until_it_does(sine: Path) -> None:
    table = harness.load(sine)
    gone = table[table["learning_rate"] == 1e150].sort_values("epochs")
    assert gone["status"].tolist() == ["ran", "diverged", "diverged"]
    drawn = harness.plot(sine, "fit", config=int(gone["config"].iloc[0]))
    assert len(panels(drawn)) == 1
    assert "diverged before the end of 2 epochs, 20 epochs" in caption(drawn)
    for choices in ({"config": int(gone["config"].iloc[1])}, {"where": {"learning_rate": 1e150, "epochs": 20}}):
        with pytest.raises(HarnessError, match="this run diverged in epoch 1, so it left no network") as caught:
            harness.plot(sine, "fit", **choices)
        assert str(caught.value).startswith(f"{sine}: config ")


@pytest.mark.parametrize(
    ("folder", "kind", "choices", "told"),
    [
        ("sine", "boundary", {}, "a boundary needs a network of 2 inputs, and this one has 1"),
        ("sine", "confusion", {}, "a confusion needs targets that are classes, and these are numbers"),
        ("sine", "calibration", {}, "a network trained on numbers has no probabilities; expected classes and"),
        ("moons", "fit", {}, "a fit needs a network of 1 input, and this one has 2"),
        ("moons", "fit", {"config": 99}, "config 99: no such row among the 12 that are there"),
        ("moons", "confusion", {"config": 0, "where": {"epochs": 20}}, "config 0 is not among the rows of epochs 20"),
        ("moons", "curves", {"config": 0, "where": {"epochs": 20}}, "config 0 is not among the rows of epochs 20"),
        ("moons", "boundary", {"x": "epochs"}, "boundary: takes no x; it takes config"),
        ("moons", "map", {"config": 0}, "map: takes no config; it takes x, y or color"),
    ],
)
def test_what_cannot_be_drawn_is_told_in_a_line(
    folder: str, kind: str, choices: dict[str, Any], told: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(HarnessError) as caught:
        harness.plot(request.getfixturevalue(folder), kind, **choices)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_data_and_networks_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    short = {"parameters": {"epochs": 1, "learning_rate": 0.1}}

    def told(kind: str, data: Any, layers: Any = ("auto", 3, "auto"), **more: Any) -> str:
        with pytest.raises(HarnessError) as caught:
            harness.plot(made(tmp_path, data, layers, **{**short, **more}), kind)
        return str(caught.value).removeprefix(f"{tmp_path}/made: ")

    spiral = {
        "rows": [[at, -at, at % 8] for at in range(24)],
        "classes": "auto",
        "inputs": ["a", "b"],
        "targets": ["c"],
    }
    assert told("boundary", spiral, training={"loss": "cross_entropy"}).startswith("config 0: 8 classes, and")
    many = {"rows": [[1, 2, 3, 4], [2, 3, 4, 5]]}
    assert told("boundary", many, [2, 3, 2]).startswith("config 0: a boundary needs classes or a single output, and")
    assert told("fit", {"rows": [[0, 0], [1, 1], [2, 0]], "classes": "auto"}, [1, 3, 1], training={"loss": "bce"}) == (
        "config 0: a fit needs targets that are numbers, and these are classes"
    )
    assert told("calibration", MOONS) == (
        "config 0: a network trained on mse has no probabilities; expected classes and cross_entropy or bce"
    )
    assert "has no weights in the table" in told("confusion", MOONS, record={"weights": False})
    losses = {"epochs": 1, "learning_rate": 0.1, "loss": ["mse", "half_mse"]}
    unlike = told("confusion", MOONS, parameters=losses, record={"metrics": ["r2"]})
    assert "losses of mse, half_mse cannot be compared; hold it, as with --where loss=.." in unlike
    (tmp_path / "own.csv").write_text("a,b,c\n1,2,x\n2,1,y\n3,1,x\n", "utf-8")
    there = made(tmp_path, {"file": "own.csv", "targets": "c"}, training={"loss": "bce"}, **short)
    assert panels(harness.plot(there, "boundary"))[0].get_xlabel() == "a"
    for file in (tmp_path / "own.csv", *there.glob("data-*.parquet")):
        file.unlink()
    with pytest.raises(HarnessError, match=r"own\.csv") as caught:
        harness.plot(there, "boundary")
    assert str(caught.value).startswith(str(there))


def test_classes_that_are_a_column_each_have_one_name(tmp_path: Path) -> None:
    rows = [[at % 5, at % 7, *(float(at % 3 == which) for which in range(3))] for at in range(20)]
    start = {"epochs": 1, "learning_rate": 0.1}
    there = made(tmp_path, {"rows": rows}, [2, 3, 3], training={"loss": "cross_entropy"}, parameters=start)
    drawn = harness.plot(there, "boundary")
    assert legend_title(drawn) == "class"
    assert legend(drawn) == ["0", "1", "2"]
    (axes,) = panels(drawn)
    assert sorted(marked(axes, "training")[1]) == sorted(CLASSES[at % 3] for at in range(20))
    assert panels(harness.plot(there, "confusion"))[0].get_ylabel() == "class: what it is"


def test_of_many_samples_some_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "MOST", 20)
    there = made(tmp_path, MOONS, training={"loss": "bce"}, parameters={"epochs": 1, "learning_rate": 0.1})
    (axes,) = panels(drawn := harness.plot(there, "boundary"))
    assert len(marked(axes, "training")[0]) == 20
    assert "20 of 60 training samples" in caption(drawn)


@pytest.mark.parametrize(("kind", "inputs"), [("boundary", 2), ("fit", 1)])
@pytest.mark.parametrize("rows", [[[1, 1, 1]], [[1e150, 1e150, 1e100], [1e150, 2, 3]]], ids=["one", "huge"])
def test_constant_and_huge_numbers_are_drawn(kind: str, inputs: int, rows: list[list[float]], tmp_path: Path) -> None:
    data = {"rows": [row[2 - inputs :] for row in rows]}
    start = {"epochs": 0, "learning_rate": 0.1}
    there = made(tmp_path, data, [inputs, 2, 1], training={"max_loss": 1e308}, parameters=start)
    (axes,) = panels(harness.plot(there, kind, config=0))
    low, high = axes.get_xlim()
    assert low < rows[0][2 - inputs] < high


def test_the_command_takes_the_row(moons: Path, tmp_path: Path) -> None:
    for kind in ("boundary", "confusion", "calibration", "curves"):
        result = call("plot", moons, "--kind", kind, "--config", "5", "--save", tmp_path / f"{kind}.png")
        assert (result.exit_code, result.output) == (0, f"wrote {tmp_path}/{kind}.png\n")
