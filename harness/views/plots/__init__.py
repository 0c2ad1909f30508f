"""Still pictures of a sweep, one function for each kind; what is left open is picked from what varies."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from harness.errors import HarnessError
from harness.experiment import source
from harness.experiment.errors import either
from harness.store.expressions import has
from harness.views.files import MAKER, put
from harness.views.plots import (
    animation,
    bands,
    boundary,
    calibration,
    cells,
    confusion,
    fit,
    importance,
    learning,
    lines,
    maps,
    networks,
    paths,
)
from harness.views.plots.asked import Asked
from harness.views.plots.gather import Parts
from harness.views.results import Results

FORMATS, MOVING = ("png", "svg", "pdf"), ("gif",)


class PictureKind(NamedTuple):
    """A kind of picture. of: computes what is drawn; draw: draws it. takes: what can be chosen, beside `where`.

    moving: whether what is drawn has `moments`, of which each can be a frame.
    """

    of: Callable[[Asked], Any]
    draw: Callable[[Any], Figure]
    takes: tuple[str, ...]
    moving: bool = False


KINDS = {
    "map": PictureKind(cells.map_of, maps.draw, ("x", "y", "color")),
    "curves": PictureKind(learning.curves_of, learning.draw, ("config",)),
    "weights": PictureKind(paths.trends_of, networks.weights, ("x",)),
    "paths": PictureKind(paths.paths_of, networks.paths, ()),
    "spread": PictureKind(bands.spread_of, lines.spread, ("x", "color")),
    "share": PictureKind(bands.shares_of, lines.share, ("x", "color", "below")),
    "importance": PictureKind(importance.importance_of, importance.draw, ("color",)),
    "boundary": PictureKind(boundary.boundary_of, boundary.draw, ("config",), moving=True),
    "fit": PictureKind(fit.fit_of, fit.draw, ("config",), moving=True),
    "confusion": PictureKind(confusion.confusion_of, confusion.draw, ("config",)),
    "calibration": PictureKind(calibration.calibration_of, calibration.draw, ("config",)),
}


def plot(results: Results, kind: str | None = None, **choices: Any) -> Figure:
    """A picture of results. choices: x, y, color, where, below, config as in `harness.plot`. Raises `HarnessError`."""
    return _drawn(*_chosen(results, kind, **choices))


def write(
    folder: str | os.PathLike[str],
    save: str | None = None,
    kind: str | None = None,
    *,
    animate: bool = False,
    **choices: Any,
) -> str:
    """Draw and write a picture; return where. Raises `HarnessError`, and `FailedError` if it cannot be written.

    save: a file, whose suffix says the format; or a folder, this one if not given, for NAME-KIND.png. animate: as a
    GIF, a frame for each number of epochs.
    """
    target, formats = Path(save or ""), MOVING if animate else FORMATS
    if not target.is_dir() and target.suffix.lower() not in {f".{name}" for name in formats}:
        raise HarnessError(
            f"{save}: expected a folder, or a name that ends in {either([f'.{name}' for name in formats])}"
        )
    results = Results(folder)
    kind, asked = _chosen(results, kind, **choices)
    if animate and not KINDS[kind].moving:
        moving = either(name for name, one in KINDS.items() if one.moving)
        raise HarnessError(f"{kind}: shows no network epoch by epoch, as what --animate draws does: {moving}")
    chosen = not target.is_dir()
    if not chosen:
        target = target / f"{Path(os.path.abspath(results.folder)).name}-{kind}.{formats[0]}"
    put(target, _image(kind, replace(asked, animate=animate), target.suffix[1:].lower()), chosen=chosen)
    return str(target)


def _image(kind: str, asked: Asked, form: str) -> bytes:
    """A picture as a file of this format."""
    if asked.animate:
        found = KINDS[kind].of(asked)
        return animation.gif(KINDS[kind].draw(replace(found, moments=[one])) for one in found.moments)
    image = io.BytesIO()
    _drawn(kind, asked).savefig(image, format=form, metadata={"Software": MAKER} if form == "png" else None)
    return image.getvalue()


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
