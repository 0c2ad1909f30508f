"""The record of `harness.views.explain` drawn: a page to step through, or a still."""

from __future__ import annotations

import io
import json
import math
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from harness.errors import HarnessError
from harness.experiment.errors import either
from harness.views.files import put
from harness.views.page import render

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("html", "png")


def draw(recorded: pd.DataFrame, path: str, kind: str | None = None) -> None:
    """Write the record as a page (`html`) or as a still (`png`), if not told which as the name's suffix says.

    Raises `HarnessError` for another suffix, and `FailedError`.
    """
    kind = kind or PurePath(path).suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise HarnessError(f"{path}: expected a name that ends in {either([f'.{name}' for name in FORMATS])}")
    if kind == "html":
        put(path, to_html(recorded).encode())
    else:
        from harness.views.diagram import before_and_after

        picture = io.BytesIO()
        before_and_after(recorded).savefig(picture, format="png", dpi=144)
        put(path, picture.getvalue())


def to_html(recorded: pd.DataFrame) -> str:
    """The record as a page to step through, drawn from it alone."""
    text = json.dumps(packed(recorded), separators=(",", ":"), allow_nan=False)
    data = Markup(text.replace("<", "\\u003c"))  # nothing in it can end the element that it stands in
    return render("explain", data=data, name=recorded.attrs["name"], settings=recorded.attrs["settings"])


def packed(recorded: pd.DataFrame) -> dict[str, Any]:
    """The record in short: parts of one epoch, sample and phase. Rows of one shape share their names and formulas."""
    shapes: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {}
    parts = []
    samples = recorded["sample"].astype(object).where(recorded["sample"].notna(), 0)
    changes = recorded[["epoch", "sample", "phase"]].assign(sample=samples)
    for _, rows in recorded.groupby((changes != changes.shift()).any(axis=1).cumsum(), sort=False):
        epoch, sample, phase = changes.loc[rows.index[0]]
        shape = tuple(rows["name"]), tuple(rows["formula"])
        columns = ("before", "gradient", "change", "after") if phase == "update" else ("value",)
        numbers = {name: [_number(value) for value in rows[name].tolist()] for name in columns}
        about = {"epoch": int(epoch), "sample": int(sample), "phase": phase}
        parts.append(about | {"shape": shapes.setdefault(shape, len(shapes))} | numbers)
    return {
        "settings": recorded.attrs["settings"],
        "shapes": [{"name": names, "formula": texts} for names, texts in shapes],
        "parts": parts,
    }


def _number(value: float) -> float | str:
    """A number for JSON, which has no infinity."""
    if math.isfinite(value):
        return int(value) if value.is_integer() and 0 < abs(value) < 2**53 else value
    return str(value)
