"""What a sweep says of itself before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

import harness
from harness import engine
from harness.errors import FailedError
from harness.experiment import load
from harness.store.disk import Disk
from harness.store.folder import Folder
from harness.sweeps import estimate
from harness.sweeps.plan import Plan
from reliability.sweeps import EXPERIMENT


def test_a_short_sweep_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "train", lambda *args: pytest.fail("trained"))
    plan = Plan(load(EXPERIMENT))
    found = estimate.measure(plan, plan.runs, Folder(Disk(tmp_path)))
    assert (found.rows, found.disk) == (1600, plan.bytes)
    half = estimate.measure(plan, plan.runs // 2, Folder(Disk(tmp_path)))
    assert (half.rows, half.disk) == (800, plan.bytes // 2)


def test_a_long_one_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = harness.sweep(EXPERIMENT, tmp_path)
    wrote = sum(path.stat().st_size for kind in ("runs", "curves") for path in (folder / kind).iterdir())
    monkeypatch.setattr(estimate, "SHORT", 0.0)
    monkeypatch.setattr(estimate, "MEASURED", float("inf"))  # the whole block, however long that takes
    plan = Plan(load(EXPERIMENT))
    found = estimate.measure(plan, plan.runs, Folder(Disk(tmp_path)))
    assert found.rows == 1600
    assert found.seconds > 0
    assert wrote / 2 < found.disk < 2 * wrote


def test_what_the_disk_cannot_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Disk, "free", lambda disk: 1000)
    monkeypatch.setattr(engine, "train", lambda *args: pytest.fail("trained"))
    monkeypatch.setattr(engine, "prepare", lambda structure, **how: None)
    with pytest.raises(FailedError, match=r"trial: the table needs about [\d,]+ bytes, and 1,000 are free there$"):
        harness.sweep(EXPERIMENT, tmp_path)
