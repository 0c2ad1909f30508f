"""The settings of the site, which `make docs` builds from this folder into build/docs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

project = "backprop-harness"
author = "The backprop-harness authors"
copyright = author
extensions = ["myst_parser", "sphinx.ext.autodoc"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_*"]
nitpicky = False

# Docstrings are plain text with `code` in single backticks.
default_role = "code"
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_mock_imports = ["sklearn"]  # the site is built without it

myst_heading_anchors = 3
suppress_warnings = ["misc.highlighting_failure"]

# A page opened from disk asks no host: no fonts, no badges, no links to an editor on the web.
html_theme = "furo"
html_title = "backprop-harness"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options: dict[str, Any] = {"footer_icons": [], "top_of_page_buttons": []}
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
pygments_style = "friendly"
pygments_dark_style = "native"
