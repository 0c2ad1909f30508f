"""What a map says: a cell for each pair, unlike settings apart, how rows ended, how soon, and where colours end."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm, to_hex

import harness
from harness.errors import HarnessError
from harness.network.runs import Status
from harness.store.schema import parameter_column
from harness.views.palette import GREW, STATUS_COLOURS
from harness.views.plots import colours, facets
from harness.views.plots.cells import EMPTY, Ending, cells_of, opened, outline
from harness.views.results import Results
from harness.views.scale import MOST, TableAxis
from tests.support.drawn import EXPERIMENT, NORMAL, PLAIN, swept
from tests.support.figures import bars, caption, layer, layers, legend, legend_title, panels, shown, ticks, title

ONE = {"network": {"layers": [1, 1]}, "data": {"rows": [[65, 200], [100, 550]]}, "training": {"batch_size": "full"}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `harness.sweep` writes it, with the loss of the first epoch where the table does not have it yet."""
    dense = EXPERIMENT["parameters"] | {"learning_rate": {"geomspace": [1e-3, 1, 60]}}
    return with_first_loss(Path(harness.sweep(EXPERIMENT | {"parameters": dense}, tmp_path_factory.mktemp("results"))))


@pytest.fixture(scope="module")
def table(folder: Path) -> pd.DataFrame:
    return harness.load(folder)


def with_first_loss(folder: Path) -> Path:
    """The rows of one epoch say what the loss of the first was."""
    table = pq.ParquetDataset(folder / "runs").read()
    if "first_loss" in table.column_names:
        return folder
    ones = table.filter(pc.equal(table["epochs"], 1)).to_pandas().set_index("run")["loss_mean"]
    for file in (folder / "runs").glob("*.parquet"):
        part = pq.read_table(file)
        first = [None if np.isnan(ones[run]) else ones[run] for run in part["run"].to_pylist()]
        at = part.column_names.index("last_finite_loss")
        pq.write_table(part.add_column(at, "first_loss", pa.array(first, pa.float64())), file)
    return folder


def without_first_loss(folder: Path) -> Path:
    """As tables were before they had the loss of the first epoch."""
    for file in (folder / "runs").glob("*.parquet"):
        part = pq.read_table(file)
        if "first_loss" in part.column_names:
            pq.write_table(part.drop_columns(["first_loss"]), file)
    return folder


def outcomes(rows: pd.DataFrame) -> pd.DataFrame:
    """(epochs, learning rates) the most common outcome of each cell, worked out with pandas."""
    grew = (rows["loss_mean"] > rows["first_loss"]) & (rows["status"] != "diverged")
    named = rows.assign(outcome=rows["status"].astype(str).mask(grew, "grew"))
    order = ["ran", "settled", "diverged", "grew"]
    counts = named.groupby(["epochs", "learning_rate"])["outcome"].value_counts().unstack()
    return counts.reindex(columns=order).fillna(0).idxmax(axis=1).unstack()


def test_a_panel_has_a_cell_for_every_pair_and_tells_the_outcomes_apart(folder: Path, table: pd.DataFrame) -> None:
    made = harness.plot(folder)
    for axes, init in zip(panels(made), ["ones", str(table["init"].iloc[-1])], strict=True):
        rows = table[(table["init"] == init) & (table["epochs"] > 0)]
        wanted = outcomes(rows)
        ended = rows.assign(epoch=rows["settled_epoch"].fillna(rows["diverged_epoch"]))
        found = {name: layer(axes, name) for name in layers(axes) & {"value", "settled", "diverged"}}
        assert found["value"].shape == (3, 60)
        assert (~np.isnan(found["diverged"]) == (wanted == "diverged")).all(axis=None)
        medians = ended[ended["status"] == "diverged"].pivot_table("epoch", "epochs", "learning_rate", "median")
        diverged = medians.reindex(index=wanted.index, columns=wanted.columns).where(wanted == "diverged")
        assert found["diverged"] == pytest.approx(diverged.to_numpy(float), nan_ok=True)
        assert 0 < np.isfinite(found["diverged"]).sum() < 3 * 60
        assert f"init {init}" == axes.get_title()
    first = panels(made)[0]
    assert (first.get_xlabel(), first.get_ylabel()) == ("learning rate", "epochs")
    assert (first.get_xscale(), first.get_yscale()) == ("log", "log")
    assert ticks(first.get_yticklabels()) == ["1", "10", "1000"]
    assert {"loss mean", "diverged in epoch"} <= set(bars(made))


