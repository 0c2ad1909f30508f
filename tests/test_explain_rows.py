"""A row of a sweep is shown at its epochs and ends in its own last weights; it is said if they are not the table's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

import harness
from harness.errors import HarnessError
from harness.views.explain import record
from harness.views.explain.page import Explained, to_html
from tests.support import ROOT
from tests.support.command import call

SAME = "The last weights are the table's, bit for bit."


def swept(folder: Path, epochs: Any = (0, 1, 5, 300), rate: Any = 0.1, **training: Any) -> str:
    """Rows 0, 1, .. in the order of the epochs."""
    experiment = {
        "name": "rows",
        "network": {"layers": [2, 3, 1], "activation": "tanh"},
        "data": {"generate": "xor", "samples": 4, "noise": 0},
        "training": training,
        "parameters": {"epochs": list(epochs), "learning_rate": rate, "init": {"normal": {"std": 0.7}}},
    }
    return str(harness.sweep(experiment, folder))


def printed(folder: str, config: int, *options: str) -> str:
    result = call("explain", folder, "--config", config, *options)
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


def test_a_row_is_shown_at_its_first_epochs_and_its_last(tmp_path: Path) -> None:
    folder = swept(tmp_path)
    expected: dict[int, list[int]] = {0: [0], 1: [1], 2: [1, 2, 3, 4, 5], 3: [*range(1, 26), 300]}
    for config, epochs in expected.items():
        record = harness.explain(folder, config=config)
        assert record["epoch"].unique().tolist() == epochs
        assert record.attrs["notes"] == [SAME]
        row = harness.load(folder).iloc[config]
        if epochs != [0]:
            last = record[record.phase == "update"].groupby("name", sort=False).last().after
            assert last.to_dict() == row[last.index].to_dict()
    text = printed(folder, 3)
    assert "Epoch 1, sample 1" in text
    assert "Epoch 300, sample 4" in text
    assert SAME in text


def test_the_epochs_of_a_row_are_its_own(tmp_path: Path) -> None:
    folder = swept(tmp_path)
    assert harness.explain(folder, config=2, epochs=[0, 2, "last"])["epoch"].unique().tolist() == [0, 2, 5]
    assert harness.explain(folder, config=2, epochs=100)["epoch"].max() == 5
    with pytest.raises(HarnessError) as caught:
        harness.explain(folder, config=2, epochs=[1, 6])
    assert str(caught.value) == "config 2: epoch 6: this row ended with epoch 5; expected 0 to 5"


def changed(folder: str, config: int, column: str, value: float) -> None:
    """Write another number into the table."""
    for part in Path(folder, "runs").glob("*.parquet"):
        table = pq.read_table(part)
        frame = table.to_pandas()
        if config in set(frame["config"]):
            numbers = frame[column].where(frame["config"] != config, value).to_numpy()
            place = table.schema.get_field_index(column)
            changed = table.set_column(place, table.schema.field(place), [numbers])
            pq.write_table(changed.replace_schema_metadata(table.schema.metadata), part)
            return
    raise AssertionError(f"no config {config}")


def test_a_weight_that_is_not_the_table_s_is_named(tmp_path: Path) -> None:
    folder = swept(tmp_path)
    before = harness.load(folder).w2_1_2[2]
    changed(folder, 2, "w2_1_2", 0.125)
    said = (
        f"The last weights are not the table's: 1 of 13 differ, most w2_1_2, {float(before)!r} here and 0.125 in the "
        "table; the table was made by another version of the program, or changed since."
    )
    assert harness.explain(folder, config=2).attrs["notes"] == [said]
    assert said in printed(folder, 2)
    assert said in to_html(harness.explain(folder, config=2)).replace("&#39;", "'")
    assert said in printed(folder, 2, "--png", str(tmp_path / "row.png"))
    streamed = call("explain", folder, "--config", "2", "--csv")
    assert streamed.stderr == f"{said}\n"
    assert harness.explain(folder, config=1).attrs["notes"] == [SAME]
    assert harness.explain(folder, config=2, epochs=[1]).attrs["notes"] == []  # it was not trained to its end


@pytest.mark.parametrize(("dtype", "of"), [("float64", ""), ("float32", " of float32")])
def test_fast_arithmetic_ends_elsewhere_and_is_named(tmp_path: Path, dtype: str, of: str) -> None:
    folder = swept(tmp_path, rate=0.07, arithmetic="fast", dtype=dtype)
    (note,) = harness.explain(folder, config=3).attrs["notes"]
    assert note.startswith("The last weights are not the table's: ")
    assert note.endswith(f"the table was trained in fast arithmetic{of}, and here it is exact.")


def test_exact_float32_is_the_table_s(tmp_path: Path) -> None:
    assert harness.explain(swept(tmp_path, dtype="float32"), config=3).attrs["notes"] == [SAME]


def test_a_row_that_diverged_ends_in_the_epoch_in_which_it_did(tmp_path: Path) -> None:
    folder = swept(tmp_path, epochs=[1000], rate=1e4, loss="mse", max_loss=10)
    row = harness.load(folder).iloc[0]
    assert row.status == "diverged"
    record = harness.explain(folder, config=0)
    assert record["epoch"].max() == row.diverged_epoch
    (note,) = record.attrs["notes"]
    assert note == (
        f"The table has no weights of this row to compare with: the run diverged in epoch {int(row.diverged_epoch):,}."
    )


def test_weights_that_were_not_recorded_are_not_compared(tmp_path: Path) -> None:
    experiment = ROOT / "experiments" / "question.yaml"
    text = experiment.read_text("utf-8").replace("record: {", "record: {weights: false, ")
    (tmp_path / "q.yaml").write_text(text, "utf-8")
    folder = harness.sweep(tmp_path / "q.yaml", tmp_path)
    (note,) = harness.explain(folder, config=3).attrs["notes"]
    assert note == "The table has no weights of this row to compare with: the weights were not recorded."


def test_of_a_row_too_long_to_train_again_the_table_s_last_weights_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "MOST_WORK", 30_000)
    folder = swept(tmp_path, epochs=[3000])
    found = harness.explain(folder, config=0, epochs=[1, 2, "last"])
    row = harness.load(folder).iloc[0]
    last = found[found.epoch == 3000]
    assert last.phase.unique().tolist() == ["weights", "forward"]
    weights = last[last.phase == "weights"].set_index("name").value
    assert weights.to_dict() == row[weights.index].to_dict()
    assert last.formula.iloc[0] == "in the table"
    (note,) = found.attrs["notes"]
    assert note == (
        "Not shown: epoch 3,000; to train up to there takes too long, it ended after 2. "
        "The last weights shown are the table's. Where the run ends was not compared with the table."
    )
    assert "Epoch 3000, sample 1" in printed(folder, 0, "--epochs", "1,last")


def test_a_row_that_takes_long_is_announced_and_ends_in_its_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On standard error, beforehand; a row too long to be trained, or soon over, is not announced."""
    monkeypatch.setattr(record, "LONG_WORK", 30_000)
    folder = swept(tmp_path, epochs=[300])
    page = str(tmp_path / "row.html")
    for form in ((), ("--csv",), ("--html", page)):
        result = call("explain", folder, "--config", "0", "--epochs", "1,last", *form)
        assert result.exit_code == 0
        said, *rest = result.stderr.splitlines()
        assert re.fullmatch(r"training up to epoch 300 in the reference, at most about \d+ seconds", said)
        assert SAME in (rest if form == ("--csv",) else result.stdout.splitlines())
    monkeypatch.setattr(record, "MOST_WORK", 31_000)
    result = call("explain", folder, "--config", "0", "--epochs", "1,last")
    assert result.stderr == ""
    assert "was not compared with the table" in " ".join(result.stdout.split())


