"""Compiled kernels are kept in a private directory, in which no stale, damaged or foreign one can be found.

Numba's own key for a cached kernel leaves out jit flags, `NUMBA_*` settings and code in other files (numba issues 6845,
10821 and 1833), so all of these, with the sources and the versions, make up the directory's name. And Numba's own files
are loaded as they are, whatever a power cut, a full disk or somebody else made of them: ours are those of `private`.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import os
import pickle
import platform
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite
import numba
import numpy as np
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target
from numba.core.serialize import dumps
from numba.extending import register_jitable

from harness.engine.cpu.inner import Inner
from harness.engine.cpu.needs import check_before_compiling
from harness.engine.cpu.private import PrivateFolder
from harness.errors import HarnessWarning
from harness.sources import PACKAGE, digest

Function = TypeVar("Function", bound=Callable[..., Any])
SOURCES = ("engine", "formulas", "network")
UNKEPT: set[PrivateFolder] = set()
"""Where kernels could not be kept, so that it is said once."""


def fingerprint(package: Path) -> str:
    """Hash of everything that decides the machine code: sources, versions, settings, processor."""
    settings = sorted((name, value) for name, value in os.environ.items() if name.startswith("NUMBA_"))
    versions = (numba.__version__, llvmlite.__version__, np.__version__, platform.python_version())
    about = (digest(SOURCES, package), settings, versions, platform.machine())
    return hashlib.sha256(repr(about).encode()).hexdigest()[:16]


@functools.cache
def folder(package: Path = PACKAGE) -> PrivateFolder:
    """The private directory for kernels of the package at this path, whose sources are read now."""
    return PrivateFolder(root(), ("backprop-harness", fingerprint(package)))


def root() -> Path | None:
    """Where this user's caches are: `XDG_CACHE_HOME` if it is an absolute path, else ~/.cache; None without a home."""
    chosen = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if chosen.is_absolute():
        return chosen
    try:
        home = Path.home()
    except RuntimeError:  # neither HOME nor an entry for this user
        return None
    return home / ".cache" if home.is_absolute() else None


class Cache(NullCache):
    """What Numba asks for the machine code of a function before it compiles, and gives it afterwards."""

    def __init__(self, function: Callable[..., Any], files: PrivateFolder) -> None:
        self.function, self.files = f"{function.__module__}.{function.__qualname__}", files

    def has(self, signature: Any) -> bool:
        """Whether machine code for these types would be loaded, so that none is made."""
        return self.files.read(self._name(signature, cpu_target.target_context.codegen())) is not None

    def load_overload(self, signature: Any, target: Any) -> CompileResult | None:
        """Numba compiles if this returns None."""
        target.refresh()
        found = self.files.read(self._name(signature, target.codegen()))
        if found is None:
            check_before_compiling()
            return None
        return CompileResult._rebuild(target, *pickle.loads(found))

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Keep what was compiled. Where it cannot be kept it is used all the same, and a warning says so."""
        if compiled.library.has_dynamic_globals:  # it holds addresses of this process
            return
        try:
            self.files.write(self._name(signature, compiled.library.codegen), dumps(compiled._reduce()))
        except OSError as error:
            if self.files not in UNKEPT:
                UNKEPT.add(self.files)
                warnings.warn(
                    HarnessWarning(
                        f"{error.filename}: {error.strerror}; compiled kernels are not kept, and every process makes "
                        "them anew; XDG_CACHE_HOME can name another folder for them"
                    ),
                    stacklevel=2,
                )

    def _name(self, signature: Any, codegen: Any) -> str:
        """The file for these types, whose names say everything about them, on this processor."""
        about = hashlib.sha256(repr((self.function, signature, codegen.magic_tuple())).encode()).hexdigest()
        return f"{self.function.removeprefix('harness.engine.cpu.')}-{about[:32]}.kernel"


def kept(compiler: Any, function: Callable[..., Any]) -> Any:
    """Let what compiles a function, a dispatcher or a callback of Numba's, keep its machine code."""
    compiler._cache = Cache(function, folder())
    return compiler


def kernel(function: Callable[..., None]) -> Any:
    """Compile a function for Python to call, without the interpreter's lock; cached in the private directory."""
    return kept(numba.njit(nogil=True, error_model="numpy")(function), function)


def cached(compiler: Any, signature: Any) -> bool:
    """Whether the machine code of a kernel or callback for these types is in memory or would be loaded from disk."""
    in_memory = signature in getattr(compiler, "overloads", ()) or getattr(compiler, "address", None) is not None
    return in_memory or compiler._cache.has(signature)


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Let the collector of garbage rest: of what a compiler makes it frees next to nothing, in a tenth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def once(function: Function) -> Function:
    """Remember what a function returns, and make it in one thread, so that all threads get the same one.

    `functools.cache` lets threads that ask at once make one each: machine code whose maker is then forgotten is freed
    while it runs.
    """
    made: dict[tuple[Any, ...], Any] = {}

    @functools.wraps(function)
    def remembered(*arguments: Any) -> Any:
        if arguments not in made:
            with global_compiler_lock:
                if arguments not in made:
                    made[arguments] = function(*arguments)
        return made[arguments]

    return cast(Function, remembered)


BARE: dict[str, Any] = {"no_cfunc_wrapper": True, "no_cpython_wrapper": True, "no_rewrites": True}
"""How functions are compiled that only kernels call: without wrappers for C and Python, an eighth of the time; and
without rewriting expressions of arrays, of which there are none, a sixth."""
routine = register_jitable(**BARE, pipeline_class=Inner)
"""Compile a function for kernels to call, where they do: only to be linked, which saves a third of the time."""
formula = register_jitable(**BARE)
"""Compile a function of the innermost loops, by itself first: only linked, an epoch of a large network took 1.1 times
as long."""
overloaded = functools.partial(numba.extending.overload, jit_options=cast(Any, BARE))
"""Numba's `overload`, for functions that only kernels call."""
