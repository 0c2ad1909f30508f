"""The formulas, compiled: the primitives of `harness.formulas.functions` on vectors and numbers, by their bits.

Everything above the primitives (exp, tanh, the activations, the losses) is the very Python that the reference runs.
"""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.extending import lower_builtin, register_jitable, type_callable

from harness.engine.lanes import LanesType, MaskType, as_bits, as_lanes
from harness.formulas import functions
from harness.formulas.activations import ACTIVATIONS
from harness.formulas.losses import LOSSES

VALUES = (LanesType, types.Float)


def _scalar(ty: types.Type) -> types.Float:
    return ty.scalar if isinstance(ty, LanesType) else ty


def _flags(ty: types.Type) -> tuple[str, ...]:
    return ty.flags if isinstance(ty, LanesType) else ()


def _convert(context, builder, value, ty, target):
    if isinstance(target, LanesType):
        return as_lanes(context, builder, value, ty, target)
    return context.cast(builder, value, ty, target)


def _splat(llvm_type, number: float):
    """The number as a constant of a scalar type, or in every lane of a vector type."""
    return ir.Constant(llvm_type, [number] * llvm_type.count if isinstance(llvm_type, ir.VectorType) else number)


def _format(ty: types.Type) -> tuple[int, int, float]:
    """(mantissa bits, exponent bias, 1.5 * 2**mantissa bits) of the dtype.

    Adding the last to a small whole number puts it into the low mantissa bits: a conversion that every
    vector unit has, where the conversion to 64-bit integers is slow before AVX-512.
    """
    return (52, 1023, 1.5 * 2.0**52) if _scalar(ty) == types.float64 else (23, 127, 1.5 * 2.0**23)


def _typed(function, arity: int):
    """Type `function` as (value, ...) -> the same value type."""

    @type_callable(function)
    def typer(context):
        if arity == 1:
            return lambda x: x if isinstance(x, VALUES) else None
        return lambda x, y: x if isinstance(x, VALUES) else None


for _function, _arity in ((functions.absolute, 1), (functions.power_of_two, 1), (functions.exponent, 1)):
    _typed(_function, _arity)
for _function in (functions.constant, functions.polynomial):
    _typed(_function, 2)


@type_callable(functions.select)
def _type_select(context):
    def type_of(condition, a, b):
        lanes = [ty for ty in (a, b) if isinstance(ty, LanesType)]
        if isinstance(condition, MaskType) and lanes:
            return lanes[0]
        return a if isinstance(condition, types.Boolean) and isinstance(a, types.Float) else None

    return type_of


@lower_builtin(functions.select, types.Any, types.Any, types.Any)
def _lower_select(context, builder, signature, args):
    _, a_type, b_type = signature.args
    a, b = (
        _convert(context, builder, value, ty, signature.return_type)
        for value, ty in ((args[1], a_type), (args[2], b_type))
    )
    return builder.select(args[0], a, b)


@type_callable(functions.by_dtype)
def _type_by_dtype(context):
    def type_of(x, value64, value32):
        if not isinstance(x, VALUES):
            return None
        return value64 if _scalar(x) == types.float64 else value32

    return type_of


@lower_builtin(functions.by_dtype, types.Any, types.Any, types.Any)
def _lower_by_dtype(context, builder, signature, args):
    return args[1] if _scalar(signature.args[0]) == types.float64 else args[2]


def _lowered(function, *more):
    """Register the decorated code generator for vectors and for numbers."""

    def register(emit):
        for value in VALUES:
            lower_builtin(function, value, *more)(emit)
        return emit

    return register


@_lowered(functions.constant, types.Any)
def _lower_constant(context, builder, signature, args):
    return _convert(context, builder, args[1], signature.args[1], signature.return_type)


@_lowered(functions.absolute)
def _lower_absolute(context, builder, signature, args):
    bits = as_bits(builder, args[0])
    all_but_the_sign = _splat(bits.type, 2 ** (_scalar(signature.args[0]).bitwidth - 1) - 1)
    return builder.bitcast(builder.and_(bits, all_but_the_sign), args[0].type)


@_lowered(functions.power_of_two)
def _lower_power_of_two(context, builder, signature, args):
    mantissa, bias, magic = _format(signature.args[0])
    bits = as_bits(builder, builder.fadd(args[0], _splat(args[0].type, magic + bias)))
    return builder.bitcast(builder.shl(bits, _splat(bits.type, mantissa)), args[0].type)


@_lowered(functions.exponent)
def _lower_exponent(context, builder, signature, args):
    mantissa, bias, magic = _format(signature.args[0])
    bits = as_bits(builder, args[0])
    biased = builder.lshr(bits, _splat(bits.type, mantissa))
    embedded = builder.or_(biased, as_bits(builder, _splat(args[0].type, magic)))
    return builder.fsub(builder.bitcast(embedded, args[0].type), _splat(args[0].type, magic + bias))


@_lowered(functions.polynomial, types.UniTuple)
def _lower_polynomial(context, builder, signature, args):
    x_type, tuple_type = signature.args
    flags = _flags(x_type)

    def coefficient(i):
        number = builder.extract_value(args[1], i)
        return _convert(context, builder, number, tuple_type.dtype, x_type)

    total = coefficient(tuple_type.count - 1)
    for i in reversed(range(tuple_type.count - 1)):
        total = builder.fadd(builder.fmul(args[0], total, flags=flags), coefficient(i), flags=flags)
    return total


for _function in functions.FUNCTIONS:
    register_jitable(_function)


def choose(table: list):
    """A compilable function (code, *args) -> table[code](*args): a chain of comparisons over the formulas."""
    first = register_jitable(table[0])
    if len(table) == 1:
        return register_jitable(lambda code, *args: first(*args))
    rest = choose(table[1:])
    return register_jitable(lambda code, *args: first(*args) if code == 0 else rest(code - 1, *args))


ACTIVATION_CODES = {name: code for code, name in enumerate(ACTIVATIONS)}
LOSS_CODES = {name: code for code, name in enumerate(LOSSES)}
activate = choose([activation.f for activation in ACTIVATIONS.values()])
slope = choose([activation.slope for activation in ACTIVATIONS.values()])
cost = choose([loss.cost for loss in LOSSES.values()])
