"""Where an axis has its ticks, and what they say: round numbers, at least three, none that reads like its neighbour."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from harness.errors import printable

FEWEST = 3
"""The fewest labelled ticks of an axis that has room for them."""
PLAIN = (1e-3, 1e5)
"""From the first up to below the second, numbers are written out; beyond, as powers of ten."""
LEADING = ((1.0, 2.0, 5.0), (1.0,), (1.0, 5.0), tuple(map(float, range(1, 10))))
"""What the ticks of a logarithmic axis start with: the first of these that makes `FEWEST` and no more than fit."""
STEPS = (1.0, 2.0, 2.5, 5.0)
DIGITS = 12
"""Significant digits to which a tick is rounded, so that a multiple of a round step reads as one."""


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
    first, last = math.ceil(_log(low) - 1e-9), math.floor(_log(high) + 1e-9)
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


def texts(values: Iterable[float], powers: str = "$10^{{{power}}}$") -> list[str]:
    """The labels of ticks: 0.001, 0.02 and 300; or, if some lie beyond `PLAIN`, 10^k for those that are powers of ten.

    powers: how a power of ten is written, as matplotlib has it if not given.
    """
    numbers = list(values)
    sizes = [abs(number) for number in numbers if number]
    if not sizes or (min(sizes) >= PLAIN[0] and max(sizes) < PLAIN[1]):
        return [short(number, DIGITS) for number in numbers]
    return [_power(number, powers) for number in numbers]


def literal(text: str) -> str:
    """A text for matplotlib in which dollars are dollars, for it takes what stands between two for mathematics.

    What could not be seen is written out.
    """
    return "\n".join(map(printable, text.split("\n"))).replace("$", r"\$")


def distinct(values: Sequence[float], fewest: int = 2) -> list[str]:
    """Numbers to as few digits as tell them apart, `fewest` at least; whole numbers in full."""
    for digits in range(fewest, 17):
        found = [short(value, digits) for value in values]
        if len(set(found)) == len(set(values)):
            break
    return found if values else []


def short(value: float, digits: int = 4) -> str:
    """A number to `digits` significant digits: 0.00242, 300, 1e-07; a whole one below a million in full."""
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e6 else f"{value:.{digits}g}"


def _power(number: float, powers: str) -> str:
    if not number:
        return "0"
    mantissa, power = f"{number:.{DIGITS - 1}e}".split("e")
    leading = f"{float(mantissa):.{DIGITS}g}"
    text = powers.format(power=int(power))
    if leading == "1":
        return text
    return f"${leading}\\times{text[1:]}" if text.startswith("$") else f"{leading} x {text}"


def _leading(leading: Iterable[float], first: int, last: int, low: float, high: float) -> list[float]:
    """The numbers from low to high that start with these digits."""
    found = (float(f"{start:g}e{power}") for power in range(first, last + 1) for start in leading)
    return [number for number in found if low * (1 - 1e-9) <= number <= high * (1 + 1e-9)]


def _multiples(step: float, low: float, high: float) -> list[float]:
    room = 1e-9 * (high - low)
    first, last = math.ceil((low - room) / step), math.floor((high + room) / step)
    if last - first > 1000:
        return []
    return [float(f"{number * step:.{DIGITS}g}") for number in range(first, last + 1)]


def _log(value: float) -> float:
    return math.log10(value)
