"""Elementary functions, within 2 ulp of the true value, in nothing but + - * /, comparisons and bits.

Written once for NumPy float64 and float32 scalars and arrays, and compiled unchanged for SIMD vectors: each
function is straight-line code over `harness.formulas.primitives`, with weak Python floats for constants, so
float32 stays float32. Signs of zero, infinities, NaN and subnormals are right. Warnings for overflow,
division by zero and invalid operations are the caller's to silence (`np.errstate(all="ignore")`).

Each function states the largest error in ulp measured in strict arithmetic, float64 / float32: over 48
million random points, three quarters of them where the errors are largest. Fusing a*b + c keeps them within
2 ulp: wherever the code relies on a product being exact, it is exact, so that fusing changes nothing.
`tests/test_functions.py` regenerates every constant.
"""

from __future__ import annotations

import math

from harness.formulas.primitives import (
    POWER_32,
    POWER_64,
    ROUND_32,
    ROUND_64,
    Value,
    absolute,
    by_dtype,
    constant,
    copy_sign,
    exponent,
    mantissa,
    multiply_add,
    power_of_two,
    select,
)

NAN = math.nan
INFINITY = math.inf
LOG2_E = 1.4426950408889634


# log(2) = high + low. high has 42 (16) bits, so that its product with any k of 11 (8) bits is exact.
LN2_HIGH_64 = 0.6931471805598903
LN2_LOW_64 = 5.497923018708371e-14
LN2_HIGH_32 = 0.693145751953125
LN2_LOW_32 = 1.4286068e-06

# exp is infinite above the first and zero below the second; tanh(t / 2) is 1 from the third on.
EXP_MAX_64, EXP_MIN_64, TANH_MAX_64 = 710.0, -746.0, 40.0
EXP_MAX_32, EXP_MIN_32, TANH_MAX_32 = 89.0, -104.0, 20.0

# log multiplies arguments below the first by the second, 2 to the third, so that none is subnormal.
LOG_SMALL_64, LOG_SCALE_64, LOG_SHIFT_64 = 2.0**-1000, 2.0**54, 54.0
LOG_SMALL_32, LOG_SCALE_32, LOG_SHIFT_32 = 2.0**-110, 2.0**25, 25.0

# Below this h, h - h*h/(1+h) is nearer to h/(1+h) than the quotient is; above it, the quotient is.
THIRD = 0.3333333333333333

# (e^r - 1 - r) / r^2 for |r| <= 0.347, a little over log(2)/2.
EXP_64 = (
    0.5000000000000001,
    0.16666666666666669,
    0.04166666666662374,
    0.008333333333330032,
    0.0013888888917406447,
    0.00019841269863201828,
    2.4801520996825697e-05,
    2.7557268229963227e-06,
    2.76202305675069e-07,
    2.5100494788905042e-08,
)
EXP_32 = (0.5, 0.16666576, 0.041666552, 0.008363247, 0.0013926268)

# (2 atanh(s)/s - 2) / s^2 in s^2 <= 0.04.
LOG_64 = (
    0.6666666666666666,
    0.400000000000078,
    0.2857142856733919,
    0.22222223037807243,
    0.18181738454723026,
    0.15388834677801916,
    0.1321036048513262,
    0.13604015707124079,
)
LOG_32 = (0.66666716, 0.39979017, 0.29955605)

# sin(pi u/2) / u in u^2 <= 1/4.
SINE_64 = (
    1.5707963267948966,
    -0.6459640975062463,
    0.07969262624616692,
    -0.004681754135314827,
    0.0001604411847266723,
    -3.598842717144858e-06,
    5.691927850489633e-08,
    -6.627624938992472e-10,
)
SINE_32 = (1.5707964, -0.6459641, 0.07969258, -0.0046812664, 0.0001582063)


def polynomial(x: Value, coefficients: tuple[float, ...]) -> Value:
    """c[0] + c[1]*x + c[2]*x^2 + .., the even and the odd powers apart, each by Horner's rule. coefficients: 3 or more.

    The two chains run side by side; one of twice the length took a fifth longer.
    """
    z = x * x
    return multiply_add(x, horner(z, coefficients[1::2]), horner(z, coefficients[0::2]))


