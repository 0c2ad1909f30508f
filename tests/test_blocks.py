"""Many small blocks, and epochs that never run: what they cost is counted, not timed."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import harness
from harness.experiment import load
from harness.network.runs import Status
from harness.store.contents import Contents
from harness.store.disk import Disk
from harness.store.log import parse
from harness.sweeps import blocks as cuts
from harness.sweeps import plan as plans
from harness.sweeps import run
from harness.sweeps.plan import Plan
from harness.views.status import status_of
from reliability.sweeps import digests
from tests.support.command import call
from tests.support.engine import failing, instead, watched

SMALL: dict[str, Any] = {
    "name": "small",
    "network": {"layers": [2, 2, 1]},
    "data": {"rows": [[1, 1, 1], [0.5, -1, 0.25]]},
    "parameters": {
        "init": ["ones", {"normal": {"std": 0.5}}],
        "epochs": [3, 40],
        "learning_rate": {"geomspace": [1e-3, 3, 4]},
    },
    "repeats": 63,
}
"""256 runs, whose rows lie interleaved in the grid."""


def many(blocks: int) -> dict[str, Any]:
    """An experiment of so many runs of one row, a multiple of 64."""
    rates = {"geomspace": [1e-3, 1, blocks // 64]}
    return SMALL | {
        "parameters": {"init": [{"normal": {"std": 0.5}}], "epochs": 3, "learning_rate": rates},
        "repeats": 64,
    }


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How often what takes long is called: hashes, opened files, syncs, calls of the engine."""
    calls: Counter[str] = Counter()

    def counting(name: str, real: Any) -> Any:
        def called(*arguments: Any, **how: Any) -> Any:
            calls[name] += 1
            return real(*arguments, **how)

        return called

    with monkeypatch.context() as patched, instead(counting("train", lambda real, runs: real(runs))):
        for owner, name in ((hashlib, "sha256"), (os, "open"), (os, "fsync")):
            patched.setattr(owner, name, counting(name, getattr(owner, name)))
        yield calls


def test_what_a_block_costs_does_not_grow_with_their_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    harness.sweep(many(64), tmp_path / "first", block_size=1)  # finds the kernels, and hashes the sources
    found = []
    for blocks in (128, 256, 512):
        experiment = many(blocks)
        with counted(monkeypatch) as swept:
            run.sweep(load(experiment), tmp_path / str(blocks), run.Options(block_size=1), map)
        with counted(monkeypatch) as again:
            assert run.sweep(load(experiment), tmp_path / str(blocks), run.Options(block_size=1)).already
        with counted(monkeypatch) as looked:
            assert status_of(str(tmp_path / str(blocks) / "small")).done == blocks
        assert len(Plan(load(experiment), 1).tasks(range(blocks))) == cuts.TASKS
        found.append((swept, again, looked))
    for few, some, more in zip(*found, strict=True):
        hashes = [calls["sha256"] for calls in (few, some, more)]
        assert hashes[2] - hashes[1] == 2 * (hashes[1] - hashes[0]) <= 256  # one for each block
        assert few["open"] == some["open"] == more["open"]  # files for each task, however many blocks
    assert found[-1][0]["train"] == cuts.TASKS
    assert found[-1][0]["fsync"] < 512


@pytest.mark.parametrize("limit", [1, 2, 10**6])
def test_tasks_are_small_neighbours_within_a_part(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "PART_ROWS", 100)
    plan = Plan(load(SMALL | {"parameters": SMALL["parameters"] | {"layers": [[2, 1], [2, 2, 1]]}}), 1)
    monkeypatch.setattr(cuts, "TASK_WORK", limit * (plan.blocks[0].work(2) + cuts.CALL_WORK))
    tasks = [blocks for part in plan.parts for blocks in plan.tasks(part)]
    assert [number for blocks in tasks for number in blocks] == list(range(512))
    assert max(map(len, tasks)) == 512 // cuts.TASKS
    for blocks in tasks:
        work = sum(block.work(2) + cuts.CALL_WORK for block in plan.joined(blocks))
        assert len(blocks) == 1 or work <= cuts.TASK_WORK
    calls = plan.calls
    assert sum(block.runs for block in calls) == plan.runs
    assert all(plan.blocks[block.number].start == block.start for block in calls)
    assert {block.structure for block in calls if block.start < 256} == {plan.structures[0]}
    assert {block.structure for block in calls if block.start >= 256} == {plan.structures[1]}


