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
from click.testing import CliRunner, Result
from matplotlib.colors import LogNorm, to_hex, to_rgb
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure

import harness
from harness import cli
from harness.block import Status
from harness.errors import HarnessError
from harness.store.schema import parameter_column
from harness.views.plots import KINDS, style
from harness.views.plots.maps import norm
from harness.views.plots.scales import MOST, nearest, scale_of
from harness.views.results import Axis, Results
from tests.test_report import EXPERIMENT

NORMAL = {"normal": {"std": 0.5}}
PLAIN: dict[str, Any] = {key: EXPERIMENT[key] for key in ("name", "network", "data")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(harness.sweep(EXPERIMENT, tmp_path_factory.mktemp("results")))


@pytest.fixture(scope="module")
def table(folder: Path) -> pd.DataFrame:
    return harness.load(folder)


def swept(path: Path, parameters: dict[str, Any], **more: Any) -> Path:
    return Path(harness.sweep({**PLAIN, **more, "parameters": parameters}, path))


def caption(made: Figure) -> str:
    return made._supxlabel.get_text()


def legend(made: Figure) -> list[str]:
    return [text.get_text() for text in made.legends[0].get_texts()]


def numbers(mesh: Any) -> np.ndarray:
    return np.ma.filled(mesh.get_array().astype(float), np.nan)


def ticks(labels: Any) -> list[str]:
    return [label.get_text() for label in labels]


def commonest(table: pd.DataFrame) -> pd.DataFrame:
    order = [status.label for status in Status]
    counts = table.groupby(["epochs", "learning_rate"])["status"].value_counts().unstack()[order]
    return counts.idxmax(axis=1).unstack()


def test_the_map_has_a_cell_for_every_pair_and_tells_the_statuses_apart(folder: Path, table: pd.DataFrame) -> None:
    wanted = commonest(table[table["epochs"] > 0])
    made = harness.plot(folder)
    axes = made.axes[0]
    losses, diverged = (mesh for mesh in axes.collections if not isinstance(mesh, ContourSet))
    assert np.shape(losses.get_array()) == (3, 24)
    assert isinstance(losses.norm, LogNorm)
    assert losses.get_rasterized()
    assert (axes.get_xlabel(), axes.get_ylabel(), made.axes[1].get_ylabel()) == ("learning rate", "epochs", "loss mean")
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert ticks(axes.get_yticklabels()) == ["1", "10", "1000"]
    marked = ~np.isnan(numbers(diverged))
    assert (marked == (wanted == "diverged").to_numpy()).all()
    assert 0 < marked.sum() < marked.size
    assert to_hex(diverged.cmap(0)) == style.COLOURS[Status.DIVERGED]
    hatched = {hatch for drawn in axes.collections if isinstance(drawn, ContourSet) for hatch in drawn.hatches if hatch}
    assert hatched == {style.HATCHES[Status.SETTLED], style.HATCHES[Status.DIVERGED]}
    assert legend(made) == ["settled", "diverged", "boundary of what diverged"]
    for word in ("told", "network 2-2-1", "exact float64", "of up to 3 rows over init, repeat"):
        assert word in caption(made)


def test_the_boundary_runs_along_the_cells_that_diverged(folder: Path, table: pd.DataFrame) -> None:
    ones = table[(table["init"] == "ones") & (table["repeat"] == 0)]
    made = harness.plot(folder, where={"init": "ones"})
    (boundary,) = (c for c in made.axes[0].collections if isinstance(c, ContourSet) and not c.filled)
    corners = np.concatenate([path.vertices for path in boundary.get_paths()])
    last = ones[ones["epochs"] == 1000]
    rates = last.groupby(last["status"] == "diverged")["learning_rate"].agg(["min", "max"])
    assert corners[:, 0].min() == pytest.approx(np.sqrt(rates.loc[False, "max"] * rates.loc[True, "min"]))
    assert corners[:, 1].max() > 1000


def test_statuses_are_far_apart_in_grey_and_without_red_or_green() -> None:
    """Lightness of CIE Lab, of the colours and of what protanopes and deuteranopes see (Vienot and others 1999)."""
    seen = {
        "everybody": np.eye(3),
        "protanopes": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
        "deuteranopes": np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
    }
    for who, matrix in seen.items():
        for one, other in itertools.combinations(style.COLOURS.values(), 2):
            lights = [lightness(matrix @ linear(colour)) for colour in (one, other)]
            assert abs(lights[0] - lights[1]) > 20, (who, one, other)
    assert len(set(style.HATCHES.values())) == 3


def linear(colour: str) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lightness(rgb: np.ndarray) -> float:
    return float(116 * np.cbrt(rgb @ [0.2126, 0.7152, 0.0722]) - 16)


def test_a_map_s_colour_is_the_median(folder: Path, table: pd.DataFrame) -> None:
    wanted = table.pivot_table("w1_1_1", "epochs", "learning_rate", "median", dropna=False)
    wanted = wanted.mask(commonest(table) == "diverged")
    made = harness.plot(folder, "map", color="w1_1_1")
    assert numbers(made.axes[0].collections[0]) == pytest.approx(wanted.to_numpy(), nan_ok=True)
    assert not isinstance(made.axes[0].collections[0].norm, LogNorm)
    assert ticks(made.axes[0].get_yticklabels()) == ["0", "1", "10", "1000"]
    assert made.axes[1].get_ylabel() == "w1_1_1"


def test_what_is_about_diverged_runs_is_drawn_of_them(folder: Path, table: pd.DataFrame) -> None:
    made = harness.plot(folder, "map", color="diverged_epoch", where={"init": "ones"})
    ones = table[(table["init"] == "ones") & (table["status"] == "diverged")]
    shown = numbers(made.axes[0].collections[0])
    assert np.nanmin(shown) == ones["diverged_epoch"].min()
    assert np.isfinite(shown).sum() == len(ones)


def test_x_and_y_can_be_chosen(folder: Path) -> None:
    axes = harness.plot(folder, x="init", y="repeat", where={"epochs": 1}).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("init", "repeat")
    assert ticks(axes.get_xticklabels()) == ["ones", "{normal: {std: 0.5}}"]
    assert harness.plot(folder, "map", y="learning_rate").axes[0].get_xlabel() == "epochs"


def test_long_axes_are_binned(tmp_path: Path) -> None:
    count = 3 * MOST
    rates = {"geomspace": [1e-3, 1, count]}
    folder = swept(tmp_path, {"learning_rate": rates, "epochs": [1, 20], "init": "ones"})
    table = harness.load(folder)
    made = harness.plot(folder, "map")
    assert numbers(made.axes[0].collections[0]).shape == (2, MOST)
    assert f"1,200 values of learning_rate in {MOST} bins" in caption(made)
    assert "of up to 4 rows" in caption(made) or "of up to 3 rows" in caption(made)
    shares = harness.plot(folder, "share", x="learning_rate").axes[0].collections
    assert all(len(area.get_paths()[0].vertices) <= 2 * MOST + 3 for area in shares)
    line = harness.plot(folder, "weights").axes[0].lines[0]
    there = table[(table["epochs"] == 20) & (table["status"] != "diverged")]
    assert len(line.get_xdata()) == pytest.approx(MOST * len(there) / count, abs=2)
    near = np.abs(np.log(there["learning_rate"].to_numpy()[:, None] / line.get_xdata())).argmin(axis=1)
    medians = there["w1_1_1"].groupby(near).median()
    assert line.get_ydata()[5:50] == pytest.approx(medians.to_numpy()[5:50])


def test_curves_are_those_that_were_recorded(folder: Path) -> None:
    curves = harness.load(folder, curves=True)
    made = harness.plot(folder, "curves")
    axes = made.axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    assert set(lines) == {"loss min", "loss mean", "loss max"}
    for label, line in lines.items():
        median = curves.groupby("epoch")[label.replace(" ", "_")].median()
        assert line.get_xdata() == pytest.approx(median.index.to_numpy())
        assert line.get_ydata() == pytest.approx(median.to_numpy())
    assert len(axes.collections) == 2
    assert axes.get_yscale() == "symlog"
    assert "72 runs over learning_rate, init, repeat" in caption(made)


def test_curves_of_one_run_have_no_bands(folder: Path) -> None:
    run = {"init": "ones", "learning_rate": 0.01, "repeat": 0}
    made = harness.plot(folder, "curves", where=run)
    assert len(made.axes[0].collections) == 0
    assert "median" not in caption(made)
    assert "init ones, learning_rate 0.01" in caption(made)


def test_weights_lie_as_in_the_network(folder: Path, table: pd.DataFrame) -> None:
    made = harness.plot(folder, "weights", where={"init": "ones"})
    shown = {axes.get_title(): axes for axes in made.axes if axes.get_visible()}
    assert list(shown) == ["w1_1_1", "w1_1_2", "b1_1", "w1_2_1", "w1_2_2", "b1_2", "w2_1_1", "w2_1_2", "b2_1"]
    places = {name: axes.get_subplotspec() for name, axes in shown.items()}
    assert [(place.rowspan.start, place.colspan.start) for place in places.values()] == [
        *((row, column) for row in (0, 1) for column in (0, 1, 2)),
        *((0, column) for column in (0, 1, 2)),
    ]
    medians = table.query("init == 'ones' and epochs == 1000").groupby("learning_rate")[list(shown)].median()
    for name, axes in shown.items():
        there = medians[name].dropna()
        assert axes.lines[0].get_xdata() == pytest.approx(there.index.to_numpy())
        assert axes.lines[0].get_ydata() == pytest.approx(there.to_numpy())
        assert axes.get_xscale() == "log"
        low, high = axes.get_ylim()
        assert low < there.iloc[0] < high
        assert high - low < 2 * np.ptp(there)
    assert shown["w2_1_1"].get_xlabel() == "learning rate"
    assert "epochs 1000" in caption(made)


def test_weights_over_labels_are_not_joined(folder: Path) -> None:
    (line,) = harness.plot(folder, "weights", x="init").axes[0].lines
    assert (line.get_linestyle(), len(line.get_xdata())) == ("None", 2)


def test_equal_weights_share_a_path(folder: Path, table: pd.DataFrame) -> None:
    made = harness.plot(folder, "paths", where={"init": "ones", "learning_rate": 0.01})
    lines = {line.get_label(): line for line in made.axes[0].lines}
    assert list(lines) == ["w1_1_1 = w1_1_2 = w1_2_1 = w1_2_2", "b1_1 = b1_2", "w2_1_1 = w2_1_2", "b2_1"]
    rate = table["learning_rate"].iloc[(table["learning_rate"] - 0.01).abs().argmin()]
    rows = table[(table["init"] == "ones") & (table["learning_rate"] == rate) & (table["repeat"] == 0)]
    assert lines["b2_1"].get_ydata() == pytest.approx(rows.sort_values("epochs")["b2_1"].to_numpy())
    assert made.axes[0].get_xlabel() == "epochs"
    assert len(harness.plot(folder, "paths", where={"init": NORMAL}).axes[0].lines) == 9


def test_spread_has_a_box_for_each_initialisation(folder: Path, table: pd.DataFrame) -> None:
    made = harness.plot(folder, "spread", where={"learning_rate": 0.01, "epochs": 1})
    axes = made.axes[0]
    assert ticks(axes.get_xticklabels()) == ["ones", "{normal: {std: 0.5}}"]
    assert len(axes.patches) == 2
    rate = table["learning_rate"].iloc[(table["learning_rate"] - 0.01).abs().argmin()]
    rows = table[(table["learning_rate"] == rate) & (table["epochs"] == 1)]
    middles = [line.get_ydata()[0] for line in axes.lines if line.get_linewidth() == 2]
    assert middles == pytest.approx(
        rows.groupby("init", observed=True)["loss_mean"].median()[["ones", "{normal: {std: 0.5}}"]]
    )


def test_one_loss_a_value_is_a_line(tmp_path: Path) -> None:
    rates = {"linspace": [0.01, 0.15, 9]}
    few = swept(tmp_path, {"learning_rate": rates, "epochs": 10, "init": "ones"})
    (line,) = harness.plot(few).axes[0].lines
    table = harness.load(few)
    assert line.get_xdata().tolist() == table["learning_rate"].tolist()
    assert line.get_ydata().tolist() == table["loss_mean"].tolist()
    labels = swept(tmp_path / "labels", {"init": ["ones", {"constant": 2}], "learning_rate": 0.01, "epochs": 10})
    (marks,) = harness.plot(labels).axes[0].lines
    assert (marks.get_linestyle(), marks.get_marker()) == ("None", "o")


def test_if_only_the_repeat_varies_all_are_one_box(tmp_path: Path) -> None:
    there = swept(tmp_path, {"learning_rate": 0.01, "epochs": 10, "init": NORMAL}, repeats=30)
    made = harness.plot(there)
    axes = made.axes[0]
    assert (ticks(axes.get_xticklabels()), len(axes.patches)) == (["all 30"], 1)
    (middle,) = [line.get_ydata()[0] for line in axes.lines if line.get_linewidth() == 2]
    assert middle == pytest.approx(harness.load(there)["loss_mean"].median())
    assert "over repeat" in caption(made)


def test_captions_name_only_what_varies(folder: Path) -> None:
    assert "over" not in caption(harness.plot(folder, "spread", x="learning_rate", where={"init": "ones"}))
    assert "over repeat" in caption(harness.plot(folder, "spread", x="learning_rate", where={"init": NORMAL}))


def test_spread_says_which_rows_have_no_loss(folder: Path, table: pd.DataFrame) -> None:
    made = harness.plot(folder, "spread", x="learning_rate")
    rows = table[table["epochs"] == 1000]
    assert f"without the {(rows['status'] == 'diverged').mean():.1%} of rows" in caption(made)
    assert made.axes[0].get_xscale() == "log"
    assert made.axes[0].lines[0].get_ydata() == pytest.approx(
        rows.groupby("learning_rate")["loss_mean"].median().dropna().to_numpy()
    )


def test_shares_are_of_the_rows_at_the_last_epochs(folder: Path, table: pd.DataFrame) -> None:
    made = harness.plot(folder, "share", x="learning_rate", below=1e-6)
    axes = made.axes[0]
    assert [to_hex(area.get_facecolor()[0]) for area in axes.collections] == list(style.COLOURS.values())
    assert [area.get_hatch() or "" for area in axes.collections] == list(style.HATCHES.values())
    rows = table[table["epochs"] == 1000]
    rates = rows["learning_rate"]
    top = 0.0
    for area, status in zip(axes.collections, style.STATUSES, strict=True):
        top = top + (rows["status"] == status.label).groupby(rates).mean()
        upper = {x: max(y for at, y in area.get_paths()[0].vertices if at == x) for x in rates.unique()}
        assert upper == pytest.approx(top.to_dict())
    wanted = (rows["loss_mean"] < 1e-6).groupby(rates).mean()
    assert axes.lines[-1].get_ydata() == pytest.approx(wanted.to_numpy())
    assert legend(made) == ["ran", "settled", "diverged", "loss mean below 1e-06"]
    assert axes.get_ylim() == (0, 1)


def test_few_values_have_bars(folder: Path) -> None:
    axes = harness.plot(folder, "share", x="epochs").axes[0]
    assert len(axes.patches) == 3 * 4
    assert [round(patch.get_x() + patch.get_width() / 2) for patch in axes.patches[:4]] == [0, 1, 2, 3]


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
        (["ones", "zeros"], "steps"),
    ],
)
def test_scales_follow_the_grid(values: Any, kind: str) -> None:
    scale = scale_of(Axis(parameter_column("learning_rate"), np.array(values)))
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
    assert harness.plot(folder, below=1).axes[0].get_ylabel() == "share of rows"
    assert (
        harness.plot(folder, color="loss_max", where={"init": NORMAL, "epochs": 1}).axes[1].get_ylabel() == "loss max"
    )


