"""The record of `explain` as text: tables for a terminal, JSON and CSV for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from rich.console import RenderableType

DIGITS = 6
NAMED = {"x": "inputs", "t": "targets"}
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


def tables(recorded: pd.DataFrame) -> Iterator[RenderableType]:
    """The record for a terminal: each sample forward and backward, each update, each epoch's losses."""
    from rich.text import Text

    about = recorded.attrs
    settings = ", ".join(f"{key} {value}" for key, value in about["settings"].items())
    yield Text(f"{about['name']}: {settings}")
    named = [f"{mark}{at} = {name}" for mark, key in NAMED.items() for at, name in enumerate(about[key], 1)]
    if named:
        yield Text(", ".join(named))
    yield Text(f"Numbers to {DIGITS} digits; --csv and --json give all of them.", style="dim")
    for _, part in recorded.groupby(["epoch", "sample", "phase"], sort=False, dropna=False):
        epoch, sample, phase = part[["epoch", "sample", "phase"]].iloc[0]
        if phase == "forward":
            yield Text(f"\nEpoch {epoch}, sample {sample}", style="bold")
        if phase == "optimizer":
            kept = part["name"].str.contains(" of ")
            takes = ", ".join(f"{row['name']} {shown(row['value'])}" for _, row in part[~kept].iterrows())
            if kept.any():
                yield Text(f"\n{TITLES[phase]}")
                yield _table(part[kept], ["value"])
        elif phase == "epoch":
            losses = ", ".join(f"{row['name']} {shown(row['value'])}" for _, row in part.iterrows())
            yield Text(f"Epoch {epoch} as a whole: {losses}")
        else:
            yield Text(f"\n{TITLES[phase]}" + (f"; {takes}" if phase == "update" else ""))
            yield _table(part, ["before", "gradient", "change", "after"] if phase == "update" else ["value"])


def _table(part: pd.DataFrame, numbers: list[str]) -> RenderableType:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    updates = "after" in numbers
    if not updates:  # an update's formula begins with the name
        table.add_column("name", no_wrap=True)
    table.add_column("formula", overflow="fold", min_width=24)
    for number in numbers:
        table.add_column(number, justify="right", no_wrap=True)
    for _, row in part.iterrows():
        name = [] if updates else [row["name"]]
        table.add_row(*name, row["formula"], *(shown(row[number]) for number in numbers))
    return table


def shown(number: float) -> str:
    """A number to `DIGITS` digits."""
    return f"{float(number) + 0.0:.{DIGITS}g}"  # + 0.0: no minus sign before a zero
