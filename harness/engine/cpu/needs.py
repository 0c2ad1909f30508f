"""What the engine needs: memory, and a compiler that is not switched off. Checked here, before Numba is loaded."""

from __future__ import annotations

import os
import resource
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness.errors import FailedError

MB = 1_000_000
LOADING, COMPILING = 250 * MB, 400 * MB
"""Bytes of address space that must be left for Numba and LLVM to be loaded, and to compile: found by trying."""


def _check_before_loading() -> None:
    """Load Numba. Raises `FailedError`, of one line, if memory is short, or if Numba is told not to compile."""
    _check_space(LOADING)
    try:
        import numba  # noqa: F401
    except (MemoryError, OSError) as error:  # llvmlite says that its library was not found
        limited = resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY
        if limited or isinstance(error, MemoryError):
            raise FailedError(_short()) from error
        raise FailedError(
            f"Numba cannot be loaded: {error}; free memory, or install numba and llvmlite again"
        ) from error
    _check_switch()


def check_before_compiling() -> None:
    """LLVM ends the whole process when it gets no memory. Raises `FailedError` before, as above."""
    _check_space(COMPILING)
    _check_switch()


def _check_switch() -> None:
    from numba.core import config

    settings: Any = config  # which has its names only once it is loaded
    if settings.DISABLE_JIT:
        raise FailedError(
            "NUMBA_DISABLE_JIT is set, so that Numba compiles nothing, and nothing can be trained: unset it, "
            "or set it to 0"
        )


def _check_space(needed: int) -> None:
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit - _taken() < needed:
        raise FailedError(_short())


def _taken() -> int:
    """Bytes of address space that this process has taken; 0 where the system does not say."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def _short() -> str:
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return "memory is short: there is none left for Numba's compiler; end other programs, or use a larger machine"
    taken, most = (f"{size // MB:,} MB" for size in (_taken(), limit))
    return (
        f"memory is short: this process may have {most} of address space and has {taken} already, which leaves too "
        "little for Numba's compiler; raise the limit, as with `ulimit -v unlimited`"
    )


_check_before_loading()
