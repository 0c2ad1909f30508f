"""Calls that fail, crashes, lost power, damaged files and full disks: a small share of `python -m reliability`."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from reliability.calls import CRASH, STORIES, Story, faults
from reliability.damage import damaged
from reliability.disks import disks
from reliability.traces import cuts, killed, syncs
from tests.support.scores import check


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC, CRASH])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_fault_at_a_call_leaves_the_old_or_the_new(story: Story, error: int, tmp_path: Path) -> None:
    check([faults(tmp_path, story, error, step=29)])


def test_what_a_run_leaves_when_the_power_is_lost_after_any_call(tmp_path: Path) -> None:
    held, again, needed = cuts(tmp_path, 12)
    check([held, again, needed])
    assert needed.of == len(syncs()) > 4


def test_what_a_run_leaves_that_goes_on_after_a_kill(tmp_path: Path) -> None:
    check([killed(tmp_path, step=31)])


def test_damage_is_found_and_mended(tmp_path: Path) -> None:
    check(damaged(tmp_path, 8, 12))


def test_a_full_disk(tmp_path: Path) -> None:
    check(disks(tmp_path, 1, refusals=0))