def horner(x: Value, coefficients: tuple[float, ...]) -> Value:
    """c[0] + x*(c[1] + x*(c[2] + ..)). coefficients: one or more."""
    result: Value = coefficients[-1]
    for coefficient in coefficients[-2::-1]:
        result = multiply_add(x, result, coefficient)
    return result


def _reduced(x: Value, k: Value) -> tuple[Value, Value]:
    """e^r - 1 as a sum of two, for r = x - k log(2) = r_high - r_low: r_high, and the rest r^2 q(r) - r_low.

    The rounding error of r is left out of the largest term.
    """
    r_high = multiply_add(k, -by_dtype(x, LN2_HIGH_64, LN2_HIGH_32), x)
    r_low = k * by_dtype(x, LN2_LOW_64, LN2_LOW_32)
    r = r_high - r_low
    q = polynomial(r, by_dtype(x, EXP_64, EXP_32))
    return r_high, multiply_add(r * r, q, -r_low)


def exp(x: Value) -> Value:
    """e^x. Error: 1.00 / 0.97 ulp.

    x = k log(2) + r with k an integer and |r| <= log(2)/2, so that e^x = 2^k e^r (Cody and Waite, Software
    Manual for the Elementary Functions, 1980, ch. 6). e^r = 1 + r + r^2 q(r), the smallest terms added first.
    2^k is two factors, so that a subnormal result is rounded once and an infinite one only where it must be.
    """
    high = by_dtype(x, EXP_MAX_64, EXP_MAX_32)
    low = by_dtype(x, EXP_MIN_64, EXP_MIN_32)
    magic = by_dtype(x, ROUND_64, ROUND_32)
    power = by_dtype(x, POWER_64, POWER_32)
    x = select(x > high, high, x)
    x = select(x < low, low, x)
    k = multiply_add(x, LOG2_E, magic) - magic
    r_high, rest = _reduced(x, k)
    p = 1.0 + (r_high + rest)
    half = multiply_add(k, 0.5, power)
    return p * power_of_two(half) * power_of_two(k - (half - power) + power)


def log(x: Value) -> Value:
    """The natural logarithm: -inf at 0 and -0, NaN below. Error: 0.87 / 0.91 ulp.

    x = 2^k (1 + f) with 1 + f between sqrt(1/2) and sqrt(2), and log(1 + f) = 2 atanh(s) with s = f/(2 + f),
    arranged as in FreeBSD's e_log.c (Sun Microsystems, 1993): f - (f^2/2 - s (f^2/2 + R)) loses nothing of f.
    """
    small = x < by_dtype(x, LOG_SMALL_64, LOG_SMALL_32)
    shift = by_dtype(x, LOG_SHIFT_64, LOG_SHIFT_32)
    scaled = select(small, x * by_dtype(x, LOG_SCALE_64, LOG_SCALE_32), x)
    k = exponent(scaled)
    k = select(small, k - shift, k)
    f = mantissa(scaled) - 1.0
    s = f / (2.0 + f)
    z = s * s
    half_square = 0.5 * f * f
    tail = s * multiply_add(z, polynomial(z, by_dtype(x, LOG_64, LOG_32)), half_square)
    tail = multiply_add(k, by_dtype(x, LN2_LOW_64, LN2_LOW_32), tail)
    result = multiply_add(k, by_dtype(x, LN2_HIGH_64, LN2_HIGH_32), f - (half_square - tail))
    result = select(x < INFINITY, result, x)
    result = select(x <= 0.0, -INFINITY, result)
    return select(x < 0.0, NAN, result)


