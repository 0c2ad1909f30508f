"""The settings of a table, whose rows only repeat them; and the score that they are judged by."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.experiment import source
from harness.experiment.errors import either
from harness.experiment.measured import MEASURES, Measure, Part
from harness.experiment.model import REPEATING
from harness.formulas.metrics import LOSS
from harness.network.runs import Status
from harness.store.reading import to_frame
from harness.views.losses import unlike
from harness.views.order import MEDIAN, Numbers
from harness.views.results import Results
from harness.views.scale import codes

USUAL = ("validation_accuracy", "validation_r2", "validation_loss", "loss_mean")
"""The scores of which the first that is there decides, if nobody says which."""
MOST = 2**63 - 1


def tests_of(results: Results) -> list[str]:
    """The scores of the test part, by which nothing is chosen."""
    return [name for name in results.metrics if (found := measure(name)) and found.part is Part.TEST]


def scores_of(results: Results) -> list[str]:
    """The columns by which settings can be judged."""
    return [name for name in results.metrics if name not in tests_of(results)]


def score_of(results: Results, by: str | None) -> str:
    """The column that settings are judged by: `by`, or the usual one. Raises `HarnessError`."""
    scores = scores_of(results)
    if by is None:
        return next(name for name in USUAL if name in scores)
    if results.column(by).name in tests_of(results):
        raise HarnessError(
            f"{results.folder}: {by}: what is chosen by the test part is not tested by it; expected {either(scores)}"
        )
    if by not in scores:
        raise HarnessError(f"{results.folder}: {by} is no score; what is: {either(scores)}")
    return by


def rising(score: str) -> bool:
    """Whether more of a column is better."""
    found = measure(score)
    return found is not None and found.rising


def measure(column: str) -> Measure | None:
    """What a column has, also as the best of all epochs; None of columns that are not measured of every network."""
    return MEASURES.get(column.removeprefix("best_"))


def aim(score: str) -> str:
    """What the best has: `greatest validation accuracy`, `least training loss`."""
    what = "training loss" if score == "loss_mean" else score.replace("train_", "training_").replace("_", " ")
    return f"{'greatest' if rising(score) else 'least'} {what}"


def costs(frame: pd.DataFrame, score: str) -> NDArray[np.float64]:
    """(R,) what rows are worse by: the score, or less than none of it if more is better; infinite if they diverged."""
    numbers = frame[score].to_numpy(float, na_value=np.nan)
    return np.where(frame["status"] == Status.DIVERGED.label, np.inf, -numbers if rising(score) else numbers)


class Settings:
    """The settings that the rows which `where` selects have. names: of the axes in which they differ.

    keys: (S,) a number for each, in the order of the grid. Raises `HarnessError`.
    """

    def __init__(self, results: Results, score: str, where: Mapping[str, Any] | None) -> None:
        held = {name: source.written(value) for name, value in (where or {}).items()}
        self._results, self._only = results, results.filter(held)
        self.names = [name for name in results.axes if name not in (*REPEATING, *held)]
        self.score = score
        if results.column(score).unit == LOSS and (kinds := unlike(self.names)):
            raise HarnessError(
                f"{results.folder}: {kinds[0]}: losses of {', '.join(map(str, results.axes[kinds[0]].values))} cannot "
                f"be compared; hold it, as with --where {kinds[0]}=.., or judge by another score"
            )
        self._lengths = [len(results.axes[name].values) + 1 for name in self.names]
        if prod(self._lengths) > MOST:
            raise HarnessError(f"{results.folder}: too many settings to count; hold an axis, as with --where KEY=VALUE")
        self.keys = np.empty(0, np.int64)
        for number in range(self.parts):
            self.keys = np.union1d(self.keys, self._key(self._frame(number, self.names)))
        if not len(self.keys):
            raise HarnessError(f"{results.folder}: no row has {', '.join(f'{key} {held[key]}' for key in held)}")

    @property
    def parts(self) -> int:
        """How many pieces the table has."""
        return len(self._results.pieces)

    def read(self, part: int, *columns: str) -> tuple[NDArray[np.intp], pd.DataFrame]:
        """The rows of a piece: (R,) where the settings stand in `keys`, and columns, the score and the status."""
        frame = self._frame(part, [*self.names, self.score, "status", *columns])
        return np.searchsorted(self.keys, self._key(frame)), frame

    def medians(self, *scores: str) -> NDArray[np.float64]:
        """(scores, S) the medians of what the rows of each setting cost; NaN of those without a number."""

        def read(part: int) -> tuple[NDArray[Any], NDArray[np.float64]]:
            at, frame = self.read(part, *scores)
            return at, np.stack([costs(frame, name) for name in scores])

        return Numbers(self.parts, len(self.keys), len(scores), read).at(MEDIAN)[:, 0]

    def levels(self, at: NDArray[Any]) -> dict[str, NDArray[np.int32]]:
        """For each axis which value each of these settings has, from 1 on; 0 for none."""
        strides = [prod(self._lengths[number + 1 :]) for number in range(len(self.names))]
        return {
            name: (self.keys[at] // stride % length).astype(np.int32)
            for name, stride, length in zip(self.names, strides, self._lengths, strict=True)
        }

    def values(self, at: NDArray[Any]) -> dict[str, list[Any]]:
        """The values of these settings by the names of their axes, None where they have none."""
        axes = {name: [None, *self._results.axes[name].values.tolist()] for name in self.names}
        return {name: [axes[name][level] for level in levels] for name, levels in self.levels(at).items()}

    def _frame(self, part: int, columns: list[str]) -> pd.DataFrame:
        # the number of a row stands there, too: a table without columns has no rows
        return to_frame(self._results.piece(part, list(dict.fromkeys([*columns, "config"])), self._only))

    def _key(self, frame: pd.DataFrame) -> NDArray[np.int64]:
        key = np.zeros(len(frame), np.int64)
        for name, length in zip(self.names, self._lengths, strict=True):
            key = key * length + codes(self._results.axes[name].values, frame[name]) + 1
        return key
