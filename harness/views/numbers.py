"""Numbers in print, for tables, captions, messages and the ticks of an axis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

DIGITS, TICK = 6, 12
"""Significant digits in a table or a sentence, and of a tick, so that a multiple of a round step reads as one."""
WHOLE = 1e6
"""Floating-point numbers below this are written without a fraction if they have none."""
PLAIN = (1e-3, 1e5)
"""From the first up to below the second, ticks are written out; beyond, as powers of ten."""


def printed(value: Any, digits: int = DIGITS) -> str:
    """A value for a reader, numbers to so many digits: 0.00242, 300, 1e-07. Counts stand in full, for None nothing."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, Integral):
        return str(int(value))
    number = float(value) + 0.0  # no minus sign before a zero
    return f"{number:.0f}" if number.is_integer() and abs(number) < WHOLE else f"{number:.{digits}g}"


def to_digits(value: float, digits: int = DIGITS) -> float:
    """The number that is nearest, of those with so many significant digits."""
    return float(f"{value:.{digits}g}")


def distinct(values: Sequence[float], fewest: int = 2) -> list[str]:
    """Numbers to as few digits as tell them apart, `fewest` at least; whole numbers in full."""
    for digits in range(fewest, 17):
        found = [printed(value, digits) for value in values]
        if len(set(found)) == len(set(values)):
            break
    return found if values else []


def tick_texts(values: Iterable[float], powers: str = "$10^{{{power}}}$") -> list[str]:
    """The labels of ticks: 0.001, 0.02 and 300; or, if some lie beyond `PLAIN`, 10^k for those that are powers of ten.

    powers: how a power of ten is written, as matplotlib has it if not given.
    """
    numbers = list(values)
    sizes = [abs(number) for number in numbers if number]
    if not sizes or (min(sizes) >= PLAIN[0] and max(sizes) < PLAIN[1]):
        return [printed(number, TICK) for number in numbers]
    return [_power(number, powers) for number in numbers]


def _power(number: float, powers: str) -> str:
    if not number:
        return "0"
    mantissa, power = f"{number:.{TICK - 1}e}".split("e")
    leading = printed(float(mantissa), TICK)
    text = powers.format(power=int(power))
    if leading == "1":
        return text
    return f"${leading}\\times{text[1:]}" if text.startswith("$") else f"{leading} x {text}"
