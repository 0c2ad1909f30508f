"""exp, log, tanh, sigmoid and softplus of the engine against libm's, both compiled by Numba, element by element."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numba
import numpy as np

from benchmarks.reached import Reached
from benchmarks.timing import Effort, ratio, timed
from harness.engine.cpu import functions as compiled  # teaches Numba the formulas on vectors
from harness.engine.cpu.lanes import Kind
from harness.engine.cpu.processor import native_width
from harness.engine.cpu.rows import Rows
from harness.formulas import functions

LIBM = {
    "exp": math.exp,
    "log": math.log,
    "tanh": math.tanh,
    "sigmoid": numba.njit(lambda x: 1.0 / (1.0 + math.exp(-x))),
    "softplus": numba.njit(lambda x: math.log1p(math.exp(x))),
}
assert compiled


def elementwise(function: Callable) -> Callable:
    """A compiled loop: y[i] = function(x[i]), so many times; four at a time, as many as a layer has units."""

    @numba.njit(error_model="numpy")
    def loop(x, y, count, repeats):
        for _ in range(repeats):
            for i in range(0, count, 4):
                a, b, c, d = function(x[i]), function(x[i + 1]), function(x[i + 2]), function(x[i + 3])
                y[i], y[i + 1], y[i + 2], y[i + 3] = a, b, c, d

    return loop


def speeds(effort: Effort) -> list[Reached]:
    """How many times as fast as libm each function is, in `exact` arithmetic, on numbers that fit the first cache."""
    numbers, repeats = 2048, effort.size(2000, 2)
    reached = []
    for dtype in ("float64", "float32"):
        kind = Kind(native_width(dtype), dtype, "exact")
        for function in functions.FUNCTIONS:
            name = function.__name__
            x = np.random.default_rng(3).uniform(0.01 if name == "log" else -5, 5, numbers).astype(dtype)
            y, lanes = np.empty_like(x), (-1, kind.width)
            ours, libm = elementwise(function), elementwise(LIBM[name])
            rows = Rows(x.reshape(lanes), kind), Rows(y.reshape(lanes), kind), numbers // kind.width, repeats
            jobs = {"ours": partial(ours, *rows), "libm": partial(libm, x, y, numbers, repeats)}
            for job in jobs.values():
                job()
            took = timed(jobs, effort.rounds)
            best = min(took["ours"]) / (repeats * numbers) * 1e9
            how = f"{best:.2f} ns an element"
            reached.append(Reached(f"{name}, {dtype}", 4.0, True, ratio(took["libm"], took["ours"]), "x libm", how))
    return reached
