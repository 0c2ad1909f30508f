"""What the figures were measured on."""

from __future__ import annotations

import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from harness.sweeps.local import processors

PACKAGES = ("numba", "llvmlite", "numpy", "pyarrow", "jax", "torch", "scikit-learn", "optuna")


def _cpuinfo(key: str) -> str:
    """The first value of a key in /proc/cpuinfo, or "" where there is no such thing."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return ""
    found = re.search(rf"^{key}\s*:\s*(.*)$", text, re.MULTILINE)
    return found.group(1) if found else ""


def vector_bytes() -> int:
    """Bytes of the processor's widest vectors."""
    flags = _cpuinfo("flags").split()
    return 64 if "avx512f" in flags else 32 if "avx" in flags else 16


def commit() -> str:
    """The short name of the commit that is checked out, and whether files differ from it."""
    command = ["git", "describe", "--always", "--exclude", "*", "--abbrev=10", "--dirty= with changes"]
    return subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True).stdout.strip()


def describe() -> dict[str, str]:
    """Processor, cores, vector width, date, commit and versions."""
    gcc = subprocess.run(["gcc", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
    versions = [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in PACKAGES), f"gcc {gcc}"]
    return {
        "processor": _cpuinfo("model name") or platform.processor() or platform.machine(),
        "cores": str(processors()),
        "vectors": f"{8 * vector_bytes()} bits",
        "system": f"{platform.system()} {platform.machine()}",
        "commit": commit(),
        "date": datetime.now(UTC).date().isoformat(),
        "versions": ", ".join(versions),
    }