def test_axes_that_no_row_has_together_are_not_paired(tmp_path: Path) -> None:
    own = {"learning_rate_1": [0.01, 0.1], "learning_rate_2": [0.1, 0.2], "epochs": 10, "init": "ones"}
    grids = [
        {"parameters": {"learning_rate": {"geomspace": [1e-3, 1, 12]}, "epochs": [10, 20], "init": "ones"}},
        {"parameters": own},
    ]
    folder = Path(harness.sweep({**PLAIN, "grids": grids}, tmp_path))
    assert harness.plot(folder).axes[0].get_ylabel() == "epochs"
    with pytest.raises(HarnessError, match="nothing else varies in the rows that have a learning_rate"):
        harness.plot(folder, x="learning_rate", y="learning_rate_1")
    assert numbers(harness.plot(folder, x="learning_rate_1", y="learning_rate_2").axes[0].collections[0]).shape == (
        2,
        2,
    )


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


def test_a_loss_of_0_has_a_place(tmp_path: Path) -> None:
    folder = swept(
        tmp_path,
        {"learning_rate": [0.1, 0.2], "epochs": [0, 1, 2], "init": ["zeros", "ones"]},
        data={"rows": [[1, 1, 0]]},
    )
    axes = harness.plot(folder, "spread").axes[0]
    assert (axes.get_yscale(), axes.get_ylim()[0]) == ("symlog", 0)
    assert numbers(harness.plot(folder, where={"init": "zeros"}).axes[0].collections[0]).tolist() == [[0, 0], [0, 0]]
    mixed = harness.plot(folder, "map", y="init", where={"epochs": 2}).axes[0].collections[0]
    zeros, ones = numbers(mixed)
    assert (zeros < mixed.norm.vmin).all()
    assert (ones >= mixed.norm.vmin).all()


