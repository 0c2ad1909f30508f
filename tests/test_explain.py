"""What `explain` records: the question's numbers by hand, and the engine's weights bit for bit."""

from __future__ import annotations

import io
import json
import re
from csv import DictReader
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import harness
from harness.cli.options import parse_settings
from harness.cli.record import tables
from harness.errors import HarnessError
from harness.experiment import resolve
from harness.views.explain import record as view
from harness.views.explain.configuration import chosen
from harness.views.explain.excerpt import Lines
from harness.views.explain.names import RowKind, network_of
from harness.views.explain.rows import COLUMNS, UPDATED
from harness.views.explain.text import csv_of, json_of
from harness.views.numbers import printed
from tests.support import ROOT
from tests.support.command import call

QUESTION = ROOT / "experiments" / "question.yaml"
XOR = ROOT / "experiments" / "xor.yaml"
OWN = ROOT / "experiments" / "own_data.yaml"


def test_the_question_by_hand() -> None:
    """1 + 1 = 2 in both hidden units, 4 at the output; dcost/dy = -2*(1 - 4) = 6."""
    record = harness.explain(QUESTION)
    forward = record[record.phase == "forward"].set_index("name").value
    assert forward.to_dict() == {
        "x1": 1, "x2": 1, "z1_1": 2, "a1_1": 2, "z1_2": 2, "a1_2": 2, "z2_1": 4, "y1": 4, "t1": 1, "cost": 9,
    }  # fmt: skip
    backward = record[record.phase == "backward"].set_index("name").value
    assert backward.to_dict() == {"dcost/dy1": 6, "delta2_1": 6, "delta1_1": 6, "delta1_2": 6}
    update = record[record.phase == "update"].set_index("name")
    assert update.loc["w1_2_1", "formula"] == "w1_2_1 <- w1_2_1 - lr * delta1_2 * x1"
    assert update.loc["b2_1", "formula"] == "b2_1 <- b2_1 - lr * delta2_1"
    first, second, biases = ["w1_1_1", "w1_1_2", "w1_2_1", "w1_2_2"], ["w2_1_1", "w2_1_2"], ["b1_1", "b1_2", "b2_1"]
    for names, before, gradient in ((first, 1, 6), (second, 1, 12), (biases, 0, 6)):
        assert (update.loc[names, "before"] == before).all()
        assert (update.loc[names, "gradient"] == gradient).all()
        assert (update.loc[names, "change"] == -(0.1 * gradient)).all()
        assert (update.loc[names, "after"] == before - 0.1 * gradient).all()
    assert len(update) == 9


@pytest.mark.parametrize(
    ("file", "settings", "change"),
    [
        (QUESTION, {"learning_rate": 0.01}, {"learning_rate": 0.01}),
        (QUESTION, {"learning_rate": np.float64(0.01)}, {"learning_rate": 0.01}),
        (QUESTION, {"bias": "fixed", "init": "he_normal"}, {"bias": "fixed", "init": "he_normal"}),
        (
            QUESTION,
            {"layers": "[2, 3, 3, 1]", "init": "xavier_uniform"},
            {"layers": [[2, 3, 3, 1]], "init": "xavier_uniform"},
        ),
        (XOR, {"learning_rate": 1}, {"learning_rate": 1}),
        (XOR, {"dtype": "float32", "batch_size": 3}, {"dtype": "float32", "batch_size": 3}),
        (OWN, {}, {}),
        (OWN, {"batch_size": "full"}, {"batch_size": "full"}),
    ],
)
def test_the_last_weights_are_the_engine_s(file: Any, settings: Any, change: dict[str, Any], tmp_path: Any) -> None:
    record = harness.explain(file, epochs=4, settings=settings)
    last = record[record.phase == "update"].groupby("name", sort=False).last().after
    recorded = record.attrs["settings"]
    parameters = {key: change.get(key, yaml_value(recorded[key])) for key in recorded} | {"epochs": 4}
    row = harness.train(single(file, parameters)).iloc[0]
    assert row[last.index].tolist() == last.tolist()
    losses = record[record.phase == "epoch"].tail(3).set_index("name").value
    assert losses.to_dict() == row[["loss_min", "loss_mean", "loss_max"]].to_dict()


