"""A SIMD vector as a Numba value: arithmetic on it reads like arithmetic on a number.

`Lanes` is one vector register of floats; comparing two gives a `Mask`, which `select` takes. Both are Numba *types*
that carry their width, dtype and arithmetic, so that a kernel specialised to them is cached on disk. Numbers mixed in
are rounded to the vector's dtype and repeated.

`Vector` is such a value while code is generated: arithmetic on it appends instructions. Numba's operators are made
from it, and Python code that is run on vectors, loops and all, becomes straight-line machine code.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import lower_builtin, models, register_model, type_callable


@dataclass(frozen=True)
class Kind:
    """Which vectors a kernel works on: so many lanes of a dtype, in `exact` or `fast` arithmetic."""

    width: int
    dtype: str
    arithmetic: str

    @property
    def lanes(self) -> LanesType:
        return LanesType(self.width, getattr(types, self.dtype), self.arithmetic)


class LanesType(types.Type):
    def __init__(self, width: int, scalar: types.Float, arithmetic: str) -> None:
        self.width, self.scalar, self.arithmetic = width, scalar, arithmetic
        super().__init__(name=f"Lanes({width} x {scalar}, {arithmetic})")

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


class Vector:
    """A value of a `LanesType`, a float or a mask in code that is being generated."""

    __slots__ = ("builder", "type", "value")

    def __init__(self, builder: ir.IRBuilder, ty: Any, value: ir.Value) -> None:
        self.builder, self.type, self.value = builder, ty, value

    def like(self, value: ir.Value) -> Vector:
        return Vector(self.builder, self.type, value)

    def of(self, other: Any) -> Vector:
        """A vector, or a number rounded to the dtype and repeated: a Python one, or a float64 at run time."""
        if isinstance(other, Vector):
            return other
        llvm = self.value.type
        if isinstance(other, ir.Value):
            number = other if llvm.element == other.type else self.builder.fptrunc(other, llvm.element)
            return self.like(splat(self.builder, number, self.type))
        return self.like(ir.Constant(llvm, [other] * llvm.count if isinstance(llvm, ir.VectorType) else other))

    @property
    def scalar(self) -> Any:
        return self.type.scalar if isinstance(self.type, LanesType) else self.type

    @property
    def fuses(self) -> bool:
        return isinstance(self.type, LanesType) and self.type.arithmetic == "fast"

    def intrinsic(self, name: str, *more: Vector) -> Vector:
        """Call LLVM's function of this name for the type, such as llvm.sqrt.v8f64."""
        llvm = self.value.type
        count = f"v{llvm.count}" if isinstance(llvm, ir.VectorType) else ""
        signature = ir.FunctionType(llvm, [llvm] * (1 + len(more)))
        symbol = f"llvm.{name}.{count}f{self.scalar.bitwidth}"
        function = cgutils.get_or_insert_function(self.builder.module, signature, symbol)
        return self.like(self.builder.call(function, [self.value, *(other.value for other in more)]))

    @property
    def bits(self) -> ir.Value:
        """The bits of the floats, as integers."""
        size = ir.IntType(self.scalar.bitwidth)
        vector = isinstance(self.value.type, ir.VectorType)
        return self.builder.bitcast(self.value, ir.VectorType(size, self.value.type.count) if vector else size)

    def from_bits(self, bits: ir.Value) -> Vector:
        return self.like(self.builder.bitcast(bits, self.value.type))

    def __neg__(self) -> Vector:
        return self.like(self.builder.fneg(self.value))


def whole(bits: ir.Value, number: int) -> ir.Constant:
    """The number in every lane of integers like these."""
    return ir.Constant(bits.type, [number] * bits.type.count if isinstance(bits.type, ir.VectorType) else number)


def _arithmetic(method: str) -> Callable[[Vector, Any], Vector]:
    return lambda a, b: a.like(getattr(a.builder, method)(a.value, a.of(b).value))


def _reflected(method: str) -> Callable[[Vector, Any], Vector]:
    return lambda a, b: a.like(getattr(a.builder, method)(a.of(b).value, a.value))


def _comparison(sign: str) -> Callable[[Vector, Any], Vector]:
    def compare(a: Vector, b: Any) -> Vector:
        ty = MaskType(a.type.width) if isinstance(a.type, LanesType) else types.boolean
        return Vector(a.builder, ty, a.builder.fcmp_ordered(sign, a.value, a.of(b).value))

    return compare


