"""What formulas are made of beside + - * /: choosing, signs, roots, and a float's exponent and mantissa by its bits.

Defined here for NumPy float64 and float32, scalars and arrays; another kind of value defines them anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch
from typing import Any, TypeAlias

import numpy as np

Value: TypeAlias = Any
"""A NumPy float64 or float32 scalar or array; in the engine, a SIMD vector of either."""

# x + ROUND - ROUND is x rounded to the nearest integer: 1.5 * 2^52 and 1.5 * 2^23.
ROUND_64 = 6755399441055744.0
ROUND_32 = 12582912.0

# k + POWER, for a whole k, has the biased exponent of 2^k in its lowest bits: ROUND + 1023 and ROUND + 127.
POWER_64 = 6755399441056767.0
POWER_32 = 12583039.0


@singledispatch
def select(condition: Value, a: Value, b: Value) -> Value:
    """Choose a where the condition holds, else b. One of them, or both, are values, of one dtype."""
    chosen: Any = np.where(condition, a, b)
    return chosen[()]


@singledispatch
def constant(x: Value, number: float) -> Value:
    """The number as a value of x's kind, shape and dtype."""
    return np.full_like(x, number)[()]


@singledispatch
def multiply_add(a: Value, b: Value, c: Value) -> Value:
    """a*b + c: two roundings, and one in `fast` arithmetic where the processor can. a: a value, not a plain number."""
    return a * b + c


@singledispatch
def square_root(x: Value) -> Value:
    """The square root, rounded correctly."""
    return np.sqrt(x)


@singledispatch
def absolute(x: Value) -> Value:
    """|x|: the sign bit cleared."""
    return np.abs(x)


@singledispatch
def copy_sign(size: Value, x: Value) -> Value:
    """|size| with the sign of x, also of a zero."""
    return np.copysign(size, x)


@singledispatch
def power_of_two(raised: Value) -> Value:
    """2^k for raised = k + POWER, k integral from -1022 to 1023 (float32: -126 to 127).

    The shift puts the biased exponent in its place, and everything above it out.
    """
    if raised.dtype == np.float64:
        return (raised.view(np.int64) << 52).view(np.float64)
    return (raised.view(np.int32) << 23).view(np.float32)


SQRT_HALF_64, ONE_64 = 0x3FE6A09E667F3BCD, 1023 << 52
SQRT_HALF_32, ONE_32 = 0x3F3504F3, 127 << 23
"""The bits of sqrt(1/2), rounded, and of 1."""


@singledispatch
def exponent(x: Value) -> Value:
    """The whole k, as a float, for which x/2^k is from sqrt(1/2) to sqrt(2). x: positive, normal.

    The bits of x less those of sqrt(1/2) have k above the mantissa's.
    """
    if x.dtype == np.float64:
        return ((x.view(np.int64) + (ONE_64 - SQRT_HALF_64) >> 52) - 1023).astype(np.float64)
    return ((x.view(np.int32) + (ONE_32 - SQRT_HALF_32) >> 23) - 127).astype(np.float32)


@singledispatch
def mantissa(x: Value) -> Value:
    """x/2^k with k = exponent(x)."""
    if x.dtype == np.float64:
        return ((x.view(np.int64) + (ONE_64 - SQRT_HALF_64) & (1 << 52) - 1) + SQRT_HALF_64).view(np.float64)
    return ((x.view(np.int32) + (ONE_32 - SQRT_HALF_32) & (1 << 23) - 1) + SQRT_HALF_32).view(np.float32)


@singledispatch
def by_dtype(x: Value, value64: Any, value32: Any) -> Any:
    """value64 if x is float64, value32 if x is float32: floats or tuples of floats."""
    return value64 if x.dtype == np.float64 else value32


@singledispatch
def window(whole: Any, start: Any, length: int) -> Any:
    """`length` of the elements, from element `start`: what is written into them is written into the whole."""
    return whole[start : start + length]


@singledispatch
def each(whole: Any, start: int, stop: int) -> Iterable[Any]:
    """The numbers from start to stop of elements: a loop that stays one where other loops are unrolled."""
    return range(start, stop)


PRIMITIVES = (
    select,
    constant,
    multiply_add,
    square_root,
    absolute,
    copy_sign,
    power_of_two,
    exponent,
    mantissa,
    by_dtype,
)
"""The functions that each kind of value defines (`functools.singledispatch`, by the type of the first argument)."""
