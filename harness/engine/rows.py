"""Rows of vectors or of numbers in memory, indexed like a list.

Numba counts references to an array whenever it is passed on; with the dozen that a block has, that took a hundred times
as long as the arithmetic. Rows are bare pointers instead: whoever makes them keeps the array alive.
"""

from __future__ import annotations

import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import lower_builtin, models, register_model, type_callable

from harness.engine.lanes import KindType, LanesType, as_lanes


class RowsType(types.Type):
    """element: a vector or a number."""

    def __init__(self, element: types.Type) -> None:
        self.element = element
        super().__init__(name=f"Rows({element})")

    @property
    def scalar(self) -> types.Number:
        return self.element.scalar if isinstance(self.element, LanesType) else self.element

    @property
    def width(self) -> int:
        return self.element.width if isinstance(self.element, LanesType) else 1


@register_model(RowsType)
class _RowsModel(models.StructModel):
    def __init__(self, manager, rows):
        members = [("data", types.CPointer(rows.scalar)), ("length", types.intp)]
        super().__init__(manager, rows, members)


def rows(kind, array):
    """The vectors of a C-contiguous array (.., width)."""


def numbers(array):
    """The numbers of a C-contiguous array, one after the other."""


@type_callable(rows)
def _type_rows(context):
    def type_of(kind, array):
        right = isinstance(kind, KindType) and isinstance(array, types.Array) and array.layout == "C"
        return RowsType(kind.lanes) if right and array.dtype == kind.lanes.scalar else None

    return type_of


@type_callable(numbers)
def _type_numbers(context):
    def type_of(array):
        return RowsType(array.dtype) if isinstance(array, types.Array) and array.layout == "C" else None

    return type_of


@lower_builtin(rows, KindType, types.Array)
@lower_builtin(numbers, types.Array)
def _lower_rows(context, builder, signature, args):
    array = context.make_array(signature.args[-1])(context, builder, args[-1])
    made = cgutils.create_struct_proxy(signature.return_type)(context, builder)
    made.data = array.data
    made.length = builder.sdiv(array.nitems, ir.Constant(array.nitems.type, signature.return_type.width))
    return made._getvalue()


@type_callable(len)
def _type_len(context):
    return lambda whole: types.intp if isinstance(whole, RowsType) else None


@lower_builtin(len, RowsType)
def _lower_len(context, builder, signature, args):
    return cgutils.create_struct_proxy(signature.args[0])(context, builder, args[0]).length


def _address(context, builder, rows_type, value, index, index_type):
    """Where element `index` starts."""
    data = cgutils.create_struct_proxy(rows_type)(context, builder, value).data
    index = context.cast(builder, index, index_type, types.intp)
    return builder.gep(data, [builder.mul(index, ir.Constant(index.type, rows_type.width))])


def _place(context, builder, signature, args):
    """Where the element of `rows[index]` lies, as a pointer to it, and its alignment.

    A vector is aligned like its numbers only: NumPy promises no more.
    """
    rows_type, index_type = signature.args[:2]
    address = _address(context, builder, rows_type, args[0], args[1], index_type)
    if isinstance(rows_type.element, LanesType):
        address = builder.bitcast(address, ir.PointerType(rows_type.element.llvm))
    return address, rows_type.scalar.bitwidth // 8


@type_callable(operator.getitem)
def _type_getitem(context):
    return lambda whole, i: whole.element if isinstance(whole, RowsType) and isinstance(i, types.Integer) else None


@lower_builtin(operator.getitem, RowsType, types.Integer)
def _lower_getitem(context, builder, signature, args):
    address, align = _place(context, builder, signature, args)
    return builder.load(address, align=align)


@type_callable(operator.setitem)
def _type_setitem(context):
    def type_of(whole, i, value):
        storable = isinstance(whole, RowsType) and isinstance(value, LanesType | types.Number)
        return types.none if storable and isinstance(i, types.Integer) else None

    return type_of


@lower_builtin(operator.setitem, RowsType, types.Integer, LanesType)
@lower_builtin(operator.setitem, RowsType, types.Integer, types.Number)
def _lower_setitem(context, builder, signature, args):
    element, value_type = signature.args[0].element, signature.args[2]
    address, align = _place(context, builder, signature, args)
    if isinstance(element, LanesType):
        value = as_lanes(context, builder, args[2], value_type, element)
    else:
        value = context.cast(builder, args[2], value_type, element)
    builder.store(value, address, align=align)
    return context.get_dummy_value()


def window(whole, start, length):
    """`length` of the elements, from element `start`."""


@type_callable(window)
def _type_window(context):
    return lambda whole, start, length: whole if isinstance(whole, RowsType) else None


@lower_builtin(window, RowsType, types.Integer, types.Integer)
def _lower_window(context, builder, signature, args):
    rows_type, start_type, length_type = signature.args
    part = cgutils.create_struct_proxy(rows_type)(context, builder)
    part.data = _address(context, builder, rows_type, args[0], args[1], start_type)
    part.length = context.cast(builder, args[2], length_type, types.intp)
    return part._getvalue()
