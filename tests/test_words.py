"""A docstring and a help text can be read alone: without the name they belong to, and without the one above them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from harness.cli import main
from tests.support import ROOT

FRAGMENT = re.compile(
    r"(Of|Those|These|So|Likewise|The same|Ditto|Such|And|Or|But|Nor|Neither|However|Else|As above|Whose"
    r"|(After|In|At|By|From|To|With) which)\b"
)
"""How a text begins that is the rest of a sentence, whose subject is the name or stands in another text."""
ALLOWED = re.compile(r"(These|The same) \w+( \w+)? (as|are|is)\b")
"""A whole sentence after all."""
FOLDERS = ("harness", "benchmarks", "reliability", "tests")


def docstrings(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of each docstring: also of those that stand below a constant or a field."""
    for node in ast.walk(ast.parse(text)):
        for body in (getattr(node, "body", None), getattr(node, "orelse", None)):
            for one in body if isinstance(body, list) else []:
                if (
                    isinstance(one, ast.Expr)
                    and isinstance(one.value, ast.Constant)
                    and isinstance(one.value.value, str)
                ):
                    yield one.lineno, one.value.value


def fragment(text: str) -> bool:
    return bool(FRAGMENT.match(text.strip())) and not ALLOWED.match(text.strip())


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        yield name, command


def test_fragments_are_told_from_sentences() -> None:
    told = [
        "Of the scheduler that wrote this file.",
        "Likewise, once no run has ended.",
        "Those of an entry.",
        "So many.",
        "And at most 100 of them.",
        "After which a command has failed.",
    ]
    whole = [
        "Offsets of the rows.",
        "The greatest loss.",
        "Something else.",
        "Train on the cluster.",
        "Order of the rows.",
    ]
    assert [fragment(text) for text in told + whole] == [True] * len(told) + [False] * len(whole)
    assert [line for line, _ in docstrings('"""One."""\nX = 1\n"""Two."""\n\n\ndef f():\n    """Three."""\n')] == [
        1,
        3,
        7,
    ]


@pytest.mark.parametrize("folder", FOLDERS)
def test_docstrings_can_be_read_alone(folder: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text.strip().splitlines()[0]}"
        for path in sorted(Path(ROOT, folder).rglob("*.py"))
        for line, text in docstrings(path.read_text("utf-8"))
        if fragment(text)
    ]
    assert not found, "\n".join(found)


def test_help_texts_can_be_read_alone() -> None:
    wrong = []
    for name, command in commands():
        texts = {name: command.help or ""}
        texts |= {f"{name} {one.opts[0]}": one.help or "" for one in command.params if isinstance(one, click.Option)}
        for of, text in texts.items():
            sentence = re.sub(r"\s+", " ", text.split("\n\n")[0]).strip()
            if not re.match(r"[A-Z].*\.$", sentence) or fragment(sentence):
                wrong.append(f"harness {of}: {sentence!r}")
    assert not wrong, "\n".join(wrong)