@pytest.mark.parametrize(
    ("losses", "top"),
    [([1e-3, 10], (10, 20)), ([1e-3, 1e9], (1e6, 1e6)), ([1e7, 1e9], (1e9, 3e9)), ([1e7, 1.7e308], (1e10, 1e10))],
)
def test_losses_on_their_way_to_infinity_leave_room_for_the_others(
    losses: list[float], top: tuple[float, float], tmp_path: Path
) -> None:
    made = style.figure()
    axes = made.subplots()
    axes.plot(losses)
    style.loss_scale(axes, losses)
    made.savefig(tmp_path / "x.png")
    assert axes.get_ylim()[0] < losses[0]
    assert top[0] <= axes.get_ylim()[1] <= top[1]


def test_colours_are_for_most_losses() -> None:
    medians = np.geomspace(1e-6, 1e30, 1000)
    colours = norm(medians.reshape(10, 100), is_loss=True)
    assert colours.vmin == pytest.approx(np.quantile(medians, 0.02), rel=0.1)
    assert norm(np.minimum(medians, 1), is_loss=True).vmax == 1
    assert norm(np.array([[1e-3, 1, 2, 1e9]]), is_loss=True).vmax == 1e3


def test_bins_of_a_logarithmic_axis_meet_in_the_geometric_mean() -> None:
    column = pd.Series([0.5, 9, 11, 900, 2000, np.nan])
    for values, places in (([1, 100, 10000], [0, 0, 1, 1, 2, -1]), ([0, 100, 200], [0, 0, 0, 2, 2, -1])):
        axis = Axis(parameter_column("learning_rate"), np.array(values, float))
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
        ({"color": "loss_min", "where": {"epochs": 0}}, "no row has a loss min"),
        ({"kind": "curves", "x": "init"}, "curves: takes no x; it takes nothing but where"),
        ({"kind": "share", "y": "init"}, "share: takes no y; it takes x or below"),
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
    """Nor the file that the experiment took them from."""
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


