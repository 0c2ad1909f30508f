"""How the samples of a picture look: a mark for each part of the data, a colour for each class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import ArrayLike, NDArray

from harness.experiment.errors import shorten
from harness.experiment.measured import Part
from harness.views.palette import CLASSES
from harness.views.plots.moments import PartSamples

LOOKS = {Part.TRAIN: ("training", "o"), Part.VALIDATION: ("validation", "s"), Part.TEST: ("test", "^")}
"""What each part is called, and its mark."""
MOST = 1000
"""The most samples of a part that are drawn; of more, some at equal distances."""
FEW = 200
"""Up to so many samples have large marks."""
LONGEST = 24
"""Characters of the name of a class."""


def some(points: PartSamples) -> NDArray[np.intp]:
    """The numbers of the samples that are drawn."""
    count = len(points.inputs)
    return np.unique(np.linspace(0, count - 1, min(MOST, count)).round().astype(np.intp))


def thinned(points: Mapping[Part, PartSamples]) -> list[str]:
    """What the caption says of samples that are not drawn."""
    counts = {LOOKS[part][0]: len(own.inputs) for part, own in points.items()}
    return [f"{MOST:,} of {count:,} {name} samples" for name, count in counts.items() if count > MOST]


def scatter(axes: Axes, part: Part, x: ArrayLike, y: ArrayLike, colours: Any, hollow: bool = True) -> None:
    """Draw samples of a part. x, y: (S,). colours: (S,) of each, or one for all.

    hollow: those of the other parts are, unless their colours are numbers, which only a filled mark tells.
    """
    look: dict[str, Any] = {"s": 18 if np.size(x) > FEW else 36, "linewidths": 0.6, "edgecolors": "white", "c": colours}
    if part is not Part.TRAIN:
        rim = {"facecolors": "white", "edgecolors": colours, "linewidths": 1.6}
        look = {**look, "c": None, **rim} if hollow else {**look, "edgecolors": "black", "linewidths": 1}
    axes.scatter(x, y, marker=LOOKS[part][1], zorder=3, gid=LOOKS[part][0], **look)


def of_parts(parts: Iterable[Part], hollow: bool = True) -> list[Any]:
    """What the legend says of the marks, as `scatter` draws them; nothing of a single part."""
    found = [
        Line2D(
            [],
            [],
            color="0.25",
            linestyle="",
            marker=LOOKS[part][1],
            markerfacecolor="white" if hollow and part is not Part.TRAIN else "0.25",
            label=f"{LOOKS[part][0]} sample",
        )
        for part in parts
    ]
    return found if len(found) > 1 else []


def of_classes(classes: Iterable[Any]) -> list[Any]:
    """What the legend says of the colours of classes."""
    return [Patch(facecolor=colour, label=name) for name, colour in zip(named(classes), CLASSES, strict=False)]


def named(classes: Iterable[Any]) -> list[str]:
    """The names of classes, as far as there is room for them."""
    return [shorten(str(name), LONGEST) for name in classes]
