"""From numbers to colours: a scale for losses, one for when weights stopped changing, one for when runs diverged."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, LogNorm, Normalize
from numpy.typing import NDArray

from harness.views.losses import NOTHING
from harness.views.palette import SCALES
from harness.views.plots.axes import linear_ticks, log_ticks

INNER = (0.02, 0.98)
"""The quantiles that colours span where nothing says what matters."""
GREATEST = 1e3
"""The greatest loss with a colour of its own where nothing says what matters."""


MAPS = {name: LinearSegmentedColormap.from_list(name, list(colours)) for name, colours in SCALES.items()}


@dataclass(frozen=True)
class Colours:
    """A colour scale. kind: of `SCALES`. below, above: whether numbers beyond the ends have the colours of the ends."""

    kind: str
    title: str
    norm: Normalize
    below: bool = False
    above: bool = False

    @property
    def map(self) -> Colormap:
        return MAPS[self.kind]

    @property
    def ends(self) -> tuple[float, float]:
        """The numbers between which each has a colour of its own."""
        return float(self.norm.vmin or 0.0), float(self.norm.vmax or 0.0)

    def bar(self, figure: Any, place: Any, most: int, characters: int) -> None:
        """A bar that says what the colours mean. place: axes for it. most: so many ticks at most.

        characters: of its title, that fit along it.
        """
        extend = {(True, True): "both", (True, False): "min", (False, True): "max"}.get(
            (self.below, self.above), "neither"
        )
        drawn = figure.colorbar(ScalarMappable(self.norm, self.map), cax=place, extend=extend)
        place.set_label("<colorbar>")  # as those that matplotlib makes room for
        low, high = self.ends
        if isinstance(self.norm, LogNorm):
            log_ticks(drawn.ax.yaxis, low, high, most)
        else:
            linear_ticks(drawn.ax.yaxis, low, high, most)
        drawn.ax.tick_params(labelsize=8, pad=2)
        drawn.set_label(textwrap.fill(self.title, characters), fontsize=8)


def of_losses(title: str, values: NDArray[np.float64], idle: float | None) -> Colours | None:
    """Colours of losses: from the least, but at least `NOTHING`, to the loss of doing nothing; None if there are none.

    values: losses of any shape, NaN for none. idle: the loss of doing nothing; None if it is not known, and then the
    colours span all but the few that are extreme.
    """
    there = values[np.isfinite(values)]
    if not len(there):
        return None
    positive = there[there > NOTHING]
    low = float(positive.min()) if len(positive) == len(there) else NOTHING
    if idle is not None:
        high = idle
    else:
        high = float(np.quantile(positive, INNER[1], method="nearest")) if len(positive) else 2 * low
        high = max(min(high, GREATEST), float(np.median(positive)) if len(positive) else high)
    high = max(high, 1.2 * low) if idle is None else high
    low = min(low, high / 1.2)
    return Colours("loss", title, LogNorm(low, high), bool((there < low).any()), bool((there > high).any()))


def of_numbers(title: str, values: NDArray[np.float64]) -> Colours | None:
    """Colours of numbers that are no losses, without the few that are extreme; None if there are none."""
    there = values[np.isfinite(values)]
    if not len(there):
        return None
    low, high = (float(end) for end in np.quantile(there, INNER, method="nearest"))
    high = high if high > low else low + 1
    return Colours("number", title, Normalize(low, high), bool((there < low).any()), bool((there > high).any()))


def of_epochs(kind: str, title: str, epochs: NDArray[np.float64]) -> Colours | None:
    """Colours of the epochs in which runs ended; None if these are too alike to be told apart."""
    there = epochs[np.isfinite(epochs)]
    if not len(there) or there.max() < there.min() + 3:
        return None
    low, high = float(there.min()), float(there.max())
    return Colours(kind, title, LogNorm(low, high) if high > 5 * low else Normalize(low, high))


def shades(values: NDArray[np.float64], colours: Colours) -> Any:
    """The numbers as a scale can show them: NaN is masked; on a logarithmic one 0 counts as below its lower end."""
    if isinstance(colours.norm, LogNorm):
        values = np.where(values <= 0, colours.ends[0] / 2, values)
    return np.ma.masked_invalid(values)


def joined(arrays: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """All numbers of several arrays in one."""
    return np.concatenate([array.ravel() for array in arrays]) if arrays else np.empty(0)
