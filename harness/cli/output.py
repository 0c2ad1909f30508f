"""The one door to standard output and standard error: nothing a stranger wrote steers the terminal or forges a line."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import click

from harness.errors import printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

STYLE = re.compile(r"(\x1b\[[\d;]*m)")
"""What rich writes for bold, dim and colours: all of a terminal's language that passes."""


def say(*lines: object, err: bool = False) -> None:
    """Print each argument on a line of its own, whatever is in it. err: on standard error."""
    for line in lines:
        _write(f"{printable(line)}\n", err)


def data(text: str) -> None:
    """Print what a program will read, such as JSON, as it is. Nothing that a stranger wrote may stand in it bare."""
    _write(text, err=False)


def styled(*lines: str) -> None:
    """Print lines that `rendered` made, with their bold letters and colours."""
    for line in lines:
        pieces = STYLE.split(line)  # every other one is a style
        _write("".join(piece if at % 2 else printable(piece) for at, piece in enumerate(pieces)) + "\n", err=False)


def rendered(what: RenderableType, console: Console) -> list[str]:
    """The lines of a table, or of a text, on a console."""
    with console.capture() as printed:
        console.print(what)
    return printed.get().split("\n")[:-1]


def console(**how: Any) -> Console:
    """What rich draws on: text is taken for text, whatever brackets and colons stand in it."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, **how)


def _write(text: str, err: bool) -> None:
    stream = sys.stderr if err else sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    click.echo(text.encode(encoding, "backslashreplace").decode(encoding), nl=False, err=err)
