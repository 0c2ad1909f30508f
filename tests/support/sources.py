"""The modules of the project, read as trees."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from tests.support import ROOT

FOLDERS = ("harness", "benchmarks", "reliability", "tests")
MODULES = sorted((ROOT / "harness").rglob("*.py"))


def dotted(path: Path) -> str:
    """The name of a module by which it is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


PATHS = {dotted(path): path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))}
"""Each module of the project, by its name."""


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))
