"""The style sheet of figures: the same for all, so that a page may hold many of them.

Nothing in a figure has an id. Pages that have colours of their own set the custom properties, as
`--dslnas-paper`, on the figures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, TypeAlias

from dslnas.drawing.palette import DARK, LIGHT, TONES

Theme: TypeAlias = Literal["auto", "light", "dark"]
"""Colours that follow the reader's settings, or fixed ones."""

FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
SERIF = "'Times New Roman', 'Liberation Serif', Times, serif"

_CLASS = "dslnas-figure"

_RULES = (
    ("", f"font-family:{FONT};font-size:12px;color:@ink"),
    (" text", "fill:currentColor"),
    (" .paper", "fill:@paper"),
    (" .title", "font-size:14px;font-weight:bold"),
    (" .caption", "fill:@quiet;font-size:11px"),
    (" .note", "fill:@quiet;font-size:10px"),
    (" .frame-name", "font-weight:bold"),
    (" .symbol", f"font-family:{SERIF};font-style:italic;font-size:15px"),
    (" .line", "fill:none;stroke:@line;stroke-width:1.2"),
    (" .arrow", "fill:@line;stroke:none"),
    (" .node", "fill:@node;stroke:@edge"),
    (" .block", "fill:@node;stroke:@edge"),
    (" .join", "fill:@node;stroke:@edge"),
    (" .input", "fill:@end;stroke:@edge"),
    (" .output", "fill:@end;stroke:@edge"),
    (" .frame", "fill:@frame;stroke:@quiet"),
    (" .operation", "fill:@node;stroke:@edge"),
    (" .choice", "fill:@paper;stroke:@edge;stroke-dasharray:4 2"),
    *((f" .tone{n}", f"fill:@fill{n};stroke:@edge{n}") for n in range(TONES)),
    (" .marked", "stroke:@mark;stroke-width:2"),
)


_COLOUR = re.compile(r"@(\w+)")


def class_of(theme: Theme) -> str:
    """Return the class of figures in some colours: those that a page holds may differ in theirs."""
    return _CLASS if theme == "auto" else f"{_CLASS}-{theme}"


def style_sheet(theme: Theme) -> str:
    """Return the rules of all figures."""
    if theme != "auto":
        return _rules({"light": LIGHT, "dark": DARK}[theme], class_of(theme))
    names = {name: f"var(--dslnas-{name})" for name in LIGHT}
    dark = f"@media screen and (prefers-color-scheme:dark){{{_properties(DARK)}}}"
    return f"{_properties(LIGHT)}{dark}{_rules(names, _CLASS)}"


def _properties(colours: Mapping[str, str]) -> str:
    values = ";".join(f"--dslnas-{name}:{colour}" for name, colour in colours.items())
    return f".{_CLASS}{{{values}}}"


def _rules(colours: Mapping[str, str], look: str) -> str:
    return "".join(
        f".{look}{place}{{{_COLOUR.sub(lambda found: colours[found[1]], rule)}}}"
        for place, rule in _RULES
    )
