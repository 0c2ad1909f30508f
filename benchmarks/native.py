"""C in this folder, compiled by gcc into a temporary directory."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from functools import cache
from pathlib import Path

FLAGS = ("-O3", "-march=native", "-fopenmp", "-fPIC", "-shared")


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="benchmarks-")


@cache
def library(source: str, *flags: str) -> ctypes.CDLL:
    """The shared library of a source compiled with these flags besides."""
    made = Path(_folder().name) / f"{Path(source).stem}-{len(list(Path(_folder().name).iterdir()))}.so"
    subprocess.run(["gcc", *FLAGS, *flags, str(Path(__file__).with_name(source)), "-o", str(made)], check=True)
    return ctypes.CDLL(str(made))
