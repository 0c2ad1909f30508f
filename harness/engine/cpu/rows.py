"""Memory as a kernel sees it: rows of vectors, or of numbers, indexed like a list.

Numba counts references to an array whenever it is passed on; with the dozens that a block has, that took a hundred
times as long as the arithmetic. Rows are bare pointers to the kernel, and the Python object keeps their array alive.
"""

from __future__ import annotations

import operator
from math import prod
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import (
    NativeValue,
    intrinsic,
    lower_builtin,
    models,
    overload,
    register_model,
    type_callable,
    typeof_impl,
    unbox,
)
from numba.np.numpy_support import from_dtype
from numpy.typing import NDArray

from harness.engine.cpu.lanes import Kind, LanesType, MaskType, Vector, as_lanes, splat
from harness.formulas import primitives

LINE = 64
"""Bytes: a vector that lies across two cache lines takes twice as long."""


def aligned(shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """Zeros that start at a cache line."""
    size = prod(shape) * np.dtype(dtype).itemsize
    raw = np.zeros(size + LINE, np.uint8)
    start = -raw.ctypes.data % LINE
    return raw[start : start + size].view(dtype).reshape(shape)


class Rows:
    """A C-contiguous array: (.., width) as vectors of a kind, or any as numbers, one after the other."""

    def __init__(self, array: np.ndarray, kind: Kind | None = None) -> None:
        of_kind = kind is None or (array.shape[-1] == kind.width and array.dtype == np.dtype(kind.dtype))
        if not (array.flags.c_contiguous and of_kind):
            raise ValueError(f"expected a C-contiguous array of vectors, found {array.dtype} {array.shape}")
        self.array = array
        self.element = array.dtype, kind
        self.address, self.length = array.ctypes.data, array.size // (kind.width if kind else 1)


class RowsType(types.Type):
    """element: a vector or a number."""

    def __init__(self, element: types.Type) -> None:
        self.element = element
        super().__init__(name=f"Rows({element})")

    @property
    def scalar(self) -> Any:
        return self.element.scalar if isinstance(self.element, LanesType) else self.element

    @property
    def width(self) -> int:
        return self.element.width if isinstance(self.element, LanesType) else 1


@register_model(RowsType)
class _RowsModel(models.StructModel):
    def __init__(self, manager, rows):
        members = [("data", types.CPointer(rows.scalar)), ("length", types.intp)]
        super().__init__(manager, rows, members)


def rows_type(dtype: np.dtype, kind: Kind | None) -> RowsType:
    """The type of rows that hold numbers of a dtype, or vectors of a kind."""
    return RowsType(kind.lanes if kind else from_dtype(dtype))


@typeof_impl.register(Rows)
def _typeof_rows(rows, context):
    return rows_type(*rows.element)


@unbox(RowsType)
def _unbox_rows(rows_type, value, c):
    made = cgutils.create_struct_proxy(rows_type)(c.context, c.builder)
    numbers = []
    for name in ("address", "length"):
        attribute = c.pyapi.object_getattr_string(value, name)
        numbers.append(c.pyapi.long_as_longlong(attribute))
        c.pyapi.decref(attribute)
    made.data = c.builder.inttoptr(numbers[0], made.data.type)
    made.length = numbers[1]
    return NativeValue(made._getvalue())


@type_callable(len)
def _type_len(context):
    return lambda whole: types.intp if isinstance(whole, RowsType) else None


@lower_builtin(len, RowsType)
def _lower_len(context, builder, signature, args):
    return cgutils.create_struct_proxy(signature.args[0])(context, builder, args[0]).length


class Index:
    """A whole number that is known at run time only, in code that is being generated."""

    __slots__ = ("builder", "value")

    def __init__(self, builder: ir.IRBuilder, value: ir.Value) -> None:
        self.builder, self.value = builder, value

    def __add__(self, other: Index | int) -> Index:
        return Index(self.builder, self.builder.add(self.value, self.of(other)))

    def __sub__(self, other: Index | int) -> Index:
        return Index(self.builder, self.builder.sub(self.value, self.of(other)))

    def __mul__(self, other: Index | int) -> Index:
        return Index(self.builder, self.builder.mul(self.value, self.of(other)))

    def __floordiv__(self, other: Index | int) -> Index:
        return Index(self.builder, self.builder.sdiv(self.value, self.of(other)))

    def of(self, other: Index | int) -> ir.Value:
        """A value of the same type."""
        return other.value if isinstance(other, Index) else ir.Constant(self.value.type, other)


class TracedRows:
    """Rows in code that is being generated. Numbers are repeated in every lane of `lanes`, if that is given."""

    def __init__(self, builder, element, data, length, lanes: LanesType | None = None) -> None:
        self.builder, self.element, self.data, self.length, self.lanes = builder, element, data, length, lanes

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, i):
        value = self.builder.load(self.place(i), align=self.align)
        if self.lanes is not None:
            return Vector(self.builder, self.lanes, splat(self.builder, value, self.lanes))
        if isinstance(self.element, types.Integer):
            return Index(self.builder, value)
        return Vector(self.builder, self.element, value)

    def __setitem__(self, i, value) -> None:
        if not isinstance(value, Vector):
            llvm = self.element.llvm
            value = Vector(self.builder, self.element, ir.Constant(llvm, [float(value)] * llvm.count))
        self.builder.store(value.value, self.place(i), align=self.align)

    @property
    def align(self) -> int:
        """A vector is aligned like its numbers only: NumPy promises no more."""
        return _scalar(self.element).bitwidth // 8

    def address(self, i):
        """Where element i (a number known now, or only at run time) starts."""
        width = self.element.width if isinstance(self.element, LanesType) else 1
        at = ir.Constant(ir.IntType(64), i * width) if isinstance(i, int) else (i * width).value
        return self.builder.gep(self.data, [at])

    def window(self, start, length: int) -> TracedRows:
        """`length` of the elements, from element `start`."""
        return TracedRows(self.builder, self.element, self.address(start), length, self.lanes)

    def place(self, i):
        """A pointer to element i."""
        address = self.address(i)
        if isinstance(self.element, LanesType):
            address = self.builder.bitcast(address, ir.PointerType(self.element.llvm))
        return address


