"""The machine's peak: fused multiply-adds at full vector width on all processors at once."""

from __future__ import annotations

import ctypes
import time

from benchmarks import machine
from benchmarks.native import library
from benchmarks.timing import Effort
from harness.sweeps.local import processors

CHAINS = (8, 10, 14)
"""12 are not among them: gcc 12 keeps one of those in memory, and finds half the peak."""
REALS = {"float64": ("double", ctypes.c_double), "float32": ("float", ctypes.c_float)}


def gigaflops(dtype: str, effort: Effort) -> float:
    """GFLOP/s of all processors now, with as many chains as are fastest."""
    return max(_gigaflops(dtype, chains, effort) for chains in CHAINS)


def _gigaflops(dtype: str, chains: int, effort: Effort) -> float:
    name, real = REALS[dtype]
    flags = (f"-DREAL={name}", f"-DWIDTH={machine.vector_bytes()}", f"-DCHAINS={chains}")
    code = library("peak.c", "-ffp-contract=fast", *flags)
    code.operations.restype = ctypes.c_double
    steps, result = effort.size(2**24, 2**10), real()
    started = time.perf_counter()
    done = code.operations(ctypes.c_long(steps), processors(), real(0.999), real(0.001), ctypes.byref(result))
    return float(done) / (time.perf_counter() - started) / 1e9
