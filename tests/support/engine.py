"""Fakes of the engine: one that is watched, one that fails in the middle of a sweep, and one that must not be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from unittest.mock import patch

import pytest

from harness.network.runs import Outcome, Runs
from harness.sweeps.plan import Plan

Train = Callable[[Runs], Outcome]


@contextmanager
def instead(train: Callable[[Train, Runs], Outcome]) -> Iterator[None]:
    """Plans train by `train(real, runs)`, in which real is how they would have trained."""
    real = Plan.train
    with patch.object(Plan, "train", lambda plan, runs: train(partial(real, plan), runs)):
        yield


@contextmanager
def watched() -> Iterator[list[int]]:
    """Gives the number of runs of each call of the engine so far."""
    calls = list[int]()

    def train(real: Train, runs: Runs) -> Outcome:
        calls.append(runs.count)
        return real(runs)

    with instead(train):
        yield calls


@contextmanager
def failing(after: int) -> Iterator[list[int]]:
    """The engine trains so many times and then fails, as what is inside must. Gives the runs of each call so far."""
    calls = list[int]()

    def train(real: Train, runs: Runs) -> Outcome:
        if len(calls) == after:
            raise OSError(5, "Input/output error", "somewhere")
        calls.append(runs.count)
        return real(runs)

    with instead(train), pytest.raises(OSError, match="Input/output"):
        yield calls


def forbid_training(patched: pytest.MonkeyPatch) -> None:
    """From here on, what trains fails the test."""
    patched.setattr(Plan, "train", lambda *_: pytest.fail("trained"))
