"""Which setting is best, what decides it, and one setting against another: held against pandas, and against hands."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import harness
from harness.cli import completing, main
from harness.errors import HarnessError
from harness.experiment import load
from harness.sweeps import run
from harness.views import order
from harness.views.choosing.best import told
from harness.views.choosing.compare import Side, compare
from harness.views.plots.asked import Asked
from harness.views.report.opening import opening, ranked
from harness.views.report.page import report
from harness.views.results import Results
from tests.support.command import call
from tests.support.figures import panels, shown

EXPERIMENT: dict[str, Any] = {
    "name": "chosen",
    "network": {"layers": [2, 4, 1]},
    "data": {"generate": "moons", "samples": 60, "split": {"folds": 3, "test": 0.25}},
    "training": {"loss": "bce", "batch_size": 4, "max_loss": 1e3},
    "parameters": {
        "learning_rate": [0.01, 0.3, 40],
        "activation": ["tanh", "relu"],
        "epochs": [1, 8],
        "init": "xavier_uniform",
    },
    "repeats": 4,
}
SETTINGS = ["learning_rate", "activation", "epochs"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    return harness.open(harness.sweep(EXPERIMENT, tmp_path_factory.mktemp("results")))


def test_in_memory_the_same_is_best(results: Results) -> None:
    held = Results("memory", run.in_memory(load(EXPERIMENT)))
    pd.testing.assert_frame_equal(held.best(top=99), results.best(top=99), check_exact=True)
    with pytest.raises(HarnessError, match="memory: epochs is no score"):
        held.best(by="epochs")


def test_folds_are_merged_as_repeats_are(results: Results, tmp_path: Path) -> None:
    assert {"repeat", "fold"} < {*results.axes}
    asked = Asked(results)
    assert asked.usual() == ["learning_rate", "epochs", "activation"]
    assert asked.free()[-2:] == ["repeat", "fold"]
    rows = results.table()
    first = opening(ranked(results.axes, rows), rows, curves=False)
    assert first["map"] == {"x": "learning_rate", "y": "epochs", "panels": "activation"}
    only = EXPERIMENT | {"parameters": {"learning_rate": 0.1, "epochs": 2, "init": "xavier_uniform"}}
    figure = harness.open(harness.sweep(only, tmp_path)).plot("spread")
    assert "over repeat, fold" in shown(figure)


def medians(table: pd.DataFrame, score: str) -> pd.Series:
    """The median of each setting, a row that diverged being worse than any other."""
    worst = -np.inf if score.endswith(("accuracy", "r2")) else np.inf
    return table[score].mask(table["status"] == "diverged", worst).groupby([table[name] for name in SETTINGS]).median()


@pytest.mark.parametrize("by", [None, "validation_loss", "train_accuracy", "loss_max"])
def test_settings_are_ranked_by_medians(results: Results, by: str | None) -> None:
    table, found = results.table().astype({"activation": str}), results.best(by, top=100)
    score = by or "validation_accuracy"
    expected = medians(table, score)
    assert found.attrs["by"] == score
    assert found.columns.tolist() == ["rank", *SETTINGS, "median", "spread", "n", "diverged", "config"]
    assert found["rank"].tolist() == list(range(1, 13))
    assert (found["n"] == 12).all()
    assert set(found["diverged"]) >= {0, 4}
    ordered = expected.sort_values(ascending=not score.endswith("accuracy")).replace([np.inf, -np.inf], np.nan)
    assert found["median"].tolist() == pytest.approx(ordered.tolist(), rel=1e-15, nan_ok=True)
    for row in found.to_dict("records"):
        mine = table[(table[SETTINGS] == [row[name] for name in SETTINGS]).all(axis=1)]
        assert row["diverged"] == (mine["status"] == "diverged").sum()
        if not row["diverged"]:
            assert row["median"] == expected[tuple(row[name] for name in SETTINGS)]
            quartiles = np.quantile(mine[score], [0.25, 0.75])
            assert row["spread"] == pytest.approx(quartiles[1] - quartiles[0], rel=1e-12)
            distance = (mine[score] - row["median"]).abs()
            assert row["config"] == mine["config"][distance == distance.min()].min()
    first = table[(table[SETTINGS] == [found[name][0] for name in SETTINGS]).all(axis=1)]
    assert found.attrs["test"] == {name: first[name].median() for name in ("test_loss", "test_accuracy")}
    assert not [name for name in found.columns if "test" in name]
    assert results.best(by, top=2).equals(found[:2])


def test_of_equal_settings_that_of_less_loss_comes_first(results: Results) -> None:
    found, table = results.best(top=100), results.table().astype({"activation": str})
    losses = medians(table, "validation_loss")
    equal = found[found["median"].duplicated(keep=False)]
    assert len(equal) > 2
    for _, group in equal.groupby("median"):
        assert [losses[tuple(row)] for row in group[SETTINGS].to_numpy()] == sorted(
            losses[tuple(row)] for row in group[SETTINGS].to_numpy()
        )


def test_rows_can_be_held(results: Results) -> None:
    found = results.best(where={"epochs": 1, "activation": "relu", "fold": 2})
    assert found.columns.tolist()[1:3] == ["learning_rate", "median"]
    assert len(found) == 3
    assert (found["n"] == 4).all()


def test_what_only_some_rows_have_is_a_setting_too(tmp_path: Path) -> None:
    grid = {"optimizer": ["sgd", "momentum"], "momentum": [0.5, 0.9], "epochs": [0, 3], "init": "ones"}
    rows: dict[str, Any] = {"name": "x", "network": {"layers": [1, 1]}, "data": {"rows": [[1, 2], [2, 3]]}}
    found = harness.open(harness.sweep(rows | {"parameters": {"learning_rate": 0.01, **grid}}, tmp_path)).best()
    assert found.attrs == {"by": "loss_mean", "where": {}, "test": {}}
    assert found[["optimizer", "momentum"]].fillna(0).to_numpy().tolist() == [
        ["momentum", 0.9],
        ["momentum", 0.5],
        ["sgd", 0],
    ]
    assert (found["epochs"] == 3).all()  # before the first epoch there is no loss
    assert (found["n"] == 1).all()


def test_a_table_larger_than_memory_is_ranked_alike(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = results.best(top=100)
    monkeypatch.setattr(order, "HELD", 30)
    assert results.best(top=100).equals(expected)
    monkeypatch.setattr(order, "HELD", 5)
    assert results.best(top=100).equals(expected)


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        (
            {"by": "test_accuracy"},
            "test_accuracy: what is chosen by the test part is not tested by it; expected loss_min,",
        ),
        ({"by": "epochs"}, "epochs is no score; what is: loss_min, loss_mean, "),
        ({"by": "validation_acuracy"}, "no column 'validation_acuracy'; did you mean validation_accuracy?"),
        ({"where": {"init": "ones"}}, "init does not vary; what does: "),
        ({"where": {"status": "settled"}}, "no row has status settled"),
    ],
)
def test_what_cannot_be_ranked_is_told_in_a_line(results: Results, choices: dict[str, Any], told: str) -> None:
    with pytest.raises(HarnessError) as caught:
        results.best(**choices)
    assert str(caught.value).startswith(f"{results.folder}: {told}")
    assert "\n" not in str(caught.value)


def test_scores_keep_their_units(results: Results) -> None:
    columns = [results.column(name) for name in ("validation_loss", "validation_accuracy")]
    assert [column.unit for column in columns] == ["loss", ""]
    assert columns[1].meaning.startswith("share of the samples whose class is right, of the validation part")


def test_unlike_losses_are_not_ranked_together(tmp_path: Path) -> None:
    parameters = EXPERIMENT["parameters"] | {"loss": ["bce", "mse"], "activation": "tanh"}
    training = {"batch_size": 4}
    results = harness.open(harness.sweep(EXPERIMENT | {"parameters": parameters, "training": training}, tmp_path))
    assert len(results.best()) == 10
    with pytest.raises(HarnessError, match="losses of bce, mse cannot be compared; hold it, as with --where loss="):
        results.best("validation_loss")
    assert "loss" not in results.best("validation_loss", where={"loss": "mse"})


def test_the_command_prints_the_ranking(results: Results) -> None:
    found, done = results.best(), call("best", results.folder, "--top", 2)
    assert done.exit_code == 0, done.stderr
    head, columns, *rows, last = done.stdout.splitlines()
    assert head == "greatest validation accuracy: validation_accuracy, the median over the rows of a setting"
    assert columns.split() == found.columns.tolist()
    assert [line.split()[:4] for line in rows] == [["1", "0.3", "tanh", "8"], ["2", "0.3", "relu", "8"]]
    assert [int(line.split()[-1]) for line in rows] == found["config"][:2].tolist()
    scores = ", ".join(f"{name} {number:.6g}" for name, number in found.attrs["test"].items())
    assert last == f"the first on the test part: {scores}"
    held = call("best", results.folder, "--by", "loss_mean", "--where", "epochs=1", "--where", "activation=relu")
    assert held.stdout.startswith("least training loss: loss_mean, ")
    assert [line.split()[1] for line in held.stdout.splitlines()[2:5]] == ["0.3", "0.01", "40"]


def test_the_command_refuses_in_a_line(results: Results) -> None:
    for wrong in (["--by", "test_loss"], ["--where", "epochs"], ["--where", "nothing=1"], ["--by", "nothing"]):
        done = call("best", results.folder, *wrong)
        assert done.exit_code == 2
        assert len(done.stderr.splitlines()) == 1
        assert not done.stdout


def test_the_shell_completes_scores(results: Results) -> None:
    context = click.Context(main.commands["best"])
    context.params["folder"] = results.folder
    found = [item.value for item in completing.scores(context, click.Option(["--by"]), "v")]
    assert found == ["validation_loss", "validation_accuracy"]
    assert not completing.scores(context, click.Option(["--by"]), "test")


def test_the_summary_of_a_sweep_names_the_best_by_validation(tmp_path: Path) -> None:
    done = call("sweep", written(EXPERIMENT, tmp_path), "--results", tmp_path)
    found = harness.open(tmp_path / "chosen").best()
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("greatest validation accuracy  ")]
    assert f"validation_accuracy {found['median'][0]:.6g} (median of 12, spread {found['spread'][0]:.6g})" in line
    assert f"at config {found['config'][0]}: learning_rate 0.3, activation tanh, epochs 8; test_loss " in line
    assert line.endswith(f", test_accuracy {found.attrs['test']['test_accuracy']:.6g}")
    assert "least training loss" not in done.stdout
    parameters, training = EXPERIMENT["parameters"] | {"loss": ["bce", "mse"], "epochs": 2}, {"batch_size": 4}
    two = {"name": "two", "parameters": parameters, "training": training, "record": {"metrics": []}}
    done = call("sweep", written(EXPERIMENT | two, tmp_path), "--results", tmp_path)
    lines = re.findall(r"^(?:least validation loss)? +loss (\w+): validation_loss .*$", done.stdout, re.MULTILINE)
    assert lines == ["bce", "mse"]


def test_counts_are_whole_where_all_settings_are_numbers(results: Results) -> None:
    found = results.best(where={"activation": "tanh"})
    start = f"activation tanh: validation_accuracy {found['median'][0]:.6g} (median of 12, spread "
    assert told(found).startswith(start)
    assert f") at config {found['config'][0]}: learning_rate 0.3, epochs 8; test_loss " in told(found)


def written(experiment: dict[str, Any], folder: Path) -> Path:
    path = folder / f"{experiment['name']}.json"
    path.write_text(json.dumps(experiment), "utf-8")
    return path


def test_pages_name_the_best_by_validation(results: Results) -> None:
    page, found = report(results), results.best()
    (section,) = re.findall(r'<h2 id="best">.*?</section>', page, re.DOTALL)
    assert f"<p>Greatest validation accuracy: validation_accuracy {found['median'][0]:.6g} (median of 12" in section
    assert section.count("<tr>") == 1 + len(found)
    assert section.count("test_accuracy") == 1
    (section,) = re.findall(r'<h2 id="importance">.*?</section>', page, re.DOTALL)
    shares = results.importance()["share"]
    assert re.findall(r'style="width: (.*?)"', section) == [f"{share:.1%}" for share in shares]
    assert "without the 10 rows that diverged" in section
    assert "Greatest validation accuracy: " in results._repr_html_()
    assert "Least training loss" not in results._repr_html_()


def table_of(folder: Path, losses: dict[tuple[float, ...], list[float]], diverged: bool = False) -> Results:
    """A sweep, whose rows have other losses in place of what it found. losses: (learning rate, ..) -> repeats'."""
    names = ["learning_rate", "epochs", "max_loss"][: len(next(iter(losses)))]
    axes = {name: sorted({values[at] for values in losses}) for at, name in enumerate(names)}
    repeats = len(next(iter(losses.values())))
    folder = harness.sweep(
        {
            "name": "made",
            "network": {"layers": [1, 1]},
            "data": {"rows": [[1, 2]]},
            "parameters": {"epochs": 1, "init": {"normal": {"std": 0.5}}, **axes},
            "repeats": repeats,
        },
        folder,
    )
    (file,) = (Path(folder) / "runs").glob("*.parquet")
    rows = pq.read_table(file)
    frame = rows.to_pandas()
    numbers = [losses[tuple(row[names])][row["repeat"]] for _, row in frame.iterrows()]
    rows = rows.set_column(rows.schema.get_field_index("loss_mean"), rows.schema.field("loss_mean"), [numbers])
    pq.write_table(rows, file)
    return harness.open(folder)


