"""Where compiled kernels are kept: a private directory that a stale kernel cannot be found in.

Numba's own key for a cached kernel leaves out jit flags, `NUMBA_*` settings and code in other files (numba issues 6845,
10821 and 1833), so all of these, with the sources and the versions, make up the directory's name.
"""

from __future__ import annotations

import hashlib
import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core.registry import cpu_target
from numba.extending import register_jitable

from harness.sources import PACKAGE, digest

SOURCES = ("engine", "formulas", "block.py")


def fingerprint(package: Path) -> str:
    """Hash of everything that decides the machine code: sources, versions, settings, processor."""
    settings = sorted((name, value) for name, value in os.environ.items() if name.startswith("NUMBA_"))
    versions = (numba.__version__, llvmlite.__version__, np.__version__, platform.python_version())
    about = (digest(SOURCES, package), settings, versions, platform.machine())
    return hashlib.sha256(repr(about).encode()).hexdigest()[:16]


@cache
def directory(package: Path) -> Path:
    """The private directory for kernels of the package at this path, made if need be."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    path = home / "backprop-harness" / fingerprint(package)
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="backprop-harness-"))
    if path.stat().st_uid != os.getuid():
        return Path(tempfile.mkdtemp(prefix="backprop-harness-"))
    path.chmod(0o700)
    return path


@contextmanager
def private_cache(package: Path = PACKAGE) -> Iterator[None]:
    """Kernels decorated inside are cached in the private directory; other users of Numba are left alone."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(directory(package))
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before


def kernel(function: Callable[..., None]) -> Any:
    """Compile a function for Python to call, without the interpreter's lock; cached in the private directory."""
    with private_cache():
        return numba.njit(nogil=True, error_model="numpy", cache=True)(function)


def cached(function: Any, signature: Any) -> bool:
    """Whether the machine code of a kernel or callback for these types is in memory or on disk, so that none is made.

    Numba has no public way to ask; this is how it looks itself up.
    """
    if signature in getattr(function, "overloads", ()):
        return True
    found = function._cache
    key = found._index_key(signature, cpu_target.target_context.codegen())
    name = found._cache_file._load_index().get(key)
    return name is not None and Path(found._cache_file._data_path(name)).exists()


routine = register_jitable(no_cfunc_wrapper=True)
"""Compile a function for kernels to call, where they do. It gets no wrapper for C to call: an eighth of the time."""
