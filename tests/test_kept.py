"""Data from a file lie with the results: the folder explains itself wherever it is, and says what changed since."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import harness
from harness.errors import HarnessError
from harness.experiment import load
from harness.store import kept
from harness.store.compact import compact
from harness.store.contents import StoreError
from harness.store.disk import Disk
from harness.store.log import MANIFEST, seal
from harness.sweeps import run
from harness.views.explain.configuration import of_row
from harness.views.results import Results
from harness.views.status import status_of
from reliability.calls import CRASH, PLAIN, Story, faults
from reliability.sweeps import digests
from tests.support.command import call
from tests.support.engine import forbid_training

NUMBERS = np.random.default_rng(5).standard_normal((7, 3)) * 10.0 ** np.arange(-20, 1, 3)[:, None]
EXPERIMENT: dict[str, Any] = {
    "name": "mine",
    "description": "Two columns against a third.",
    "network": {"layers": [2, 2, 1], "activation": "tanh"},
    "data": {"file": "mine.csv", "inputs": ["the age", "size"], "targets": ["price"]},
    "parameters": {"init": ["ones"], "learning_rate": [0.01, 0.1], "epochs": [1, 5]},
    "record": {"losses": {"every": 1}},
}


def table(numbers: Any = NUMBERS) -> pd.DataFrame:
    return pd.DataFrame(numbers, columns=["the age", "price", "size"])[["price", "size", "the age"]]


def written(experiment: dict[str, Any], file: Path) -> Path:
    file.write_text(json.dumps(experiment), "utf-8")
    return file


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An experiment file in a folder of its own, beside the data that it names."""
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path)
    table().to_csv(tmp_path / "home" / "mine.csv", index=False)
    return written(EXPERIMENT, tmp_path / "home" / "mine.yaml")


@pytest.fixture
def folder(file: Path, tmp_path: Path) -> Path:
    """Its results."""
    return Path(harness.sweep(file, tmp_path / "results"))


def files(folder: Path) -> list[str]:
    return [path.name for path in folder.glob("data-*")]


