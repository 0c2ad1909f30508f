"""Settings from the best on, by the median over their repeats and folds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from harness.errors import HarnessError
from harness.experiment.measured import Part
from harness.formulas.metrics import LOSS
from harness.views.choosing.settings import Settings, aim, costs, rising, score_of, tests_of
from harness.views.losses import kinds
from harness.views.numbers import printed
from harness.views.results import Results


def best(
    results: Results, by: str | None = None, top: int = 10, where: Mapping[str, Any] | None = None
) -> pd.DataFrame:
    """The settings with the best medians of a score, as `Results.best` has it. Raises `HarnessError`."""
    settings = Settings(results, score := score_of(results, by), where)
    chosen = _first(settings, _tied(results, settings), top)
    if not len(chosen):
        raise HarnessError(f"{results.folder}: no row has {score}")
    rows = _rows(settings, chosen, tests := tests_of(results))
    rows["cost"] = costs(rows, score)
    rows = rows.dropna(subset="cost")
    groups = rows.groupby("place")["cost"]
    low, middle, high = groups.quantile(np.array([0.25, 0.5, 0.75])).unstack().to_numpy().T
    distance = (rows["cost"] - middle[rows["place"]]).abs().to_numpy()
    nearest = rows.iloc[np.lexsort((rows["config"], distance))].groupby("place")["config"].first()
    with np.errstate(invalid="ignore"):  # where both ends are of rows that diverged
        spread = _finite(high - low)
    first = rows[rows["place"] == 0]
    found = pd.DataFrame(
        {
            "rank": np.arange(1, len(chosen) + 1),
            **settings.values(chosen),
            "median": _finite(-middle if rising(score) else middle),
            "spread": spread,
            "n": groups.size(),
            "diverged": np.isinf(rows["cost"]).groupby(rows["place"]).sum(),
            "config": nearest,
        }
    ).rename_axis(None)
    test = {name: float(np.median(costs(first, name))) * (-1 if rising(name) else 1) for name in tests}
    tested = {name: number for name, number in test.items() if np.isfinite(number)}
    found.attrs = {"by": score, "where": dict(where or {}), "test": tested}
    return found


def of_each_kind(results: Results, top: int) -> list[pd.DataFrame]:
    """The best by the usual score; where that is a loss that is measured in several ways, the best of each."""
    alike = kinds(results) if results.column(score_of(results, None)).unit == LOSS else [{}]
    return [best(results, top=top, where=kind) for kind in alike]


def validated(results: Results) -> bool:
    """Whether there are samples to choose by, beside those that are learnt from."""
    return score_of(results, None).startswith(Part.VALIDATION.label)


def told(found: pd.DataFrame) -> str:
    """The first setting in words: `validation_loss 0.3 (median of 9) at config 2: epochs 8; test_loss 0.4`."""
    row = found.to_dict("records")[0]
    settings = [name for name in found.columns[1 : list(found.columns).index("median")] if not pd.isna(row[name])]
    number = "diverged" if pd.isna(row["median"]) else printed(row["median"])
    spread = "" if pd.isna(row["spread"]) or row["n"] == 1 else f", spread {printed(row['spread'])}"
    values = ", ".join(f"{name} {printed(row[name])}" for name in settings)
    held = "".join(f"{name} {value}: " for name, value in found.attrs["where"].items())
    at = f"{held}{found.attrs['by']} {number} (median of {row['n']}{spread}) at config {row['config']}"
    return "; ".join(filter(None, [f"{at}: {values}" if values else at, on_test(found)]))


def on_test(found: pd.DataFrame) -> str:
    """The scores of the first setting on the test part, in words; nothing if there is none."""
    return ", ".join(f"{name} {printed(number)}" for name, number in found.attrs["test"].items())


def heading(found: pd.DataFrame) -> str:
    """What the first setting has: `greatest validation accuracy`."""
    return aim(found.attrs["by"])


def _tied(results: Results, settings: Settings) -> str:
    """The score that decides between equal ones: the loss of the same part, if losses can be compared."""
    loss = f"{settings.score.partition('_')[0]}_loss"
    return loss if loss in results.metrics and "loss" not in settings.names else settings.score


def _first(settings: Settings, tied: str, top: int) -> NDArray[np.intp]:
    """The places of the best settings, of all that have a number."""
    middle, second = settings.medians(settings.score, tied)
    return np.lexsort((second, middle))[: min(top, int((~np.isnan(middle)).sum()))]


def _rows(settings: Settings, chosen: NDArray[np.intp], columns: list[str]) -> pd.DataFrame:
    """The rows of these settings. `place`: which of them."""
    place = np.full(len(settings.keys), -1)
    place[chosen] = np.arange(len(chosen))
    found = []
    for part in range(settings.parts):
        at, frame = settings.read(part, *columns)
        found.append(frame.assign(place=place[at])[place[at] >= 0])
    there = [frame for frame in found if len(frame)] or found[:1]  # pandas before 3 warns of frames without rows
    return pd.concat(there, ignore_index=True)


def _finite(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.isfinite(numbers), numbers + 0.0, np.nan)
