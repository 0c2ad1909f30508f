"""What keeps results: the log, resuming block by block, merging, status, verify and compact."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import harness
from harness.experiment import load
from harness.store.compact import compact
from harness.store.contents import StoreError
from harness.store.disk import Disk
from harness.store.log import Entry, File, parse, seal, sums, unseal
from harness.sweeps import plan as plans
from harness.sweeps import run, work
from harness.sweeps.plan import Plan
from harness.views.status import status_of
from reliability.sweeps import BLOCK_SIZE, EXPERIMENT, digests
from tests.support.command import call
from tests.support.engine import failing, forbid_training, watched

FILES = (File("runs/part-000003-0123456789abcdef.parquet", 100, "ab" * 32),)
ENTRY = Entry("part", 3, 5, "0123456789abcdef", 40, 1.5, 600, 900, FILES)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trial experiment in 80 blocks, which share parts."""
    return harness.sweep(EXPERIMENT, tmp_path_factory.mktemp("whole"), block_size=BLOCK_SIZE)


def interrupted(results: Path, after: int) -> Path:
    """A sweep whose engine fails after so many blocks."""
    with failing(after):
        harness.sweep(EXPERIMENT, results, block_size=BLOCK_SIZE, threads=1)
    return results / "trial"


def test_an_entry_reads_back() -> None:
    assert parse(ENTRY.text()) == ENTRY
    assert ENTRY.name == "log/part-000003-0123456789abcdef.json"


def test_an_entry_from_before_steps_were_counted_reads_back() -> None:
    older = replace(ENTRY, steps=None, asked=None)
    about = {name: value for name, value in asdict(older).items() if value is not None}
    assert parse(seal(about)) == older
    assert sums((ENTRY, ENTRY)) == {"rows": 80, "seconds": 3.0, "steps": 1200, "asked": 1800}
    assert sums((ENTRY, older)) == {"rows": 80, "seconds": 3.0, "steps": None, "asked": None}


@given(st.data())
def test_no_flipped_bit_or_lost_end_of_an_entry_goes_unseen(data: st.DataObject) -> None:
    text = bytearray(ENTRY.text())
    if data.draw(st.booleans()):
        at = data.draw(st.integers(0, 8 * len(text) - 1))
        text[at // 8] ^= 1 << at % 8
    else:
        del text[data.draw(st.integers(0, len(text) - 1)) :]
    assert parse(bytes(text)) is None


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"{}", b"null", b'{"check": 1}', seal({"kind": "part"}), b"\xff"])
def test_what_is_no_entry_is_none(text: bytes) -> None:
    assert parse(text) is None


def test_seals_hold_any_mapping() -> None:
    about = {"name": "x", "seconds": 0.1, "none": None, "list": [1, 2]}
    assert unseal(seal(about)) == about


def test_blocks_share_parts_and_parts_are_whole_rows(whole: Path) -> None:
    plan = Plan(load(EXPERIMENT), BLOCK_SIZE)
    assert (len(plan.blocks), len(plan.parts)) == (80, 1)
    assert [path.name for path in (whole / "runs").iterdir()] == [f"part-000000-{plan.key(0, 80)}.parquet"]
    assert not list((whole / "blocks").iterdir())
    pd.testing.assert_frame_equal(harness.load(whole), harness.train(EXPERIMENT), check_exact=True)


def test_parts_are_sized_for_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "PART_ROWS", 100)
    plan = Plan(load(EXPERIMENT), BLOCK_SIZE)
    assert [number for part in plan.parts for number in part] == list(range(80))
    assert {len(part) for part in plan.parts} == {5}  # 20 rows each
    monkeypatch.setattr(plans, "BLOCK_NUMBERS", 1200)
    assert {len(part) for part in Plan(load(EXPERIMENT), BLOCK_SIZE).parts} == {
        2
    }  # a run has 4 rows of 25 numbers, and 3 points of 5
    assert all(len(part) == 1 for part in Plan(load(EXPERIMENT), 10).parts)


def test_keys_tell_what_determines_the_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan(load(EXPERIMENT), BLOCK_SIZE)
    assert plan.key(0, 81) == plan.key(80, 81) == ""  # blocks of another plan
    assert plan.key(0, 80) == f"{sum(int(plan.key(n, n + 1), 16) for n in range(80)) % 2**64:016x}"
    changed = [
        {"seed": 5},
        {"data": {"rows": [[1, 1, 1], [0.5, -1, 0.26]]}},
        {"training": {"dtype": "float32"}},
        {"training": {"arithmetic": "fast"}},
        {"parameters": EXPERIMENT["parameters"] | {"epochs": [0, 1, 10, 301]}},
    ]
    keys = {Plan(load(EXPERIMENT | change), BLOCK_SIZE).key(0, 1) for change in changed}
    keys |= {plan.key(0, 1), plan.key(1, 2), Plan(load(EXPERIMENT), BLOCK_SIZE + 1).key(0, 1)}
    assert len(keys) == len(changed) + 3
    monkeypatch.setattr(plans, "version", lambda fast: ("another",))
    assert Plan(load(EXPERIMENT), BLOCK_SIZE).key(0, 1) not in keys


