"""Which version of the program makes the numbers: parts made by two of them never stand in one table."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from harness.sources import digest

SOURCES = ("block.py", "engine", "experiment", "formulas", "store/schema.py", "store/tables.py", "sweeps/plan.py")


@cache
def version(fast: bool) -> tuple[Any, ...]:
    """The sources that decide on the numbers and how they are cut; pyarrow, which decides on the bytes of a file.

    fast: the width of the processor's vectors too, which decides on the numbers of that arithmetic.
    """
    width: tuple[int, ...] = ()
    if fast:
        from harness.engine.processor import native_width

        width = (native_width("float64"),)
    return digest(SOURCES), np.__version__, pa.__version__, *width
