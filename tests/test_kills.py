"""Processes that are killed, that meet at one folder, and that are told to stop: a few each; `reliability` has many."""

from __future__ import annotations

from pathlib import Path

from reliability.kills import kills
from reliability.owners import owners
from reliability.signals import signals, slow
from tests.support.scores import check


def test_a_killed_sweep_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    for score in kills(tmp_path, 2, block_sizes=(8,), timed=1):
        assert (score.right, score.of) == (2, 2), score.wrong


def test_one_process_owns_a_folder_and_a_killed_one_leaves_it(tmp_path: Path) -> None:
    one, clear, free = owners(tmp_path, contenders=4, rounds=1, restarts=1)
    assert [(score.right, score.of) for score in (one, clear, free)] == [(1, 1), (3, 3), (1, 1)], (one, clear, free)


def test_a_signal_ends_a_sweep_and_keeps_what_is_done(tmp_path: Path) -> None:
    check(signals(tmp_path / "once", 2, epochs=8_000, span=1.8))


def test_blocks_that_never_end_are_left_and_a_second_signal_gives_no_grace(tmp_path: Path) -> None:
    for score in slow(tmp_path / "slow", 2):
        assert (score.right, score.of) == (1, 1), score.wrong
