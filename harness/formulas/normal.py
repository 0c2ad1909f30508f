"""The standard normal distribution, in nothing but + - * /, comparisons and `exp`."""

from __future__ import annotations

from harness.formulas.functions import exp, polynomial
from harness.formulas.primitives import Value, absolute, by_dtype, select

# Beyond the first, the lower tail is zero. The second cuts a number into halves of which each has an exact square
# (Veltkamp, 1968).
TAIL_64, HALVES_64 = 39.0, 134217729.0
TAIL_32, HALVES_32 = 14.5, 4097.0
MIDDLE = 4.0

# (a + 1) e^(a^2/2) Phi(-a) in t = (a - MIDDLE)/(a + MIDDLE), from a = 0 to where the tail ends.
NORMAL_64 = (
    0.47205320650984467,
    -0.09670347732652575,
    0.013999634724424621,
    0.02860036405354347,
    -0.03219783742804048,
    0.01793609747993333,
    -0.005002378592040461,
    -0.00028562310227798766,
    0.0006948971155924024,
    -9.443021364876237e-05,
    -8.785325322489617e-05,
    2.1249816098707336e-05,
    1.3627133470434166e-05,
    -3.4313190747431495e-06,
    -2.6135101354538526e-06,
    4.022833398101859e-07,
    5.527498903326555e-07,
    5.088304842037838e-09,
    -1.1125551545300761e-07,
    -2.3676732845129798e-08,
    1.7096627339849442e-08,
    8.490541930614776e-09,
    -8.226266214290776e-10,
    -1.3743634258920029e-09,
    -2.691278626732368e-10,
)
NORMAL_32 = (
    0.4720532,
    -0.09670348,
    0.0139996335,
    0.028600348,
    -0.0321978,
    0.017936332,
    -0.0050026616,
    -0.00028717783,
    0.0006954922,
    -8.942849e-05,
    -8.698e-05,
    1.3989278e-05,
    9.694762e-06,
)


def normal_cdf(x: Value) -> Value:
    """Phi(x), the probability of a standard normal number below x. Error: 4.61 / 4.75 ulp.

    With a = |x|, the tail is e^(-a^2/2) R(a)/(a + 1), R by a polynomial. a^2 is the square of its upper half, which is
    exact, and a small rest, whose exponential is four terms of its series.
    """
    limit, halves = by_dtype(x, TAIL_64, TAIL_32), by_dtype(x, HALVES_64, HALVES_32)
    a = absolute(x)
    a = select(a > limit, limit, a)
    r = polynomial((a - MIDDLE) / (a + MIDDLE), by_dtype(x, NORMAL_64, NORMAL_32))
    cut = a * halves
    high = cut - (cut - a)
    low = 0.5 * ((a - high) * (a + high))
    rest = 1.0 - low * (1.0 - low * (0.5 - low * 0.16666666666666666))
    tail = exp(-0.5 * high * high) * (r * rest / (a + 1.0))
    return select(x < 0.0, tail, 1.0 - tail)


FUNCTIONS = (normal_cdf,)