def yaml_value(text: str) -> Any:
    from harness.experiment.source import fragment

    value = fragment(text)
    return [value] if isinstance(value, list) else value


def single(file: Any, parameters: dict[str, Any]) -> dict[str, Any]:
    from ruamel.yaml import YAML

    mapping = YAML(typ="safe", pure=True).load(file.read_text("utf-8"))
    if "file" in mapping["data"]:
        mapping["data"]["file"] = str(file.parent / mapping["data"]["file"])
    return {**mapping, "parameters": parameters}


def test_steps_follow_one_another() -> None:
    """Before each update a weight is what it was after the last one; after it, before + change."""
    record = harness.explain(XOR, epochs=3)
    update = record[record.phase == "update"]
    for _, steps in update.groupby("name"):
        assert steps.before.tolist()[1:] == steps.after.tolist()[:-1]
        assert (steps.before + steps.change == steps.after).all()
        assert (steps.change == -(0.03 * steps.gradient)).all()  # the product itself, not after - before
    assert update.groupby(["epoch", "sample"]).size().tolist() == [17] * 12


def test_a_batch_has_one_update_with_the_mean_gradient() -> None:
    record = harness.explain(OWN, settings={"batch_size": 16, "layers": "[2, 1, 1]"})
    update = record[record.phase == "update"]
    assert update["sample"].unique().tolist() == [16, 32, 40]
    assert update.formula.iloc[0] == "w1_1_1 <- w1_1_1 - lr * mean(delta1_1 * x1)"
    first = record[(record["sample"] <= 16) & (record.name.isin(["delta1_1", "x1"]))]
    both = first.pivot(index="sample", columns="name", values="value")
    assert update.gradient.iloc[0] == pytest.approx((both.delta1_1 * both.x1).mean(), rel=1e-12)


def test_a_batch_may_have_the_sum_of_the_gradients() -> None:
    ways = {"batch_size": 16, "layers": "[2, 1, 1]", "bias": "true"}
    mean, total = (harness.explain(OWN, settings={**ways, "reduction": way}) for way in ("mean", "sum"))
    update = total[total.phase == "update"]
    assert update.formula.iloc[0] == "w1_1_1 <- w1_1_1 - lr * sum(delta1_1 * x1)"
    assert update.gradient.iloc[0] == 16 * mean[mean.phase == "update"].gradient.iloc[0]


KEPT = {
    "sgd": {},
    "momentum": {"v": lambda v, g: 0.8 * v + g},
    "rmsprop": {"v": lambda v, g: 0.5 * v + 0.5 * g**2},
    "adam": {"m": lambda m, g: 0.7 * m + 0.3 * g, "v": lambda v, g: 0.9 * v + 0.1 * g**2},
}
GIVEN = {"momentum": {"momentum": 0.8}, "rmsprop": {"alpha": 0.5}, "adam": {"beta1": 0.7, "beta2": 0.9}}


@pytest.mark.parametrize("optimizer", KEPT)
@pytest.mark.parametrize("bias", [True, "fixed"])
def test_what_an_update_takes_and_keeps_is_recorded(optimizer: str, bias: Any) -> None:
    given = GIVEN.get(optimizer, {})
    training = {"optimizer": optimizer, "weight_decay": 0.1, "schedule": "step", "step_size": 2, **given}
    parameters = {"learning_rate": 0.1, "learning_rate_2": 0.2, "epochs": 4, "init": "xavier_normal"}
    network = {"layers": [2, 2, 1], "activation": "tanh", "bias": bias}
    data = {"rows": [[0.3, 1, 1], [1, 0, 0.5]]}
    mapping = {"name": "small", "network": network, "data": data, "training": training, "parameters": parameters}
    record = harness.explain(mapping, epochs=4)
    takes = record[record.phase == "optimizer"]
    values = {name: rows.value.tolist() for name, rows in takes.groupby("name", sort=False)}
    update = record[record.phase == "update"]
    assert values["lr1"] == [0.1] * 4 + [0.1 * 0.1] * 4
    assert values["lr2"] == [0.2] * 4 + [0.2 * 0.1] * 4
    assert values["weight_decay"] == [0.1] * 8
    assert all(values[name] == [value] * 8 for name, value in given.items())
    assert values.get("t") == (list(range(1, 9)) if optimizer == "adam" else None)
    learnt = [name for name in update.name.unique() if name[0] == "w" or bias is True]
    kept = {f"{slot} of {name}" for slot in KEPT[optimizer] for name in learnt}
    assert {name for name in values if " of " in name} == kept
    for name in learnt:
        rows = update[update.name == name]
        for slot, after in KEPT[optimizer].items():
            value, expected = 0.0, []
            for gradient, before in zip(rows.gradient, rows.before, strict=True):
                value = after(value, gradient + 0.1 * before)
                expected.append(value)
            assert values[f"{slot} of {name}"] == pytest.approx(expected, rel=1e-12)
    shown = [str(table.title or "") if hasattr(table, "title") else str(table) for table in tables(record)]
    assert any("; lr1 0.1, lr2 0.2, " in text for text in shown)
    assert any(text.strip().startswith("What the optimizer keeps") for text in shown) == bool(kept)