def test_the_title_asks_and_says_what_is_drawn(folder: Path) -> None:
    made = harness.plot(folder)
    assert title(made) == EXPERIMENT["description"]
    assert shown(made).startswith("loss mean \N{MIDDLE DOT} medians of up to ")
    assert "over repeat with the most common status" in shown(made)
    held = harness.plot(folder, x="learning_rate", y="init", where={"epochs": 10, "repeat": 0})
    assert shown(held) == "loss mean after 10 epochs \N{MIDDLE DOT} repeat 0"
    for word in ("told", "network 2-2-1", "exact float64"):
        assert word in caption(made)


def test_a_map_without_a_description_asks_all_the_same(tmp_path: Path) -> None:
    there = swept(tmp_path, {"learning_rate": [0.01, 0.02], "epochs": [1, 10], "init": "ones"})
    assert title(harness.plot(there)) == "Which learning rate and epochs train, and which diverge?"


def test_repeats_are_no_axis_of_their_own(tmp_path: Path) -> None:
    there = swept(tmp_path, {"learning_rate": [0.01, 0.1, 0.2], "epochs": 10, "init": NORMAL}, repeats=5)
    assert harness.plot(there).axes[0].get_xlabel() == "learning rate"
    assert harness.plot(there).axes[0].get_ylabel() == "loss mean"
    with pytest.raises(
        HarnessError, match="the rows that have learning_rate vary in nothing else; a map needs two axes"
    ):
        harness.plot(there, "map")
    assert harness.plot(there, "map", y="repeat").axes[0].get_ylabel() == "repeat"


def test_the_cut_is_the_loss_of_doing_nothing_and_is_said(folder: Path, table: pd.DataFrame) -> None:
    made = harness.plot(folder, where={"init": "ones"})
    idle = table[table["init"] == "ones"]["first_loss"].median()
    (mesh,) = [mesh for mesh in panels(made)[0].collections if mesh.get_gid() == "value"]
    assert isinstance(mesh.norm, LogNorm)
    assert mesh.norm.vmax == pytest.approx(idle)
    assert mesh.norm.vmin == 1e-12
    assert f"loss colours end at 1e-12 below and at {idle:g} above, the loss of doing nothing" in caption(made)


def test_old_tables_take_the_rows_of_one_epoch(tmp_path: Path) -> None:
    rates = {"geomspace": [1e-3, 0.1, 9]}
    old = without_first_loss(swept(tmp_path, {"learning_rate": rates, "epochs": [1, 10], "init": "ones"}))
    (mesh,) = [mesh for mesh in panels(harness.plot(old))[0].collections if mesh.get_gid() == "value"]
    ones = harness.load(old).query("epochs == 1")["loss_mean"]
    assert mesh.norm.vmax == pytest.approx(ones.median())
    none = without_first_loss(swept(tmp_path / "b", {"learning_rate": rates, "epochs": [2, 10], "init": "ones"}))
    assert "doing nothing" not in caption(harness.plot(none))


def test_growth_is_visible(tmp_path: Path) -> None:
    """Losses of up to 1e40 that are not infinite yet: not the colour of a loss that has some use."""
    rates = {"geomspace": [1e-6, 1e-2, 41]}
    there = swept(tmp_path, {"learning_rate": rates, "epochs": [1, 10, 30], "init": "zeros"}, **ONE)
    there = with_first_loss(there)
    table = harness.load(there)
    made = harness.plot(there)
    grew = table.assign(grew=(table["loss_mean"] > table["first_loss"]))
    wanted = grew.pivot_table("grew", "epochs", "learning_rate", "max", dropna=False).astype(bool)
    assert ((layer(panels(made)[0], "flat grew") == 0) == wanted.to_numpy()).all()
    assert wanted.to_numpy().sum() > 10
    assert np.isnan(layer(panels(made)[0], "value"))[wanted.to_numpy()].all()
    assert "ran, but grew: loss above that of the first epoch" in legend(made)
    assert legend_title(made) == "most common status"
    (mesh,) = [mesh for mesh in panels(made)[0].collections if mesh.get_gid() == "flat grew"]
    assert to_hex(mesh.cmap(0)) == GREW


