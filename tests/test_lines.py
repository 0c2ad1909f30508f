"""What the spread, the share, curves, weights and paths say: the numbers of the table, and of which of its rows."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

import harness
from harness.errors import HarnessError
from harness.network.runs import Status
from harness.views.palette import STATUS_COLOURS
from harness.views.plots import paths, style
from harness.views.results import Results
from harness.views.scale import MOST
from tests.support.command import call
from tests.support.drawn import EXPERIMENT, NORMAL, swept
from tests.support.figures import bars, caption, legend, legend_title, panels, shown, ticks, title

XOR = {
    "network": {"layers": [2, 2, 1], "activation": "sigmoid", "output": "sigmoid"},
    "data": {"generate": "xor", "samples": 4, "noise": 0},
    "training": {"loss": "half_mse"},
    "repeats": 1000,
}


ENDED = [status for status in Status if status != Status.STOPPED]
"""How rows end that nothing stops."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(harness.sweep(EXPERIMENT, tmp_path_factory.mktemp("results")))


@pytest.fixture(scope="module")
def table(folder: Path) -> pd.DataFrame:
    return harness.load(folder)


@pytest.fixture(scope="module")
def xor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A thousand starts of exclusive or, of which 306 have every sample right."""
    start = {"uniform": {"low": -0.5, "high": 0.5}}
    return swept(tmp_path_factory.mktemp("xor"), {"learning_rate": 3, "epochs": 300, "init": start}, **XOR)


def near(table: pd.DataFrame, rate: float) -> float:
    return float(table["learning_rate"].iloc[(table["learning_rate"] - rate).abs().argmin()])


def test_a_share_can_be_asked_of_every_loss(xor: Path) -> None:
    solved = (harness.load(xor)["loss_max"] < 0.125).sum()
    assert solved == 306
    made = harness.plot(xor, "share", color="loss_max", below=0.125)
    assert "loss max below 0.125 after 300 epochs: 306 of 1,000 rows (30.6%)" in shown(made)
    (axes,) = panels(made)
    assert axes.get_ylabel() == "share of rows; loss max below 0.125"
    assert "loss max below 0.125" in legend(made)
    assert axes.lines[-1].get_ydata() == pytest.approx([0.306])
    assert ticks(axes.get_xticklabels()) == ["all 1,000 rows"]
    mean = harness.plot(xor, "share", below=0.125)
    assert "loss mean below 0.125 after 300 epochs: 1,000 of 1,000 rows (100.0%)" in shown(mean)
    drawn = call("plot", xor, "--color", "loss_max", "--below", "0.125", "--save", xor / "x.png")
    assert drawn.output == f"wrote {xor / 'x.png'}\n"


def test_shares_are_of_the_rows_at_the_last_epochs(folder: Path, table: pd.DataFrame) -> None:
    made = harness.plot(folder, "share", x="learning_rate", below=1e-6)
    for axes, init in zip(panels(made), table["init"].unique(), strict=True):
        assert [to_hex(area.get_facecolor()[0]) for area in axes.collections] == [STATUS_COLOURS[one] for one in ENDED]
        rows = table[(table["epochs"] == 1000) & (table["init"] == init)]
        rates, top = rows["learning_rate"], 0.0
        for area, status in zip(axes.collections, ENDED, strict=True):
            top = top + (rows["status"] == status.label).groupby(rates).mean()
            upper = {x: max(y for at, y in area.get_paths()[0].vertices if at == x) for x in rates.unique()}
            assert upper == pytest.approx(top.to_dict())
        wanted = (rows["loss_mean"] < 1e-6).groupby(rates).mean()
        assert axes.lines[-1].get_ydata() == pytest.approx(wanted.to_numpy())
        assert axes.get_ylim() == (0, 1)
    assert legend(made) == [*(status.phrase for status in ENDED), "loss mean below 1e-06"]
    assert legend_title(made) == "how rows ended"


def test_few_round_values_have_bars_and_no_status_that_no_row_has(folder: Path) -> None:
    made = harness.plot(folder, "share", x="epochs", where={"init": "ones", "learning_rate": 0.01})
    (axes,) = panels(made)
    assert len(axes.patches) == 2 * 4
    assert [round(patch.get_x() + patch.get_width() / 2) for patch in axes.patches[:4]] == [0, 1, 2, 3]
    assert legend(made) == [Status.RAN.phrase, Status.SETTLED.phrase]


def test_spread_has_a_box_for_each_initialisation(folder: Path, table: pd.DataFrame) -> None:
    made = harness.plot(folder, "spread", where={"learning_rate": 0.01, "epochs": 1})
    (axes,) = panels(made)
    assert ticks(axes.get_xticklabels()) == ["ones", "{normal: {std: 0.5}}"]
    assert len(axes.patches) == 2
    rows = table[(table["learning_rate"] == near(table, 0.01)) & (table["epochs"] == 1)]
    middles = [line.get_ydata()[0] for line in axes.lines if line.get_linewidth() == 2]
    wanted = rows.groupby("init", observed=True)["loss_mean"].median()
    assert middles == pytest.approx(wanted[["ones", "{normal: {std: 0.5}}"]])
    assert "boxes: middle 50%, whiskers: middle 90%" in caption(made)


def test_spread_says_which_rows_have_no_loss_and_keeps_settings_apart(folder: Path, table: pd.DataFrame) -> None:
    made = harness.plot(folder, "spread", x="learning_rate")
    rows = table[table["epochs"] == 1000]
    assert f"without the {(rows['status'] == 'diverged').mean():.1%} of rows" in caption(made)
    for axes, init in zip(panels(made), table["init"].unique(), strict=True):
        losses = rows[rows["init"] == init].groupby("learning_rate")["loss_mean"].median().dropna()
        assert axes.get_xscale() == "log"
        assert axes.lines[0].get_ydata() == pytest.approx(losses.clip(lower=1e-12).to_numpy())
        assert axes.get_title() == f"init {init}"
    assert "losses of 1e-12 and less lie on the lower edge" in caption(made)
    assert legend(made) == ["median", "middle 50%", "middle 90%"]
    assert legend_title(made) == "loss mean over repeat"


def test_titles_name_only_what_varies(folder: Path) -> None:
    assert "over" not in shown(harness.plot(folder, "spread", x="learning_rate", where={"init": "ones"}))
    assert "over repeat" in shown(harness.plot(folder, "spread", x="learning_rate", where={"init": NORMAL}))


def test_one_loss_a_value_is_a_line(tmp_path: Path) -> None:
    rates = {"linspace": [0.01, 0.15, 9]}
    few = swept(tmp_path, {"learning_rate": rates, "epochs": 10, "init": "ones"})
    made = harness.plot(few)
    (line,) = panels(made)[0].lines
    table = harness.load(few)
    assert line.get_xdata().tolist() == table["learning_rate"].tolist()
    assert line.get_ydata().tolist() == table["loss_mean"].clip(lower=1e-12).tolist()
    assert legend(made) == []
    assert title(made) == "What is the loss mean, by learning rate?"
    labels = swept(tmp_path / "labels", {"init": ["ones", {"constant": 2}], "learning_rate": 0.01, "epochs": 10})
    (marks,) = panels(harness.plot(labels))[0].lines
    assert (marks.get_linestyle(), marks.get_marker()) == ("None", "o")


def test_if_only_the_repeat_varies_all_are_one_box(tmp_path: Path) -> None:
    there = swept(tmp_path, {"learning_rate": 0.01, "epochs": 10, "init": NORMAL}, repeats=30)
    made = harness.plot(there)
    (axes,) = panels(made)
    assert (ticks(axes.get_xticklabels()), len(axes.patches)) == (["all 30 rows"], 1)
    (middle,) = [line.get_ydata()[0] for line in axes.lines if line.get_linewidth() == 2]
    assert middle == pytest.approx(harness.load(there)["loss_mean"].median())
    assert "over repeat" in shown(made)


def test_unlike_losses_stand_on_axes_of_their_own(tmp_path: Path) -> None:
    rates = {"geomspace": [1e-3, 0.1, 20]}
    losses = {"loss": ["half_mse", "mse"], "learning_rate": rates, "epochs": 10, "init": NORMAL}
    there = swept(tmp_path, losses, repeats=4)
    made = harness.plot(there, "spread", x="learning_rate")
    limits = [axes.get_ylim() for axes in panels(made)]
    assert len(set(limits)) == 2
    with pytest.raises(HarnessError, match="losses of half_mse, mse cannot be compared in one picture"):
        harness.plot(there, "spread", x="loss")
    assert panels(harness.plot(there, "share", x="loss"))


def test_curves_are_those_that_were_recorded(folder: Path, table: pd.DataFrame) -> None:
    curves = harness.load(folder, curves=True)
    made = harness.plot(folder, "curves")
    for axes, init in zip(panels(made), table["init"].unique(), strict=True):
        lines = {line.get_label(): line for line in axes.lines}
        assert set(lines) == {"mean"}  # the one sample's loss is the least and the greatest as well
        runs = table[table["init"] == init]["run"]
        median = curves[curves["run"].isin(runs)].groupby("epoch")["loss_mean"].median().clip(lower=1e-12)
        assert lines["mean"].get_xdata() == pytest.approx(median.index.to_numpy())
        assert lines["mean"].get_ydata() == pytest.approx(median.to_numpy())
        assert len(axes.collections) == 2
    assert "medians of 72 runs over learning_rate, repeat" in shown(made)
    assert "bands: middle 50% and 90% of the mean loss" in caption(made)


def test_curves_of_several_samples_have_a_line_for_each_loss(tmp_path: Path) -> None:
    parameters = {"learning_rate": 0.01, "epochs": 5, "init": "ones"}
    there = swept(tmp_path, parameters, data={"rows": [[1, 1, 1], [1, 0, 2]]}, record={"losses": {"every": 1}})
    made = harness.plot(there, "curves")
    curves = harness.load(there, curves=True)
    for line, column in zip(panels(made)[0].lines, ("loss_min", "loss_mean", "loss_max"), strict=True):
        assert line.get_ydata() == pytest.approx(curves[column].to_numpy())
    assert legend(made) == ["least", "mean", "greatest"]
    assert legend_title(made) == "over the samples of an epoch"


def test_curves_of_one_run_have_no_bands(folder: Path) -> None:
    run = {"init": "ones", "learning_rate": 0.01, "repeat": 0}
    made = harness.plot(folder, "curves", where=run)
    assert len(panels(made)[0].collections) == 0
    assert "median" not in shown(made)
    assert "init ones, learning rate 0.01" in shown(made)


def test_weights_lie_as_in_the_network(folder: Path, table: pd.DataFrame) -> None:
    made = harness.plot(folder, "weights", where={"init": "ones"})
    found = {axes.get_title(): axes for axes in panels(made)}
    assert list(found) == ["w1_1_1", "w1_1_2", "b1_1", "w1_2_1", "w1_2_2", "b1_2", "w2_1_1", "w2_1_2", "b2_1"]
    places = {name: axes.get_subplotspec() for name, axes in found.items()}
    assert [(place.rowspan.start, place.colspan.start) for place in places.values()] == [
        *((row, column) for row in (0, 1) for column in (0, 1, 2)),
        *((0, column) for column in (0, 1, 2)),
    ]
    medians = table.query("init == 'ones' and epochs == 1000").groupby("learning_rate")[list(found)].median()
    for name, axes in found.items():
        there = medians[name].dropna()
        assert axes.lines[0].get_xdata() == pytest.approx(there.index.to_numpy())
        assert axes.lines[0].get_ydata() == pytest.approx(there.to_numpy())
        assert axes.get_xscale() == "log"
        low, high = axes.get_ylim()
        assert low < there.iloc[0] < high
        assert high - low < 2 * np.ptp(there)
        assert len([text for text in ticks(axes.get_yticklabels()) if text]) >= 3
    assert found["w2_1_1"].get_xlabel() == "learning rate"
    assert "weights after 1,000 epochs" in shown(made)


def test_weights_of_unlike_settings_have_a_line_each(folder: Path, table: pd.DataFrame) -> None:
    made = harness.plot(folder, "weights")
    assert (legend_title(made), legend(made)) == ("init", ["ones", "{normal: {std: 0.5}}"])
    axes = panels(made)[0]
    for line, init in zip(axes.lines, table["init"].unique(), strict=True):
        rows = table[(table["epochs"] == 1000) & (table["init"] == init)]
        medians = rows.groupby("learning_rate")["w1_1_1"].median().dropna()
        assert line.get_ydata() == pytest.approx(medians.to_numpy())


def test_long_axes_are_binned(tmp_path: Path) -> None:
    count = 3 * MOST
    there = swept(tmp_path, {"learning_rate": {"geomspace": [1e-3, 1, count]}, "epochs": [1, 20], "init": "ones"})
    table = harness.load(there)
    shares = panels(harness.plot(there, "share", x="learning_rate"))[0].collections
    assert all(len(area.get_paths()[0].vertices) <= 2 * MOST + 3 for area in shares)
    line = panels(harness.plot(there, "weights"))[0].lines[0]
    rows = table[(table["epochs"] == 20) & (table["status"] != "diverged")]
    assert len(line.get_xdata()) == pytest.approx(MOST * len(rows) / count, abs=2)
    place = np.abs(np.log(rows["learning_rate"].to_numpy()[:, None] / line.get_xdata())).argmin(axis=1)
    medians = rows["w1_1_1"].groupby(place).median()
    assert line.get_ydata()[5:50] == pytest.approx(medians.to_numpy()[5:50])


def test_equal_weights_share_a_path(folder: Path, table: pd.DataFrame) -> None:
    made = harness.plot(folder, "paths", where={"init": "ones", "learning_rate": 0.01})
    lines = {line.get_label(): line for line in panels(made)[0].lines}
    assert list(lines) == ["w1_1_1 = w1_1_2 = w1_2_1 = w1_2_2", "b1_1 = b1_2", "w2_1_1 = w2_1_2", "b2_1"]
    rows = table[(table["init"] == "ones") & (table["learning_rate"] == near(table, 0.01)) & (table["repeat"] == 0)]
    assert lines["b2_1"].get_ydata() == pytest.approx(rows.sort_values("epochs")["b2_1"].to_numpy())
    assert panels(made)[0].get_xlabel() == "epochs"
    assert legend_title(made) == "weights, equal ones together"


def test_paths_are_of_runs_and_say_of_how_many(
    folder: Path, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "RUNS", 10)
    made = harness.plot(folder, "paths")
    assert "10 of 72 runs, at equal distances" in shown(made)
    assert (legend_title(made), legend(made)) == ("init", ["ones", "{normal: {std: 0.5}}"])
    axes = {axes.get_title(): axes for axes in panels(made)}["w2_1_1"]
    runs = np.linspace(0, 71, 10).round().astype(int)
    assert len(axes.lines) == 10
    for line, run in zip(axes.lines, np.sort(table["run"].unique())[runs], strict=True):
        weights = table[table["run"] == run].sort_values("epochs")["w2_1_1"].to_numpy(float)
        assert line.get_ydata() == pytest.approx(weights, nan_ok=True)


def test_paths_of_few_runs_are_told_apart(folder: Path) -> None:
    made = harness.plot(folder, "paths", where={"learning_rate": 0.01})
    assert legend_title(made) == "init, repeat"
    assert legend(made) == ["ones, 0", "{normal: {std: 0.5}}, 0", "{normal: {std: 0.5}}, 1"]
    assert "3 runs" in shown(made)


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
    told = style.loss_scale(axes, losses)
    made.savefig(tmp_path / "x.png")
    assert axes.get_ylim()[0] < losses[0]
    assert top[0] <= axes.get_ylim()[1] <= top[1]
    assert bool(told) == (top[1] < losses[1])


@pytest.mark.parametrize("kind", ["spread", "curves"])
def test_losses_of_0_lie_on_the_lower_edge(kind: str, tmp_path: Path) -> None:
    there = swept(
        tmp_path,
        {"learning_rate": [0.1, 0.2], "epochs": [1, 2], "init": ["zeros", "ones"]},
        data={"rows": [[1, 1, 0]]},
        record={"losses": {"every": 1}},
    )
    made = harness.plot(there, kind, where={"learning_rate": 0.1})
    drawn = np.concatenate([line.get_ydata() for axes in panels(made) for line in axes.lines])
    assert np.nanmin(drawn) == 1e-12
    assert all(axes.get_yscale() == "log" for axes in panels(made))
    assert "losses of 1e-12 and less lie on the lower edge" in caption(made)


def test_no_picture_reads_all_rows_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten million rows are drawn from a few numbers of each, a file at a time."""

    def whole(*given: Any, **named: Any) -> None:
        pytest.fail("reads every row into a frame")

    monkeypatch.setattr(Results, "table", whole)
    monkeypatch.setattr(Results, "frame", whole)
    for kind in ("spread", "share", "weights", "paths"):
        harness.plot(folder, kind, **({} if kind == "paths" else {"x": "learning_rate"}))


