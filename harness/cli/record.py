"""The record of `explain` on a terminal, as tables that fit it, or as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from harness.cli import output
from harness.cli.output import say
from harness.errors import printable
from harness.views.explain import record as view
from harness.views.explain.configuration import Configuration
from harness.views.explain.excerpt import Lines
from harness.views.explain.names import CALLED, RowKind
from harness.views.explain.text import csv_of, json_of
from harness.views.numbers import DIGITS, printed

if TYPE_CHECKING:
    import pandas as pd

MOST_LINES = 195
"""The most lines that `explain` prints to a terminal."""
LEAST_FORMULA = 12
"""Columns of a terminal that a formula has before the gaps between the columns become narrower."""
TITLES = {
    "forward": "Forward",
    "backward": "Backward: every derivative of the cost",
    "optimizer": "What the optimizer keeps of each weight, g its gradient",
    "update": "Every weight: before, its gradient, the change, and after",
    "weights": "Every weight",
}


def show(configuration: Configuration, epochs: Sequence[int], form: str | None) -> None:
    """What happens in these epochs: all of it as `json` or `csv`, each step as it is made, or what fits as tables."""
    if form:
        recording = announced(view.Recording(configuration, epochs))
        for piece in {"json": json_of, "csv": csv_of}[form](view.streamed(recording)):
            output.data(piece)
        say(*recording.notes(), err=True)
    else:
        console = output.console()
        recorded = view.record_of(announced(view.Recording(configuration, epochs, Lines(console.width))))
        notes = list(recorded.attrs["notes"])
        left = MOST_LINES - sum(len(note) // console.width + 2 for note in notes)
        for table in tables(recorded, console.width):
            lines = output.rendered(table, console)
            output.styled(*lines[:left])
            left -= len(lines)
            if left < 0:
                notes.append("Left out: all that comes after this; --csv and --json give all of it.")
                break
        for note in notes:
            output.styled("", *output.rendered(Text(printable(note)), console))


def announced(recording: view.Recording) -> view.Recording:
    """A recording, after a line on standard error if it takes long."""
    if said := recording.announced():
        say(said, err=True)
    return recording


def tables(recorded: pd.DataFrame, width: int = 80) -> Iterator[RenderableType]:
    """The record for a terminal of this width: each sample forward and backward, each update, each epoch's losses."""
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