def test_a_file_and_a_row_give_the_same_kind_of_thing(tmp_path: Path) -> None:
    """A DataFrame, which a notebook shows as the page, and which can be written; what is made of it is a plain one."""
    folder = swept(tmp_path)
    both = [harness.explain(ROOT / "experiments" / "xor.yaml"), harness.open(folder).explain(2)]
    for found in both:
        assert type(found) is Explained
        assert isinstance(found, pd.DataFrame)
        assert found._repr_html_().startswith("<iframe")
        for name in ("x.html", "x.png"):
            found.save(tmp_path / name)
        assert (tmp_path / "x.html").read_text("utf-8") == to_html(found)
        plain = (found[found.phase == "update"], found.copy(), found.head(), pd.concat([found, found]), found.T)
        assert {type(frame) for frame in plain} == {pd.DataFrame}
    assert both[1].equals(harness.explain(folder, config=2))


def test_the_data_of_a_shipped_experiment_are_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {"learning_rate": 0.1, "layers": [2, 1, 1], "epochs": 3}
    folder = str(harness.sweep("own_data", tmp_path, settings=settings))
    text = printed(folder, 0)
    assert SAME in text
    assert "t1 = label" in text
    assert "x1 = x1" not in text
    Path("points.csv").write_text("x,y,label\n1,2,0\n3,4,1\n", "utf-8")
    assert SAME in printed(folder, 0)