NAMED = {
    RowKind.INPUT: r"x\d+",
    RowKind.PRE_ACTIVATION: r"z\d+_\d+",
    RowKind.ACTIVATION: r"a\d+_\d+|y\d+",
    RowKind.TARGET: r"t\d+",
    RowKind.COST: "cost",
    RowKind.COST_DERIVATIVE: r"dcost/dy\d+",
    RowKind.DELTA: r"delta\d+_\d+",
    RowKind.RATE: r"lr\d*",
    RowKind.SETTING: "beta1|beta2|eps|weight_decay|gradient_clip",
    RowKind.CLOCK: "t",
    RowKind.SLOT: r"[mv] of [wb]\d+(_\d+)+",
    RowKind.WEIGHT: r"w\d+_\d+_\d+",
    RowKind.BIAS: r"b\d+_\d+",
    RowKind.METRIC: "loss_(min|mean|max)",
}
ADAM = {"optimizer": "adam", "weight_decay": "0.1", "gradient_clip": "1", "batch_size": "2"}


def test_every_row_says_what_it_is_and_the_head_what_its_numbers_are_called() -> None:
    record = harness.explain(XOR, epochs=[0, 1], settings={**ADAM, "layers": "[2, 3, 2, 1]"})
    assert set(record.kind) == {kind.value for kind in RowKind} == {kind.value for kind in NAMED}
    for kind, names in record.groupby("kind")["name"]:
        assert names.str.fullmatch(NAMED[RowKind(str(kind))]).all(), kind
    network = network_of(record.attrs)
    assert [len(units) for units in network] == [2, 3, 2, 1]
    assert [unit["weights"] for unit in network[2]] == [[f"w2_{j}_{i}" for i in (1, 2, 3)] for j in (1, 2)]
    units = [unit for layer in network for unit in layer]
    called = [name for unit in units for key, name in unit.items() if key != "weights"]
    called += [name for unit in units for name in unit.get("weights", [])]
    others = {RowKind.COST, RowKind.RATE, RowKind.SETTING, RowKind.CLOCK, RowKind.SLOT, RowKind.METRIC}
    assert sorted(called) == sorted(record[~record.kind.isin(others)].name.unique())
    head = {
        key: record.attrs[key] for key in ("layers", "biases", "batch", "samples", "optimizer", "slots", "reduction")
    }
    assert head == {
        "layers": [2, 3, 2, 1],
        "biases": True,
        "batch": 2,
        "samples": 4,
        "optimizer": "adam",
        "slots": ["m", "v"],
        "reduction": "mean",
    }


def test_every_column_and_every_kind_is_documented() -> None:
    rows = re.findall(r"^\| (`\w+`.*?) \| (.*) \|$", (ROOT / "docs" / "teaching.md").read_text("utf-8"), re.MULTILINE)
    documented = {name for names, _ in rows for name in re.findall(r"`(\w+)`", names)}
    assert documented | set(UPDATED) == set(COLUMNS)
    (kinds,) = (text for names, text in rows if names == "`kind`")
    assert re.findall(r"`([\w -]+)`", kinds) == [kind.value for kind in RowKind]
    (updated,) = (text for names, text in rows if names == "`value`")
    assert re.findall(r"`(\w+)`", updated) == [*UPDATED]


