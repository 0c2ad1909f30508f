"""Which version of the program makes the numbers: parts made by two of them never stand in one table."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

PACKAGE = Path(__file__).parents[1]
SOURCES = ("block.py", "engine", "experiment", "formulas", "store/schema.py", "store/tables.py", "sweeps/plan.py")


@cache
def version(fast: bool) -> tuple[Any, ...]:
    """The sources that decide on the numbers and how they are cut; pyarrow, which decides on the bytes of a file.

    fast: the width of the processor's vectors too, which decides on the numbers of that arithmetic.
    """
    hashed = hashlib.sha256()
    for source in SOURCES:
        path = PACKAGE / source
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            hashed.update(file.relative_to(PACKAGE).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    width: tuple[int, ...] = ()
    if fast:
        from harness.engine.processor import native_width

        width = (native_width("float64"),)
    return hashed.hexdigest(), np.__version__, pa.__version__, *width
