"""The rows of a sweep that say most: the best, those on either side of divergence, the first to settle."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from harness.views.results import Results

BEST, FEW, FIRST = 5, 3, 8


@dataclass(frozen=True)
class Notable:
    """A few rows under a title that says what they are."""

    title: str
    rows: pd.DataFrame


@dataclass(frozen=True)
class _Choice:
    """The rows of these statuses that have least of a column, or most. epochs: only those of so many.

    paired: shown only if all such have rows.
    """

    title: str
    statuses: tuple[str, ...]
    column: str
    count: int = FEW
    most: bool = False
    epochs: int | None = None
    paired: bool = False

    def of(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Of equals the first."""
        there = frame[frame["status"].isin(self.statuses)]
        there = there if self.epochs is None else there[there["epochs"] == self.epochs]
        return (there.nlargest if self.most else there.nsmallest)(self.count, self.column)


def notable(results: Results) -> list[Notable]:
    """Those there are, and the first rows of the table."""
    choices = _choices(results)
    columns = ["config", *results.axes, "status", "loss_mean", "last_finite_loss", "settled_epoch", "diverged_epoch"]
    kept: list[pd.DataFrame] = []
    for part in results.parts(columns):  # the whole may not fit into memory
        new = [choice.of(part.sort_values("config")) for choice in choices]
        if kept:
            both = (pd.concat(pair).sort_values("config") for pair in zip(kept, new, strict=True))
            new = [choice.of(frame) for choice, frame in zip(choices, both, strict=True)]
        kept = new
    found = list(zip(choices, kept, strict=True))
    pair = all(len(rows) for choice, rows in found if choice.paired)
    there = [(choice.title, rows) for choice, rows in found if len(rows) and (pair or not choice.paired)]
    return [Notable(title, rows.dropna(axis=1, how="all")) for title, rows in there]


def _choices(results: Results) -> list[_Choice]:
    going = ("ran", "settled")
    choices = [_Choice("The least mean loss", going, "loss_mean", BEST)]
    edge = next((name for name in results.axes if name.startswith("learning_rate")), None)
    if edge:
        epochs = int(results.axes["epochs"].values[-1]) if "epochs" in results.axes else None
        words, after = edge.replace("_", " "), f" in {epochs:,} epochs" if epochs else ""
        choices.append(
            _Choice(f"The least {words} that diverges{after}", ("diverged",), edge, epochs=epochs, paired=True)
        )
        choices.append(
            _Choice(f"The greatest {words} that does not diverge{after}", going, edge, FEW, True, epochs, paired=True)
        )
    return [
        *choices,
        _Choice("The first to diverge", ("diverged",), "diverged_epoch"),
        _Choice("The first to settle", ("settled",), "settled_epoch"),
        _Choice("Still under way, with the greatest mean loss", ("ran",), "loss_mean", most=True),
        _Choice("The table's first rows", (*going, "diverged"), "config", FIRST),
    ]