@pytest.mark.parametrize("kind", ["spread", "share", "curves", "weights", "paths", "map"])
@pytest.mark.parametrize("where", [{"init": "ones"}, {}], ids=["one", "several"])
def test_every_axis_has_three_labels_that_differ(folder: Path, kind: str, where: dict[str, str]) -> None:
    x = {"x": "learning_rate"} if kind in ("spread", "share", "weights") else {}
    made = harness.plot(folder, kind, where=where, **x)
    made.draw_without_rendering()
    for axes in [*panels(made), *bars(made).values()]:
        for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            at = [place for place in axis.get_majorticklocs() if limits[0] <= place <= limits[1]]
            labels = axis.get_major_formatter().format_ticks(at)
            assert len(set(labels)) == len(labels)
            assert len(labels) >= 3 or (axes.get_label() and axis is axes.xaxis)


def test_labels_of_epochs_have_room_in_each_of_three_panels(tmp_path: Path) -> None:
    inits = ["xavier_uniform", "xavier_normal", "he_normal"]
    parameters = {"learning_rate": 0.01, "epochs": 200, "init": inits}
    made = harness.plot(swept(tmp_path, parameters, record={"losses": {"every": 1}}), "curves")
    made.canvas.draw()
    for axes in panels(made):
        boxes = [label.get_window_extent() for label in axes.get_xticklabels()]
        assert len(boxes) >= 3
        assert all(one.x1 < other.x0 for one, other in pairwise(boxes))


def test_a_picture_of_all_rows_asks_nothing_of_an_axis(tmp_path: Path) -> None:
    there = swept(tmp_path, {"learning_rate": 0.01, "epochs": 2, "init": "xavier_uniform"}, repeats=5)
    assert title(harness.plot(there, "spread")) == "What is the loss mean of each row?"
    assert title(harness.plot(there, "share")) == "How do runs end?"


def test_settings_that_do_not_use_the_axis_have_no_panel(tmp_path: Path) -> None:
    parameters = {"optimizer": ["sgd", "momentum", "nesterov"], "momentum": [0.1, 0.5, 0.9], "epochs": 10}
    there = swept(tmp_path, {**parameters, "learning_rate": 0.1, "init": "ones"})
    for kind in ("share", "spread"):
        made = harness.plot(there, kind, x="momentum")
        assert [axes.get_title() for axes in panels(made)] == ["optimizer momentum", "optimizer nesterov"]