def test_unlike_settings_are_never_in_one_median(tmp_path: Path) -> None:
    many = {"activation": ["identity", "tanh", "relu"], "init": ["ones", NORMAL, {"constant": 0.3}]}
    there = swept(tmp_path, {"learning_rate": [0.01, 0.1, 0.2], "epochs": [1, 10], **many})
    table = harness.load(there)
    made = harness.plot(there)
    best = table.groupby(["activation", "init"], observed=True)["loss_mean"].min().sort_values()
    wanted = {f"activation {activation}, init {init}" for activation, init in best.index[: facets.MOST]}
    assert {axes.get_title().replace("\n", " ") for axes in panels(made)} == wanted
    assert "the 6 of 9 settings of activation, init with the least loss" in shown(made)
    for axes in panels(made):
        activation, init = (part.split(" ", 1)[1] for part in axes.get_title().replace("\n", " ").split(", ", 1))
        rows = table[(table["activation"] == activation) & (table["init"] == init)]
        losses = rows.pivot_table("loss_mean", "epochs", "learning_rate", "median", dropna=False).to_numpy()
        drawn = layer(axes, "value")
        assert drawn[~np.isnan(drawn)] == pytest.approx(losses[~np.isnan(drawn)])


def test_unlike_losses_have_colours_of_their_own(tmp_path: Path) -> None:
    losses = {"loss": ["half_mse", "mse", "bce"], "learning_rate": [0.01, 0.1, 0.2], "epochs": [1, 10], "init": "ones"}
    there = swept(tmp_path, losses, network={"layers": [1, 1]}, data={"rows": [[1, 0]]})
    made = harness.plot(there)
    meshes = [mesh for axes in panels(made) for mesh in axes.collections if mesh.get_gid() == "value"]
    table = with_first_loss(there) and harness.load(there)
    firsts = table.groupby("loss", observed=True)["first_loss"].median()
    names = [axes.get_title().removeprefix("loss ") for axes in panels(made)]
    assert names == ["half_mse", "mse", "bce"]
    assert [mesh.norm.vmax for mesh in meshes] == pytest.approx([firsts[name] for name in names])
    assert "loss mse colours end at" in caption(made)
    with pytest.raises(HarnessError, match="loss: losses of half_mse, mse, bce cannot be compared in one picture"):
        harness.plot(there, x="loss", y="learning_rate")


def test_what_settled_at_no_loss_shows_how_soon(folder: Path, table: pd.DataFrame) -> None:
    made = harness.plot(folder, where={"init": "ones"})
    rows = table[(table["init"] == "ones") & (table["repeat"] == 0) & (table["epochs"] > 0)]
    settled = rows[(rows["status"] == "settled") & (rows["loss_mean"] <= 1e-12)]
    drawn = layer(panels(made)[0], "settled")
    assert np.sort(drawn[~np.isnan(drawn)]) == pytest.approx(np.sort(settled["settled_epoch"].to_numpy(float)))
    assert bars(made).keys() == {"loss mean", "settled in epoch", "diverged in epoch"}
    made.canvas.draw()
    boxes = [axes.yaxis.label.get_window_extent() for axes in made.axes if axes.get_label() == "<colorbar>"]
    assert len(boxes) == 3
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_a_map_can_show_how_soon_runs_ended(folder: Path, table: pd.DataFrame) -> None:
    ones = table[(table["init"] == "ones") & (table["repeat"] == 0) & (table["epochs"] == 1000)]
    made = harness.plot(folder, "map", y="epochs", color="settled_epoch", where={"init": "ones"})
    last = layer(panels(made)[0], "settled")[-1]
    assert np.sort(last[~np.isnan(last)]) == pytest.approx(np.sort(ones["settled_epoch"].dropna().to_numpy(float)))
    made = harness.plot(folder, "map", color="diverged_epoch", where={"init": "ones"})
    drawn = layer(panels(made)[0], "diverged")[-1]
    assert np.sort(drawn[~np.isnan(drawn)]) == pytest.approx(np.sort(ones["diverged_epoch"].dropna().to_numpy(float)))
    assert set(legend(made)) >= {Status.RAN.phrase, Status.SETTLED.phrase}


def test_last_losses_of_diverged_runs_can_be_drawn(folder: Path, table: pd.DataFrame) -> None:
    made = harness.plot(folder, "map", color="last_finite_loss", where={"init": "ones"})
    cells = sum(np.isfinite(layer(panels(made)[0], name)) for name in ("value", "settled"))
    rows = table.query("init == 'ones' and repeat == 0 and epochs > 0")
    assert (cells == rows.pivot_table("last_finite_loss", "epochs", "learning_rate", dropna=False).notna()).all(
        axis=None
    )