def test_shares_of_a_grid_of_two_by_three_are_those_made_by_hand(tmp_path: Path) -> None:
    """Means 1 2 6 and 3 4 2: of all 3, of rows 3 and 3, of columns 2, 3 and 4; squares 16 = 0 + 4 + 12."""
    means = {(0.1, 1): 1, (0.1, 2): 2, (0.1, 3): 6, (0.2, 1): 3, (0.2, 2): 4, (0.2, 3): 2}
    found = table_of(tmp_path, {at: [mean - 0.5, mean + 0.5] for at, mean in means.items()}).importance()
    assert found["parameter"].tolist() == ["epochs x learning_rate", "epochs", "learning_rate"]
    assert found["share"].tolist() == pytest.approx([12 / 16, 4 / 16, 0], abs=1e-15)
    assert found.attrs == {"by": "loss_mean", "estimated": ""}


def test_shares_of_a_full_grid_sum_up_to_one(tmp_path: Path) -> None:
    random, values = np.random.default_rng(0), {}
    for at in itertools.product((0.1, 0.2, 0.3), (1, 2), (1e5, 1e6, 1e7, 1e8)):
        values[at] = random.lognormal(size=2).tolist()
    results = table_of(tmp_path, values)
    found = results.importance().set_index("parameter")["share"]
    assert found.index[-1] == "three or more together"
    assert found.sum() == pytest.approx(1, abs=1e-12)
    cube = np.array([np.mean(value) for value in values.values()]).reshape(3, 2, 4)
    cube = cube - cube.mean()
    rest = cube
    for axis, name in enumerate(("learning_rate", "epochs", "max_loss")):
        own = cube.mean(axis=tuple({0, 1, 2} - {axis}), keepdims=True)
        assert found[name] == pytest.approx((own**2).mean() / (cube**2).mean(), rel=1e-12)
        rest = rest - own
    for axis in (0, 1, 2):
        rest = rest - rest.mean(axis=axis, keepdims=True)
    assert found["three or more together"] == pytest.approx((rest**2).mean() / (cube**2).mean(), rel=1e-9)
    figure = results.plot("importance")
    (axes,) = panels(figure)
    widths = [bar.get_width() for bar in axes.patches]
    assert widths == found.tolist()
    assert [label.get_text() for label in axes.get_yticklabels()] == found.index.tolist()


