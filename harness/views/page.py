"""Pages for a browser, each in one file: a template with its style, its script and its data inside."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

if TYPE_CHECKING:
    import pandas as pd

PAGES = Path(__file__).parent / "pages"


def render(page: str, **values: Any) -> str:
    """The template of this name, with PAGE.css and PAGE.js as `css` and `js`. Values are escaped."""
    environment = Environment(loader=FileSystemLoader(PAGES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    files = {kind: PAGES / f"{page}.{kind}" for kind in ("css", "js")}  # our own
    parts = {kind: Markup(file.read_text("utf-8")) for kind, file in files.items() if file.exists()}
    return environment.get_template(f"{page}.html").render(**parts, **values)


def to_html(recorded: pd.DataFrame) -> str:
    """The record of `harness.views.explain` as a page to step through, drawn from it alone."""
    text = json.dumps(packed(recorded), separators=(",", ":"), allow_nan=False)
    data = Markup(text.replace("<", "\\u003c"))  # nothing in it can end the element that it stands in
    return render("explain", data=data, name=recorded.attrs["name"], settings=recorded.attrs["settings"])


def packed(recorded: pd.DataFrame) -> dict[str, Any]:
    """The record in short: parts of one epoch, sample and phase. Rows of one shape share their names and formulas."""
    shapes: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {}
    parts = []
    changes = recorded[["epoch", "sample", "phase"]].astype({"sample": object}).fillna({"sample": 0})
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