def test_weights_have_a_linear_scale(folder: Path, table: pd.DataFrame) -> None:
    made = harness.plot(folder, "map", color="w1_1_1", where={"init": "ones"})
    drawn = layer(panels(made)[0], "value")
    wanted = table[table["init"] == "ones"].pivot_table("w1_1_1", "epochs", "learning_rate", "median", dropna=False)
    assert drawn == pytest.approx(wanted.to_numpy(), nan_ok=True)
    assert "w1_1_1" in bars(made)


@pytest.mark.parametrize("y", ["epochs", "init"])
def test_outlines_follow_the_edges_of_cells(folder: Path, table: pd.DataFrame, y: str) -> None:
    axes = panels(harness.plot(folder, "map", y=y, where={"init": "ones"} if y == "epochs" else {"epochs": 1000}))[0]
    (mesh,) = [mesh for mesh in axes.collections if mesh.get_gid() == "value"]
    corners = mesh.get_coordinates()
    across, up = set(corners[0, :, 0]), set(corners[:, 0, 1])
    lines = [line for line in axes.collections if isinstance(line, LineCollection) and line.get_gid()]
    assert [line.get_gid() for line in lines] == ["boundary of divergence"]
    for (x1, y1), (x2, y2) in lines[0].get_segments():
        assert {x1, x2} <= across
        assert {y1, y2} <= up
        assert (x1 == x2) != (y1 == y2)


def test_the_edges_of_a_mask() -> None:
    mask = np.array([[0, 1, 1], [0, 0, 1]], bool)
    vertical, horizontal = outline(mask)
    assert sorted(map(tuple, vertical.tolist())) == [(1, 0, 1), (2, 1, 2)]
    assert horizontal.tolist() == [[1, 1, 2]]
    assert [len(edges) for edges in outline(np.ones((3, 4), bool))] == [0, 0]


def test_parts_too_thin_to_be_outlined_are_left_out() -> None:
    mask = np.array([[1, 0, 1, 1, 1, 0, 1, 1]], bool)
    assert opened(mask, (1, 3)).tolist() == [[False, False, True, True, True, False, False, False]]
    assert opened(mask, (5, 1)).tolist() == mask.tolist()  # no more than there are rows
    assert opened(np.ones((2, 2), bool), (9, 9)).all()


def test_small_cells_have_no_outline(tmp_path: Path) -> None:
    rates = {"geomspace": [0.05, 0.6, 300]}
    there = swept(
        tmp_path, {"learning_rate_1": rates, "learning_rate_2": rates, "epochs": 20, "init": "ones"}, **RECORD_NOTHING
    )
    axes = panels(harness.plot(there))[0]
    assert np.isfinite(layer(axes, "diverged")).any()
    assert not [line for line in axes.collections if isinstance(line, LineCollection)]


RECORD_NOTHING: dict[str, Any] = {"record": {"weights": False}}


def test_cells_hold_the_most_common_outcome_and_the_medians_of_its_rows() -> None:
    frame = pd.DataFrame(
        {
            "learning_rate": [1.0, 1, 1, 1, 2, 2, 2, 3],
            "epochs": [1] * 8,
            "loss_mean": [1.0, 3, 9, np.nan, 5, 6, 7, np.nan],
            "first_loss": [4.0, 4, 4, 4, 4, 4, 8, np.nan],
            "status": pd.Categorical(["ran", "ran", "ran", "diverged", "ran", "settled", "ran", "diverged"]),
            "settled_epoch": [np.nan, np.nan, np.nan, np.nan, np.nan, 7, np.nan, np.nan],
            "diverged_epoch": [np.nan, np.nan, np.nan, 5, np.nan, np.nan, np.nan, 9],
        }
    )
    x = TableAxis(parameter_column("learning_rate"), np.array([1.0, 2, 3, 4]))
    y = TableAxis(parameter_column("epochs"), np.array([1]))
    cells = cells_of([frame.iloc[:3], frame.iloc[3:]], x, y, "loss_mean", "loss_mean")
    assert cells.outcome.tolist() == [[Ending.RAN, Ending.GREW, Ending.DIVERGED, EMPTY]]
    assert cells.value == pytest.approx(np.array([[2, 5.5, np.nan, np.nan]]), nan_ok=True)
    assert cells.epoch == pytest.approx(np.array([[np.nan, 7, 9, np.nan]]), nan_ok=True)
    assert cells.rows == 4