def test_what_is_estimated_is_said(results: Results) -> None:
    found, table = results.importance(), results.table()
    gone = int((table["status"] == "diverged").sum())
    assert (
        found.attrs["estimated"] == f"estimated from the means that are there: without the {gone:,} rows that diverged"
    )
    assert found["parameter"][0] == "learning_rate"
    assert results.importance(where={"learning_rate": 0.3}).attrs["estimated"] == ""
    assert len(results.importance("validation_loss", {"learning_rate": 0.3})) == 3
    done = call("importance", results.folder, "--by", "validation_loss", "--where", "learning_rate=0.3")
    shares = results.importance("validation_loss", {"learning_rate": 0.3})
    lines = done.stdout.splitlines()
    assert lines[0] == "share of the variance of validation_loss over settings"
    assert [line.rsplit(maxsplit=1) for line in lines[2:]] == [
        [name, f"{share:.1%}"] for name, share in shares.itertuples(index=False)
    ]
    with pytest.raises(HarnessError, match="test_loss: what is chosen by the test part"):
        results.importance("test_loss")
    same = {"learning_rate": 0.3, "epochs": 8, "activation": "relu"}
    with pytest.raises(HarnessError, match="validation_accuracy is the same in every setting"):
        results.importance(where=same)


def test_settings_are_compared_pair_by_pair(results: Results) -> None:
    table = results.table().astype({"activation": str})
    sides = [{"learning_rate": 0.3, "activation": "tanh"}, {"learning_rate": 40, "activation": "relu"}]
    first, second = (Side(results, where, "--where") for where in sides)
    found = compare(first, second, "validation_loss")
    keys = ["epochs", "fold", "repeat"]
    one, other = (
        table.query(f"learning_rate == {where['learning_rate']} and activation == '{where['activation']}'")
        .set_index(keys)["validation_loss"]
        .sort_index()
        for where in sides
    )
    both = one.notna() & other.notna()
    assert found.by == "validation_loss"
    assert sorted(found.paired) == sorted(keys)
    assert (found.n, found.diverged) == (24, (0, 10))
    assert found.difference == (other - one)[both].median()
    assert found.better == (other < one).sum()
    assert found.worse == 24 - found.better
    again = compare(first, second)
    assert again.by == "validation_accuracy"
    assert again.difference < 0 < again.worse
    back = compare(second, first)
    assert (back.n, back.difference, back.better, back.worse) == (24, -again.difference, again.worse, again.better)


