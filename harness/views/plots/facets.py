"""Unlike settings get a picture each, side by side: which ones there are, and which are drawn if there are too many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from harness.store.expressions import has
from harness.views.losses import unlike
from harness.views.plots.asked import Asked
from harness.views.plots.gather import Parts

MOST = 6
"""Pictures beside one another."""


@dataclass(frozen=True)
class Facet:
    """One setting of the axes that are neither drawn nor held.

    setting: axis -> value, None where its rows have none, as networks without a hidden layer have no activation; empty
    if there is only one.
    """

    asked: Asked
    setting: Mapping[str, Any]

    @property
    def label(self) -> str:
        """The setting in words, with the names of its axes: `init ones, layers [2, 2, 1]`."""
        return ", ".join(f"{name} {value}" for name, value in self.setting.items() if value is not None)

    @property
    def value(self) -> str:
        """The values of the setting alone, `ones, [2, 2, 1]`, for a legend whose title names the axes."""
        return ", ".join(str(value) for value in self.setting.values() if value is not None)

    @property
    def like(self) -> dict[str, Any]:
        """The part of the setting that decides how losses are measured."""
        return {name: self.setting[name] for name in unlike(self.setting)}

    @property
    def kind(self) -> tuple[Any, ...]:
        """The values of the settings that decide how losses are measured: facets can be compared if these are equal."""
        return tuple(self.like.values())


@dataclass(frozen=True)
class Facets:
    """The settings that are drawn, in the order of the grid. names: of their axes. found: how many there are."""

    drawn: list[Facet]
    names: list[str]
    found: int

    @property
    def told(self) -> list[str]:
        """What the title says if settings are left out: how many are shown, of how many, and which; else nothing."""
        if self.found == len(self.drawn):
            return []
        each = " for each loss" if unlike(self.names) else ""
        return [
            f"the {len(self.drawn)} of {self.found:,} settings of {', '.join(self.names)} with the least loss{each}"
        ]

    @property
    def labels(self) -> list[str]:
        """The settings that are drawn, in words."""
        return [facet.label for facet in self.drawn]

    @property
    def kinds(self) -> list[list[Facet]]:
        """The facets in groups, each of facets whose losses can be compared with one another."""
        together: dict[tuple[Any, ...], list[Facet]] = {}
        for facet in self.drawn:
            together.setdefault(facet.kind, []).append(facet)
        return list(together.values())


def facets_of(asked: Asked, *drawn: str) -> Facets:
    """Every setting of the labelled axes that are neither drawn nor held; of more than `MOST`, those of least loss.

    Settings without rows that have what is drawn are left out: plain descent has no momentum.
    """
    axes = asked.results.axes
    names = [name for name in axes if name in asked.free(*drawn) and not axes[name].numeric]
    if not names:
        return Facets([Facet(asked, {})], [], 1)
    least = _least(asked, names, has(*drawn) if drawn else None)
    order = [least[name].map({value: at for at, value in enumerate(axes[name].values)}) for name in names]
    least = least.iloc[np.lexsort([column.to_numpy() for column in reversed(order)])].reset_index(drop=True)
    kept = least
    if len(least) > MOST:
        alike = list(unlike(names))
        groups = least.groupby(alike)["loss_mean"] if alike else least["loss_mean"]
        kept = least.loc[groups.rank(method="first", na_option="bottom").sort_values(kind="stable").index[:MOST]]
    settings = [dict(zip(names, row, strict=True)) for row in kept.sort_index()[names].itertuples(index=False)]
    shown = [Facet(asked.holding(setting), setting) for setting in settings]
    return Facets(shown, names, len(least))


def _least(asked: Asked, names: list[str], only: Any) -> pd.DataFrame:
    """A row for each setting that is there: its values and the least loss that a row of it has."""

    def least(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.groupby(names, sort=False, dropna=False)["loss_mean"].min().reset_index()

    found = Parts(asked.results, [*names, "loss_mean"], asked.where, only)
    every = least(pd.concat([least(part.astype(dict.fromkeys(names, object))) for part in found]))
    return every.assign(**{name: every[name].astype(object).where(every[name].notna(), None) for name in names})
