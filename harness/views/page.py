"""Pages for a browser, each in one file: a template with its style, its script and its data inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

PAGES = Path(__file__).parent / "pages"


def render(page: str, **values: Any) -> str:
    """The template of this name, with PAGE.css and PAGE.js as `css` and `js`. Values are escaped.

    A script may be a folder of files instead, PAGE/*.js, which share one scope, in the order of their names and
    main.js last.
    """
    environment = Environment(loader=FileSystemLoader(PAGES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    files = {kind: PAGES / f"{page}.{kind}" for kind in ("css", "js")}  # our own
    parts = {kind: Markup(file.read_text("utf-8")) for kind, file in files.items() if file.exists()}
    if scripts := sorted((PAGES / page).glob("*.js"), key=lambda file: (file.stem == "main", file.name)):
        joined = "\n".join(file.read_text("utf-8") for file in scripts)
        parts["js"] = Markup(f'"use strict";\n(() => {{\n{joined}}})();\n')
    return environment.get_template(f"{page}.html").render(**parts, **values)
