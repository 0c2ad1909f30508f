"""Numbers evenly spaced in the logarithm, correctly rounded (subnormal ones aside).

NumPy's differ in the last bits from one processor to another, and one bit decides whether a run settles.
"""

from __future__ import annotations

from decimal import Context, Decimal
from math import isqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DECIMALS = Context(prec=60, traps=[])
TEN = Decimal(10)
SPLIT = 2.0**27 + 1.0
UNSURE = 2.0**-40
"""The share of half a unit in the last place by which a product, with what it lost, may be wrong at most, and more."""


def geomspace(start: float, stop: float, n: int) -> Floats:
    """(n,) from start to stop, each the same multiple of the one before. start, stop: of one sign and not 0."""
    return _progression(Decimal(start), Decimal(stop), n)


def logspace(start: float, stop: float, n: int) -> Floats:
    """(n,) from 10^start to 10^stop, each the same multiple of the one before; infinite where that is too large."""
    return _progression(DECIMALS.power(TEN, Decimal(start)), DECIMALS.power(TEN, Decimal(stop)), n)


def _progression(start: Decimal, stop: Decimal, n: int) -> Floats:
    """Value i = a*block + b is the product of start * ratio^(a*block) and ratio^b, so that few of them are decimals."""
    if n == 1:
        return np.array([float(start)])
    ratio = DECIMALS.power(DECIMALS.divide(stop, start), DECIMALS.divide(Decimal(1), Decimal(n - 1)))
    block = isqrt(n - 1)
    fine = _parts(_powers(Decimal(1), ratio, block))
    coarse = _parts(_powers(start, DECIMALS.power(ratio, Decimal(block)), -(-n // block)))
    found = [_products(part, fine) for part in coarse.T]
    values: Floats = np.concatenate([product for product, _ in found])[:n]
    for i in np.flatnonzero(np.concatenate([close for _, close in found])[:n]).tolist():
        values[i] = float(DECIMALS.multiply(start, DECIMALS.power(ratio, Decimal(i))))
    values[0], values[-1] = float(start), float(stop)
    return values


def _powers(first: Decimal, ratio: Decimal, n: int) -> list[Decimal]:
    powers = [first]
    for _ in range(n - 1):
        powers.append(DECIMALS.multiply(powers[-1], ratio))
    return powers


def _parts(numbers: list[Decimal]) -> Floats:
    """(3, N) each number as the sum of two floats, the first between 1/2 and 1, times a power of 2."""
    high = np.array([float(number) for number in numbers])
    rest = [
        float(DECIMALS.subtract(number, Decimal(part))) for number, part in zip(numbers, high.tolist(), strict=True)
    ]
    mantissa, exponent = np.frexp(high)
    return np.array([mantissa, np.ldexp(rest, -exponent), exponent])


def _products(a: Floats, b: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """(N,) the products of one number `a` (3,) and others `b` (3, N), as `_parts` gives them, each rounded once; and
    whether one is too close to the middle of two floats to say to which it is nearer.

    What the product of the high parts loses is computed and added (Dekker, 1971).
    """
    product: Floats = a[0] * b[0]
    if np.isinf(a[0]):
        return product, np.zeros(len(product), bool)
    (a1, a2), (b1, b2) = _halves(a[0]), _halves(b[0])
    lost = ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2
    rest = lost + (a[0] * b[1] + a[1] * b[0])
    rounded = product + rest
    half = np.spacing(rounded) / 2
    close = np.abs(np.abs(rest - (rounded - product)) - half) < half * UNSURE
    return np.ldexp(rounded, (a[2] + b[2]).astype(np.int64)), close


def _halves(x: Floats) -> tuple[Floats, Floats]:
    """Two floats of half the digits of x each, whose sum it is."""
    scaled = SPLIT * x
    high = scaled - (scaled - x)
    return high, x - high