def tanh(x: Value) -> Value:
    """The hyperbolic tangent, odd. Error: 1.74 / 1.64 ulp.

    tanh|x| = h/(1 + h) with h = (e^t - 1)/2 and t = 2|x|. With t = k log(2) + r as in `exp`,
    h = 2^(k-1) (1 + r) - 1/2 + 2^(k-1) r^2 q(r): `head` is exact or nearly so, and `tail`, the second part,
    is small. For small h, the quotient only corrects the head.
    """
    limit = by_dtype(x, TANH_MAX_64, TANH_MAX_32)
    power = by_dtype(x, POWER_64, POWER_32) - 1.0
    t = 2.0 * absolute(x)
    t = select(t > limit, limit, t)
    raised = multiply_add(t, LOG2_E, power)
    r_high, rest = _reduced(t, raised - power)
    scale = power_of_two(raised)
    head = multiply_add(scale, r_high, scale - 0.5)
    tail = scale * rest
    h = head + tail
    quotient = h / (1.0 + h)
    size = select(h < THIRD, head + multiply_add(-h, quotient, tail), quotient)
    return copy_sign(size, x)


def exp_minus_one(x: Value) -> Value:
    """e^x - 1 for x <= 0, and 0 above. Error: 1.25 / 1.16 ulp.

    2^k (1 + r) - 1 + 2^k r^2 q(r) as in `tanh`.
    """
    limit = by_dtype(x, -TANH_MAX_64, -TANH_MAX_32)
    power = by_dtype(x, POWER_64, POWER_32)
    t = select(x > 0.0, 0.0, x)
    t = select(t < limit, limit, t)
    raised = multiply_add(t, LOG2_E, power)
    r_high, rest = _reduced(t, raised - power)
    scale = power_of_two(raised)
    head = multiply_add(scale, r_high, scale - 1.0)
    return copy_sign(head + scale * rest, t)


def sigmoid(x: Value) -> Value:
    """1/(1 + e^-x). Error: 1.83 / 1.86 ulp.

    With e = e^-|x|, 1/(1 + e) for x >= 0 and e/(1 + e) for x < 0, which for small e is e - e (e/(1 + e)).
    """
    e = exp(-absolute(x))
    quotient = select(x < 0.0, e, 1.0) / (1.0 + e)
    return select((x < 0.0) & (e < THIRD), multiply_add(-e, quotient, e), quotient)


def softplus(x: Value) -> Value:
    """log(1 + e^x). Error: 1.64 / 1.66 ulp.

    max(x, 0) + log(1 + f) with f = e^-|x|, and log(1 + f) as in `log`: 1 + f is 1 + g or, for f >= 1/2,
    2 (1 + g) with g = (f - 1)/2, which is exact. The smallest terms are added first.
    """
    f = exp(-absolute(x))
    halve = f >= 0.5
    g = select(halve, 0.5 * f - 0.5, f)
    s = g / (2.0 + g)
    z = s * s
    half_square = 0.5 * g * g
    tail = s * multiply_add(z, polynomial(z, by_dtype(x, LOG_64, LOG_32)), half_square)
    tail = select(halve, tail + by_dtype(x, LN2_LOW_64, LN2_LOW_32), tail)
    result = select(x > 0.0, x, 0.0) + (g - (half_square - tail))
    return select(halve, by_dtype(x, LN2_HIGH_64, LN2_HIGH_32) + result, result)


def nearest(x: Value) -> Value:
    """Round x to the nearest integer, ties to even; |x| must be below 2^51 (float32: 2^22)."""
    magic = by_dtype(x, ROUND_64, ROUND_32)
    return (x + magic) - magic


def raised_cosine(x: Value) -> Value:
    """(1 + cos(pi x))/2 for x >= 0. Error: 3.8 / 4.0 ulp.

    With v the distance of x from the nearest even number, 1 - sin(pi v/2)^2, or sin(pi (1 - v)/2)^2 when v > 1/2.
    """
    v = absolute(x - 2.0 * nearest(0.5 * x))
    near = v <= 0.5
    u = select(near, v, 1.0 - v)
    sine = u * polynomial(u * u, by_dtype(x, SINE_64, SINE_32))
    return select(near, 1.0 - sine * sine, sine * sine)


def sign(x: Value) -> Value:
    """1 above 0, -1 below, and x itself where it is a zero or NaN."""
    return select(x > 0.0, constant(x, 1.0), select(x < 0.0, constant(x, -1.0), x))


FUNCTIONS = (exp, log, tanh, exp_minus_one, sigmoid, softplus)
"""The functions that work on any value with the primitives, each listed after those that it calls."""
