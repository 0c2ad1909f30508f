"""The elementary functions against mpmath, number by number; their constants against their definitions."""

from __future__ import annotations

import ast
import inspect
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from harness.formulas import functions, normal, primitives, trigonometry

PRECISION = 160
DTYPES = (np.float64, np.float32)
MADE = {made.__name__: made for module in (functions, normal, trigonometry) for made in module.FUNCTIONS}
NAMES = tuple(MADE)
MOST_ULP = {"normal_cdf": 5.0}
"""The bound of a function, if it is not 2 ulp."""
NAN, INF = np.nan, np.inf

TRUTH: dict[str, Callable[[Any], Any]] = {
    "exp": mp.exp,
    "log": mp.log,
    "tanh": mp.tanh,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "exp_minus_one": mp.expm1,
    "normal_cdf": lambda x: mp.ncdf(max(-60, min(60, x))),  # mpmath overflows far out
    "sine": mp.sin,
    "cosine": mp.cos,
}


def inside(name: str, xs: np.ndarray) -> np.ndarray:
    """The numbers, of all that are given, for which a function is what its name says."""
    far = primitives.by_dtype(xs, trigonometry.FAR_64, trigonometry.FAR_32)
    holds = {
        "log": xs > 0,
        "exp_minus_one": xs <= 0,
        "sine": np.abs(xs) <= far,
        "cosine": np.abs(xs) <= far,
    }.get(name, np.isfinite(xs))
    found: np.ndarray = xs[holds]
    return found


CLAMPS = (
    (functions.EXP_MAX_64, functions.EXP_MAX_32),
    (functions.EXP_MIN_64, functions.EXP_MIN_32),
    (functions.TANH_MAX_64, functions.TANH_MAX_32),
)

every_function = pytest.mark.parametrize("name", NAMES)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def evaluate(name: str, x: Any) -> Any:
    with np.errstate(all="ignore"):
        return MADE[name](x)


def error_in_ulp(name: str, x: Any, y: Any, dtype: Any) -> float:
    """|y - f(x)| in units in the last place of f(x), subnormals included; inf where y wrongly is."""
    info = np.finfo(dtype)
    truth = TRUTH[name](mpf(float(x)))
    if truth == 0:
        return 0.0 if y == 0 else INF
    unit = max(mp.mag(truth) - 1 - info.nmant, int(info.minexp) - info.nmant)
    overflows = abs(truth) >= mp.ldexp(1, int(info.maxexp)) - mp.ldexp(1, int(info.maxexp) - info.nmant - 2)
    if overflows or not np.isfinite(y):
        return 0.0 if overflows and y == mp.sign(truth) * INF else INF
    return float(abs(mpf(float(y)) - truth) * mp.ldexp(1, -unit))


def worst(name: str, xs: np.ndarray, dtype: Any) -> tuple[float, float]:
    with mp.workprec(PRECISION):
        return max((error_in_ulp(name, x, y, dtype), float(x)) for x, y in zip(xs, evaluate(name, xs), strict=True))


def neighbours(points: Iterable[float], dtype: Any, steps: int = 2) -> np.ndarray:
    """The points and the next few numbers on either side of each."""
    found = [np.array(list(points), dtype=dtype)]
    for direction in (-np.inf, np.inf):
        near = found[0]
        for _ in range(steps):
            near = np.nextafter(near, dtype(direction))
            found.append(near)
    return np.concatenate(found)


def whole_range(dtype: Any) -> np.ndarray:
    """Every binade, subnormals included, at both signs; and densely where the functions bend."""
    info = np.finfo(dtype)
    rng = np.random.default_rng(20)
    binades = np.arange(int(info.minexp) - info.nmant, int(info.maxexp))
    logs = np.concatenate([binades + rng.uniform(0, 1, binades.size), rng.uniform(-12, 7, 2000)])
    limits = np.array([info.max, info.tiny, info.smallest_subnormal, 1.0])
    positive = np.concatenate([2.0**logs, limits, np.nextafter(limits, 0), np.nextafter(limits[1:], 2)])
    with np.errstate(over="ignore", under="ignore"):
        xs = np.concatenate([positive, -positive, rng.uniform(-3, 3, 3000)]).astype(dtype)
    finite: np.ndarray = xs[np.isfinite(xs)]
    return finite


