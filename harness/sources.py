"""The package's own sources, hashed: what was made by other sources is known by it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

PACKAGE = Path(__file__).parent


def digest(names: Iterable[str], package: Path = PACKAGE) -> str:
    """SHA-256 of modules of the package, and of all modules in folders of it, with their names."""
    hashed = hashlib.sha256()
    for name in names:
        path = package / name
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            hashed.update(file.relative_to(package).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return hashed.hexdigest()
