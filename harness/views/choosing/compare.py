"""One sweep or setting against another: rows that began alike are held against one another, pair by pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from harness.errors import HarnessError
from harness.experiment import source
from harness.experiment.model import REPEAT
from harness.experiment.settings import TRAINING
from harness.formulas.metrics import LOSS
from harness.views.choosing.settings import costs, score_of
from harness.views.results import Results


class Side(NamedTuple):
    """The rows of one side: those of `results` that have the values in `where`. option: how these are given."""

    results: Results
    where: Mapping[str, Any]
    option: str


class Compared(NamedTuple):
    """by: the score. paired: what the two rows of a pair share. n: pairs, without those that have no number.

    difference: the median of second - first, over the pairs of which neither row diverged; NaN of none. better, worse:
    in how many pairs the second is better, and worse; a row that diverged is worse than one that did not. diverged:
    rows of the first, and of the second.
    """

    by: str
    paired: list[str]
    n: int
    difference: float
    better: int
    worse: int
    diverged: tuple[int, int]


def compare(first: Side, second: Side, by: str | None = None) -> Compared:
    """Rows of the first and the second that have all else in common: the other parameters, the repeat and the fold.

    by: as for `Results.best`. All of these rows are in memory at once. Raises `HarnessError` if losses are unlike, or
    where no rows can be paired.
    """
    score, sides = score_of(first.results, by), (first, second)
    score_of(second.results, score)
    losses = {_loss(side) for side in sides}
    if first.results.column(score).unit == LOSS and len(losses) > 1:
        raise HarnessError(
            f"{first.results.folder}: losses of {' and '.join(sorted(map(str, losses)))} cannot be compared; expected "
            "another score, with --by"
        )
    apart = {*first.where, *second.where}
    names = [name for name in dict.fromkeys([*first.results.axes, *second.results.axes, REPEAT]) if name not in apart]
    names = [name for name in names if all(name in side.results.runs.schema.names for side in sides)]
    frames = [_rows(side, names, score) for side in sides]
    keys = [name for name in names if name == REPEAT or any(frame[name].nunique(dropna=False) > 1 for frame in frames)]
    for side, frame in zip(sides, frames, strict=True):
        if frame.duplicated(keys).any():
            several = [name for name in side.results.axes if name not in (*keys, *side.where)]
            raise HarnessError(
                f"{side.results.folder}: rows cannot be paired by {', '.join(keys)} alone; hold "
                f"{' and '.join(several)}, as with {side.option} {several[0]}=.."
            )
    pairs = frames[0].merge(frames[1], on=keys, suffixes=("_first", "_second"))
    a, b = (pairs[f"cost_{side}"].to_numpy() for side in ("first", "second"))
    both = ~(np.isnan(a) | np.isnan(b))
    if not both.any():
        raise HarnessError(f"{first.results.folder}: no two rows have {score} and the same {', '.join(keys)}")
    difference = pairs["score_second"] - pairs["score_first"]
    known = difference[np.isfinite(a) & np.isfinite(b)]
    gone = int(np.isinf(a[both]).sum()), int(np.isinf(b[both]).sum())
    middle = float(known.median()) if len(known) else float("nan")
    return Compared(score, keys, int(both.sum()), middle, int((b < a).sum()), int((b > a).sum()), gone)


def _rows(side: Side, names: list[str], score: str) -> pd.DataFrame:
    """The rows of a side: what they may be paired by, labels as text, their scores and what they are worse by."""
    held = {name: source.written(value) for name, value in side.where.items()}
    frame = side.results.frame([*names, score, "status"], held)
    told = {name: frame[name].astype(object) for name in names if frame[name].dtype == "category"}
    return frame[names].assign(**told, score=frame[score].astype(float), cost=costs(frame, score))


def _loss(side: Side) -> Any:
    """The loss that the rows are trained for; None if rows of several are paired one by one."""
    if "loss" in side.results.axes:
        return side.where.get("loss")
    if "loss" in side.results.runs.schema.names:
        return side.results.first(["loss"])["loss"]
    training = source.read(side.results.name, side.results.source).data.get("training") or {}
    return training.get("loss", TRAINING["loss"].default)