def call(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, ["plot", *arguments], catch_exceptions=False)


@pytest.mark.parametrize(("suffix", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_command_writes_what_the_suffix_says(folder: Path, tmp_path: Path, suffix: str, start: bytes) -> None:
    path = tmp_path / f"x.{suffix}"
    result = call(str(folder), "--where", "init=ones", "--where", "repeat=0", "--save", str(path))
    assert (result.exit_code, result.output) == (0, f"wrote {path}\n")
    assert path.read_bytes().startswith(start)


def test_the_command_writes_here_if_not_told_where(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(str(folder), "--kind", "share", "--x", "init", "--below", "0.1").output == "wrote told-share.png\n"
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
    result = call(str(folder), *arguments)
    assert (result.exit_code, result.stderr) == (code, told)
    assert list(tmp_path.iterdir()) == []


def test_where_there_are_no_results(tmp_path: Path) -> None:
    result = call(str(tmp_path))
    assert (result.exit_code, result.stderr) == (2, f"{tmp_path}: no results there (no runs/*.parquet)\n")


def test_no_display_and_no_global_state_are_asked_for(folder: Path) -> None:
    program = f"import sys, harness; harness.plot({str(folder)!r}); sys.exit('matplotlib.pyplot' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
    program = "import sys, harness, harness.cli; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_titles_of_columns(folder: Path) -> None:
    axes = Results(folder).axes
    assert [axis.title for axis in axes.values()] == ["learning rate", "epochs", "init", "repeat"]