def test_what_an_update_calls_g_has_a_formula_of_its_own() -> None:
    update = harness.explain(XOR, settings=ADAM).query("phase == 'update'").set_index("name")
    assert (
        update.formula["w1_2_1"].tolist()
        == ["w1_2_1 <- w1_2_1 - lr/(1 - beta1^t)*m/(sqrt(v)/sqrt(1 - beta2^t) + eps)"] * 2
    )
    assert update.gradient_formula["w1_2_1"].tolist() == ["(clip(mean(delta1_2 * x1)) + weight_decay*w1_2_1)"] * 2
    plain = harness.explain(XOR)
    assert plain.gradient_formula.isna().all()
    assert plain.attrs["reduction"] == "mean"


def test_penalties_stand_in_the_formulas_of_what_they_are_of() -> None:
    """L1 comes after weight decay, by the sign of the weight before; and neither is of a bias, if that is asked for."""
    ways = {"weight_decay": "0.5", "l1": "0.25", "decay_biases": "false", "learning_rate": "0.1"}
    update = harness.explain(QUESTION, settings=ways).query("phase == 'update'").set_index("name")
    weight = "w1_1_1 <- w1_1_1 - lr * (delta1_1 * x1 + weight_decay*w1_1_1 + l1*sign(w1_1_1))"
    assert update.formula[["w1_1_1", "b1_1"]].tolist() == [weight, "b1_1 <- b1_1 - lr * delta1_1"]
    assert update.after[["w1_1_1", "b1_1"]].tolist() == [1 - 0.1 * (6 + 0.5 + 0.25), -(0.1 * 6)]
    both = harness.explain(QUESTION, settings=ways | {"optimizer": "adamw"}).query("phase == 'update'")
    assert both.gradient_formula.iloc[0] == "(delta1_1 * x1 + l1*sign(w1_1_1))"
    assert "(1 - lr*weight_decay)*w1_1_1" in both.formula.iloc[0]


def test_a_slope_stands_in_the_formulas() -> None:
    record = harness.explain(XOR, settings={"activation": "leaky_relu", "slope": "0.5", "output_slope": "2"})
    rows = record.drop_duplicates("name").set_index("name")
    assert rows.formula["a1_1"] == "(z1_1 > 0 ? z1_1 : slope*z1_1)"
    assert rows.formula["y1"] == "sigmoid(output_slope*z2_1)"
    assert rows.formula["delta2_1"] == "dcost/dy1 * (output_slope*y1*(1 - y1))"
    assert rows.value[["slope", "output_slope"]].tolist() == [0.5, 2]


def test_formulas_follow_the_network() -> None:
    record = harness.explain(XOR, settings={"layers": "[2, 2, 2, 1]", "bias": "fixed"})
    formulas = record.drop_duplicates("name").set_index("name").formula
    assert formulas["z2_1"] == "w2_1_1*a1_1 + w2_1_2*a1_2 + b2_1"
    assert formulas["a2_1"] == "tanh(z2_1)"
    assert formulas["y1"] == "sigmoid(z3_1)"
    assert formulas["delta3_1"] == "dcost/dy1 * y1*(1 - y1)"
    assert formulas["delta1_2"] == "(delta2_1*w2_1_2 + delta2_2*w2_2_2) * (1 - a1_2*a1_2)"
    update = record[(record.phase == "update") & (record.name == "b1_1")].iloc[0]
    assert (update.formula, update.change, update.before) == ("b1_1 <- b1_1 (fixed)", 0, update.after)


def test_json_and_csv_lose_no_bit() -> None:
    record = harness.explain(XOR, epochs=2)
    numbers = ["value", "before", "gradient", "change", "after"]
    back = pd.DataFrame(json.loads("".join(json_of([record]))))
    csv = pd.DataFrame(DictReader(io.StringIO("".join(csv_of([record])))))
    for read in (back, csv.assign(**{number: csv[number].where(csv[number] != "", "nan") for number in numbers})):
        assert np.array_equal(read[numbers].to_numpy(float), record[numbers].to_numpy(float), equal_nan=True)
        assert read.formula.tolist() == record.formula.tolist()