def test_colours_end_where_it_matters() -> None:
    losses = np.geomspace(1e-20, 1e30, 1000)
    scale = colours.of_losses("loss", losses, 2.0)
    assert scale is not None
    assert (scale.ends, scale.below, scale.above) == ((1e-12, 2.0), True, True)
    guessed = colours.of_losses("loss", np.array([1e-3, 1, 2, 1e9]), None)
    assert guessed is not None
    assert guessed.ends[1] == 1e3
    near = colours.of_losses("loss", np.array([0.2, 0.25]), 0.26)
    assert near is not None
    assert (near.ends, near.below, near.above) == ((0.2, 0.26), False, False)
    assert colours.of_losses("loss", np.array([np.nan]), 1.0) is None
    assert colours.of_epochs("diverged", "", np.array([4.0, 5, 6])) is None
    epochs = colours.of_epochs("diverged", "", np.array([4.0, 5, 400]))
    assert epochs is not None
    assert epochs.ends == (4, 400)


def test_losses_of_0_have_the_colour_of_the_lower_end(tmp_path: Path) -> None:
    rates = [0.1, 0.2, 0.3]
    there = swept(
        tmp_path,
        {"learning_rate": rates, "epochs": [1, 2], "init": ["zeros", {"constant": 0.1}]},
        data={"rows": [[1, 1, 0]]},
    )
    made = harness.plot(there, y="init", where={"epochs": 2})
    (mesh,) = [mesh for mesh in panels(made)[0].collections if mesh.get_gid() == "value"]
    zeros, others = layer(panels(made)[0], "value")
    assert (zeros < mesh.norm.vmin).all()
    assert (others >= mesh.norm.vmin).all()


def test_long_axes_are_binned(tmp_path: Path) -> None:
    rates = {"geomspace": [1e-3, 1, 3 * MOST]}
    there = swept(tmp_path, {"learning_rate": rates, "epochs": [1, 20], "init": "ones"})
    made = harness.plot(there, "map")
    assert layer(panels(made)[0], "value").shape == (2, MOST)
    assert f"1,200 values of learning_rate in {MOST} bins" in caption(made)
    assert "medians of up to 4 rows" in shown(made) or "medians of up to 3 rows" in shown(made)


def test_x_and_y_can_be_chosen(folder: Path) -> None:
    axes = harness.plot(folder, x="init", y="repeat", where={"epochs": 1}).axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("init", "repeat")
    assert ticks(axes.get_xticklabels()) == ["ones", "{normal: {std: 0.5}}"]
    assert harness.plot(folder, "map", y="learning_rate").axes[0].get_xlabel() == "epochs"


def test_axes_that_no_row_has_together_are_not_paired(tmp_path: Path) -> None:
    own = {"learning_rate_1": [0.01, 0.1], "learning_rate_2": [0.1, 0.2], "epochs": 10, "init": "ones"}
    grids = [
        {"parameters": {"learning_rate": {"geomspace": [1e-3, 1, 12]}, "epochs": [10, 20], "init": "ones"}},
        {"parameters": own},
    ]
    there = Path(harness.sweep({**PLAIN, "grids": grids}, tmp_path))
    assert harness.plot(there).axes[0].get_ylabel() == "epochs"
    with pytest.raises(
        HarnessError, match="the rows that have learning_rate vary in nothing else; a map needs two axes"
    ):
        harness.plot(there, x="learning_rate", y="learning_rate_1")
    axes = harness.plot(there, x="learning_rate_1", y="learning_rate_2").axes[0]
    assert layer(axes, "value").shape == (2, 2)


def test_the_signs_of_the_statuses_are_those_of_the_bars(folder: Path) -> None:
    made = harness.plot(folder, "map", color="diverged_epoch")
    flat = {
        mesh.get_gid(): to_hex(mesh.cmap(0)) for mesh in panels(made)[0].collections if "flat" in str(mesh.get_gid())
    }
    assert flat["flat ran"] == STATUS_COLOURS[Status.RAN]
    assert flat["flat settled"] == STATUS_COLOURS[Status.SETTLED]
    bar = harness.plot(folder, "share", x="epochs")
    drawn = {patch.get_gid(): to_hex(patch.get_facecolor()) for patch in panels(bar)[0].patches}
    assert drawn == {label: STATUS_COLOURS[Status[label.upper()]] for label in drawn}
    assert drawn.keys() >= {"ran", "settled"}


