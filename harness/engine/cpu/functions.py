"""The formulas on vectors: `harness.formulas.primitives` by their bits, and all that stands on them.

Everything above the primitives (exp, tanh, the activations, the losses, the optimizers) is the very Python that the
reference runs. Where a kernel knows at run time only which of them it wants, it jumps to one of all.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import lower_builtin, type_callable

from harness.engine.cpu.cache import overloaded, routine
from harness.engine.cpu.lanes import LanesType, Vector, compiled, whole
from harness.engine.cpu.rows import traced
from harness.formulas import codes, functions, metrics, normal, primitives, trigonometry
from harness.formulas.activations import ACTIVATIONS, SLOPED
from harness.formulas.losses import LOSSES
from harness.formulas.primitives import ONE_32, ONE_64, SQRT_HALF_32, SQRT_HALF_64
from harness.formulas.schedules import SCHEDULES


@primitives.select.register
def _(condition: Vector, a, b) -> Vector:
    like = a if isinstance(a, Vector) else b
    return like.like(condition.builder.select(condition.value, like.of(a).value, like.of(b).value))


@primitives.constant.register
def _(x: Vector, number) -> Vector:
    return x.of(number)


@primitives.multiply_add.register
def _(a: Vector, b, c) -> Vector:
    """`fast` leaves the fusing to the processor's own instruction, so it never depends on the code around."""
    return a.intrinsic("fmuladd", a.of(b), a.of(c)) if a.fuses else a * b + c


@primitives.square_root.register
def _(x: Vector) -> Vector:
    return x.intrinsic("sqrt")


@primitives.absolute.register
def _(x: Vector) -> Vector:
    return x.intrinsic("fabs")


@primitives.copy_sign.register
def _(size: Vector, x) -> Vector:
    return size.intrinsic("copysign", x)


def _mantissa_bits(x: Vector) -> int:
    return primitives.by_dtype(x, 52, 23)


@primitives.power_of_two.register
def _(raised: Vector) -> Vector:
    bits = raised.bits
    return raised.from_bits(raised.builder.shl(bits, whole(bits, _mantissa_bits(raised))))


def _above_sqrt_half(x: Vector) -> ir.Value:
    """The bits of x less those of sqrt(1/2), and of 1 more."""
    one, sqrt_half = primitives.by_dtype(x, (ONE_64, SQRT_HALF_64), (ONE_32, SQRT_HALF_32))
    return x.builder.add(x.bits, whole(x.bits, one - sqrt_half))


@primitives.exponent.register
def _(x: Vector) -> Vector:
    """To put a small whole number into the lowest bits of ROUND is a conversion that every vector unit has, where the
    one of 64-bit integers is slow before AVX-512.
    """
    bits = _above_sqrt_half(x)
    biased = x.builder.lshr(bits, whole(bits, _mantissa_bits(x)))
    magic = primitives.by_dtype(x, primitives.ROUND_64, primitives.ROUND_32)
    power = primitives.by_dtype(x, primitives.POWER_64, primitives.POWER_32)
    return x.from_bits(x.builder.or_(biased, x.of(magic).bits)) - power


@primitives.mantissa.register
def _(x: Vector) -> Vector:
    bits, sqrt_half = _above_sqrt_half(x), primitives.by_dtype(x, SQRT_HALF_64, SQRT_HALF_32)
    low = x.builder.and_(bits, whole(bits, (1 << _mantissa_bits(x)) - 1))
    return x.from_bits(x.builder.add(low, whole(bits, sqrt_half)))


@primitives.by_dtype.register
def _(x: Vector, value64, value32):
    return value64 if x.scalar == types.float64 else value32


for _function in (
    *primitives.PRIMITIVES[:-1],
    *functions.FUNCTIONS,
    functions.sign,
    *normal.FUNCTIONS,
    *trigonometry.FUNCTIONS,
):
    compiled(_function)


def switched(function: Callable[..., Any], choices: Iterable[Any]) -> None:
    """Let kernels call function(code, ...) with a code that is known at run time only: by a jump to one of all."""
    count = sum(1 for _ in choices)

    @type_callable(function)
    def typer(context):
        def type_of(code, *args):
            lanes = [arg for arg in args if isinstance(arg, LanesType)]
            state = [arg for arg in args if isinstance(arg, types.BaseNamedTuple)]
            return lanes[0] if lanes else state[0].types[0].element if function is codes.rate_of else types.none

        type_of.__signature__ = inspect.signature(function)
        return type_of

    @lower_builtin(function, types.Integer, types.VarArg(types.Any))
    def lower(context, builder, signature, args):
        values = [traced(context, builder, ty, arg) for ty, arg in zip(signature.args[1:], args[1:], strict=True)]
        blocks = [builder.append_basic_block(f"{function.__name__}_{code}") for code in range(count)]
        end = builder.append_basic_block(f"{function.__name__}_end")
        jump = builder.switch(args[0], blocks[0])
        results = []
        for code, block in enumerate(blocks):
            if code:
                jump.add_case(code, block)
            builder.position_at_end(block)
            results.append((function(code, *values), builder.block))
            builder.branch(end)
        builder.position_at_end(end)
        if results[0][0] is None:
            return context.get_dummy_value()
        result = builder.phi(signature.return_type.llvm)
        for vector, block in results:
            result.add_incoming(vector.value, block)
        return result


switched(codes.activate, (*ACTIVATIONS, *SLOPED))
switched(codes.derivative, (*ACTIVATIONS, *SLOPED))
switched(codes.change, codes.RULES)
switched(codes.tick, codes.RULES)
switched(codes.rate_of, SCHEDULES)


def choose(table: list[Callable[..., Any]]) -> Callable[..., Any]:
    """A compilable function (code, *args) -> table[code](*args), for formulas that have loops."""
    first = routine(table[0])
    if len(table) == 1:
        return routine(lambda code, *args: first(*args))
    rest = choose(table[1:])
    return routine(lambda code, *args: first(*args) if code == 0 else rest(code - 1, *args))


_cost_of = choose([loss.cost for loss in LOSSES.values()])


@overloaded(codes.cost)
def _overload_cost(code, t, y, derivative):
    return lambda code, t, y, derivative: _cost_of(code, t, y, derivative)


def inlined(function: Callable[..., None]) -> Callable[..., None]:
    """Let kernels call a function that returns nothing: its Python is run once, where they do, loops and all."""

    @type_callable(function)
    def typer(context):
        def type_of(*args):
            return types.none

        type_of.__signature__ = inspect.signature(function)
        return type_of

    @lower_builtin(function, types.VarArg(types.Any))
    def lower(context, builder, signature, args):
        function(*(traced(context, builder, ty, arg) for ty, arg in zip(signature.args, args, strict=True)))
        return context.get_dummy_value()

    return function


inlined(metrics.begin)
inlined(metrics.fold)
inlined(metrics.finish)
