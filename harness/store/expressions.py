"""Which rows of a table are read, as expressions of pyarrow; None stands for all rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import and_
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def has(*names: str) -> pc.Expression:
    """The rows that have a value in all of these columns."""
    return reduce(and_, (pc.field(name).is_valid() for name in names))


def equal(name: str, value: Any) -> pc.Expression:
    """The rows that have this number, or label, in a column; for None, those that have none."""
    if value is None:
        return pc.field(name).is_null()
    scalar = pa.scalar(value)
    return _comparable(name, scalar.type) == scalar


def among(name: str, values: Sequence[Any] | NDArray[Any]) -> pc.Expression:
    """The rows that have one of these numbers, or labels, in a column."""
    array = pa.array(values)
    return _comparable(name, array.type).isin(array)


def every(name: str, step: int) -> pc.Expression:
    """The rows whose whole number in a column is a multiple of step."""
    return pc.field(name) == pc.divide(pc.field(name), step) * step


def both(*expressions: pc.Expression | None) -> pc.Expression | None:
    """The rows that meet all of these expressions."""
    given = [one for one in expressions if one is not None]
    return reduce(and_, given) if given else None


def _comparable(name: str, kind: pa.DataType) -> pc.Expression:
    """A column as an expression that values of a type can be compared with: labels are compared as text."""
    return pc.field(name).cast(kind) if pa.types.is_string(kind) else pc.field(name)