def test_sweeps_are_compared_where_they_meet(results: Results, tmp_path: Path) -> None:
    adam = EXPERIMENT["parameters"] | {"learning_rate": [0.01, 0.3, 2], "epochs": 8}
    training = EXPERIMENT["training"] | {"optimizer": "adam"}
    folder = harness.sweep(EXPERIMENT | {"name": "adam", "parameters": adam, "training": training}, tmp_path)
    found = compare(Side(results, {}, "--first"), Side(harness.open(folder), {}, "--second"))
    assert found.n == 2 * 2 * 3 * 4
    one, other = (harness.load(one).query("epochs == 8 and learning_rate < 1") for one in (results.folder, folder))
    keys = ["learning_rate", "activation", "fold", "repeat"]
    pairs = one.merge(other, on=keys)
    difference = pairs["validation_accuracy_y"] - pairs["validation_accuracy_x"]
    assert found.difference == difference.median()
    assert (found.better, found.worse) == ((difference > 0).sum(), (difference < 0).sum())
    done = call("compare", results.folder, folder)
    assert done.exit_code == 0, done.stderr
    lines = dict(re.split(r"  +", line, maxsplit=1) for line in done.stdout.splitlines())
    assert lines == {
        "score": "validation_accuracy, of which more is better",
        "pairs": "48, of the same learning_rate, activation, epochs, fold, repeat",
        "median difference": f"{found.difference:.6g} (second - first)",
        "second better": f"{found.better} ({found.better / 48:.1%})",
        "first better": f"{found.worse} ({found.worse / 48:.1%})",
        "equal": f"{48 - found.better - found.worse} ({1 - (found.better + found.worse) / 48:.1%})",
        "diverged": "0 of the first, 0 of the second",
    }


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--first", "learning_rate=0.3"], "rows cannot be paired by activation, epochs, fold, repeat alone; hold "
         "learning_rate, as with --second learning_rate=.."),
        (["--first", "epochs=1", "--by", "test_loss"], "test_loss: what is chosen by the test part"),
        (["--where", "status=settled"], "no two rows have validation_accuracy and the same "),
        (["--first", "epochs"], "--first epochs: expected KEY=VALUE"),
    ],
)  # fmt: skip
def test_what_cannot_be_paired_is_told_in_a_line(results: Results, options: list[str], told: str) -> None:
    done = call("compare", results.folder, *options)
    assert done.exit_code == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_unlike_losses_are_not_compared(results: Results, tmp_path: Path) -> None:
    training = EXPERIMENT["training"] | {"loss": "mse"}
    other = harness.open(harness.sweep(EXPERIMENT | {"training": training}, tmp_path))
    sides = Side(results, {}, "--first"), Side(other, {}, "--second")
    assert compare(*sides).n == 144
    with pytest.raises(HarnessError, match="losses of bce and mse cannot be compared; expected another score"):
        compare(*sides, "validation_loss")


def test_importance_of_drawn_values_is_told_by_bins(tmp_path: Path) -> None:
    """Every drawn value is a setting's own, and would explain all of it: of what hardly matters little remains."""
    asked = {
        "name": "drawn",
        "network": {"layers": [2, 3, 1], "activation": "tanh"},
        "data": {"generate": "moons", "samples": 30},
        "parameters": {
            "learning_rate": {"distribution": "log_uniform_values", "min": 1e-4, "max": 0.1},
            "weight_decay": {"distribution": "uniform", "min": 1e-9, "max": 1e-8},
            "epochs": 20,
            "init": "xavier_uniform",
        },
        "random": {"n": 200},
    }
    found = harness.open(harness.sweep(asked, tmp_path)).importance()
    shares = found.set_index("parameter")["share"]
    assert shares["learning_rate"] > 0.8
    assert shares["weight_decay"] < 0.1
    assert shares["learning_rate x weight_decay"] < 0.1
    assert found.attrs["estimated"] == (
        "estimated from the means that are there: 200 settings, learning_rate and weight_decay in 8 bins, less what "
        "chance gives"
    )
