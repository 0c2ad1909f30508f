"""The record of `harness.views.explain` drawn: a page to step through, or a still."""

from __future__ import annotations

import io
import os
from base64 import b64encode
from html import escape
from itertools import pairwise
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import pandas as pd

from harness.errors import HarnessError
from harness.experiment.errors import either
from harness.views.explain.epochs import asked
from harness.views.explain.excerpt import Page
from harness.views.explain.names import BECOMES, RowKind, large, network_of
from harness.views.explain.record import Recording, record_of
from harness.views.explain.rows import SHAPE, UPDATED
from harness.views.files import put
from harness.views.pages import embedded, render

if TYPE_CHECKING:
    from harness.views.explain.configuration import Configuration

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
        write(self, os.fspath(path))

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


def write(recorded: pd.DataFrame, path: str, kind: str | None = None) -> None:
    """Write the record as a page (`html`) or as a still (`png`), if not told which as the name's suffix says.

    Raises `HarnessError` for another suffix, and `FailedError`.
    """
    kind = kind or PurePath(path).suffix.lower().removeprefix(".")
    if kind not in FORMATS:
        raise HarnessError(f"{path}: expected a name that ends in {either([f'.{name}' for name in FORMATS])}")
    if kind == "html":
        put(path, to_html(recorded).encode())
    else:
        from harness.views.explain.still import before_and_after

        picture = io.BytesIO()
        before_and_after(recorded).savefig(picture, format="png", dpi=144)
        put(path, picture.getvalue())


def to_html(recorded: pd.DataFrame) -> str:
    """The record as a page to step through, drawn from it alone."""
    about = {key: recorded.attrs[key] for key in ("name", "settings", "notes")}
    return render("explain", data=embedded(packed(recorded)), **about)


def packed(recorded: pd.DataFrame) -> dict[str, Any]:
    """The record in short: parts of one epoch, sample and phase, whose numbers are the bytes of float64, in Base64.

    Rows of one shape share their kinds, names and formulas; an update's formula stands without the name that it begins
    with. about: the head, the units with the names of their numbers, and whether they are drawn as maps.
    """
    network, kinds = network_of(recorded.attrs), list(RowKind)
    shapes: dict[tuple[tuple[Any, ...], ...], int] = {}
    parts = []
    texts = {name: recorded[name].fillna("").tolist() for name in ("phase", *SHAPE)}
    texts["kind"] = [kinds.index(kind) for kind in texts["kind"]]
    pairs = zip(texts["name"], texts["formula"], strict=True)
    texts["formula"] = [formula.removeprefix(f"{name}{BECOMES}") for name, formula in pairs]
    numbers = {name: recorded[name].to_numpy("<f8") for name in (*UPDATED, "value")}
    epochs, samples = (recorded[name].fillna(0).astype(int).tolist() for name in ("epoch", "sample"))
    where = list(zip(epochs, samples, texts["phase"], strict=True))
    starts = [at for at, here in enumerate(where) if at == 0 or here != where[at - 1]]
    for start, stop in pairwise([*starts, len(where)]):
        epoch, sample, phase = where[start]
        shape = tuple(tuple(texts[name][start:stop]) for name in SHAPE)
        columns = UPDATED if phase == "update" else ("value",)
        found = {name: b64encode(numbers[name][start:stop].tobytes()).decode() for name in columns}
        about = {"epoch": epoch, "sample": sample, "phase": phase}
        parts.append(about | {"shape": shapes.setdefault(shape, len(shapes))} | found)
    return {
        "about": recorded.attrs | {"network": network, "large": large(network), "kinds": kinds},
        "shapes": [
            {name: values for name, values in zip(SHAPE, shape, strict=True) if any(values)} for shape in shapes
        ],
        "parts": parts,
    }
