"""Settings of Sphinx for the site; `docs/site/build.py` runs it."""

from __future__ import annotations

from importlib.metadata import version as installed
from typing import Any

from sphinx.application import Sphinx

from docs.site.lexer import NasLexer

project = "dslnas"
version = release = installed("dslnas")
copyright = "the authors of dslnas"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
highlight_language = "text"
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
nitpicky = True

html_theme = "furo"
html_title = "dslnas"
html_static_path = ["_static"]
html_css_files = ["site.css", "figures.css"]
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_theme_options: dict[str, Any] = {"navigation_with_keys": True}
pygments_style = "friendly"
pygments_dark_style = "native"


def setup(app: Sphinx) -> None:
    """Teach Sphinx the language."""
    app.add_lexer("nas", NasLexer)
