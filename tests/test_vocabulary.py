"""Each word of the vocabulary stands in the code where CONTRIBUTING.md says, and what it replaced is no name there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT
from tests.support.sources import MODULES, tree

CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
SECTION = CONTRIBUTING.partition("\n## Vocabulary\n")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| (?!word|---)(.+?) \| (.*?) ?\| (.+) \|$", SECTION, re.MULTILINE)
GONE = [
    ("harness", r"stops", "recorded epochs"),
    ("harness", r"GridSpec", "WrittenGrid"),
    ("harness", r"Piece", "Block"),
    *((f"harness/{folder}", r"pieces?", "block") for folder in ("engine", "network", "sweeps")),
    *((f"harness/{folder}", r"\w+\.numbers", "hyperparameters") for folder in ("formulas", "network", "reference")),
]
"""What is no name in a folder, or no part of one, and the word instead."""


def declared(path: Path) -> Iterator[str]:
    """What a module declares at its top, and as NAME.FIELD what its classes do."""
    for node in tree(path).body:
        yield from names_of(node)
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{name}" for inner in node.body for name in names_of(inner))


def names_of(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    targets = [node.target] if isinstance(node, ast.AnnAssign) else node.targets if isinstance(node, ast.Assign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def identifiers(path: Path) -> Iterator[str]:
    """Every name in a module: of what it defines, is given, reads, sets and imports."""
    yield from declared(path)
    for node in ast.walk(tree(path)):
        for key in ("name", "asname", "id", "attr", "arg"):
            if isinstance(name := getattr(node, key, None), str):
                yield name


def test_no_word_stands_twice() -> None:
    words = [word for words, _, _ in ROWS for word in words.split(", ")]
    assert len(words) == len(set(words)) > 30


@pytest.mark.parametrize("places", [places for _, places, _ in ROWS if places])
def test_a_word_stands_where_it_is_said_to(places: str) -> None:
    assert re.fullmatch(r"`[^`]+`(, `[^`]+`)*", places)
    for place in places.replace("`", "").split(", "):
        file, _, name = place.partition("::")
        modules = [one for one in MODULES if one.is_relative_to(ROOT / file)]
        assert modules, place
        assert not name or name in {one for module in modules for one in declared(module)}, place


@pytest.mark.parametrize(("folder", "gone", "word"), GONE)
def test_what_a_word_replaced_is_no_name(folder: str, gone: str, word: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}: {word}"
        for path in MODULES
        if path.is_relative_to(ROOT / folder)
        for name in sorted({*identifiers(path)})
        if any(re.fullmatch(gone, part) for part in (name, *name.split("_")))
    ]
    assert not found, "\n".join(found)
