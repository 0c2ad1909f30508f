"""Pages for a browser, each in one file: a template with its style, its script and its data inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

PAGES = Path(__file__).parent / "pages"


def render(page: str, **values: Any) -> str:
    """The template of this name, with PAGE.css and PAGE.js as `css` and `js`. Values are escaped."""
    environment = Environment(loader=FileSystemLoader(PAGES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    files = {kind: PAGES / f"{page}.{kind}" for kind in ("css", "js")}  # our own
    parts = {kind: Markup(file.read_text("utf-8")) for kind, file in files.items() if file.exists()}
    return environment.get_template(f"{page}.html").render(**parts, **values)
