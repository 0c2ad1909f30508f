"""The rows of a sweep that say most, and why: the best, those on either side of divergence, the first to settle."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from harness.views.choosing.best import validated
from harness.views.losses import kinds
from harness.views.results import Results

BEST = 3
GOING = ("ran", "settled")
COLUMNS = ("status", "loss_mean", "first_loss", "settled_epoch", "diverged_epoch")


@dataclass(frozen=True)
class _Choice:
    """Why a row is shown, and which: that of these statuses which has least of a column, or most.

    held: column -> the value that the row has. grown: whether its loss is above that of its run's first epoch; None for
    any row. paired: shown only if all such choices find a row.
    """

    why: str
    statuses: tuple[str, ...]
    column: str
    count: int = 1
    most: bool = False
    held: dict[str, Any] = field(default_factory=dict)
    grown: bool | None = None
    paired: bool = False

    def of(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The first `count` rows of a frame in the order of the grid; of equal ones those that stand first."""
        there = frame[frame["status"].isin(self.statuses) & frame[self.column].notna()]
        for name, value in self.held.items():
            there = there[(there[name] if isinstance(value, int) else there[name].astype(str)) == value]
        if self.grown is not None and "first_loss" in frame:
            there = there[(there["loss_mean"] > there["first_loss"]) == self.grown]
        return (there.nlargest if self.most else there.nsmallest)(self.count, self.column)


def notable(results: Results) -> pd.DataFrame:
    """A few rows, the best first. Columns: `why` it is shown, config, the axes, the status and the losses.

    Where validation decides, only one row of least training loss is shown, for comparison. Losses of different kinds
    are never compared, and a row whose loss is above that of its run's first epoch is never
    the best. One piece of the table is in memory at a time.
    """
    choices = _choices(results)
    columns = ["config", *results.axes, *(name for name in COLUMNS if name in results.runs.schema.names)]
    kept: list[pd.DataFrame] = []
    for part in results.parts(columns):  # the whole may not fit into memory
        ordered = part.sort_values("config")
        new = [choice.of(ordered) for choice in choices]
        if kept:
            both = (pd.concat(pair).sort_values("config") for pair in zip(kept, new, strict=True))
            new = [choice.of(frame) for choice, frame in zip(choices, both, strict=True)]
        kept = new
    pair = all(len(rows) for choice, rows in zip(choices, kept, strict=True) if choice.paired)
    told: dict[int, list[str]] = {}
    for choice, rows in zip(choices, kept, strict=True):
        if pair or not choice.paired:
            for place, config in enumerate(rows["config"]):
                told.setdefault(config, []).append(_why(choice, place))
    every = pd.concat(kept).drop_duplicates("config").set_index("config", drop=False).loc[list(told)]
    every.insert(0, "why", ["; ".join(whys) for whys in told.values()])
    return every.reset_index(drop=True).dropna(axis=1, how="all")


def _why(choice: _Choice, place: int) -> str:
    return choice.why if place == 0 else f"{('second', 'third')[place - 1]} {choice.why}"


def _choices(results: Results) -> list[_Choice]:
    known = "first_loss" in results.runs.schema.names
    decides = not validated(results)
    why = "least training loss" if decides else "least training loss, by which nothing is chosen"
    best = _Choice(why, GOING, "loss_mean", BEST if decides else 1, grown=False if known else None)
    slow = _Choice("not finished, with the greatest training loss", ("ran",), "loss_mean", most=True)
    grown = _Choice("furthest above the loss of its first epoch", GOING, "loss_mean", most=True, grown=True)
    alike = kinds(results)
    best = best if len(alike) == 1 else replace(best, count=1)
    return [
        *(_among(best, kind) for kind in alike),
        *_edges(results),
        _Choice("first to settle: its weights no longer change", ("settled",), "settled_epoch"),
        _Choice("first to diverge", ("diverged",), "diverged_epoch"),
        *(_among(choice, kind) for choice in ([slow, grown] if known else [slow]) for kind in alike),
    ]


def _among(choice: _Choice, kind: dict[str, Any]) -> _Choice:
    """The choice among rows of one kind of loss, which it then names: `least training loss (mse)`."""
    words = ", ".join(map(str, kind.values()))
    return replace(choice, why=f"{choice.why} ({words})" if words else choice.why, held=kind)


def _edges(results: Results) -> list[_Choice]:
    """The rows on either side of the boundary of divergence, among those of the most epochs."""
    edge = next((name for name in results.axes if name.startswith("learning_rate")), None)
    if edge is None:
        return []
    held = {"epochs": int(results.axes["epochs"].values[-1])} if "epochs" in results.axes else {}
    words, after = edge.replace("_", " "), f" in {held['epochs']:,} epochs" if held else ""
    diverging = _Choice(f"least {words} that diverges{after}", ("diverged",), edge, held=held, paired=True)
    going = _Choice(f"greatest {words} that does not diverge{after}", GOING, edge, 1, True, held, paired=True)
    return [diverging, going]