def test_blocks_that_take_long_are_not_joined() -> None:
    parameters = many(2048)["parameters"]
    for epochs, size in ((10**7, 1), (10**4, 1), (10**4, 2)):
        plan = Plan(load(many(2048) | {"parameters": parameters | {"epochs": epochs}}), size)
        tasks = [blocks for part in plan.parts for blocks in plan.tasks(part)]
        alone = plan.blocks[0].work(plan.samples) + cuts.CALL_WORK > cuts.TASK_WORK
        assert alone == (epochs == 10**7)
        assert {len(blocks) for blocks in tasks} == ({1} if alone else {2048 // size // cuts.TASKS})


def test_tasks_change_no_number_and_a_resumed_sweep_no_byte(tmp_path: Path) -> None:
    experiment = SMALL | {"record": {"losses": {"every": 7}}}
    whole = harness.sweep(experiment, tmp_path / "whole", block_size=1, threads=3)
    pd.testing.assert_frame_equal(harness.load(whole), harness.train(experiment), check_exact=True)
    with failing(20) as before:
        harness.sweep(experiment, tmp_path, block_size=1, threads=1)
    folder, done = tmp_path / "small", sum(before)
    assert status_of(str(folder)).done == done == 20 * 256 // cuts.TASKS
    entry = parse(next((folder / "log").iterdir()).read_bytes())
    assert entry is not None
    assert entry.stop - entry.first == 256 // cuts.TASKS
    with watched() as calls:
        harness.sweep(experiment, tmp_path, block_size=1)
    assert sum(calls) == 256 - done
    assert digests(folder) == digests(whole)
    assert not Contents(Disk(folder)).found().bad


def test_a_task_may_have_several_structures(tmp_path: Path) -> None:
    parameters = SMALL["parameters"] | {"layers": [[2, 1], [2, 2, 1]], "activation": ["identity", "tanh"]}
    experiment = SMALL | {"parameters": parameters, "repeats": 18}  # 76 runs of each structure
    plan = Plan(load(experiment), 1)
    assert any(len(plan.joined(blocks)) > 1 for part in plan.parts for blocks in plan.tasks(part))
    folder = harness.sweep(experiment, tmp_path, block_size=1)
    pd.testing.assert_frame_equal(harness.load(folder), harness.train(experiment), check_exact=True)
    assert status_of(str(folder)).done == len(plan.blocks)


def test_status_knows_no_time_before_the_first_block_is_done(tmp_path: Path) -> None:
    with failing(after=0):
        harness.sweep(SMALL, tmp_path, block_size=1, threads=1)
    shown = call("status", tmp_path / "small").stdout
    assert "done       0 (0.0%)" in shown
    assert "time left  not known before the first block is done" in shown


LONG: dict[str, Any] = SMALL | {
    "parameters": {"init": [{"normal": {"std": 0.5}}], "epochs": 10**9, "learning_rate": {"geomspace": [1e-3, 1, 40]}},
    "repeats": 100,
}


def test_epochs_that_never_run_do_not_cut_blocks_of_a_run() -> None:
    plan = Plan(load(LONG))
    assert min(block.runs for block in plan.blocks) >= 100
    assert plans.BLOCKS <= len(plan.blocks) <= 4000 // 100
    assert [
        block.runs for block in Plan(load(LONG | {"parameters": LONG["parameters"] | {"epochs": 10**12}})).blocks
    ] == [block.runs for block in plan.blocks]
    few = Plan(load(LONG | {"repeats": 2}))  # 80 runs: as many blocks as there are 16
    assert [block.runs for block in few.blocks] == [16] * 5
    large = Plan(load(LONG | {"network": {"layers": [2, 50, 50, 1], "activation": "tanh"}}))
    assert {block.runs for block in large.blocks} == {16}
    curves = Plan(load(LONG | {"record": {"losses": {"every": 100}}}))  # 1e7 points, all of which may be kept
    assert {block.runs for block in curves.blocks} == {1}


def test_the_time_of_epochs_that_may_never_run_is_a_most(tmp_path: Path) -> None:
    file = tmp_path / "long.yaml"
    file.write_text(json.dumps(LONG), "utf-8")
    shown = call("plan", file).stdout
    assert "\ntime    at most" in shown


def outcome_of(experiment: dict[str, Any]) -> Any:
    plan = Plan(load(experiment))
    (block,) = plan.blocks
    return plan.train(plan.asked(block)[0])


CURVES: dict[str, Any] = SMALL | {
    "network": {"layers": [1, 1]},
    "data": {"rows": [[1, 1]]},
    "parameters": {"init": ["zeros"], "epochs": 10**15, "learning_rate": [0.25, 0.5, 1, 3, 0.4999]},
    "repeats": 1,
}


@pytest.mark.parametrize("every", [10**14, 10**15 // 3, 3 * 10**14 + 7])
def test_curves_of_runs_that_ended_take_no_loop_over_their_epochs(every: int) -> None:
    """Runs that settle, soon or at once, that come back to earlier states, and that diverge."""
    outcome = outcome_of(CURVES | {"record": {"losses": {"every": every}}})
    last = 10**15
    wanted = [1, *range(every, last + 1, every), *([last] if last % every else [])]
    ended = outcome.status.tolist()
    assert {Status.SETTLED, Status.DIVERGED, Status.RAN} == set(ended)
    for run_, status in enumerate(ended):
        epochs = outcome.curves.epoch[outcome.curves.run == run_].tolist()
        assert epochs == (wanted if status != Status.DIVERGED else [1]), (run_, status)
    settled = np.isin(outcome.curves.run, [r for r, status in enumerate(ended) if status == Status.SETTLED])
    late = settled & (outcome.curves.epoch > 1)
    assert (outcome.curves.metrics[:, late] == outcome.metrics[:, outcome.curves.run[late]]).all()


@given(st.integers(1, 12), st.integers(1, 40))
def test_points_of_curves_are_the_first_epoch_the_multiples_and_the_last(every: int, last: int) -> None:
    short = CURVES | {"parameters": CURVES["parameters"] | {"epochs": last}}
    outcome = outcome_of(short | {"record": {"losses": {"every": every}}})
    whole = outcome_of(short | {"record": {"losses": {"every": 1}}})
    chosen = (whole.curves.epoch == 1) | (whole.curves.epoch % every == 0) | (whole.curves.epoch == last)
    assert outcome.curves.epoch.tolist() == whole.curves.epoch[chosen].tolist()
    assert outcome.curves.run.tolist() == whole.curves.run[chosen].tolist()
    assert np.array_equal(outcome.curves.metrics, whole.curves.metrics[:, chosen])
