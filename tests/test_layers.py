"""The direction of imports, and the size of things."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

MODULES = sorted((ROOT / "harness").rglob("*.py"))


def test_each_layer_imports_only_those_below_it() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_stay_small(module: Path) -> None:
    text = module.read_text("utf-8")
    assert len(text.splitlines()) <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 60, node.name
            assert len([arg for arg in node.args.args + node.args.kwonlyargs if arg.arg not in ("self", "cls")]) <= 8, (
                node.name
            )


def test_public_names_say_what_they_do() -> None:
    for module in MODULES:
        tree = ast.parse(module.read_text("utf-8"))
        assert ast.get_docstring(tree), module
    api = ast.parse((ROOT / "harness" / "api.py").read_text("utf-8"))
    for node in api.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            assert "Raises" in (ast.get_docstring(node) or ""), node.name
