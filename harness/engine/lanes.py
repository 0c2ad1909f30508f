"""A SIMD vector as a Numba value: arithmetic on it reads like arithmetic on a number.

`Lanes` is one vector register of floats; comparing two gives a `Mask`, which `select` takes. Both are Numba *types*
that carry their width, dtype and arithmetic, so that a kernel specialised to them is cached on disk. Numbers mixed in
are rounded to the vector's dtype and repeated.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.extending import (
    lower_builtin,
    models,
    register_model,
    type_callable,
)


class Kind:
    """Which vectors a kernel works on: so many lanes of a dtype, in `exact` or `fast` arithmetic."""

    def __init__(self, width: int, dtype: str, arithmetic: str) -> None:
        self.width, self.dtype, self.arithmetic = width, np.dtype(dtype), arithmetic


def native_width(dtype: str) -> int:
    """Lanes of one vector register of this machine's processor, as Numba is set to use it."""
    from numba.core import config  # NUMBA_CPU_NAME and NUMBA_CPU_FEATURES choose narrower vectors

    features = config.CPU_FEATURES
    if features is None:
        features = binding.get_host_cpu_features().flatten() if config.CPU_NAME is None else ""
    bits = 512 if "+avx512f" in features else 256 if "+avx" in features else 128
    return bits // (8 * np.dtype(dtype).itemsize)


class LanesType(types.Type):
    def __init__(self, width: int, scalar: types.Float, arithmetic: str) -> None:
        self.width, self.scalar, self.arithmetic = width, scalar, arithmetic
        super().__init__(name=f"Lanes({width} x {scalar}, {arithmetic})")

    @property
    def flags(self) -> tuple[str, ...]:
        """`contract` lets a product and a sum fuse; never nnan or ninf, which would break NaN and infinity."""
        return ("contract",) if self.arithmetic == "fast" else ()

    @property
    def llvm(self) -> ir.VectorType:
        return ir.VectorType(ir.DoubleType() if self.scalar == types.float64 else ir.FloatType(), self.width)


class MaskType(types.Type):
    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__(name=f"Mask({width})")


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, lanes):
        super().__init__(manager, lanes, lanes.llvm)


@register_model(MaskType)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, manager, mask):
        super().__init__(manager, mask, ir.VectorType(ir.IntType(1), mask.width))


def as_lanes(context, builder, value, ty, lanes: LanesType):
    """The value itself, or a number rounded to the dtype and repeated in every lane."""
    if ty == lanes:
        return value
    number = context.cast(builder, value, ty, lanes.scalar)
    undefined = ir.Constant(lanes.llvm, ir.Undefined)
    first = builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes.width), None)
    return builder.shuffle_vector(first, undefined, zeros)


def _lanes_of(*args: types.Type) -> LanesType | None:
    """The vector type that these operands share, or None if they are not vectors and numbers."""
    found = {ty for ty in args if isinstance(ty, LanesType)}
    others = [ty for ty in args if not isinstance(ty, LanesType | types.Number)]
    return found.pop() if len(found) == 1 and not others else None


OPERANDS = ((LanesType, LanesType), (LanesType, types.Number), (types.Number, LanesType))


def _binary(function: Callable, result: Callable[[LanesType], types.Type], emit: Callable) -> None:
    """Let `function` take two vectors, or a vector and a number."""

    @type_callable(function)
    def typer(context):
        def type_of(a, b):
            lanes = _lanes_of(a, b)
            return None if lanes is None else result(lanes)

        return type_of

    for operands in OPERANDS:

        @lower_builtin(function, *operands)
        def lower(context, builder, signature, args):
            lanes = _lanes_of(*signature.args)
            a, b = (as_lanes(context, builder, x, ty, lanes) for x, ty in zip(args, signature.args, strict=True))
            return emit(builder, a, b, lanes.flags)


def _mask(lanes: LanesType) -> MaskType:
    return MaskType(lanes.width)


for _function, _emit in (
    (operator.add, lambda builder, a, b, flags: builder.fadd(a, b, flags=flags)),
    (operator.sub, lambda builder, a, b, flags: builder.fsub(a, b, flags=flags)),
    (operator.mul, lambda builder, a, b, flags: builder.fmul(a, b, flags=flags)),
    (operator.truediv, lambda builder, a, b, flags: builder.fdiv(a, b, flags=flags)),
):
    _binary(_function, lambda lanes: lanes, _emit)
for _function, _sign in ((operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.ge, ">=")):
    _binary(_function, _mask, lambda builder, a, b, flags, sign=_sign: builder.fcmp_ordered(sign, a, b))


@type_callable(operator.neg)
def _type_neg(context):
    return lambda a: a if isinstance(a, LanesType) else None


@lower_builtin(operator.neg, LanesType)
def _lower_neg(context, builder, signature, args):
    return builder.fneg(args[0])


for _function, _method in ((operator.and_, "and_"), (operator.or_, "or_")):

    @type_callable(_function)
    def _type_logic(context):
        return lambda a, b: a if isinstance(a, MaskType) and a == b else None

    @lower_builtin(_function, MaskType, MaskType)
    def _lower_logic(context, builder, signature, args, method=_method):
        return getattr(builder, method)(*args)


def as_bits(builder, value):
    """The bits of a float or of a vector of floats, as integers."""
    vector = isinstance(value.type, ir.VectorType)
    size = 64 if (value.type.element if vector else value.type) == ir.DoubleType() else 32
    return builder.bitcast(value, ir.VectorType(ir.IntType(size), value.type.count) if vector else ir.IntType(size))


def same_bits(a, b):
    """Mask of the lanes where a and b agree to the last bit (0 and -0 differ)."""


_binary(
    same_bits,
    _mask,
    lambda builder, a, b, flags: builder.icmp_unsigned("==", as_bits(builder, a), as_bits(builder, b)),
)


def lane_set(mask):
    """The lanes where the mask holds, as the bits of an integer."""


@type_callable(lane_set)
def _type_lane_set(context):
    return lambda mask: types.int64 if isinstance(mask, MaskType) else None


@lower_builtin(lane_set, MaskType)
def _lower_lane_set(context, builder, signature, args):
    packed = builder.bitcast(args[0], ir.IntType(signature.args[0].width))
    return builder.zext(packed, ir.IntType(64))
