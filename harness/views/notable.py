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


def notable(results: Results) -> list[Notable]:
    """Those there are, and the first rows of the table."""
    losses = ["loss_mean", "last_finite_loss"]
    frame = results.frame(["config", *results.axes, "status", *losses, "settled_epoch", "diverged_epoch"])
    frame = frame.sort_values("config")
    going, settled, diverged = (frame[frame["status"] == status] for status in ("ran", "settled", "diverged"))
    whole = frame[frame["status"] != "diverged"]
    found = [Notable("The least mean loss", whole.nsmallest(BEST, "loss_mean"))]
    edge = next((name for name in results.axes if name.startswith("learning_rate")), None)
    if edge and len(diverged) and len(whole):
        found.append(Notable(f"The least {_words(edge)} that diverges", diverged.nsmallest(FEW, edge)))
        found.append(Notable(f"The greatest {_words(edge)} that does not", whole.nlargest(FEW, edge)))
    if len(diverged):
        found.append(Notable("The first to diverge", diverged.nsmallest(FEW, "diverged_epoch")))
    if len(settled):
        found.append(Notable("The first to settle", settled.nsmallest(FEW, "settled_epoch")))
    if len(going):
        found.append(Notable("Still under way, with the greatest mean loss", going.nlargest(FEW, "loss_mean")))
    found.append(Notable("The table's first rows", frame.head(FIRST)))
    return [Notable(table.title, table.rows.dropna(axis=1, how="all")) for table in found if len(table.rows)]


def _words(name: str) -> str:
    return name.replace("_", " ")
