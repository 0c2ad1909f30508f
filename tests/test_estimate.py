"""What a sweep says of itself before it starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import harness
from harness.errors import FailedError
from harness.experiment import load
from harness.store.disk import Disk
from harness.store.folder import Folder
from harness.sweeps import estimate
from harness.sweeps.plan import Plan
from reliability.sweeps import BLOCK_SIZE, EXPERIMENT
from tests.support.engine import forbid_training


def folder_in(path: Path) -> Folder:
    return Folder(Disk(path))


def test_a_short_sweep_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_training(monkeypatch)
    plan = Plan(load(EXPERIMENT), BLOCK_SIZE)
    found = estimate.measure(plan, plan.blocks, folder_in(tmp_path))
    assert (found.rows, found.disk, found.bound) == (1600, 2 * plan.bytes, True)  # blocks, and the part made of them
    block = plan.blocks[3]
    part = estimate.measure(plan, [block], folder_in(tmp_path))
    assert part.rows == round(1600 * block.runs / plan.runs)
    assert part.seconds < found.seconds * found.threads


def test_the_disk_it_takes_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = harness.sweep(EXPERIMENT, tmp_path)
    wrote = sum(path.stat().st_size for kind in ("runs", "curves") for path in (folder / kind).iterdir())
    monkeypatch.setattr(estimate, "SHORT", 0.0)
    monkeypatch.setattr(estimate, "SHARE", 1e9)
    monkeypatch.setattr(estimate, "MOST", float("inf"))  # all of it, however long that takes
    plan = Plan(load(EXPERIMENT))
    found = estimate.measure(plan, plan.blocks, folder_in(tmp_path))
    assert found.rows == 1600
    assert found.seconds > 0
    assert not found.bound
    assert wrote / 2 < found.disk < 2 * wrote


EARLY: dict[str, Any] = {
    "name": "early",
    "network": {"layers": [2, 2, 1]},
    "data": {"rows": [[1, 1, 1]]},
    "parameters": {"learning_rate": {"geomspace": [1e-3, 1, 40_000]}, "epochs": 500, "init": "ones"},
}
"""Some of whose runs settle early, and some diverge at once."""


class TrainingClock:
    """A clock that only training moves: by so many seconds for each call, run and step of each optimizer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **steps: float) -> None:
        self.now, self.steps, self.spent = 0.0, steps, 0.0
        monkeypatch.setattr(estimate.time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(estimate.local, "processors", lambda: 1)
        monkeypatch.setattr(Plan, "train", lambda plan, runs: self.train(plan, runs))

    def cost(self, runs: Any, outcome: Any) -> float:
        return 1e-4 + 1e-7 * runs.count + self.steps[runs.structure.optimizer] * outcome.steps

    def train(self, plan: Plan, runs: Any) -> Any:
        outcome = train(plan, runs)
        self.now += self.cost(runs, outcome)
        return outcome

    def whole(self, plan: Plan) -> tuple[float, int]:
        """(seconds, steps) of the sweep itself."""
        asked = [plan.asked(block)[0] for block in plan.blocks]
        outcomes = [train(plan, runs) for runs in asked]
        return sum(map(self.cost, asked, outcomes)), sum(outcome.steps for outcome in outcomes)


train = Plan.train


@pytest.mark.parametrize("budget", [0.02, 0.1, 10.0])
@pytest.mark.parametrize("optimizers", [["sgd"], ["sgd", "adam"]], ids=["one", "two"])
def test_the_time_it_takes_is_that_of_steps_that_are_run(
    budget: float, optimizers: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The estimate holds however few epochs and runs there is time for; it errs upwards if runs may yet end early."""
    clock = TrainingClock(monkeypatch, sgd=1e-8, adam=5e-8)
    plan = Plan(load(EARLY | {"parameters": EARLY["parameters"] | {"optimizer": optimizers}}))
    monkeypatch.setattr(estimate, "SHORT", 0.0)
    monkeypatch.setattr(estimate, "SHARE", 1e9)
    monkeypatch.setattr(estimate, "MOST", budget)
    found = estimate.measure(plan, plan.blocks, folder_in(tmp_path))
    spent = clock.now
    seconds, steps = clock.whole(plan)
    assert steps < 0.8 * plan.steps
    assert spent <= 1.5 * budget
    assert not (found.bound and budget == 10)
    assert 0.75 * seconds < found.seconds < (2.5 if found.bound else 1.25) * seconds


def test_what_the_disk_cannot_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Disk, "free", lambda disk: 1000)
    forbid_training(monkeypatch)
    with pytest.raises(FailedError, match=r"trial: the table needs about [\d,]+ bytes, and 1,000 are free there$"):
        harness.sweep(EXPERIMENT, tmp_path)
