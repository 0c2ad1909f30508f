"""What the pictures of a sweep say: axes, scales, marks, and the colours of the three statuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import LogNorm, to_hex

import harness
from harness.errors import HarnessError
from harness.views.plots import style
from tests.test_report import EXPERIMENT


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(harness.sweep(EXPERIMENT, tmp_path_factory.mktemp("results")))


def test_the_map_has_a_cell_for_every_pair_and_tells_the_statuses_apart(folder: Path) -> None:
    table = harness.load(folder)
    commonest = table.groupby(["epochs", "learning_rate"])["status"].agg(lambda s: s.value_counts().index[0]).unstack()
    made = harness.plot(folder)
    axes = made.axes[0]
    losses, diverged = (axes.collections[k] for k in (0, 1))
    assert np.shape(losses.get_array()) == (4, 24)
    assert isinstance(losses.norm, LogNorm)
    assert axes.get_xlabel() == "learning rate"
    assert axes.get_xscale() == "log"
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["0", "1", "10", "1000"]
    marked = ~np.ma.getmaskarray(diverged.get_array())
    assert (marked == (commonest == "diverged").to_numpy()).all()
    assert marked.any()
    assert not marked.all()
    assert to_hex(diverged.cmap(0)) == style.COLOURS["diverged"]
    assert [text.get_text() for text in made.legends[0].get_texts()] == ["diverged", "settled", "boundary"]
    assert "told" in made._supxlabel.get_text()


def test_a_map_s_colour_is_the_median(folder: Path) -> None:
    table = harness.load(folder)
    wanted = table[table["init"] == "ones"].pivot_table("w1_1_1", "epochs", "learning_rate", dropna=False)
    made = harness.plot(folder, "map", color="w1_1_1", where={"init": "ones"})
    found = np.ma.filled(made.axes[0].collections[0].get_array(), np.nan)
    assert found == pytest.approx(wanted.to_numpy(), nan_ok=True)


def test_curves_are_those_that_were_recorded(folder: Path) -> None:
    curves = harness.load(folder, curves=True)
    made = harness.plot(folder, "curves")
    lines = {line.get_label(): line for line in made.axes[0].lines}
    median = curves.groupby("epoch")["loss_mean"].median()
    assert set(lines) == {"loss min", "loss mean", "loss max"}
    assert lines["loss mean"].get_xdata() == pytest.approx(median.index.to_numpy())
    there = (median > 0).to_numpy()
    assert lines["loss mean"].get_ydata()[there] == pytest.approx(median.to_numpy()[there])
    assert made.axes[0].get_yscale() == "log"


def test_weights_lie_as_in_the_network(folder: Path) -> None:
    made = harness.plot(folder, "weights", where={"init": "ones"})
    shown = {axes.get_title(): axes for axes in made.axes if axes.get_visible()}
    names = ["w1_1_1", "w1_1_2", "b1_1", "w1_2_1", "w1_2_2", "b1_2", "w2_1_1", "w2_1_2", "b2_1"]
    assert list(shown) == names
    table = harness.load(folder).query("init == 'ones' and epochs == 1000")
    line = shown["w1_1_1"].lines[0]
    medians = table.groupby("learning_rate")["w1_1_1"].median().to_numpy()
    assert line.get_ydata() == pytest.approx(medians, nan_ok=True)


def test_paths_have_a_line_for_each_weight(folder: Path) -> None:
    made = harness.plot(folder, "paths", where={"init": "ones", "learning_rate": 0.01})
    lines = {line.get_label(): line for line in made.axes[0].lines}
    assert len(lines) == 9
    assert lines["w1_1_1"].get_ydata()[0] == 1.0
    assert made.axes[0].get_xlabel() == "epochs"


def test_spread_has_a_box_for_each_initialisation(folder: Path) -> None:
    made = harness.plot(folder, "spread", where={"learning_rate": 0.01})
    assert [tick.get_text() for tick in made.axes[0].get_xticklabels()] == ["ones", "{normal: {std: 0.5}}"]


def test_shares_are_of_all_rows(folder: Path) -> None:
    table = harness.load(folder)
    made = harness.plot(folder, "share", x="learning_rate", below=1e-6)
    axes = made.axes[0]
    assert [to_hex(area.get_facecolor()[0]) for area in axes.collections] == list(style.COLOURS.values())
    shown = axes.lines[-1].get_ydata()
    wanted = (table["loss_mean"] <= 1e-6).groupby(table["learning_rate"]).mean()
    assert shown == pytest.approx(wanted.to_numpy())
    assert axes.get_ylim() == (0, 1)


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        ({"kind": "pie"}, "pie: no such kind of picture; there are map, curves"),
        ({"x": "momentum"}, "no column 'momentum'"),
        ({"x": "loss_mean"}, "loss_mean does not vary; what does: learning_rate, epochs, init or repeat"),
        ({"where": {"learning_rate": 7}}, "learning_rate: expected a number from 0.001 to 1, found 7"),
        ({"where": {"init": "tens"}}, "init: no value 'tens'; there are ones or {normal: {std: 0.5}}"),
        ({"color": "colour"}, "no column 'colour'"),
    ],
)
def test_what_cannot_be_drawn_is_told_in_a_line(folder: Path, choices: dict[str, object], told: str) -> None:
    with pytest.raises(HarnessError) as caught:
        harness.plot(folder, **choices)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_without_curves_it_says_how_to_have_them(tmp_path: Path) -> None:
    plain = {key: value for key, value in EXPERIMENT.items() if key != "record"}
    with pytest.raises(HarnessError, match="no loss curves there; record"):
        harness.plot(harness.sweep(plain, tmp_path), "curves")
