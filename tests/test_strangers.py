"""A results folder that people use too: what is not the sweep's is named once, never read, and never touched."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import harness
from harness.errors import FailedError, HarnessError, HarnessWarning
from harness.experiment import load
from harness.store.compact import compact
from harness.store.contents import StoreError
from harness.store.disk import Disk
from harness.store.lock import LOCK, OWNER, owned
from harness.sweeps import run
from harness.views.status import status_of
from reliability.sweeps import BLOCK_SIZE, EXPERIMENT, digests, written
from tests.support.command import call
from tests.support.engine import failing, watched

ROWS = 1600
KEEP = "nothing of the sweep's"
NOTES = ("notes.txt", "runs/notes.txt", "runs/best.parquet", "log/old.json", "blocks/x", "curves/sub/deep.parquet")
MORE = EXPERIMENT | {"repeats": 4}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return harness.sweep(EXPERIMENT, tmp_path_factory.mktemp("whole"), block_size=BLOCK_SIZE)


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    """Complete results, among which a user keeps files of their own."""
    shutil.copytree(whole, tmp_path / "trial")
    for name in NOTES:
        (tmp_path / "trial" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "trial" / name).write_text(KEEP)
    return tmp_path / "trial"


def kept(folder: Path) -> bool:
    return all((folder / name).read_text() == KEEP for name in NOTES)


def quietly(action: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HarnessWarning)
        return action()


def test_a_resumed_sweep_leaves_the_users_files(folder: Path) -> None:
    for part in (folder / "runs").glob("part-*"):
        part.unlink()
    harness.sweep(EXPERIMENT, folder.parent)
    assert kept(folder)
    assert len(quietly(lambda: harness.load(folder))) == ROWS


@pytest.mark.parametrize("how", ["overwrite", "extend"])
def test_results_are_replaced_around_the_users_files(how: str, folder: Path) -> None:
    run.sweep(load(MORE), folder.parent, run.Options(**{how: True}))
    assert kept(folder)
    assert len(quietly(lambda: harness.load(folder))) == len(harness.train(MORE))
    assert status_of(str(folder), deep=True).bad == []


def test_compact_leaves_the_users_files(tmp_path: Path) -> None:
    folder = harness.sweep(EXPERIMENT, tmp_path, block_size=40)
    for name in NOTES:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(KEEP)
    assert compact(Disk(folder)) == (10, 1)
    assert kept(folder)


@pytest.mark.parametrize("option", ["--overwrite", "--extend"])
@pytest.mark.parametrize("kind", ["runs", "log", "curves", "blocks", ""])
def test_a_folder_without_a_manifest_is_somebodys(option: str, kind: str, tmp_path: Path) -> None:
    mine = tmp_path / "trial" / kind / "mine.parquet"
    mine.parent.mkdir(parents=True)
    mine.write_text(KEEP)
    result = call("sweep", written(EXPERIMENT, tmp_path / "x.yaml"), "--results", tmp_path, option)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{tmp_path}/trial: not empty, and not a folder of results")
    assert [path.read_text() for path in (tmp_path / "trial").rglob("*") if path.is_file()] == [KEEP]


@pytest.mark.parametrize("name", [LOCK, OWNER, "runs", ".writing", "manifest.json", "log"])
@pytest.mark.parametrize("command", ["compact", "sweep", "overwrite"])
def test_no_link_is_followed(command: str, name: str, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text(KEEP)
    if (folder / name).exists():
        (folder / name).rename(folder / f"{name}.moved")
    (folder / name).symlink_to(target)
    options = run.Options(overwrite=command == "overwrite")
    with pytest.raises(HarnessError):
        compact(Disk(folder)) if command == "compact" else run.sweep(load(MORE), tmp_path, options)
    assert target.read_text() == KEEP


@pytest.mark.parametrize("name", [LOCK, OWNER])
def test_a_file_that_has_another_name_too_is_not_emptied(name: str, folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text(KEEP)
    (folder / name).unlink(missing_ok=True)
    os.link(target, folder / name)
    told = {
        LOCK: r"\.lock: not the lock of a sweep",
        OWNER: r"\.owner: not the name of a sweep's process; move it away",
    }
    for _ in range(2):  # nor does a refusal hold the lock
        with pytest.raises(FailedError, match=told[name]), owned(folder):
            pass
    assert target.read_text() == KEEP
    assert (folder / name).read_text() == KEEP


@pytest.mark.parametrize("text", ["", '{"pid"', '{"pid": 1, "host": "elsewhere"}'])
def test_the_name_of_an_owner_that_was_killed_is_replaced(text: str, tmp_path: Path) -> None:
    (tmp_path / OWNER).write_text(text)
    with owned(tmp_path):
        assert json.loads((tmp_path / OWNER).read_text())["pid"] == os.getpid()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"pid": 1}', '{"pid": "x", "host": "y"}', '{"pid": 1e99, "host": "a"}', "\xff", "[" * 9999],
)
def test_an_owner_that_cannot_be_read_is_another_process(text: str, tmp_path: Path) -> None:
    with owned(tmp_path):
        (tmp_path / OWNER).write_text(text, "latin-1")
        with pytest.raises(FailedError, match="another process is writing there"), owned(tmp_path):
            pass


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("runs/{part} (conflicted copy).parquet", shutil.copy),
        ("runs/best.parquet", shutil.copy),
        ("runs/notes.txt", lambda part, path: path.write_text(KEEP)),
        ("runs/sub/x.parquet", shutil.copy),
        ("log/copy of part.json", shutil.copy),
    ],
)
def test_all_readers_read_what_the_log_names(name: str, make: Any, whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    shutil.copytree(whole, folder)
    (part,) = (folder / "runs").iterdir()
    stranger = folder / name.format(part=part.stem)
    stranger.parent.mkdir(exist_ok=True)
    make(part, stranger)
    told = f"{folder}: not of the sweep, and ignored: {Path(*stranger.relative_to(folder).parts[:2])}"
    with pytest.warns(HarnessWarning) as seen:
        table = harness.load(folder)
    assert [str(warning.message) for warning in seen] == [told]
    pd.testing.assert_frame_equal(table, harness.load(whole), check_exact=True)
    for command in (["report", folder], ["plot", folder, "--save", tmp_path / "x.png"]):
        result = call(*command)
        assert (result.exit_code, result.stderr) == (0, f"{told}\n")
    result = call("sweep", written(EXPERIMENT, tmp_path / "x.yaml"), "--results", tmp_path)
    assert "is complete" in result.stdout
    assert "1,600" in result.stdout
    assert result.stderr.count(told) == 1
    verified = call("verify", folder)
    assert verified.exit_code == 0
    assert "80 of 80 blocks are whole, 0 files are not" in verified.stdout
    assert "not in the log, and ignored" in verified.stdout


OTHERS = EXPERIMENT | {"seed": 5}


@pytest.mark.parametrize("lost", ["", "manifest.json"])
@pytest.mark.parametrize("done", [80, 40])
def test_parts_of_another_experiment_are_strangers(done: int, lost: str, whole: Path, tmp_path: Path) -> None:
    """A part with its entry, as a copy or a merge of two folders brings them: they are ignored, named and kept."""
    other = harness.sweep(OTHERS, tmp_path / "other", block_size=BLOCK_SIZE)
    folder = tmp_path / "trial"
    if done == 80:
        shutil.copytree(whole, folder)
    else:
        with pytest.raises(FailedError, match="interrupted"):
            run.sweep(load(EXPERIMENT), tmp_path, run.Options(block_size=BLOCK_SIZE, threads=1), run_some)
    copied = {
        path.relative_to(other): path.read_bytes()
        for kind in ("log", "runs", "curves")
        for path in files_in(other, kind)
    }
    for name, data in copied.items():
        (folder / name).write_bytes(data)
    status = status_of(str(folder), deep=True)
    assert (status.done, status.bad) == (done, [])
    assert {str(name) for name in copied} <= set(status.ignored)
    if lost:
        (folder / lost).unlink()
    harness.sweep(EXPERIMENT, tmp_path, block_size=BLOCK_SIZE)
    compact(Disk(folder))
    assert status_of(str(folder), deep=True).bad == []
    pd.testing.assert_frame_equal(quietly(lambda: harness.load(folder)), harness.load(whole), check_exact=True)
    run.sweep(load(MORE), tmp_path, run.Options(extend=True))
    assert quietly(lambda: harness.load(folder)).equals(harness.train(MORE))
    assert all((folder / name).read_bytes() == data for name, data in copied.items())


def files_in(folder: Path, kind: str) -> list[Path]:
    return sorted((folder / kind).iterdir())


def run_some(function: Any, tasks: Any) -> Any:
    """An executor that is interrupted when half of the blocks are done."""
    done = 0
    for task in tasks:
        if done == 200:
            raise FailedError("interrupted")
        done += function(task)
        yield 0


def test_a_part_of_another_experiment_without_its_entry_stays(whole: Path, tmp_path: Path) -> None:
    other = harness.sweep(OTHERS, tmp_path / "other", block_size=BLOCK_SIZE)
    shutil.copytree(whole, tmp_path / "trial")
    (part,) = files_in(other, "runs")
    shutil.copy(part, tmp_path / "trial" / "runs")
    for name in files_in(tmp_path / "trial", "log"):
        name.unlink()
    harness.sweep(EXPERIMENT, tmp_path)
    run.sweep(load(MORE), tmp_path, run.Options(overwrite=True))
    assert (tmp_path / "trial" / "runs" / part.name).read_bytes() == part.read_bytes()
    assert len(quietly(lambda: harness.load(tmp_path / "trial"))) == len(harness.train(MORE))


def test_parts_that_come_back_after_they_were_merged_are_told_and_removed(tmp_path: Path) -> None:
    """As where a synchronising program restores what was removed."""
    folder = harness.sweep(EXPERIMENT, tmp_path, block_size=40)
    restored = {path: path.read_bytes() for kind in ("log", "runs", "curves") for path in files_in(folder, kind)}
    table = harness.load(folder)
    assert compact(Disk(folder)) == (10, 1)
    for path, data in restored.items():
        path.write_bytes(data)
    bad = status_of(str(folder), deep=True).bad
    assert len(bad) == 10
    assert bad[0][1].startswith("holds blocks that log/part-000000-")
    with pytest.raises(StoreError, match="the same sweep again makes it anew"):
        compact(Disk(folder))
    with pytest.raises(StoreError, match="hold the same blocks; the same sweep mends it"):
        harness.load(folder)
    harness.sweep(EXPERIMENT, tmp_path)
    assert status_of(str(folder), deep=True).bad == []
    pd.testing.assert_frame_equal(harness.load(folder), table, check_exact=True)


@pytest.mark.parametrize("place", [".next", ".ready", ".moving", ".old"])
def test_files_of_the_users_where_results_change_are_named_before_anything_changes(
    place: str, whole: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "trial"
    shutil.copytree(whole, folder)
    mine = folder / place / "runs" / "mine (conflicted copy).parquet"
    mine.parent.mkdir(parents=True)
    mine.write_text(KEEP)
    for _ in range(2):
        with pytest.raises(FailedError, match=r"mine \(conflicted copy\)\.parquet: not of the sweep, .*; move it away"):
            run.sweep(load(MORE), tmp_path, run.Options(extend=True))
    assert mine.read_text() == KEEP
    pd.testing.assert_frame_equal(harness.load(folder), harness.load(whole), check_exact=True)
    shutil.rmtree(folder / place)
    run.sweep(load(MORE), tmp_path, run.Options(extend=True))
    assert len(harness.load(folder)) == len(harness.train(MORE))


def test_a_missing_part_is_not_read_over(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "trial")
    (part,) = (tmp_path / "trial" / "runs").iterdir()
    part.unlink()
    with pytest.raises(StoreError, match=rf"runs/{part.name}: missing; the same sweep makes it anew"):
        harness.load(tmp_path / "trial")


def test_a_folder_in_place_of_a_part_is_named_and_kept(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    shutil.copytree(whole, folder)
    (part,) = (folder / "runs").iterdir()
    part.unlink()
    (part / "mine").mkdir(parents=True)
    result = call("verify", folder)
    assert result.exit_code == 1
    assert f"runs/{part.name}: not a file" in result.stdout
    with pytest.raises(StoreError, match=rf"{part.name}: not a file"):
        harness.sweep(EXPERIMENT, tmp_path)
    assert (part / "mine").is_dir()


def test_the_blocks_of_a_sweep_that_was_begun_stay_its_blocks(tmp_path: Path) -> None:
    with failing(after=30) as before:
        harness.sweep(EXPERIMENT, tmp_path, block_size=BLOCK_SIZE, threads=1)
    with pytest.raises(StoreError, match="begun in blocks of 5 runs, so that blocks of 7 runs would lose"):
        harness.sweep(EXPERIMENT, tmp_path, block_size=7)
    assert status_of(str(tmp_path / "trial")).done == 30
    with watched() as calls:
        harness.sweep(EXPERIMENT, tmp_path, threads=1)
    assert before + calls == [BLOCK_SIZE] * 80  # each block once


def test_another_description_is_taken_over(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "trial")
    file = tmp_path / "x.yaml"
    file.write_text("# a new comment\n" + json.dumps(EXPERIMENT | {"description": "Said better."}))
    before = digests(tmp_path / "trial")
    assert run.sweep(load(file), tmp_path).already
    assert (tmp_path / "trial" / "experiment.yaml").read_text() == file.read_text()
    assert status_of(str(tmp_path / "trial"), deep=True).bad == []
    assert digests(tmp_path / "trial") == before
    assert run.sweep(load(file), tmp_path).already