def test_finished_blocks_are_kept_and_no_part_is_seen_before_it_is_whole(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(work, "time", SimpleNamespace(perf_counter=count().__next__))  # a second for each block
        folder = interrupted(tmp_path, 30)
    assert not list((folder / "runs").iterdir())
    status = status_of(str(folder))
    assert (status.state, status.blocks, status.done, status.bad) == ("running", 80, 30, [])
    assert status.seconds_left == 50
    with watched() as calls:
        harness.sweep(EXPERIMENT, tmp_path, block_size=BLOCK_SIZE)
    assert sum(calls) == 50 * BLOCK_SIZE
    assert digests(folder) == digests(whole)


def test_parts_of_another_version_are_not_mixed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = interrupted(tmp_path, 30)
    with monkeypatch.context() as patched:
        patched.setattr(plans, "version", lambda fast: ("another",))
        with pytest.raises(StoreError, match=r"30 of 80 blocks were trained by another version of the program .*; go"):
            harness.sweep(EXPERIMENT, tmp_path, block_size=BLOCK_SIZE)
        assert status_of(str(folder)).done == 30
        harness.sweep(EXPERIMENT, tmp_path, block_size=BLOCK_SIZE, overwrite=True)
        assert len(harness.load(folder)) == 1600
        assert status_of(str(folder)).bad == []
    before = digests(folder)
    assert run.sweep(load(EXPERIMENT), tmp_path, run.Options(block_size=BLOCK_SIZE)).already
    assert digests(folder) == before


def test_status_and_verify_name_what_is_wrong(whole: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "trial"
    shutil.copytree(whole, folder)
    assert call("verify", folder).exit_code == 0
    assert call("status", folder).stdout.splitlines()[0] == "state    complete"
    (part,) = (folder / "runs").iterdir()
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    (folder / "runs" / "stranger.parquet").write_bytes(b"PAR1")
    result = call("verify", folder)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"{folder}/runs/{part.name}: not what was written: its SHA-256 is another",
        f"{folder}/runs/stranger.parquet: not in the log, and ignored",
        f"{folder}: 0 of 80 blocks are whole, 1 files are not",
    ]
    (folder / "runs" / "stranger.parquet").unlink()
    part.unlink()
    assert f"runs/{part.name}: missing" in call("status", folder).stdout
    harness.sweep(EXPERIMENT, tmp_path, block_size=BLOCK_SIZE)
    assert digests(folder) == digests(whole)
    assert call("verify", folder).exit_code == 0


def test_status_of_nothing_is_one_line(tmp_path: Path) -> None:
    result = call("status", tmp_path)
    assert (result.exit_code, result.stderr) == (2, f"{tmp_path}: no results there (no manifest.json)\n")


def test_compact_keeps_rows_and_their_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = harness.sweep(EXPERIMENT, tmp_path, block_size=40)
    table, curves = harness.load(folder), harness.load(folder, curves=True)
    result = call("compact", folder)
    assert (result.exit_code, result.stdout) == (0, f"{folder}: 10 parts are now 1\n")
    assert call("compact", folder).stdout == f"{folder}: nothing to merge\n"
    (part,) = (folder / "runs").iterdir()
    assert pq.read_metadata(part).num_rows == 1600
    pd.testing.assert_frame_equal(harness.load(folder), table, check_exact=True)
    pd.testing.assert_frame_equal(harness.load(folder, curves=True), curves, check_exact=True)
    assert call("verify", folder).exit_code == 0
    forbid_training(monkeypatch)
    assert run.sweep(load(EXPERIMENT), tmp_path, run.Options(block_size=40)).already


def test_a_damaged_compact_file_is_made_anew(tmp_path: Path) -> None:
    folder = harness.sweep(EXPERIMENT, tmp_path, block_size=40)
    before = digests(folder)
    compact(Disk(folder))
    (part,) = (folder / "runs").iterdir()
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(StoreError, match="the same sweep again makes it anew"):
        compact(Disk(folder))
    harness.sweep(EXPERIMENT, tmp_path, block_size=40)
    assert digests(folder) == before


def test_only_complete_results_are_compacted(tmp_path: Path) -> None:
    folder = interrupted(tmp_path, 30)
    result = call("compact", folder)
    assert (result.exit_code, result.stderr) == (2, f"{folder}: no complete results there; let the sweep end first\n")


def test_an_entry_that_was_written_of_other_bytes_is_replaced(tmp_path: Path) -> None:
    """Another version of a library may compress the same rows otherwise."""
    folder = harness.sweep(EXPERIMENT, tmp_path, block_size=BLOCK_SIZE)
    (name,) = (folder / "log").iterdir()
    entry = parse(name.read_bytes())
    assert entry is not None
    other = replace(entry, files=tuple(replace(file, sha256="00" * 32) for file in entry.files))
    name.write_bytes(other.text())
    harness.sweep(EXPERIMENT, tmp_path, block_size=BLOCK_SIZE)
    again = parse(name.read_bytes())
    assert again is not None
    assert again.files == entry.files


def test_a_sweep_needs_no_manifest_to_end_with_a_whole_one(whole: Path, tmp_path: Path) -> None:
    """Another writer may be putting its own in place when this one ends."""

    def executor(function: Any, tasks: Any) -> Any:
        yield from map(function, tasks)
        (tmp_path / "trial" / "manifest.json").unlink()

    run.sweep(load(EXPERIMENT), tmp_path, run.Options(block_size=BLOCK_SIZE), executor)
    found = status_of(str(tmp_path / "trial"))
    assert (found.state, found.bad) == ("complete", [])
    times = ("started", "finished", "seconds", "check")
    manifests = [json.loads((folder / "manifest.json").read_text()) for folder in (whole, tmp_path / "trial")]
    one, other = ({key: value for key, value in m.items() if key not in times} for m in manifests)
    assert one == other


def test_the_manifest_says_when_and_where(whole: Path) -> None:
    text = (whole / "manifest.json").read_bytes()
    manifest = unseal(text)
    assert manifest is not None
    assert (manifest["state"], manifest["rows"], manifest["blocks"]) == ("complete", 1600, 80)
    assert json.loads(text).keys() - manifest.keys() == {"check"}