def elsewhere(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder alone, where nothing else is."""
    away = tmp_path / "away"
    away.mkdir()
    shutil.move(folder, away / "theirs")
    shutil.rmtree(tmp_path / "home")
    monkeypatch.chdir(away)
    return away / "theirs"


def test_every_command_finds_the_data_anywhere(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path / "home")
    here = harness.explain(folder, config=3)
    folder = elsewhere(folder, tmp_path, monkeypatch)
    pd.testing.assert_frame_equal(pd.DataFrame(harness.explain("theirs", config=3)), pd.DataFrame(here))
    pd.testing.assert_frame_equal(pd.DataFrame(harness.open(folder).explain(3)), pd.DataFrame(here))
    told = call("explain", "theirs", "--config", 3)
    assert told.exit_code == 0, told.output
    assert "the age" in told.output
    for arguments in (["explain", "theirs", "--config", 3, "--html", "x.html"], ["report", "theirs"]):
        assert call(*arguments).exit_code == 0
    assert "the age" in Path("x.html").read_text("utf-8")
    assert EXPERIMENT["description"] in Path("theirs/report.html").read_text("utf-8")
    assert call("plot", "theirs", "--save", "x.png").exit_code == 0
    assert EXPERIMENT["description"] in harness.open(folder)._repr_html_()


def test_the_kept_columns_have_every_bit(folder: Path) -> None:
    (name,) = files(folder)
    pd.testing.assert_frame_equal(
        pd.read_parquet(folder / name), table()[["the age", "size", "price"]], check_exact=True
    )
    assert status_of(str(folder), deep=True).bad == []


def test_a_parquet_file_is_kept_too(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["a.b", "", 'say "x"']
    table().set_axis(names, axis="columns").to_parquet(file.parent / "mine.parquet")
    data = {"file": "mine.parquet", "inputs": names[:2], "targets": names[2:]}
    folder = Path(harness.sweep(written(EXPERIMENT | {"data": data}, file), tmp_path / "results"))
    folder = elsewhere(folder, tmp_path, monkeypatch)
    shown = of_row(Results(folder), 0).data()
    np.testing.assert_array_equal(np.hstack([shown.inputs, shown.targets]), table(), strict=True)
    assert of_row(Results(folder), 0).columns() == dict(zip(("x1", "x2", "t1"), names, strict=True))


def test_only_data_from_a_file_are_kept_and_only_so_much(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = EXPERIMENT | {"data": {"rows": NUMBERS.tolist()}}
    made = EXPERIMENT | {"data": {"generate": "circle"}}
    for number, experiment in enumerate((rows, made)):
        assert not files(Path(harness.sweep(experiment, tmp_path / str(number))))
    monkeypatch.setattr(kept, "MOST_BYTES", 8 * NUMBERS.size - 1)
    folder = Path(harness.sweep(file, tmp_path / "results"))
    assert not files(folder)
    monkeypatch.chdir(file.parent)
    assert call("explain", folder, "--config", 0).exit_code == 0
    folder = elsewhere(folder, tmp_path, monkeypatch)
    with pytest.raises(HarnessError, match=r"no such file: mine.csv; data of over 0 MiB are not kept with the results"):
        harness.explain(folder, config=0)


def test_a_folder_of_an_earlier_version_goes_on_as_before(folder: Path, file: Path, tmp_path: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    left = {key: value for key, value in manifest.items() if key not in ("check", "data_sha256", "data_file")}
    (folder / MANIFEST).write_bytes(seal(left))
    (folder / files(folder)[0]).unlink()
    before = digests(folder)
    assert run.sweep(load(file), tmp_path / "results").already
    with pytest.raises(HarnessError, match=r"mine.csv$"):
        harness.explain(folder, config=0)
    more = written(EXPERIMENT | {"seed": 3}, file)
    refused = call("sweep", more, "--results", tmp_path / "results").stderr
    assert "holds results made with another seed" in refused
    assert digests(folder) == before


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"PAR1" + bytes(99))], ids=["gone", "bad"])
def test_damage_is_told_and_mended(
    harm: Callable[[Path], Any], folder: Path, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (name,) = files(folder)
    right = (folder / name).read_bytes()
    harm(folder / name)
    verified = call("verify", folder)
    assert verified.exit_code == 1
    assert f"{name}: " in verified.output
    with pytest.raises(HarnessError, match=rf"no such file: mine.csv; {name} "):
        harness.explain(folder, config=0)
    forbid_training(monkeypatch)
    assert not run.sweep(load(file), tmp_path / "results").already
    assert (folder / name).read_bytes() == right
    assert call("verify", folder).exit_code == 0


def test_an_interrupted_sweep_explains_what_is_there(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def some(function: Any, tasks: Any) -> Any:
        yield function(next(iter(tasks)))
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        run.sweep(load(file), tmp_path / "results", run.Options(block_size=1), some)
    folder = elsewhere(tmp_path / "results" / "mine", tmp_path, monkeypatch)
    assert len(harness.explain(folder, config=0))


def test_extended_and_compacted_results_keep_them(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(harness.sweep(file, tmp_path / "results", block_size=1))
    (file.parent / "mine.csv").rename(tmp_path / "moved.csv")  # what is kept is what counts
    more = EXPERIMENT | {"data": EXPERIMENT["data"] | {"file": "../moved.csv"}}
    more["parameters"] = EXPERIMENT["parameters"] | {"learning_rate": [0.01, 0.1, 0.2]}
    refused = call("sweep", written(more, file), "--results", tmp_path / "results").stderr
    assert "add what is new with --extend" in refused
    run.sweep(load(file), tmp_path / "results", run.Options(extend=True, block_size=1))
    assert compact(Disk(folder)) == (3, 1)
    assert len(files(folder)) == 1
    folder = elsewhere(folder, tmp_path, monkeypatch)
    assert call("verify", folder).exit_code == 0
    assert len(harness.explain(folder, config=5))


CHANGES = [
    (lambda numbers: numbers * [1, 1, 2], r"row 1, column 'size': \S+ then, \S+ now, and 6 more numbers differ"),
    (lambda numbers: np.where(numbers == numbers[3, 0], 0.5, numbers), r"row 4, column 'the age': \S+ then, 0.5 now"),
    (lambda numbers: numbers[:6], "7 rows then, 6 now"),
]


@pytest.mark.parametrize(("change", "words"), CHANGES)
def test_a_refusal_says_what_changed_and_what_works(
    change: Any, words: str, folder: Path, file: Path, tmp_path: Path
) -> None:
    table(change(NUMBERS)).to_csv(file.parent / "mine.csv", index=False)
    refused = call("sweep", file, "--results", tmp_path / "results")
    assert refused.exit_code == 2
    date = json.loads((folder / MANIFEST).read_text())["started"][:10]
    line = rf"{folder}: holds results made from other data \({words}\) \(mine, as it was on {date}\); give this one "
    remedy = "another name, as with --set name=NAME, or replace them with --overwrite\n"
    assert pd.Series([refused.stderr]).str.fullmatch(line + remedy).all(), refused.stderr
    extended = call("sweep", file, "--results", tmp_path / "results", "--extend").stderr
    assert extended.startswith(f"{folder}: made from other data (")
    assert call("sweep", file, "--results", tmp_path / "results", "--set", "name=other").exit_code == 0
    before = files(folder)
    assert call("sweep", file, "--results", tmp_path / "results", "--overwrite").exit_code == 0
    assert len(files(folder)) == 1
    assert files(folder) != before
    harness.explain(folder, config=0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seed": 9}, "made with another seed"),
        ({"record": {}}, "made with another record.losses"),
        ({"record": {"weights": False, "losses": {"every": 1}}}, "made with another record.weights"),
        (
            {"data": EXPERIMENT["data"] | {"inputs": ["size", "the age"]}},
            "made from other data (columns the age, size, price then, columns size, the age, price now)",
        ),
        ({"data": {"rows": NUMBERS.tolist()}}, "made from other data (columns the age, size, price then, 3 columns"),
    ],
)
def test_what_cannot_be_extended_is_not_said_to_be(
    change: dict[str, Any], words: str, folder: Path, file: Path, tmp_path: Path
) -> None:
    refused = call("sweep", written(EXPERIMENT | change, file), "--results", tmp_path / "results").stderr
    assert f"holds results {words}" in refused
    assert "--extend" not in refused
    assert "--overwrite" in refused
    with pytest.raises(StoreError, match="so that nothing of it can be kept"):
        run.sweep(load(file), tmp_path / "results", run.Options(extend=True))


def test_data_that_nobody_has_any_more_are_said_to_be_others(folder: Path, file: Path, tmp_path: Path) -> None:
    (folder / files(folder)[0]).unlink()
    table(NUMBERS + 1).to_csv(file.parent / "mine.csv", index=False)
    refused = call("sweep", file, "--results", tmp_path / "results").stderr
    assert "holds results made from other data, which are not there any more" in refused
    assert "--extend" not in refused


def test_a_users_file_by_such_a_name_stays(folder: Path, file: Path, tmp_path: Path) -> None:
    mine = folder / "data-0123456789abcdef.parquet"
    table().to_parquet(mine)
    text = mine.read_bytes()
    run.sweep(load(written(EXPERIMENT | {"seed": 2}, file)), tmp_path / "results", run.Options(overwrite=True))
    assert mine.read_bytes() == text


def test_no_link_in_its_place_is_followed(folder: Path, file: Path, tmp_path: Path) -> None:
    (name,) = files(folder)
    target = tmp_path / "elsewhere"
    (folder / name).rename(target)
    text = target.read_bytes()
    (folder / name).symlink_to(target)
    assert status_of(str(folder), deep=True).bad
    target.write_bytes(b"mine")
    with pytest.raises(StoreError, match=rf"{name}: not a file, .*; move it away, and the same sweep makes the file"):
        run.sweep(load(file), tmp_path / "results")
    (folder / name).unlink()
    run.sweep(load(file), tmp_path / "results")
    assert target.read_bytes() == b"mine"
    assert (folder / name).read_bytes() == text


@pytest.mark.parametrize("value", [3, [], {"name": "../x.parquet"}, {"name": 5, "bytes": "a", "sha256": None}])
def test_a_manifest_that_names_something_odd_names_nothing(value: Any, folder: Path, tmp_path: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    del manifest["check"]
    (folder / MANIFEST).write_bytes(seal(manifest | {"data_file": value}))
    with pytest.raises(HarnessError, match="no such file"):
        harness.explain(folder, config=0)
    assert call("verify", folder).exit_code == 0


@pytest.mark.parametrize("error", [5, CRASH])
def test_a_fault_at_a_call_leaves_the_old_or_the_new(error: int, tmp_path: Path) -> None:
    for name, factor in (("old", 1), ("new", 2)):
        table(NUMBERS * factor).to_csv(tmp_path / f"{name}.csv", index=False)
    old, new = (
        {**EXPERIMENT, "data": EXPERIMENT["data"] | {"file": str(tmp_path / f"{n}.csv")}} for n in ("old", "new")
    )
    story = Story("other data", new, old, run.Options(overwrite=True, block_size=PLAIN.block_size))
    score = faults(tmp_path, story, error, step=5)
    assert score.right == score.of > 5, score.wrong
