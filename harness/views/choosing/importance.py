"""What decides the score of a setting: the shares that parameters, and pairs of them, have in its variance."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import prod
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.network.runs import Status
from harness.views.choosing.settings import Settings, score_of
from harness.views.results import Results

REST = "three or more together"
"""What is not of a parameter or of a pair."""
BINS, ALIKE = 8, 4
"""Values of which fewer than `ALIKE` settings each have the same, as drawn ones are, are taken together in bins."""


def importance(results: Results, by: str | None = None, where: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """How much of the variance of a score comes of what, as `Results.importance` has it. Raises `HarnessError`."""
    settings = Settings(results, score_of(results, by), where)
    means, diverged = _means(settings)
    there = np.flatnonzero(np.isfinite(means))
    if not len(there):
        raise HarnessError(f"{results.folder}: no row has {settings.score}")
    levels = settings.levels(there)
    lengths = {name: int(np.count_nonzero(np.bincount(own))) for name, own in levels.items()}
    varying = {name: own for name, own in levels.items() if lengths[name] > 1}
    grid = prod(lengths.values())
    numbers = means[there] / (np.abs(means[there]).max() or 1.0)  # else squares of losses overflow
    if not np.ptp(numbers) > 0:
        raise HarnessError(f"{results.folder}: {settings.score} is the same in every setting")
    full = len(there) == grid and not diverged
    drawn = [name for name in varying if not full and lengths[name] > max(BINS, len(there) / ALIKE)]
    varying |= {name: _binned(varying[name]) for name in drawn}
    found = _shares(numbers, varying, chance=bool(drawn))
    if full and len(varying) > 2:
        found[REST] = max(0.0, 1 - sum(found.values()))
    table = pd.DataFrame({"parameter": list(found), "share": np.array(list(found.values()))})
    table = table.iloc[np.lexsort((-table["share"], table["parameter"] == REST))].reset_index(drop=True)
    table.attrs = {"by": settings.score, "estimated": "" if full else _estimated(len(there), grid, diverged, drawn)}
    return table


def title(found: pd.DataFrame) -> str:
    """What the shares are of."""
    return f"share of the variance of {found.attrs['by']} over settings"


def _binned(levels: NDArray[np.int32]) -> NDArray[np.int32]:
    """(S,) in which of `BINS` bins of about as many settings each value lies."""
    ranks = np.argsort(np.argsort(levels, kind="stable"), kind="stable")
    return (ranks * BINS // len(levels)).astype(np.int32)


def _estimated(there: int, grid: int, diverged: int, drawn: list[str]) -> str:
    """Why the shares are not exact."""
    told = [f"{there:,} settings, {' and '.join(drawn)} in {BINS} bins, less what chance gives"] if drawn else []
    told += [f"{there:,} of {grid:,} settings have a number"] if there < grid and not drawn else []
    told += [f"without the {diverged:,} row{'s' * (diverged > 1)} that diverged"] if diverged else []
    return f"estimated from the means that are there: {', '.join(told)}"


def _means(settings: Settings) -> tuple[NDArray[np.float64], int]:
    """(S,) the mean of the rows of each setting that have a number, NaN of none; and how many rows diverged."""
    sums, counts, diverged = np.zeros(len(settings.keys)), np.zeros(len(settings.keys)), 0
    for part in range(settings.parts):
        at, frame = settings.read(part)
        gone = (frame["status"] == Status.DIVERGED.label).to_numpy()
        numbers = frame[settings.score].to_numpy(float, na_value=np.nan)
        kept = ~(gone | np.isnan(numbers))
        sums += np.bincount(at[kept], numbers[kept], len(sums))
        counts += np.bincount(at[kept], minlength=len(counts))
        diverged += int(gone.sum())
    with np.errstate(invalid="ignore"):
        return sums / counts, diverged


def _shares(numbers: NDArray[np.float64], levels: Mapping[str, NDArray[np.int32]], chance: bool) -> dict[str, float]:
    """The shares of parameters, and of pairs beyond those: sums of squares of means over all else (functional ANOVA).

    numbers: (S,). levels: for each parameter (S,) which of its values it is. chance: whether what as many groups at
    random would explain is taken off (Kelley's epsilon squared); of groups of one setting each nothing is left.
    """
    numbers = numbers - numbers.mean()

    def squares(groups: NDArray[np.integer]) -> float:
        groups = pd.factorize(groups)[0] if groups.max() > 2 * len(groups) else groups
        sums, counts = np.bincount(groups, numbers), np.bincount(groups)
        share, some = float((sums**2 / np.maximum(counts, 1)).sum() / (numbers**2).sum()), int((counts > 0).sum())
        if not chance:
            return share
        free = len(numbers) - some
        return max(0.0, share - (some - 1) * (1 - share) / free) if free > 0 else 0.0

    found = {name: squares(own) for name, own in levels.items()}
    pairs = {
        f"{a} x {b}": max(0.0, squares(levels[a] * (levels[b].max() + np.int64(1)) + levels[b]) - found[a] - found[b])
        for a, b in combinations(levels, 2)
    }
    return found | pairs
