"""Still pictures of a sweep, one function for each kind; what is left open is picked from what varies."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from harness.errors import HarnessError
from harness.experiment import source
from harness.experiment.errors import either
from harness.store.expressions import has
from harness.views.files import MAKER, put
from harness.views.plots import bands, cells, importance, lines, maps, networks, paths
from harness.views.plots.asked import Asked
from harness.views.plots.gather import Parts
from harness.views.results import Results

FORMATS = ("png", "svg", "pdf")


class PictureKind(NamedTuple):
    """A kind of picture. of: computes what is drawn; draw: draws it. takes: what can be chosen, beside `where`."""

    of: Callable[[Asked], Any]
    draw: Callable[[Any], Figure]
    takes: tuple[str, ...]


KINDS = {
    "map": PictureKind(cells.map_of, maps.draw, ("x", "y", "color")),
    "curves": PictureKind(bands.curves_of, lines.curves, ()),
    "weights": PictureKind(paths.trends_of, networks.weights, ("x",)),
    "paths": PictureKind(paths.paths_of, networks.paths, ()),
    "spread": PictureKind(bands.spread_of, lines.spread, ("x", "color")),
    "share": PictureKind(bands.shares_of, lines.share, ("x", "color", "below")),
    "importance": PictureKind(importance.importance_of, importance.draw, ("color",)),
}


def plot(results: Results, kind: str | None = None, **choices: Any) -> Figure:
    """A picture of results. choices: x, y, color, where, below, as `harness.plot` has them. Raises `HarnessError`."""
    return _drawn(*_chosen(results, kind, **choices))


def write(folder: str | os.PathLike[str], save: str | None = None, kind: str | None = None, **choices: Any) -> str:
    """Draw and write a picture; return where. Raises `HarnessError`, and `FailedError` if it cannot be written.

    save: a file, whose suffix says the format; or a folder, this one if not given, for NAME-KIND.png.
    """
    target = Path(save or "")
    if not target.is_dir() and target.suffix.lower() not in {f".{name}" for name in FORMATS}:
        raise HarnessError(
            f"{save}: expected a folder, or a name that ends in {either([f'.{name}' for name in FORMATS])}"
        )
    results = Results(folder)
    kind, asked = _chosen(results, kind, **choices)
    chosen = not target.is_dir()
    if not chosen:
        target = target / f"{Path(os.path.abspath(results.folder)).name}-{kind}.png"
    image, form = io.BytesIO(), target.suffix[1:].lower()
    _drawn(kind, asked).savefig(image, format=form, metadata={"Software": MAKER} if form == "png" else None)
    put(target, image.getvalue(), chosen=chosen)
    return str(target)


def _chosen(
    results: Results, kind: str | None, where: Mapping[str, Any] | None = None, **choices: Any
) -> tuple[str, Asked]:
    held = {key: source.written(value) for key, value in (where or {}).items()}
    given = {name: value for name, value in choices.items() if value is not None}
    asked = Asked(results, where=held, **given)
    kind = kind or _usual(asked)
    if kind not in KINDS:
        raise HarnessError(f"{kind}: no such kind of picture; there are {either(KINDS)}")
    if unused := [name for name in given if name not in KINDS[kind].takes]:
        takes = either(KINDS[kind].takes) if KINDS[kind].takes else "nothing but where"
        raise HarnessError(f"{kind}: takes no {unused[0]}; it takes {takes}")
    if asked.color:
        _ = asked.colour  # raises before anything else is found wanting
    return kind, asked


def _drawn(kind: str, asked: Asked) -> Figure:
    return KINDS[kind].draw(KINDS[kind].of(asked))


def _usual(asked: Asked) -> str:
    """The kind that suits what was chosen and what varies."""
    if asked.below is not None:
        return "share"
    if asked.y or asked.color or len(asked.usual()) > 1:
        return "map"
    if not asked.x and asked.results.has_curves:
        return "curves"
    if not asked.free():
        return "weights"
    return (
        "spread"
        if any(len(part) for part in Parts(asked.results, ["loss_mean"], asked.where, has("loss_mean")))
        else "share"
    )