ARITHMETIC = {"add": "fadd", "sub": "fsub", "mul": "fmul", "truediv": "fdiv"}
COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}
LOGIC = {"and": "and_", "or": "or_"}
for _name, _method in ARITHMETIC.items():
    setattr(Vector, f"__{_name}__", _arithmetic(_method))
    setattr(Vector, f"__r{_name}__", _reflected(_method))
for _name, _method in COMPARISONS.items():
    setattr(Vector, f"__{_name}__", _comparison(_method))
for _name, _method in LOGIC.items():
    setattr(Vector, f"__{_name}__", _arithmetic(_method))


def as_lanes(context, builder, value, ty, lanes: LanesType):
    """The value itself, or a number rounded to the dtype and repeated in every lane."""
    if ty == lanes:
        return value
    return splat(builder, context.cast(builder, value, ty, lanes.scalar), lanes)


def splat(builder, number, lanes: LanesType):
    """The number in every lane."""
    undefined = ir.Constant(lanes.llvm, ir.Undefined)
    first = builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes.width), None)
    return builder.shuffle_vector(first, undefined, zeros)


def lanes_of(*args: types.Type) -> Any:
    """The vector type that these operands share (or the float, if none is a vector); None if there is none."""
    found: set[Any] = {ty for ty in args if isinstance(ty, LanesType)}
    found = found or {ty for ty in args if isinstance(ty, types.Float)}
    others = [ty for ty in args if not isinstance(ty, LanesType | MaskType | types.Number | types.Boolean)]
    return found.pop() if len(found) == 1 and not others else None


def as_vectors(context, builder, types_, args) -> list[Vector]:
    """The arguments of a call, numbers repeated where the others are vectors."""
    lanes = lanes_of(*types_)
    vectors = []
    for ty, value in zip(types_, args, strict=True):
        if isinstance(ty, MaskType | types.Boolean) or ty == lanes:
            vectors.append(Vector(builder, ty, value))
        elif isinstance(lanes, LanesType):
            vectors.append(Vector(builder, lanes, as_lanes(context, builder, value, ty, lanes)))
        else:
            vectors.append(Vector(builder, lanes, context.cast(builder, value, ty, lanes)))
    return vectors


def compiled(
    function: Callable[..., Any],
    *patterns: tuple[Any, ...],
    result: Callable[[LanesType], types.Type] = lambda lanes: lanes,
) -> Callable[..., Any]:
    """Let kernels call the function: its Python is run once, on `Vector`s, for every kind of lanes.

    patterns: which operands, where Numba has lowerings of its own for others.
    """

    @type_callable(function)
    def typer(context):
        def type_of(*args):
            lanes = lanes_of(*args)
            wanted = isinstance(lanes, LanesType) or (lanes and not patterns)
            return result(lanes) if wanted else None

        type_of.__signature__ = inspect.signature(function)
        return type_of

    for pattern in patterns or ((types.VarArg(types.Any),),):

        @lower_builtin(function, *pattern)
        def lower(context, builder, signature, args):
            return function(*as_vectors(context, builder, signature.args, args)).value

    return function


def _mask(lanes: LanesType) -> MaskType:
    return MaskType(lanes.width)


OPERANDS = ((LanesType, LanesType), (LanesType, types.Number), (types.Number, LanesType))
for _name in ARITHMETIC:
    compiled(getattr(operator, _name), *OPERANDS)
for _name in COMPARISONS:
    compiled(getattr(operator, _name), *OPERANDS, result=_mask)
compiled(operator.neg, (LanesType,))

for _function in (operator.and_, operator.or_):

    @type_callable(_function)
    def _type_logic(context):
        return lambda a, b: a if isinstance(a, MaskType) and a == b else None

    @lower_builtin(_function, MaskType, MaskType)
    def _lower_logic(context, builder, signature, args, function=_function):
        a, b = (Vector(builder, ty, value) for ty, value in zip(signature.args, args, strict=True))
        return function(a, b).value


def same_bits(a: Vector, b: Vector) -> Vector:
    """Mask of the lanes where a and b agree to the last bit (0 and -0 differ)."""
    return Vector(a.builder, _mask(a.type), a.builder.icmp_unsigned("==", a.bits, b.bits))


compiled(same_bits, result=_mask)


def lane_set(mask):
    """The lanes where the mask holds, as the bits of an integer."""


@type_callable(lane_set)
def _type_lane_set(context):
    return lambda mask: types.int64 if isinstance(mask, MaskType) else None


@lower_builtin(lane_set, MaskType)
def _lower_lane_set(context, builder, signature, args):
    packed = builder.bitcast(args[0], ir.IntType(signature.args[0].width))
    return builder.zext(packed, ir.IntType(64))
