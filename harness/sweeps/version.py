"""Which version of the program makes the numbers: parts made by two of them never stand in one table."""

from __future__ import annotations

from functools import cache

from harness.sources import digest

SOURCES = (
    *("engine", "experiment", "formulas", "network"),
    *("store/schema.py", "store/tables.py", "sweeps/cost.py", "sweeps/blocks.py", "sweeps/plan.py"),
)


@cache
def version(fast: bool) -> tuple[str, ...]:
    """The sources that decide on the numbers and how they are cut.

    `exact` numbers are the same with every version of NumPy, Numba and pyarrow, and on every processor, so that none of
    these is in their key (`tests/test_recorded.py` would fail). fast: what that arithmetic depends on too.
    """
    from harness.engine import what_decides_fast

    return digest(SOURCES), *(what_decides_fast() if fast else ())
