"""Write the pages that are made from the code: `make docs`.

results/README.md from the table's schema, docs/commands.md from the command line's help, and in CONTRIBUTING.md the
map of the code from the docstrings of its packages.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click

from harness.cli import main
from tests import make_columns
from tests.support import ROOT

COMMANDS = ROOT / "docs" / "commands.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
MAP = re.compile(r"(?<=<!-- map of the code: made by `make docs` -->\n).*?(?=<!-- end of the map -->)", re.DOTALL)
HEAD = """\
# The command line

{about}

Every command prints its result on standard output, and progress and errors on standard error. It ends with exit code 0
if all went well, 1 if something asked for rightly could not be done, 2 if the input was wrong, and 130 after Ctrl-C.
An error is one line that says where it is, what was found and what was expected.

This page is made by `make docs` from the same texts as `harness --help` and `harness COMMAND --help`.
"""
TOP = ("harness", "tests", "reliability", "benchmarks")


def _dedented(text: str) -> str:
    """The help without its examples, a paragraph a line."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\b")[0].strip().split("\n\n"))


def _examples(text: str) -> list[str]:
    return [line.strip() for line in text.partition("\b")[2].splitlines() if line.strip().startswith("harness ")]


def _option(option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    assert record is not None, option.name
    names, text = record
    return f"- `{names}`: {text}"


def _section(name: str, command: click.Command, context: click.Context) -> Iterator[str]:
    inside = click.Context(command, info_name=name, parent=context)
    text = command.help or ""
    yield f"## harness {name}\n"
    yield f"{_dedented(text)}\n"
    yield f"```text\n{' '.join(inside.command_path.split())} {' '.join(command.collect_usage_pieces(inside))}\n```\n"
    options = [one for one in command.get_params(inside) if isinstance(one, click.Option) and "--help" not in one.opts]
    if shown := [_option(option, inside) for option in options if not option.hidden]:
        yield "\n".join(shown) + "\n"
    if examples := _examples(text):
        yield "```sh\n" + "\n".join(examples) + "\n```\n"


def _about() -> str:
    """The help of `harness` itself: its paragraphs as text, what stands below a \\b as it is written."""
    first, *blocks = (main.help or "").split("\b\n")
    written = ["```text\n" + inspect.cleandoc("\n" + block).rstrip() + "\n```" for block in blocks]
    return "\n\n".join([" ".join(first.split()), *written])


def commands_page() -> str:
    context = click.Context(main, info_name="harness")
    lines = [HEAD.format(about=_about())]
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        if not command.hidden:
            lines += _section(name, command, context)
    return "\n".join(lines)


def first_sentence(package: Path) -> str:
    """The first paragraph of a package's docstring, or of a module's, on one line."""
    text = ast.get_docstring(ast.parse(package.read_text("utf-8")))
    assert text, f"{package.relative_to(ROOT)}: no docstring"
    return " ".join(text.split("\n\n")[0].split())


def map_of_the_code() -> str:
    """A row for each package: its folder and the first paragraph of its docstring."""
    packages = [init for top in TOP for init in sorted((ROOT / top).rglob("__init__.py"))]
    rows = [f"| `{init.parent.relative_to(ROOT)}/` | {first_sentence(init)} |" for init in packages]
    return "\n".join(["", "| where | what |", "|---|---|", *rows, ""]) + "\n"


def contributing() -> str:
    """CONTRIBUTING.md with today's map of the code."""
    text = CONTRIBUTING.read_text("utf-8")
    assert MAP.search(text), "CONTRIBUTING.md has no place for the map of the code"
    return MAP.sub(lambda _: map_of_the_code(), text)


PAGES = {make_columns.PAGE: make_columns.page, COMMANDS: commands_page, CONTRIBUTING: contributing}

if __name__ == "__main__":
    for path, made in PAGES.items():
        path.write_text(made(), "utf-8")
