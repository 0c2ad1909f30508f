"""The direction of imports, the size of things, and that no two have one name."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.support.sources import FOLDERS, MODULES, PATHS, tree


def imports(name: str) -> Iterator[str]:
    """The modules of the project that a module imports: also in its functions, and for the checker of types alone."""
    for node in ast.walk(tree(PATHS[name])):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.module, f"{name}: imports are absolute"
            found = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (one if one in PATHS else one.rpartition(".")[0] for one in found)


@cache
def graph() -> dict[str, set[str]]:
    """The modules of the project that each of them imports."""
    return {name: {one for one in imports(name) if one in PATHS} for name in PATHS}


def test_each_layer_imports_only_those_below_it() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_imports_never_go_in_a_circle() -> None:
    known = {name: {*imported} for name, imported in graph().items()}
    drawers = {
        name
        for name in known
        if name.startswith(
            ("harness.views.choosing", "harness.views.explain", "harness.views.plots", "harness.views.report")
        )
    }
    known["harness.views.results"] -= drawers  # results draw, explain and rank themselves, by what does so
    TopologicalSorter(known).prepare()  # raises CycleError, which names the circle


BELOW = {
    "harness": ("harness",),
    "benchmarks": FOLDERS[:2],
    "reliability": ("harness", "reliability"),
    "tests": FOLDERS,
}
"""The folders that the modules of a folder may import."""


def test_what_is_tested_imports_no_test_and_no_test_imports_another() -> None:
    for name, imported in graph().items():
        assert {one.split(".")[0] for one in imported} <= {*BELOW[name.split(".")[0]]}, name
        assert not [one for one in imported if one.startswith("tests.test_")], name


OWNERS = {
    "boto3": {"harness.store.objects"},
    "botocore": {"harness.store.objects"},
    "click": {"harness.cli"},
    "distributed": {"harness.sweeps.processes"},
    "filelock": {"harness.store.lock"},
    "jinja2": {"harness.drafts", "harness.views.pages"},
    "joblib": {"harness.views.trained.sklearn_"},
    "llvmlite": {"harness.engine.cpu"},
    "markupsafe": {"harness.views.pages"},
    "matplotlib": {"harness.views.explain.still", "harness.views.plots"},
    "numba": {"harness.engine.cpu"},
    "numpy": {"harness"},
    "onnx": {"harness.views.trained.onnx_"},
    "pandas": {"harness.sweeps.extend", "harness.views"},
    "plotly": {"harness.views.report.page"},
    "pyarrow": {"harness.experiment.data", "harness.store"},
    "rich": {"harness.cli"},
    "ruamel": {"harness.experiment.yaml"},
    "sklearn": {"harness.sklearn", "harness.views.trained.sklearn_"},
    "torch": {"harness.views.trained.torch_"},
}
"""The modules, and packages, that import a dependency; others may name its types, for the checker of types alone.

So the tables of pyarrow that the store hands to sweeps and views are used there by their methods; what needs more of
pyarrow (expressions, tables joined, values each once) the store has.
"""


def names_of(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The modules that an import names."""
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else [str(node.module)]


def foreign(name: str) -> Iterator[str]:
    """The packages from outside that a module imports when it runs, also by their names in a text."""
    typing = [
        node
        for node in ast.walk(tree(PATHS[name]))
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
    ]
    skipped = {inner for branch in typing for node in branch.body for inner in ast.walk(node)}
    for node in ast.walk(tree(PATHS[name])):
        if node in skipped:
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            found = names_of(node)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found = [ast.unparse(node.args[0]).lstrip("f").strip("'\"")]
        else:
            continue
        yield from (top for one in found if (top := one.split(".")[0]) not in {*sys.stdlib_module_names, *FOLDERS})


def test_a_dependency_is_imported_by_its_owners_alone() -> None:
    used = set()
    for name in filter(re.compile(r"harness\b").match, PATHS):
        for package in foreign(name):
            owner = next((one for one in OWNERS.get(package, ()) if f"{name}.".startswith(f"{one}.")), None)
            assert owner, f"{name} imports {package}"
            used.add((package, owner))
    assert used == {(package, owner) for package, owners in OWNERS.items() for owner in owners}


ALONG = {"PIL": "matplotlib", "botocore": "boto3", "dask": "distributed", "llvmlite": "numba", "psutil": "distributed"}
"""Package -> the one that cannot be installed without it."""


def installed_for_tests() -> set[str]:
    """The packages that `make test` installs by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras, asked = project["optional-dependencies"], [*project["dependencies"]]
    asked += [one for extra in ("dev", "dask", "docs", "s3") for one in extras[extra]]
    return {re.split(r"[.\[>=]", one)[0].replace("-", "_") for one in asked}


@pytest.mark.parametrize("name", sorted(name for name in PATHS if name.startswith(("tests.test_", "tests.support."))))
def test_a_test_is_loaded_with_what_make_test_installs(name: str) -> None:
    """What only some tests need they ask for first, so that they are skipped where it is missing."""
    body = tree(PATHS[name]).body
    nodes = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    found = {module.split(".")[0] for node in nodes for module in names_of(node)}
    calls = [node.value for node in body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    asked = {ast.literal_eval(call.args[0]) for call in calls if ast.unparse(call.func) == "pytest.importorskip"}
    foreign_ones = {ALONG.get(one, one) for one in found - {*sys.stdlib_module_names, *FOLDERS}}
    assert foreign_ones <= installed_for_tests() | asked


def test_no_two_classes_have_one_name() -> None:
    """Private ones neither, nor those of tests and benchmarks: a word stands for one thing wherever it is read."""
    names = Counter(
        node.name.lstrip("_")
        for path in PATHS.values()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
    )
    assert not [name for name, count in names.items() if count > 1]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_stay_small(module: Path) -> None:
    assert len(module.read_text("utf-8").splitlines()) <= 300
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 60, node.name
            assert len([arg for arg in node.args.args + node.args.kwonlyargs if arg.arg not in ("self", "cls")]) <= 8, (
                node.name
            )


def test_public_names_say_what_they_do() -> None:
    for module in MODULES:
        assert ast.get_docstring(tree(module)), module
    for node in tree(ROOT / "harness" / "api.py").body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            assert "Raises" in (ast.get_docstring(node) or ""), node.name
