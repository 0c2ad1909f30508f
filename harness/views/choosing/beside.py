"""Settings beside one another: what each is, and the median of its score, as lines over parallel axes have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.views.choosing.settings import Settings, rising, score_of
from harness.views.results import Results

MOST = 2000
"""The most settings; of more, some are drawn at random, always the same, the best among them."""


@dataclass(frozen=True)
class Beside:
    """Settings, those of the worst medians first. score: what their medians are of, and rising, whether more is better.

    values: for each parameter that varies (N,) its values, None where a setting has none. medians: (N,) NaN of those
    that diverged. total: how many settings have a number, or diverged.
    """

    score: str
    rising: bool
    values: dict[str, list[Any]]
    medians: NDArray[np.float64]
    total: int


def beside(results: Results) -> Beside | None:
    """The settings by the usual score; None if not two parameters vary, or if losses cannot be compared."""
    try:
        settings = Settings(results, score := score_of(results, None), None)
    except HarnessError:
        return None
    (costs,) = settings.medians(score)
    there = np.flatnonzero(~np.isnan(costs))
    chosen = there
    if len(there) > MOST:
        lots = np.random.Philox(key=0).random_raw(len(there))
        lots[np.argmin(costs[there])] = 0
        chosen = np.sort(there[np.argsort(lots, kind="stable")[:MOST]])
    chosen = chosen[np.argsort(-costs[chosen], kind="stable")]
    values = {name: own for name, own in settings.values(chosen).items() if len(set(own)) > 1}
    if len(values) < 2:
        return None
    medians = np.where(np.isfinite(costs[chosen]), costs[chosen] * (-1 if rising(score) else 1), np.nan)
    return Beside(score, rising(score), values, medians, len(there))
