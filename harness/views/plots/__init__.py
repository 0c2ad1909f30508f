"""Still pictures of a sweep, one function for each kind; what is left open is picked from what varies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.figure import Figure

from harness.errors import HarnessError
from harness.experiment.errors import either
from harness.views.plots import lines, maps, networks
from harness.views.plots.asked import Asked
from harness.views.results import Results

KINDS: dict[str, Callable[[Asked], Figure]] = {
    "map": maps.map_of,
    "curves": lines.curves,
    "weights": networks.weights,
    "paths": networks.paths,
    "spread": lines.spread,
    "share": lines.share,
}


def plot(results: Results, kind: str | None = None, **choices: Any) -> Figure:
    """The picture. choices: x, y, color, where, below, as `harness.plot` has them. Raises `HarnessError`."""
    asked = Asked(results, **choices)
    kind = kind or usual(results, asked.where)
    if kind not in KINDS:
        raise HarnessError(f"{kind}: no such kind of picture; there are {either(KINDS)}")
    return KINDS[kind](asked)


def usual(results: Results, where: Mapping[str, Any] | None = None) -> str:
    """The kind that suits what varies, these axes held aside."""
    free = [name for name in results.axes if name not in (where or {})]
    if len([name for name in free if name != "repeat"]) > 1:
        return "map"
    if results.place.sizes("curves"):
        return "curves"
    return "share" if free else "weights"
