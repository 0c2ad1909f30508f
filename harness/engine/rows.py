"""Memory as a kernel sees it: rows of vectors, or of numbers, indexed like a list.

Numba counts references to an array whenever it is passed on; with the dozens that a block has, that took a hundred
times as long as the arithmetic. Rows are bare pointers to the kernel, and the Python object keeps their array alive.
"""

from __future__ import annotations

import operator

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import (
    NativeValue,
    lower_builtin,
    models,
    register_model,
    type_callable,
    typeof_impl,
    unbox,
)
from numba.np.numpy_support import from_dtype

from harness.engine.lanes import Kind, LanesType, as_lanes


class Rows:
    """A C-contiguous array: (.., width) as vectors of a kind, or any as numbers, one after the other."""

    def __init__(self, array: np.ndarray, kind: Kind | None = None) -> None:
        if not array.flags.c_contiguous or (kind and (array.shape[-1], array.dtype) != (kind.width, kind.dtype)):
            raise ValueError(f"expected a C-contiguous array of vectors, found {array.dtype} {array.shape}")
        self.array, self.kind = array, kind
        self.address, self.length = array.ctypes.data, array.size // (kind.width if kind else 1)


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


@typeof_impl.register(Rows)
def _typeof_rows(rows, context):
    number = from_dtype(rows.array.dtype)
    if rows.kind is None:
        return RowsType(number)
    return RowsType(LanesType(rows.kind.width, number, rows.kind.arithmetic))


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