primitives.window.register(TracedRows, TracedRows.window)


@primitives.each.register
def _(rows: TracedRows, start: int, stop: int):
    """One loop at run time: its body is run once, and what it changes must be in memory."""
    first, last = (ir.Constant(ir.IntType(64), at) for at in (start, stop))
    one = ir.Constant(first.type, 1)
    with cgutils.for_range_slice(rows.builder, first, last, one, first.type) as (i, _):
        yield Index(rows.builder, i)


def _scalar(element: types.Type) -> Any:
    return element.scalar if isinstance(element, LanesType) else element


def _memory(context, builder, rows_type, value) -> TracedRows:
    rows = cgutils.create_struct_proxy(rows_type)(context, builder, value)
    return TracedRows(builder, rows_type.element, rows.data, rows.length)


def traced(context, builder, ty, value):
    """An argument of compiled code as Python that generates code sees it."""
    if isinstance(ty, RowsType):
        return _memory(context, builder, ty, value)
    if isinstance(ty, types.BaseTuple):
        fields = [traced(context, builder, t, builder.extract_value(value, i)) for i, t in enumerate(ty)]
        return ty.instance_class(*fields) if isinstance(ty, types.BaseNamedTuple) else tuple(fields)
    if isinstance(ty, types.Integer):
        return Index(builder, value)
    return Vector(builder, ty, value) if isinstance(ty, LanesType | MaskType) else value


@type_callable(operator.getitem)
def _type_getitem(context):
    return lambda whole, i: whole.element if isinstance(whole, RowsType) and isinstance(i, types.Integer) else None


@lower_builtin(operator.getitem, RowsType, types.Integer)
def _lower_getitem(context, builder, signature, args):
    rows_type, index_type = signature.args
    index = Index(builder, context.cast(builder, args[1], index_type, types.intp))
    return _memory(context, builder, rows_type, args[0])[index].value


@type_callable(operator.setitem)
def _type_setitem(context):
    def type_of(whole, i, value):
        storable = isinstance(whole, RowsType) and isinstance(value, LanesType | types.Number)
        return types.none if storable and isinstance(i, types.Integer) else None

    return type_of


@lower_builtin(operator.setitem, RowsType, types.Integer, LanesType)
@lower_builtin(operator.setitem, RowsType, types.Integer, types.Number)
def _lower_setitem(context, builder, signature, args):
    rows_type, index_type, value_type = signature.args
    element, index = rows_type.element, Index(builder, context.cast(builder, args[1], index_type, types.intp))
    if isinstance(element, LanesType):
        value = as_lanes(context, builder, args[2], value_type, element)
    else:
        value = context.cast(builder, args[2], value_type, element)
    _memory(context, builder, rows_type, args[0])[index] = Vector(builder, element, value)
    return context.get_dummy_value()


@overload(primitives.each)
def _each(rows, start, stop):
    return lambda rows, start, stop: range(start, stop)


def reload(builder) -> None:
    """What was loaded before is not kept for later: left to itself, LLVM keeps more than there are registers."""
    builder.fence("acq_rel", "singlethread")


@type_callable(primitives.window)
def _type_window(context):
    return lambda whole, start, length: whole if isinstance(whole, RowsType) else None


@lower_builtin(primitives.window, RowsType, types.Integer, types.Integer)
def _lower_window(context, builder, signature, args):
    rows_type, start_type, length_type = signature.args
    part = cgutils.create_struct_proxy(rows_type)(context, builder)
    start = context.cast(builder, args[1], start_type, types.intp)
    part.data = _memory(context, builder, rows_type, args[0]).address(Index(builder, start))
    part.length = context.cast(builder, args[2], length_type, types.intp)
    return part._getvalue()


@intrinsic(prefer_literal=False)
def address(context, rows):
    """Where the rows start."""

    def codegen(context, builder, signature, args):
        data = cgutils.create_struct_proxy(rows)(context, builder, args[0]).data
        return builder.ptrtoint(data, ir.IntType(64))

    return types.int64(rows), codegen


@intrinsic(prefer_literal=False)
def rows_at(context, address, length, shape):
    """`length` rows of the shape's vectors, from an address."""

    def codegen(context, builder, signature, args):
        made = cgutils.create_struct_proxy(signature.return_type)(context, builder)
        made.data = builder.inttoptr(args[0], made.data.type)
        made.length = args[1]
        return made._getvalue()

    return RowsType(shape.lanes)(address, length, shape), codegen