def test_json_of_a_diverging_run_is_json() -> None:
    record = harness.explain(QUESTION, epochs=30, settings={"learning_rate": 1e6})
    assert not np.isfinite(record.after.dropna()).all()
    json.loads("".join(json_of([record])), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def test_the_terminal_shows_it_within_80_columns() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    for table in tables(harness.explain(QUESTION, settings={"learning_rate": 0.1})):
        console.print(table)
    text = console.export_text()
    assert "w1_2_1 <- w1_2_1 - lr * delta1_2 * x1" in text
    line = next(line for line in text.splitlines() if line.startswith("w2_1_1 <-"))
    assert line.split()[-4:] == ["1", "12", "-1.2", "-0.2"]
    assert "…" not in text


@pytest.mark.parametrize("width", [60, 72, 80])
@pytest.mark.parametrize(
    ("experiment", "settings"),
    [(XOR, {}), (XOR, {"init": "{constant: -1.23456789e-13}"}), (QUESTION, {"learning_rate": "0.1"})],
    ids=["xor", "tiny", "question"],
)
def test_no_number_is_cut_in_a_narrow_terminal(
    experiment: Any, settings: dict[str, Any], width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    sets = [f"--set={key}={value}" for key, value in settings.items()]
    result = call("explain", experiment, *sets)
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= width
    columns = ["before", "gradient", "change", "after"]
    assert ["formula", *columns] in [line.split() for line in lines]
    record = view.record_of(view.Recording(chosen(experiment, settings), [1], Lines(width)))
    rows = record[record.phase == "update"]
    expected = [[printed(row[key]) for key in columns] for _, row in rows.iterrows()]
    ends = [line.split()[-4:] for line in lines]
    ends = [end for end in ends if end in expected]
    assert ends
    assert ends == expected[: len(ends)]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["learning_rate"], "--set learning_rate: expected KEY=VALUE, such as learning_rate=0.1"),
        (["=1"], "--set =1: expected KEY=VALUE, such as learning_rate=0.1"),
    ],
)
def test_settings_that_are_none(settings: list[str], said: str) -> None:
    with pytest.raises(HarnessError) as caught:
        parse_settings(settings)
    assert str(caught.value) == said


SWEPT: dict[str, Any] = {
    "name": "swept",
    "seed": 7,
    "network": {"layers": [2, 3, 2], "activation": "tanh"},
    "data": {"rows": [[0.5, -1, 0.25, 1], [1, 0.75, -0.5, 0], [-1, 0.25, 1, 1]]},
    "training": {"momentum": 0.8},
    "grids": [
        {
            "parameters": {
                "epochs": [1, 5],
                "init": ["ones", {"normal": {"std": 0.5}}],
                "learning_rate": [0.1, 1 / 3],
                "optimizer": ["sgd", "momentum"],
            }
        },
        {
            "parameters": {"epochs": 4, "init": "xavier_uniform", "learning_rate_1": [0.05, 0.3], "learning_rate": 0.2},
            "exclude": [{"learning_rate_1": 0.05}],
        },
    ],
    "repeats": 3,
}


def test_a_row_of_a_sweep_ends_in_its_weights_to_the_last_bit(tmp_path: Any) -> None:
    folder = harness.sweep(SWEPT, tmp_path)
    table = harness.load(folder)
    assert set(table["repeat"]) == {0, 1, 2}
    assert table.learning_rate_1.notna().sum() == 3
    for _, row in table.iterrows():
        record = harness.explain(folder, config=row.config, epochs=row.epochs)
        last = record[record.phase == "update"].groupby("name", sort=False).last().after
        assert len(last) == 3 * 3 + 4 * 2
        assert row[last.index].tolist() == last.tolist()
        assert record[record.name == "loss_mean"].value.iloc[-1] == row.loss_mean
        settings = record.attrs["settings"]
        assert (settings["config"], settings["init"]) == (str(row.config), row.init)
        assert settings.get("repeat", "0") == str(row["repeat"])
        assert float(settings["learning_rate"]) == row.learning_rate


