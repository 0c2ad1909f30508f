"""What is asked of the scores of `reliability`: that all went well, and that something was tried."""

from __future__ import annotations

from collections.abc import Iterable

from reliability.score import Score


def check(scores: Iterable[Score]) -> None:
    given = list(scores)
    assert given
    for score in given:
        assert score.right == score.of > 0, f"{score}\n" + "\n".join(score.wrong)
