"""Pages for a browser, each in one file: a template with its style, its script and its data inside."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from harness.errors import visible

LAYOUT = "\n\t"
"""What may divide a text."""
PAGES = Path(__file__).parent
SHARED = "shared"
"""The folder of the scripts that every page begins with."""


def render(page: str, **values: Any) -> str:
    """The template PAGE.html, with PAGE.css as `css` and the page's scripts, joined, as `js`. Values are escaped."""
    loader = FileSystemLoader(PAGES)
    environment = Environment(loader=loader, autoescape=True, finalize=_seen, trim_blocks=True, lstrip_blocks=True)
    style = PAGES / f"{page}.css"
    css = Markup(style.read_text("utf-8")) if style.exists() else ""  # our own, as are the scripts
    joined = "\n".join(file.read_text("utf-8") for file in scripts(page))
    js = Markup(f'"use strict";\n(() => {{\n{joined}\n}})();\n')
    return environment.get_template(f"{page}.html").render(css=css, js=js, **values)


def embedded(data: Any) -> Markup:
    """Data as JSON inside a page: nothing in it can end the element that it stands in."""
    return Markup(json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"))


def _seen(value: Any) -> Any:
    """A value for a page, with what could not be seen written out; our own markup stays."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "".join(part if part in LAYOUT else visible(part) for part in re.split(f"([{LAYOUT}])", value))


def scripts(page: str) -> Iterator[Path]:
    """The files of a page's script in the order in which they are joined: shared/*.js, then PAGE/*.js, main.js last.

    They share one scope, in which a name stands once.
    """
    for folder in (SHARED, page):
        yield from sorted(PAGES.joinpath(folder).glob("*.js"), key=lambda file: (file.stem == "main", file.name))
