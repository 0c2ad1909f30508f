"""Sine and cosine, in nothing but + - * / and comparisons."""

from __future__ import annotations

from harness.formulas.functions import NAN, nearest, polynomial
from harness.formulas.primitives import Value, absolute, by_dtype, multiply_add, select

TWO_OVER_PI = 0.6366197723675814
# pi/2 in parts, the first three of 33 (12) bits, so that their products with the number of quarter turns are exact.
PARTS_64 = (1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32)
PARTS_32 = (1.5703125, 0.0004837512969970703, 7.549533620476723e-08, 2.5633440682570896e-12)
NEAR = 2.0**-30
"""Below it, sin(x) is x."""
FAR_64, FAR_32 = 1048576.0, 4096.0
"""Beyond these there is no sine: too few bits of the number of turns would be right."""

# (sin(r)/r - 1)/r^2 and (cos(r) - 1 + r^2/2)/r^4 in r^2, for |r| <= pi/4.
SINE_64 = (
    -0.16666666666666666,
    0.008333333333330925,
    -0.00019841269836724904,
    2.7557316085102794e-06,
    -2.5051128211610636e-08,
    1.5917867766896243e-10,
)
SINE_32 = (-0.16666664, 0.008332746, -0.00019587422)
COSINE_64 = (
    0.041666666666666664,
    -0.0013888888888887382,
    2.4801587298744625e-05,
    -2.755731726081361e-07,
    2.087614399539826e-09,
    -1.1382468815765352e-11,
)
COSINE_32 = (0.041666664, -0.0013888301, 2.4547471e-05)


def sine(x: Value) -> Value:
    """sin(x); NaN for |x| above 1,048,576 (float32: 4,096). Error: 1.40 / 1.45 ulp."""
    return select(absolute(x) < NEAR, x, _turned(x, 0.0))


def cosine(x: Value) -> Value:
    """cos(x); NaN for |x| above 1,048,576 (float32: 4,096). Error: 1.46 / 1.42 ulp."""
    return _turned(x, 1.0)


def _turned(x: Value, ahead: float) -> Value:
    """The sine of x and so many quarter turns more.

    x = k pi/2 + r with k an integer and |r| <= pi/4 (Cody and Waite, Software Manual for the Elementary Functions,
    1980, ch. 8), rounded once: what two roundings lost is added. The sine and the cosine of r are polynomials, and k
    says which of the two it is, and its sign.
    """
    first, second, third, last = by_dtype(x, PARTS_64, PARTS_32)
    far = by_dtype(x, FAR_64, FAR_32)
    k = nearest(x * TWO_OVER_PI)
    whole = multiply_add(k, -first, x)
    less = multiply_add(k, -second, whole)
    most = multiply_add(k, -third, less)
    lost = ((whole - less) - k * second) + ((less - most) - k * third)
    r = most + multiply_add(k, -last, lost)
    z = r * r
    half = 0.5 * z
    near = 1.0 - half
    sin = multiply_add(r * z, polynomial(z, by_dtype(x, SINE_64, SINE_32)), r)
    cos = near + multiply_add(z * z, polynomial(z, by_dtype(x, COSINE_64, COSINE_32)), (1.0 - near) - half)
    turns = k + ahead
    quarter = turns - 4.0 * nearest(0.25 * turns)
    size = select(absolute(absolute(quarter) - 1.0) < 0.5, cos, sin)
    size = select(absolute(quarter) > 1.5, -size, select(quarter < -0.5, -size, size))
    return select(absolute(x) <= far, size, NAN)


FUNCTIONS = (sine, cosine)
