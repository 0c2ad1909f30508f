"""The record of `explain` as text: tables for a terminal, JSON and CSV for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pandas as pd

from harness.errors import printable
from harness.views.explain.names import CALLED, RowKind
from harness.views.numbers import DIGITS, printed

if TYPE_CHECKING:
    from rich.console import RenderableType

LEAST_FORMULA = 12
"""Columns of a terminal that a formula has before the gaps between the columns become narrower."""
TITLES = {
    "forward": "Forward",
    "backward": "Backward: every derivative of the cost",
    "optimizer": "What the optimizer keeps of each weight, g its gradient",
    "update": "Every weight: before, its gradient, the change, and after",
    "weights": "Every weight",
}


def csv_of(pieces: Iterable[pd.DataFrame]) -> Iterator[str]:
    """CSV, a header first."""
    for at, piece in enumerate(pieces):
        yield piece.to_csv(index=False, header=at == 0)


def json_of(pieces: Iterable[pd.DataFrame]) -> Iterator[str]:
    """A JSON array with an object for each row; what a row does not have, or is not finite, is left out."""
    start = "[\n"
    for piece in pieces:
        for row in piece.astype({"sample": object}).to_dict("records"):
            kept = {
                key: value
                for key, value in row.items()
                if isinstance(value, str) or (value is not None and math.isfinite(value))
            }
            yield start + json.dumps(kept)
            start = ",\n"
    yield "\n]\n"


def tables(recorded: pd.DataFrame, width: int = 80) -> Iterator[RenderableType]:
    """The record for a terminal of this width: each sample forward and backward, each update, each epoch's losses."""
    from rich.text import Text

    about = recorded.attrs
    settings = ", ".join(f"{key} {value}" for key, value in about["settings"].items())
    yield Text(printable(f"{about['name']}: {settings}"))
    if about["columns"]:
        yield Text(printable(", ".join(f"{ours} = {theirs}" for ours, theirs in about["columns"].items())))
    yield Text(f"Numbers to {DIGITS} digits; --csv and --json give all of them.", style="dim")
    for _, part in recorded.groupby(["epoch", "sample", "phase"], sort=False, dropna=False):
        epoch, sample, phase = part[["epoch", "sample", "phase"]].iloc[0]
        if phase == "forward":
            yield Text(f"\nEpoch {epoch}, sample {sample}", style="bold")
        if phase == "optimizer":
            kept = part["kind"] == RowKind.SLOT
            takes = ", ".join(f"{row['name']} {printed(row['value'])}" for _, row in part[~kept].iterrows())
            if kept.any():
                yield Text(f"\n{TITLES[phase]}")
                yield _table(part[kept], ["value"], width)
        elif phase == "epoch":
            losses = ", ".join(f"{row['name']} {printed(row['value'])}" for _, row in part.iterrows())
            yield Text(f"Epoch {epoch} as a whole: {losses}")
        else:
            yield Text(f"\n{TITLES[phase]}" + (f"; {takes}" if phase == "update" else ""))
            yield _table(part, ["before", "gradient", "change", "after"] if phase == "update" else ["value"], width)


def _table(part: pd.DataFrame, numbers: list[str], width: int) -> RenderableType:
    """A table whose numbers stand whole: the formulas fold into the rest of the width."""
    from rich import box
    from rich.table import Table

    updates = "after" in numbers
    leading = {} if updates else {"name": [*part["name"]]}  # an update's formula begins with the name
    columns = {number: [printed(value) for value in part[number]] for number in numbers}
    taken = [max(map(len, [head, *cells])) for head, cells in {**leading, **columns}.items()]
    left = width - sum(taken)
    gap = next((gap for gap in (3, 2) if left - gap * len(taken) >= LEAST_FORMULA), 1)
    left -= gap * len(taken)
    whole = left > 0  # else the numbers fold too, and are still not cut

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, gap - 1, 0, 0), show_edge=False)
    for head in leading:
        table.add_column(head, no_wrap=whole, overflow="fold")
    table.add_column("formula", overflow="fold", min_width=max(1, min(24, left)))
    for number in numbers:
        table.add_column(number, justify="right", no_wrap=whole, overflow="fold")
    pairs = zip(part["formula"], part["gradient_formula"], strict=True)
    formulas = [CALLED.join(text for text in pair if isinstance(text, str)) for pair in pairs]
    for cells in zip(*leading.values(), formulas, *columns.values(), strict=True):
        table.add_row(*cells)
    return table
