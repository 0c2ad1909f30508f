"""The record of `harness.views.explain` drawn: a page to step through, or a still."""

from __future__ import annotations

import io
import json
import os
from base64 import b64encode
from html import escape
from itertools import pairwise
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from markupsafe import Markup

from harness.errors import HarnessError
from harness.experiment.errors import either
from harness.views.explain.epochs import asked
from harness.views.explain.plan import Page
from harness.views.explain.record import Recording, record_of
from harness.views.files import put
from harness.views.page import render

if TYPE_CHECKING:
    from harness.views.configuration import Configuration

FORMATS = ("html", "png")
FRAME = '<iframe title="{title}" srcdoc="{page}" style="width: 100%; height: 820px; border: 0"></iframe>'


class Explained(pd.DataFrame):
    """The record of a run as a table, which a notebook shows as the page to step through.

    Columns: see `harness.views.explain.record.record_of`. What is made of it (rows, columns, groups) are plain tables.
    `attrs["notes"]` says what is not in it.
    """

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page (.html), or a picture of the network before and after (.png).

        Raises `HarnessError` for a name that ends otherwise, and `FailedError` if it cannot be written.
        """
        draw(self, os.fspath(path))

    def _repr_html_(self) -> str:
        title = f"{self.attrs['name']}, step by step"
        return FRAME.format(title=escape(title), page=escape(to_html(self)))


def explained(configuration: Configuration, epochs: Any = None) -> Explained:
    """The record of the epochs that are asked for, as much as fits on a page. Raises `HarnessError`.

    epochs: a number for so many, a list for these; if None the first one, and of a row its first and its last ones.
    """
    wanted = asked(epochs)
    shown = configuration.shown_epochs(wanted, drawn=configuration.number is not None)
    recorded = record_of(Recording(configuration, shown, Page()))
    made = Explained(recorded)
    made.attrs = recorded.attrs
    return made


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
    about = {key: recorded.attrs[key] for key in ("name", "settings", "notes")}
    return render("explain", data=data, **about)


def packed(recorded: pd.DataFrame) -> dict[str, Any]:
    """The record in short: parts of one epoch, sample and phase, whose numbers are the bytes of float64, in Base64.

    Rows of one shape share their names and formulas.
    """
    shapes: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = {}
    parts = []
    samples = recorded["sample"].fillna(0).to_numpy(np.int64)
    keys = list(zip(recorded["epoch"], samples, recorded["phase"], strict=True))
    starts = [at for at in range(len(keys)) if not at or keys[at] != keys[at - 1]]
    for start, stop in pairwise([*starts, len(keys)]):
        (epoch, sample, phase), rows = keys[start], recorded.iloc[start:stop]
        shape = tuple(rows["name"]), tuple(rows["formula"])
        columns = ("before", "gradient", "change", "after") if phase == "update" else ("value",)
        numbers = {name: b64encode(rows[name].to_numpy("<f8").tobytes()).decode() for name in columns}
        about = {"epoch": int(epoch), "sample": int(sample), "phase": phase}
        parts.append(about | {"shape": shapes.setdefault(shape, len(shapes))} | numbers)
    return {
        "about": recorded.attrs,
        "shapes": [{"name": names, "formula": texts} for names, texts in shapes],
        "parts": parts,
    }
