"""What the pictures of a sweep say: axes, scales, marks, and the colours of the three statuses."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb

import harness
from harness.errors import HarnessError
from harness.network.runs import Status
from harness.store.schema import parameter_column
from harness.views.palette import CLASSES, STATUS_COLOURS
from harness.views.plots import KINDS
from harness.views.results import Results
from harness.views.scale import TableAxis, nearest, scale_of
from tests.support.command import call
from tests.support.drawn import EXPERIMENT, NORMAL, swept
from tests.support.figures import bars, caption, panels


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(harness.sweep(EXPERIMENT, tmp_path_factory.mktemp("results")))


@pytest.fixture(scope="module")
def table(folder: Path) -> pd.DataFrame:
    return harness.load(folder)


SEEN = {
    "everybody": np.eye(3),
    "protanopes": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
    "deuteranopes": np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
}
"""From linear RGB to what somebody sees of it (Vienot and others 1999)."""


def test_classes_are_apart_for_everybody() -> None:
    """Distances of CIE Lab (1976)."""
    for who, matrix in SEEN.items():
        for one, other in itertools.combinations(CLASSES, 2):
            apart = lab(matrix @ linear(one)) - lab(matrix @ linear(other))
            assert np.linalg.norm(apart) > 18, (who, one, other)


def test_statuses_are_far_apart_in_grey_and_without_red_or_green() -> None:
    """Lightness of CIE Lab."""
    for who, matrix in SEEN.items():
        for one, other in itertools.combinations(STATUS_COLOURS.values(), 2):
            lights = [lightness(matrix @ linear(colour)) for colour in (one, other)]
            assert abs(lights[0] - lights[1]) > 20, (who, one, other)
    assert len({status.words for status in STATUS_COLOURS}) == len(Status)


def linear(colour: str) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lightness(rgb: np.ndarray) -> float:
    return float(116 * np.cbrt(rgb @ [0.2126, 0.7152, 0.0722]) - 16)


def lab(rgb: np.ndarray) -> np.ndarray:
    white = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(white @ np.clip(rgb, 0, 1) / white.sum(axis=1))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_weights_over_labels_are_not_joined(folder: Path) -> None:
    (line,) = panels(harness.plot(folder, "weights", x="init"))[0].lines
    assert (line.get_linestyle(), len(line.get_xdata())) == ("None", 2)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.geomspace(1e-3, 1, 9), "log"),
        ([300, 1000, 3000], "log"),
        ([1, 2, 3, 1000], "log"),
        ([1, 2, 3], "linear"),
        ([10, 11, 12], "linear"),
        ([0, 1, 2, 10], "linear"),
        ([0, 10, 100, 1000], "steps"),
        ([0.1, 0.2], "steps"),
        ([1, 300, 301], "steps"),
        ([0.1, 0.11, 0.5, 0.52], "steps"),
        (np.sort(np.random.default_rng(0).uniform(0.1, 1, 30)), "linear"),
        (["ones", "zeros"], "steps"),
    ],
)
def test_scales_follow_the_grid(values: Any, kind: str) -> None:
    scale = scale_of(TableAxis(parameter_column("learning_rate"), np.array(values)))
    assert scale.kind == kind
    assert len(scale.edges) == len(values) + 1
    assert (scale.edges[:-1] < scale.at).all()
    assert (scale.at < scale.edges[1:]).all()


def test_what_suits_is_picked(folder: Path, tmp_path: Path) -> None:
    one = swept(
        tmp_path / "one", {"learning_rate": [0.1, 0.2], "epochs": 3, "init": "ones"}, record={"losses": {"every": 1}}
    )
    assert harness.plot(one).axes[0].get_xlabel() == "epoch"
    assert harness.plot(one, x="learning_rate").axes[0].get_ylabel() == "loss mean"
    gone = swept(tmp_path / "gone", {"learning_rate": [100, 200], "epochs": 30, "init": "ones"})
    assert harness.plot(gone).axes[0].get_ylabel() == "share of rows"
    assert harness.plot(folder, below=1).axes[0].get_ylabel() == "share of rows; loss mean below 1"
    assert set(bars(harness.plot(folder, "map", color="loss_max", where={"init": NORMAL}))) >= {"loss max"}


@pytest.mark.parametrize(
    ("parameters", "more"),
    [
        ({"learning_rate": [1e300, 1e301, 1e302], "epochs": [1, 50], "init": "ones"}, {}),
        ({"learning_rate": [0.1, 0.2], "epochs": [0, 1, 2], "init": "zeros"}, {"data": {"rows": [[1, 1, 0]]}}),
        (
            {"learning_rate": {"geomspace": [1e-3, 1, 20]}, "epochs": [0, 9], "init": [NORMAL, "zeros"]},
            {"training": {"dtype": "float32"}},
        ),
        ({"learning_rate": [0.1, 0.1, 0.2], "epochs": [1, 2], "layers": [[2, 1], [2, 3, 1]], "init": "ones"}, {}),
        ({"learning_rate": [0.01, 0.02], "epochs": [1, 20], "init": NORMAL}, {"network": {"layers": [2, 200, 1]}}),
        ({"learning_rate": 0.1, "epochs": 1, "init": "ones"}, {"record": {"losses": {"every": 1}}}),
    ],
    ids=["all diverge", "loss 0", "float32", "several networks", "list columns", "one row"],
)
def test_every_kind_is_drawn_or_refused_in_a_line(
    parameters: dict[str, Any], more: dict[str, Any], tmp_path: Path
) -> None:
    folder = swept(tmp_path, parameters, **more)
    refused = {}
    for kind in KINDS:
        try:
            harness.plot(folder, kind).savefig(tmp_path / "x.png")
        except HarnessError as error:
            refused[kind] = str(error)
    assert refused.keys() < KINDS.keys()
    assert all(told.startswith(f"{folder}: ") and "\n" not in told for told in refused.values())


@pytest.mark.parametrize(
    ("rates", "geometric"),
    [
        ({"distribution": "log_uniform_values", "min": 0.1, "max": 0.5, "n": 5}, True),
        ({"geomspace": [0.1, 0.1002, 5]}, True),
        ({"linspace": [0.1, 0.1002, 5]}, False),
        ({"linspace": [0.001, 0.5, 5]}, True),
        ([0.1, 0.2, 0.4], True),
        ([0.1, 0.2, 0.3], False),
    ],
)
def test_an_axis_is_logarithmic_as_it_was_asked_for(rates: Any, geometric: bool, tmp_path: Path) -> None:
    """What is drawn at random has no constant ratio; a list has none but what its values tell; two decades are many."""
    folder = swept(tmp_path, {"learning_rate": rates, "epochs": 1, "init": "ones"})
    assert harness.open(folder).axes["learning_rate"].geometric == geometric


def test_bins_of_a_logarithmic_axis_meet_in_the_geometric_mean() -> None:
    column = pd.Series([0.5, 9, 11, 900, 2000, np.nan])
    for values, places in (([1, 100, 10000], [0, 0, 1, 1, 2, -1]), ([0, 100, 200], [0, 0, 0, 2, 2, -1])):
        axis = TableAxis(parameter_column("learning_rate"), np.array(values, float))
        assert nearest(axis, column).tolist() == places


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"kind": "pie"}, "pie: no such kind of picture; there are map, curves"),
        ({"x": "momentum"}, "no column 'momentum'"),
        ({"x": "loss_mean"}, "loss_mean does not vary; what does: learning_rate, epochs, init or repeat"),
        ({"x": "epochs", "y": "epochs"}, "x and y are both epochs"),
        ({"x": "init", "where": {"init": "ones"}}, "init cannot be drawn and be held at ones"),
        ({"where": {"learning_rate": 7}}, "learning_rate: expected a number from 0.001 to 1, found 7"),
        ({"where": {"init": "tens"}}, "init: no value 'tens'; there are ones or {normal: {std: 0.5}}"),
        ({"where": {"status": "lost"}}, "no row has status lost"),
        ({"where": {"seed": 1}}, "no column 'seed'"),
        ({"color": "colour"}, "no column 'colour'"),
        ({"color": "status"}, "status is not a column of numbers, such as loss_mean"),
        ({"color": "loss_min", "where": {"epochs": 0}}, "no row has loss min"),
        ({"kind": "paths", "x": "init"}, "paths: takes no x; it takes nothing but where"),
        ({"kind": "curves", "x": "init"}, "curves: takes no x; it takes config"),
        ({"kind": "share", "y": "init"}, "share: takes no y; it takes x, color or below"),
        ({"kind": "share", "color": "loss_max"}, "share: loss_max needs a bound; expected --below as well"),
        ({"below": -1.0}, "below: expected a loss above 0, found -1"),
        ({"below": float("nan")}, "below: expected a loss above 0, found nan"),
    ],
)
def test_what_cannot_be_drawn_is_told_in_a_line(folder: Path, choices: dict[str, Any], told: str) -> None:
    with pytest.raises(HarnessError) as caught:
        harness.plot(folder, **choices)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_curves_it_says_how_to_have_them(tmp_path: Path) -> None:
    folder = swept(tmp_path, {"learning_rate": 0.1, "epochs": 1, "init": "ones"})
    with pytest.raises(HarnessError, match=r"no loss curves there; .* record: \{losses: \{every: 1\}\}"):
        harness.plot(folder, "curves")


def test_captions_need_no_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caption is written from the results alone, without the file that the experiment took its data from."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.csv").write_text("a,b,c\n1,1,1\n", "utf-8")
    data = {"file": "p.csv", "inputs": ["a", "b"], "targets": ["c"]}
    folder = swept(
        tmp_path,
        {"learning_rate": [0.1, 0.2], "epochs": 1, "init": "ones"},
        data=data,
        training={"max_loss": 50},
    )
    (tmp_path / "p.csv").unlink()
    assert "loss mse \N{MIDDLE DOT} optimizer sgd \N{MIDDLE DOT} batch size 1 \N{MIDDLE DOT} max loss 50" in caption(
        harness.plot(folder, "share")
    )


@pytest.mark.parametrize(("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_command_writes_what_the_suffix_says(folder: Path, tmp_path: Path, suffix: str, start: bytes) -> None:
    path = tmp_path / f"x.{suffix}"
    result = call("plot", folder, "--where", "init=ones", "--where", "repeat=0", "--save", path)
    assert (result.exit_code, result.output) == (0, f"wrote {path}\n")
    assert path.read_bytes().startswith(start)


def test_the_command_writes_here_if_not_told_where(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("plot", folder, "--kind", "share", "--x", "init", "--below", "0.1").output == "wrote told-share.png\n"
    assert [path.name for path in tmp_path.iterdir()] == ["told-share.png"]


@pytest.mark.parametrize(
    ("arguments", "told", "code"),
    [
        (["--save", "x.gif"], "x.gif: expected a folder, or a name that ends in .png, .svg or .pdf\n", 2),
        (["--save", "none/x.png"], "none/x.png: cannot be written: No such file or directory\n", 1),
        (["--where", "init"], "--where init: expected KEY=VALUE, such as learning_rate=0.1\n", 2),
    ],
)
def test_the_command_refuses_in_a_line(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str, code: int
) -> None:
    monkeypatch.chdir(tmp_path)
    result = call("plot", folder, *arguments)
    assert (result.exit_code, result.stderr) == (code, told)
    assert list(tmp_path.iterdir()) == []


def test_where_there_are_no_results(tmp_path: Path) -> None:
    result = call("plot", tmp_path)
    assert (result.exit_code, result.stderr) == (2, f"{tmp_path}: no results there (no runs/*.parquet in its log)\n")


def test_no_display_and_no_global_state_are_asked_for(folder: Path) -> None:
    program = f"import sys, harness; harness.plot({str(folder)!r}); sys.exit('matplotlib.pyplot' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
    program = "import sys, harness, harness.cli; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_titles_of_columns(folder: Path) -> None:
    axes = Results(folder).axes
    assert [axis.title for axis in axes.values()] == ["learning rate", "epochs", "init", "repeat"]
