"""Where an axis has its ticks: at round numbers, three at least."""

from __future__ import annotations

import math
from collections.abc import Iterable

from harness.errors import printable
from harness.views.numbers import TICK, to_digits

FEWEST = 3
"""The fewest labelled ticks of an axis that has room for them."""
LEADING = ((1.0, 2.0, 5.0), (1.0,), (1.0, 5.0), tuple(map(float, range(1, 10))))
"""What the ticks of a logarithmic axis start with: the first of these that makes `FEWEST` and no more than fit."""
STEPS = (1.0, 2.0, 2.5, 5.0)


def linear(low: float, high: float, most: int = 8, whole: bool = False) -> list[float]:
    """Multiples of 1, 2, 2.5 or 5 times a power of ten from low to high: as many as there may be, `FEWEST` at least.

    most: so many at most, unless that leaves fewer than `FEWEST`. whole: whole numbers only, perhaps fewer.
    """
    if not high > low:
        return [low]
    power = 10.0 ** math.floor(math.log10(high - low) - math.log10(max(most, FEWEST)) - 1)
    best: list[float] = []
    for step in (start * power * 10.0**more for more in range(4) for start in STEPS):
        if whole and (step < 1 or step % 1):
            continue
        found = _multiples(step, low, high)
        if FEWEST <= len(found) <= most:
            return found
        if len(found) < FEWEST:
            return best or found or [low]
        best = found
    return best or [low]


def logarithmic(low: float, high: float, most: int = 8) -> list[float]:
    """Round numbers from low to high for a logarithmic axis: 1, 2 and 5; or every so many decades; or `linear` ones.

    low: above 0. most: so many at most, unless that leaves fewer than `FEWEST`.
    """
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    for leading in LEADING:
        found = _leading(leading, first - 1, last + 1, low, high)
        if FEWEST <= len(found) <= most:
            return found
    decades = last - first + 1
    if decades < FEWEST:
        return linear(low, high, most)
    every = next(every for every in (2, 3, 5, 10, 20, 50, 100, 200, 500) if decades <= every * most)
    kept = [power for power in range(first, last + 1) if power % every == 0]
    kept = kept if len(kept) >= FEWEST else list(range(first, last + 1, (decades - 1) // (FEWEST - 1)))
    return [float(f"1e{power}") for power in kept]


def literal(text: str) -> str:
    """A text for matplotlib in which dollars are dollars, for it takes what stands between two for mathematics.

    What could not be seen is written out.
    """
    return "\n".join(map(printable, text.split("\n"))).replace("$", r"\$")


def _leading(leading: Iterable[float], first: int, last: int, low: float, high: float) -> list[float]:
    """The numbers from low to high that start with these digits."""
    found = (float(f"{start:g}e{power}") for power in range(first, last + 1) for start in leading)
    return [number for number in found if low * (1 - 1e-9) <= number <= high * (1 + 1e-9)]


def _multiples(step: float, low: float, high: float) -> list[float]:
    room = 1e-9 * (high - low)
    first, last = math.ceil((low - room) / step), math.floor((high + room) / step)
    if last - first > 1000:
        return []
    return [to_digits(number * step, TICK) for number in range(first, last + 1)]
