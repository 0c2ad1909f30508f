"""What this machine's processor has, and how it is set."""

from __future__ import annotations

import platform
from functools import cache
from typing import Any

import llvmlite
import numba
import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def native_width(dtype: str) -> int:
    """Lanes of one vector register of this machine's processor, as Numba is set to use it; 1 where it has none."""
    features = _features()
    bits = 512 if "+avx512f" in features else 256 if "+avx" in features else 128
    return bits // (8 * np.dtype(dtype).itemsize)


def what_decides_fast() -> tuple[str, ...]:
    """What the bits of `fast` arithmetic depend on, beside the sources: vectors, fused products, and the compiler."""
    fused = "fused" if "+fma" in _features() or platform.machine() in ("aarch64", "arm64") else "not fused"
    versions = (numba.__version__, llvmlite.__version__)
    return (platform.machine(), f"{native_width('float64')} lanes", fused, *versions)


def _features() -> str:
    """The features of the processor that Numba is set to compile for."""
    from numba.core import config

    chosen: Any = config  # by NUMBA_CPU_NAME and NUMBA_CPU_FEATURES, which may choose narrower vectors

    if chosen.CPU_FEATURES is not None:
        return str(chosen.CPU_FEATURES)
    return _host_features() if chosen.CPU_NAME is None else ""


@cache
def _host_features() -> str:
    return binding.get_host_cpu_features().flatten()


def align_stack(builder) -> None:
    """Let the function that is being generated keep its vectors on a stack aligned like the widest.

    LLVM finds out too late that it needs to: what does not fit the registers then crosses lines of the cache, which
    takes a tenth longer. llvmlite prints this attribute beside another only.
    """
    builder.function.attributes.add("nounwind")
    builder.function.attributes.alignstack = 64


FLUSH = 0x8040
"""In the control word of x86: subnormal results become zeros, and subnormal operands count as zeros."""


def _x86(builder, name: str, word) -> None:
    if binding.get_process_triple().startswith("x86_64"):
        signature = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
        function = cgutils.get_or_insert_function(builder.module, signature, f"llvm.x86.sse.{name}")
        builder.call(function, [builder.bitcast(word, ir.IntType(8).as_pointer())])


@intrinsic
def control(context):
    """The control word of this thread's floating-point unit; 0 where it is not known how to read it."""

    def codegen(context, builder, signature, args):
        align_stack(builder)
        word = cgutils.alloca_once_value(builder, ir.Constant(ir.IntType(32), 0))
        _x86(builder, "stmxcsr", word)
        return builder.load(word)

    return types.uint32(), codegen


@intrinsic(prefer_literal=False)
def set_control(context, word):
    """Write it."""

    def codegen(context, builder, signature, args):
        value = context.cast(builder, args[0], word, types.uint32)
        _x86(builder, "ldmxcsr", cgutils.alloca_once_value(builder, value))
        return context.get_dummy_value()

    return types.none(word), codegen