def seams(name: str, dtype: Any) -> np.ndarray:
    """Where the reduction changes its k, a formula gives way to another, or the result stops being normal."""
    info = np.finfo(dtype)
    lowest = int(info.minexp) - info.nmant
    changes = (np.arange(lowest - 2, int(info.maxexp) + 2) + 0.5) * np.log(2)
    edges = np.log(2) * np.array([lowest - 1, lowest, info.minexp, info.maxexp, 1], dtype=float)
    pick = primitives.by_dtype
    clamps = [pick(info.max, *pair) for pair in CLAMPS]
    if name == "log":
        binades = 2.0 ** np.arange(lowest, int(info.maxexp))
        ends = [pick(info.max, functions.LOG_SMALL_64, functions.LOG_SMALL_32), 1.0]
        found = neighbours([*binades, *(binades[info.nmant :] * np.sqrt(2)), *ends], dtype)
        return found[found > 0]
    if name in ("sine", "cosine"):
        far = pick(info.max, trigonometry.FAR_64, trigonometry.FAR_32)
        turns = np.unique(np.round(np.geomspace(1, far / np.pi * 4, 2000)))
        found = neighbours([*(turns * np.pi / 4), far], dtype)
        return np.concatenate([found, -found])
    if name == "normal_cdf":
        clamps = [pick(info.max, normal.TAIL_64, normal.TAIL_32)]
        changes = np.sqrt(2 * changes[changes > 0])
    if name == "tanh":
        changes, edges = changes[changes > 0][:64] / 2, np.arctanh([0.25, 0.5, 0.75])
        clamps = [clamp / 2 for clamp in clamps]
    points = [*changes, *edges, *clamps, np.log(3)]
    return neighbours([*points, *(-point for point in points)], dtype)


@every_dtype
@every_function
def test_within_2_ulp_over_the_whole_range(name: str, dtype: Any) -> None:
    xs = whole_range(dtype)
    error, x = worst(name, inside(name, xs), dtype)
    assert error <= MOST_ULP.get(name, 2), f"{name}({x!r}) is {error} ulp off"


@every_dtype
@every_function
def test_within_2_ulp_at_every_seam(name: str, dtype: Any) -> None:
    error, x = worst(name, inside(name, seams(name, dtype)), dtype)
    assert error <= MOST_ULP.get(name, 2), f"{name}({x!r}) is {error} ulp off"


WORST_KNOWN = {
    "exp": ((-72.42099217228366, 0.9977), (0.34661555, 0.972)),
    "log": ((0.7045837851288649, 0.8703), (1.4122983, 0.9149)),
    "tanh": ((0.2448822893800723, 1.737), (0.25122213, 1.644)),
    "sigmoid": ((-1.1435182970270197, 1.834), (-1.1017455, 1.860)),
    "softplus": ((-1.263991478275209, 1.643), (-1.2676626, 1.662)),
    "exp_minus_one": ((-0.4120917706077884, 1.246), (-0.4005145, 1.160)),
    "normal_cdf": ((-0.7703923432296403, 4.613), (-1.8650326, 4.752)),
    "sine": ((65766.60483690299, 1.395), (2171.3606, 1.4485)),
    "cosine": ((33041.18553514089, 1.461), (1.8211229, 1.420)),
}
"""Where long searches found the largest errors, and those errors: float64, then float32."""


@every_dtype
@every_function
def test_worst_known_arguments(name: str, dtype: Any) -> None:
    x, stated = WORST_KNOWN[name][DTYPES.index(dtype)]
    error, _ = worst(name, np.array([x], dtype), dtype)
    assert error == pytest.approx(stated, abs=0.01)
    assert f"{stated:.2f}" in str(MADE[name].__doc__)


