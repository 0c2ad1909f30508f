"""The record of `explain` as text for programs: JSON and CSV."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator

import pandas as pd


def csv_of(pieces: Iterable[pd.DataFrame]) -> Iterator[str]:
    """CSV, a header first."""
    for at, piece in enumerate(pieces):
        yield piece.to_csv(index=False, header=at == 0)


def json_of(pieces: Iterable[pd.DataFrame]) -> Iterator[str]:
    """A JSON array with an object for each row; what a row does not have, or is not finite, is left out."""
    start = "[\n"
    for piece in pieces:
        for row in piece.astype({"sample": object}).to_dict("records"):
            kept = {
                key: value
                for key, value in row.items()
                if isinstance(value, str) or (value is not None and math.isfinite(value))
            }
            yield start + json.dumps(kept)
            start = ",\n"
    yield "\n]\n"
