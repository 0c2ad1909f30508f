"""An engine that fails in the middle of a sweep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from harness import engine


@contextmanager
def after(calls: int) -> Iterator[list[int]]:
    """The engine trains so many times and then fails, as what is inside must. Gives the runs of each call so far."""
    train, runs = engine.train, list[int]()

    def failing(block: Any, data: Any) -> Any:
        if len(runs) == calls:
            raise OSError(5, "Input/output error", "somewhere")
        runs.append(block.runs)
        return train(block, data)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(engine, "train", failing)
        patched.setattr(engine, "prepare", lambda structure, **how: None)  # it trains a run too
        with pytest.raises(OSError, match="Input/output"):
            yield runs
