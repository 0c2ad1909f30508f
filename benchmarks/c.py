"""C: two_two_one.c, in the harness's order or fused, at its best number of lanes."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from benchmarks import machine
from benchmarks.native import library
from benchmarks.peak import REALS
from benchmarks.rows import Workload
from benchmarks.timing import Effort, Job
from harness.sweeps import local

LANES = (16, 32, 64, 128)
ORDER = {"strict": ("-ffp-contract=off",), "fused": ("-ffp-contract=fast", "-DFUSED")}


def contenders(workload: Workload, order: str, effort: Effort) -> list[Compiled]:
    """order: strict or fused. Where there are vectors of 512 bits, gcc is asked for them too: its default is 256."""
    widths = ((), ("-mprefer-vector-width=512",)) if machine.vector_bytes() == 64 and not effort.quick else ((),)
    networks = effort.size(2**16, 64)
    return [Compiled(workload, order, lanes, width, networks) for lanes in LANES for width in widths]


class Compiled:
    def __init__(self, workload: Workload, order: str, lanes: int, width: tuple[str, ...], networks: int) -> None:
        self.workload, self.networks = workload, networks
        self.setting = " ".join([f"{lanes} lanes", *width])
        self.code = library(
            "two_two_one.c", *ORDER[order], *width, f"-DREAL={REALS[workload.dtype][0]}", f"-DLANES={lanes}"
        )

    def job(self, epochs: int) -> Job:
        workload, n = self.workload, self.networks
        given = [workload.inputs, workload.targets, workload.flat, workload.rates(n)]
        weights, losses = np.empty((workload.parameters, n), workload.dtype), np.empty(n, workload.dtype)
        sizes = [ctypes.c_long(size) for size in (n, epochs, workload.samples)]

        def job() -> Any:
            arrays = [array.ctypes.data_as(ctypes.c_void_p) for array in (*given, weights, losses)]
            self.code.train(*sizes, *arrays, ctypes.c_int(local.processors()))
            return weights, losses

        return job

    def final(self, outcome: Any) -> tuple[Any, Any]:
        return outcome