@pytest.mark.parametrize(("dtype", "width"), [(np.float64, 64), (np.float32, 32)])
@every_function
def test_within_2_ulp_anywhere(name: str, dtype: Any, width: Any) -> None:
    positive: dict[str, Any] = {"min_value": 0.0, "exclude_min": True} if name == "log" else {}

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(st.floats(allow_nan=False, allow_infinity=False, width=width, **positive))
    def check(number: float) -> None:
        with mp.workprec(PRECISION):
            for x in inside(name, np.array([number], dtype)):
                assert error_in_ulp(name, x, evaluate(name, x), dtype) <= MOST_ULP.get(name, 2)

    check()


SPECIAL: dict[str, dict[float, float]] = {
    "exp": {0.0: 1.0, INF: INF, -INF: 0.0, 1e30: INF, -1e30: 0.0, 1e-30: 1.0},
    "log": {0.0: -INF, 1.0: 0.0, INF: INF, -INF: NAN, -1.0: NAN, -1e-30: NAN},
    "tanh": {0.0: 0.0, INF: 1.0, -INF: -1.0, 1e30: 1.0, -1e30: -1.0, 1e-30: 1e-30, -1e-30: -1e-30},
    "sigmoid": {0.0: 0.5, INF: 1.0, -INF: 0.0, 1e30: 1.0, -1e30: 0.0},
    "softplus": {0.0: float(np.log(2)), INF: INF, -INF: 0.0, 1e30: 1e30, -1e30: 0.0, 40.0: 40.0},
    "exp_minus_one": {0.0: 0.0, INF: 0.0, -INF: -1.0, 1e30: 0.0, -1e30: -1.0, -1e-30: -1e-30},
    "normal_cdf": {0.0: 0.5, INF: 1.0, -INF: 0.0, 1e30: 1.0, -1e30: 0.0},
    "sine": {0.0: 0.0, INF: NAN, 1e30: NAN, 1e-30: 1e-30, -1e-30: -1e-30},
    "cosine": {0.0: 1.0, INF: NAN, 1e30: NAN, 1e-30: 1.0},
}


@every_dtype
@every_function
def test_special_values(name: str, dtype: Any) -> None:
    for x, expected in SPECIAL[name].items():
        y = evaluate(name, dtype(x))
        assert np.array_equal(y, dtype(expected), equal_nan=True), f"{name}({x}) = {y}"
        assert np.isnan(y) or np.signbit(y) == np.signbit(expected), f"{name}({x}) = {y}"
    assert np.isnan(evaluate(name, dtype(NAN)))
    assert np.isnan(evaluate(name, np.array([NAN, 1.0], dtype))).tolist() == [True, False]


@every_dtype
def test_minus_zero(dtype: Any) -> None:
    assert all(np.signbit(evaluate(name, dtype(-0.0))) for name in ("tanh", "exp_minus_one", "sine"))
    for name in NAMES:
        assert evaluate(name, dtype(-0.0)) == evaluate(name, dtype(0.0))


@every_dtype
def test_tanh_is_odd_and_never_beyond_one(dtype: Any) -> None:
    xs = whole_range(dtype)
    assert np.array_equal(evaluate("tanh", -xs), -evaluate("tanh", xs))
    assert np.abs(evaluate("tanh", xs)).max() == 1
    small = xs[np.abs(xs) < 1e-20]
    assert np.array_equal(evaluate("tanh", small), small)


def canonical(values: Any) -> bytes:
    """Their bits, but for those of NaN, whose sign NumPy chooses."""
    return bytes(np.where(np.isnan(values), values.dtype.type(NAN), values).tobytes())


@every_dtype
@every_function
def test_a_number_alone_is_the_number_in_an_array(name: str, dtype: Any) -> None:
    specials = np.array([0.0, -0.0, INF, -INF, NAN], dtype)
    xs = np.concatenate([whole_range(dtype)[::40], seams(name, dtype)[::80], specials])
    together = evaluate(name, xs)
    alone = [evaluate(name, x) for x in xs]
    assert {type(y) for y in alone} == {dtype}
    assert canonical(np.array(alone)) == canonical(together)
    assert together.dtype == dtype
    assert evaluate(name, xs[:6].reshape(2, 3)).tobytes() == together[:6].tobytes()
    assert evaluate(name, xs[:0]).dtype == dtype