def test_a_row_is_found_after_compaction_and_in_float32(tmp_path: Any) -> None:
    from harness.store.compact import compact
    from harness.store.places import place_of

    folder = harness.sweep({**SWEPT, "training": {"momentum": 0.8, "dtype": "float32"}}, tmp_path)
    compact(place_of(folder))
    row = harness.load(folder).iloc[-1]
    record = harness.explain(folder, config=row.config, epochs=row.epochs)
    last = record[record.phase == "update"].groupby("name", sort=False).last().after
    assert row[last.index].tolist() == last.tolist()


def test_what_is_no_row_is_refused_in_one_line(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(harness.sweep(QUESTION, tmp_path))
    asked: list[tuple[Any, dict[str, Any], str]] = [
        (folder, {}, f"{folder}: this is a folder; expected --config N, the number of one of its rows"),
        (folder, {"config": 8}, f"{folder}: config 8: no such row among the 8 that are there"),
        (folder, {"config": -1}, f"{folder}: config -1: no such row among the 8 that are there"),
        (folder, {"config": 3, "settings": {"init": "ones"}}, f"{folder}: --set init: a row is as it was trained;"),
        (QUESTION, {"config": 3}, f"{QUESTION}: config 3: an experiment has no rows; expected a results folder"),
        (SWEPT, {"config": 3}, "experiment: config 3: an experiment has no rows; expected a results folder"),
        (tmp_path / "nowhere", {"config": 3}, f"{tmp_path / 'nowhere'}: no results there"),
    ]
    for source, options, said in asked:
        with pytest.raises(HarnessError) as caught:
            harness.explain(source, **options)
        assert str(caught.value).startswith(said)
        assert "\n" not in str(caught.value)


def test_a_row_s_data_file_must_be_the_one_it_was_trained_on(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "points.csv").write_text("x1,x2,label\n1,2,1\n0,1,0\n", "utf-8")
    text = OWN.read_text("utf-8").replace("batch_size: 8", "batch_size: 2").replace("repeats: 10", "repeats: 1")
    (tmp_path / "own.yaml").write_text(text, "utf-8")
    folder = harness.sweep("own.yaml")
    assert len(harness.explain(folder, config=5)) > 0
    (tmp_path / "points.csv").write_text("x1,x2,label\n1,2,1\n0,1,1\n", "utf-8")
    assert len(harness.explain(folder, config=5)) > 0  # the data that it was trained on lie with it
    (kept,) = tmp_path.glob("results/*/data-*.parquet")
    kept.unlink()
    with pytest.raises(HarnessError, match="its experiment no longer means these rows: its data have changed"):
        harness.explain(folder, config=5)
    (tmp_path / "points.csv").unlink()
    with pytest.raises(HarnessError, match=r"cannot be read from this folder: .*points\.csv") as caught:
        harness.explain(folder, config=5)
    assert "\n" not in str(caught.value)


def test_a_file_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read, reading = list[Any](), resolve.source.read
    monkeypatch.setattr(resolve.source, "read", lambda *given: (read.append(given[0]), reading(*given))[1])
    assert chosen(QUESTION, {}).epochs == 10  # the most of any, though the configuration is of the first
    assert read == [QUESTION]


@pytest.mark.parametrize(
    ("settings", "epochs"), [({}, 10), ({"epochs": "2"}, 2), ({"epochs": "0"}, 1), ({"epochs": "1000"}, 100)]
)
def test_a_drawing_has_the_most_epochs_but_at_most_100_steps(settings: dict[str, str], epochs: int) -> None:
    """A drawing also has at most 100,000 weights, but at least one epoch: a network 2-150-30-1 has 5,011."""
    wide = {**settings, "layers": "[2, 150, 30, 1]"}
    assert chosen(QUESTION, wide).drawn_epochs() == min(epochs, 19)
    assert chosen(XOR, wide).drawn_epochs() == min(4, {10: 4}.get(epochs, epochs))
    assert chosen(QUESTION, {**settings, "layers": "[2, 1000, 1000, 1]"}).drawn_epochs() == 1
    assert chosen(QUESTION, settings).drawn_epochs() == epochs
    assert chosen(XOR, settings).drawn_epochs() == min(25, {10: 25}.get(epochs, epochs))
