"""Settings beside one another: what each is, and the median of its score, as lines over parallel axes have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.views.choosing.settings import Settings, costs, rising, score_of
from harness.views.order import medians
from harness.views.results import Results

MOST = 2000
"""The most settings; of more, some are drawn at random, always the same."""
RANKED = 2**20
"""Up to so many settings are all ranked, so that the best is among those that are drawn."""


@dataclass(frozen=True)
class Beside:
    """Settings, those of the worst medians first. score: what their medians are of, and rising, whether more is better.

    values: for each parameter that varies (N,) its values, None where a setting has none. medians: (N,) NaN of those
    that diverged. told: how many of how many they are.
    """

    score: str
    rising: bool
    values: dict[str, list[Any]]
    medians: NDArray[np.float64]
    told: str


def beside(results: Results) -> Beside | None:
    """The settings by the usual score; None if not two parameters vary, or if losses cannot be compared."""
    try:
        settings = Settings(results, score := score_of(results, None), None)
    except HarnessError:
        return None
    chosen, cost, told = (_ranked if len(settings.keys) <= RANKED else _drawn)(settings)
    order = np.argsort(-cost, kind="stable")
    values = {name: own for name, own in settings.values(chosen[order]).items() if len(set(own)) > 1}
    if len(values) < 2:
        return None
    middle = np.where(np.isfinite(cost), cost * (-1 if rising(score) else 1), np.nan)
    return Beside(score, rising(score), values, middle[order], told)


def _ranked(settings: Settings) -> tuple[NDArray[np.intp], NDArray[np.float64], str]:
    """(N,) settings that have a number, their costs, and what is told of them: all, or some and the best."""
    (cost,) = settings.medians(settings.score)
    there = np.flatnonzero(~np.isnan(cost))
    if len(there) <= MOST:
        return there, cost[there], f"All {len(there):,} settings"
    chosen = np.union1d(there[_some(len(there), MOST - 1)], np.nanargmin(cost))
    return chosen, cost[chosen], f"{len(chosen):,} of {len(there):,} settings, drawn at random, the best among them"


def _drawn(settings: Settings) -> tuple[NDArray[np.intp], NDArray[np.float64], str]:
    """(N,) some settings, of so many that only these are looked at, their costs, and what is told of them."""
    chosen, found = _some(len(settings.keys), MOST), []
    for part in range(settings.parts):
        at, frame = settings.read(part)
        place = np.searchsorted(chosen, at).clip(max=len(chosen) - 1)
        own = chosen[place] == at
        found.append(np.stack([place[own], costs(frame[own], settings.score)]))
    places, numbers = np.concatenate(found, axis=1)
    cost = medians(places.astype(np.intp), numbers, len(chosen))
    there = ~np.isnan(cost)
    return chosen[there], cost[there], f"{there.sum():,} of {len(settings.keys):,} settings, drawn at random"


def _some(count: int, most: int) -> NDArray[np.intp]:
    """At most so many of `count` numbers from 0 on, in their order; a few less where some are drawn twice."""
    drawn = (np.random.Philox(key=0).random_raw(4 * most) % np.uint64(count)).astype(np.intp)
    return np.sort(pd.unique(drawn)[:most])