def exp_tail(r: Any) -> Any:
    """(e^r - 1 - r) / r^2; near 0 by its series."""
    return mpf(1) / 2 + r / 6 if abs(r) < 1e-20 else (mp.expm1(r) - r) / r**2


def log_tail(z: Any) -> Any:
    """(2 atanh(s)/s - 2) / s^2 in z = s^2; near 0 by its series."""
    return mpf(2) / 3 + 2 * z / 5 if abs(z) < 1e-20 else (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2) / z


def normal_tail(t: Any) -> Any:
    """(a + 1) e^(a^2/2) Phi(-a) in t = (a - 4)/(a + 4)."""
    a = 4 * (1 + t) / (1 - t)
    return (a + 1) * mp.exp(a * a / 2) * mp.erfc(a / mp.sqrt(2)) / 2


def sine_tail(z: Any) -> Any:
    """(sin(r)/r - 1)/r^2 in z = r^2; near 0 by its series."""
    return z / 120 - mpf(1) / 6 if z < 1e-30 else (mp.sin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z


def cosine_tail(z: Any) -> Any:
    """(cos(r) - 1 + r^2/2)/r^4 in z = r^2; near 0 by its series."""
    return mpf(1) / 24 - z / 720 if z < 1e-30 else (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2


@pytest.mark.parametrize(
    ("module", "name", "function", "interval"),
    [
        (functions, "EXP", exp_tail, ("-0.347", "0.347")),
        (functions, "LOG", log_tail, ("0", "0.04")),
        (normal, "NORMAL", normal_tail, ("-1", {np.float64: "0.8139", np.float32: "0.5677"})),
        (trigonometry, "SINE", sine_tail, ("0", "0.618")),
        (trigonometry, "COSINE", cosine_tail, ("0", "0.618")),
    ],
)
@every_dtype
def test_coefficients_are_chebyshev_fits(module: Any, name: str, function: Any, interval: Any, dtype: Any) -> None:
    stored = getattr(module, f"{name}_{64 if dtype is np.float64 else 32}")
    with mp.workprec(400), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # about the order of the powers
        ends = [mpf(end[dtype] if isinstance(end, dict) else end) for end in interval]
        fit = [float(c) for c in mpmath.chebyfit(function, ends, len(stored))]
    fit = fit if abs(fit[0]) > abs(fit[-1]) else fit[::-1]
    assert np.array_equal(np.array(stored).astype(dtype), np.array(fit).astype(dtype))


def test_scalar_constants() -> None:
    with mp.workprec(PRECISION):
        log2 = mp.log(2)
        for high, low, bits in (
            (functions.LN2_HIGH_64, functions.LN2_LOW_64, 42),
            (functions.LN2_HIGH_32, functions.LN2_LOW_32, 16),
        ):
            assert high == mp.nint(mp.ldexp(log2, bits)) / 2**bits
            assert low == pytest.approx(float(log2 - high), rel=1e-15 if bits == 42 else 2**-24)
        assert float(1 / log2) == functions.LOG2_E
        for dtype, bits in ((np.float64, primitives.SQRT_HALF_64), (np.float32, primitives.SQRT_HALF_32)):
            assert bits == np.sqrt(dtype(0.5)).view(f"i{np.dtype(dtype).itemsize}")
        assert float(mpf(1) / 3) == functions.THIRD
        assert float(2 / mp.pi) == trigonometry.TWO_OVER_PI
        for parts, bits in ((trigonometry.PARTS_64, 33), (trigonometry.PARTS_32, 12)):
            rest = mp.pi / 2
            for part in parts[:-1]:
                unit = mp.ldexp(1, mp.mag(rest) - bits)
                assert part == mp.floor(rest / unit) * unit
                rest -= part
            assert parts[-1] == pytest.approx(float(rest), rel=1e-7 if bits == 12 else 1e-15)
        assert (normal.HALVES_64, normal.HALVES_32) == (2**27 + 1, 2**12 + 1)
        assert (primitives.ROUND_64, primitives.ROUND_32) == (1.5 * 2**52, 1.5 * 2**23)
        assert (primitives.POWER_64, primitives.POWER_32) == (1.5 * 2**52 + 1023, 1.5 * 2**23 + 127)
        for index, dtype in enumerate(DTYPES):
            largest, smallest, one = (pair[index] for pair in CLAMPS)
            info: Any = np.finfo(dtype)
            assert mp.exp(largest) > mp.ldexp(1, int(info.maxexp))
            assert mp.exp(smallest) < mpf(float(info.smallest_subnormal)) / 2
            assert mp.tanh(mpf(one) / 2) > 1 - mp.ldexp(1, -info.nmant - 2)


@every_dtype
def test_primitives(dtype: Any) -> None:
    info = np.finfo(dtype)
    powers = np.arange(int(info.minexp), int(info.maxexp))
    power = primitives.by_dtype(dtype(1), primitives.POWER_64, primitives.POWER_32)
    assert np.array_equal(primitives.power_of_two(powers.astype(dtype) + dtype(power)), np.ldexp(dtype(1), powers))
    root = np.sqrt(dtype(2))
    for factor in (1.0, np.nextafter(root, dtype(1)), root, 2 - float(info.eps)):
        numbers = np.ldexp(dtype(factor), powers)
        above = factor >= root
        assert np.array_equal(primitives.exponent(numbers), powers.astype(dtype) + above)
        assert np.array_equal(primitives.mantissa(numbers), np.full(powers.shape, factor / (1 + above), dtype))
    odd = np.array([0.0, -0.0, NAN, INF, -INF, -1.0, float(info.smallest_subnormal), 1e30], dtype)
    for primitive in (primitives.power_of_two, primitives.exponent, primitives.mantissa):
        with np.errstate(over="ignore"):
            assert primitive(odd).dtype == dtype
            assert {type(primitive(x)) for x in odd} == {dtype}
    x = dtype(2)
    for chosen in (primitives.select(x > 1, x, 0.0), primitives.select(x > 1, 0.0, x), primitives.copy_sign(-x, x)):
        assert type(chosen) is dtype
    chosen = primitives.select(np.array([True, False]), x, dtype(NAN))
    assert np.array_equal(chosen, [2, NAN], equal_nan=True)
    assert type(primitives.constant(x, 3.0)) is dtype
    assert np.array_equal(primitives.constant(odd, 3.0), np.full(odd.shape, 3, dtype))
    assert primitives.by_dtype(x, 64.0, 32.0) == info.bits
    assert functions.polynomial(x, (1.0, 3.0, 5.0)) == 27


def test_formulas_are_straight_lines_over_the_primitives() -> None:
    lines = (functions._reduced, trigonometry._turned, *MADE.values())
    callable_names = {f.__name__ for f in (*primitives.PRIMITIVES, functions.polynomial, functions.nearest, *lines)}
    allowed = (
        *(ast.FunctionDef, ast.arguments, ast.arg, ast.Assign, ast.Return, ast.Expr, ast.Name, ast.Load),
        *(ast.Store, ast.Tuple, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.BitAnd, ast.UnaryOp, ast.USub),
        *(ast.Constant, ast.Compare, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Call),
    )
    for function in lines:
        (tree,) = ast.parse(inspect.getsource(function)).body
        assert isinstance(tree, ast.FunctionDef)
        tree.returns = None
        for argument in tree.args.args:
            argument.annotation = None
        for node in ast.walk(tree):
            assert isinstance(node, allowed), f"{function.__name__}: {ast.dump(node)}"
            if isinstance(node, ast.Call):
                assert not node.keywords
                assert isinstance(node.func, ast.Name)
                assert node.func.id in callable_names
