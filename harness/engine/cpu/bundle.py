"""Many arrays and numbers under one name: what a kernel is given, as one pointer.

A named tuple of them would be passed on by value, field by field, from function to function, and took Numba several
times as long to compile.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)

from harness.engine.cpu.rows import Rows, RowsType, rows_type

WORDS = 2
"""Words of memory that a field takes: an address and a length, or a number."""


class Bundle:
    """Fields that are `Rows` or whole numbers. Keeps the arrays alive."""

    def __init__(self, **fields: Rows | int) -> None:
        self.fields = fields
        words = [(f.address, f.length) if isinstance(f, Rows) else (int(f), 0) for f in fields.values()]
        self.words = np.array(words, np.int64)
        self.address = self.words.ctypes.data


class BundleType(types.Type):
    def __init__(self, fields: tuple[tuple[str, types.Type], ...]) -> None:
        self.fields = dict(fields)
        super().__init__(name=f"Bundle({', '.join(f'{name}: {ty}' for name, ty in fields)})")


@register_model(BundleType)
class _BundleModel(models.PrimitiveModel):
    def __init__(self, manager, bundle):
        super().__init__(manager, bundle, ir.IntType(64).as_pointer())


@typeof_impl.register(Bundle)
def _typeof_bundle(bundle, context):
    return _type_of(tuple((name, f.element if isinstance(f, Rows) else None) for name, f in bundle.fields.items()))


@cache
def _type_of(fields):
    """Made once for each kind of bundle: it took a millisecond."""
    return BundleType(tuple((name, types.int64 if of is None else rows_type(*of)) for name, of in fields))


@unbox(BundleType)
def _unbox_bundle(bundle_type, value, c):
    attribute = c.pyapi.object_getattr_string(value, "address")
    address = c.pyapi.long_as_longlong(attribute)
    c.pyapi.decref(attribute)
    return NativeValue(c.builder.inttoptr(address, ir.IntType(64).as_pointer()))


@infer_getattr
class _BundleFields(AttributeTemplate):
    key = BundleType

    def generic_resolve(self, bundle, name):
        return bundle.fields.get(name)


@lower_getattr_generic(BundleType)
def field_of(context, builder, bundle, value, name):
    """A field of a bundle, in code that is being generated."""
    at, ty = list(bundle.fields).index(name), bundle.fields[name]

    def word(which):
        return builder.load(builder.gep(value, [ir.Constant(ir.IntType(64), WORDS * at + which)]))

    if not isinstance(ty, RowsType):
        return word(0)
    made = cgutils.create_struct_proxy(ty)(context, builder)
    made.data = builder.inttoptr(word(0), made.data.type)
    made.length = word(1)
    return made._getvalue()