def test_files_are_read_one_at_a_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No table of all rows is in memory: a map of ten million would take gigabytes."""
    monkeypatch.setattr(Results, "table", None)
    monkeypatch.setattr(Results, "frame", None)
    assert panels(harness.plot(folder, "map", x="learning_rate", y="epochs"))


MOMENTA: dict[str, Any] = {"optimizer": ["sgd", "momentum", "adam"], "momentum": [0.1, 0.5, 0.9], "init": "ones"}


def test_a_map_picks_axes_that_every_row_has(tmp_path: Path) -> None:
    there = swept(tmp_path, MOMENTA | {"learning_rate": {"geomspace": [0.001, 0.1, 9]}, "epochs": 3})
    made = harness.plot(there)
    (axes,) = panels(made)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("learning rate", "optimizer")
    assert "not drawn" not in caption(made)


def test_rows_without_an_axis_are_counted_and_named(tmp_path: Path) -> None:
    there = swept(tmp_path, MOMENTA | {"learning_rate": {"geomspace": [0.001, 0.1, 9]}, "epochs": 3})
    told = "rows without momentum are not drawn: optimizer sgd, adam (18 of 45)"
    assert told in caption(harness.plot(there, x="learning_rate", y="momentum"))
    for kind in ("spread", "share"):
        assert told in caption(harness.plot(there, kind, x="momentum"))
        assert "not drawn" not in caption(harness.plot(there, kind))
    assert "not drawn" not in caption(harness.plot(there, y="momentum", where={"optimizer": "momentum"}))


def test_cells_of_an_axis_that_is_not_used_are_told_from_gaps(tmp_path: Path) -> None:
    there = swept(tmp_path / "a", MOMENTA | {"learning_rate": 0.1, "epochs": 3})
    made = harness.plot(there, "map", x="momentum", y="optimizer")
    unused = "not used: rows have no value of the other axis"
    assert unused in legend(made)
    assert "no rows with this combination" not in legend(made)
    flat = layer(panels(made)[0], f"flat {unused}")
    assert np.isfinite(flat).sum(axis=1).tolist() == [3, 0, 3]
    grids = [{"parameters": {"learning_rate": rate, "epochs": epochs, "init": "ones"}} for rate, epochs in GAPS]
    gaps = legend(harness.plot(Path(harness.sweep({**PLAIN, "grids": grids}, tmp_path / "b"))))
    assert "no rows with this combination" in gaps
    assert unused not in gaps


def test_values_without_a_loss_are_named(tmp_path: Path) -> None:
    there = swept(tmp_path, {"learning_rate": [0.005, 0.15], "epochs": [0, 1, 300, 301], "init": "ones"})
    assert "epochs 0 has no loss mean" in caption(harness.plot(there))
    assert "has no" not in caption(harness.plot(there, where={"epochs": 300}))
    long = swept(tmp_path / "long", {"learning_rate": [0.005, 0.15], "epochs": {"range": [0, 500, 1]}, "init": "ones"})
    assert "epochs 0 has no loss mean" in caption(harness.plot(long))


@pytest.mark.parametrize("kind", ["map", "spread", "share"])
def test_the_labels_of_panels_do_not_collide(tmp_path: Path, kind: str) -> None:
    deep = {"layers": [[2, 2, 1], [2, 3, 3, 1]], "activation": ["tanh", "sigmoid"], "init": ["ones", NORMAL]}
    rates = {"learning_rate": {"geomspace": [0.001, 0.1, 12]}, "epochs": [1, 2]}
    made = harness.plot(swept(tmp_path, deep | rates), kind, x="learning_rate")
    made.canvas.draw()
    boxes: list[Any] = [axes.title.get_window_extent() for axes in panels(made)]
    assert len(boxes) == 6
    others: list[Any] = [axes.get_tightbbox() for axes in bars(made).values()] + [
        axes.get_window_extent() for axes in panels(made)
    ]
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    assert not [(box, other) for box in boxes for other in others if box.overlaps(other)]
    assert min(axes.get_window_extent().height for axes in panels(made)) > made.dpi


GAPS = [([0.1, 0.2], [1, 2]), ([0.3, 0.4], [3, 4])]


def test_an_unknown_column_is_told_before_too_few_axes(tmp_path: Path) -> None:
    there = swept(tmp_path, {"learning_rate": [0.01, 0.1, 0.2], "epochs": 10, "init": NORMAL}, repeats=5)
    with pytest.raises(HarnessError, match="no column 'foo'"):
        harness.plot(there, color="foo")
