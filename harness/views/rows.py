"""Rows of earlier results, for experiments that start from one. What reads them is loaded when one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.store.arrays import Arrays


def row_weights(folder: str, config: int) -> Arrays:
    """The final weights of a row: w1, w2, .. (O, I) and b1, b2, .. (O,); none if it diverged. Raises `HarnessError`."""
    from harness.views.results import Results

    return Results(folder).weights(config)
