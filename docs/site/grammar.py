"""The page on the grammar."""

from __future__ import annotations

from docs.site.markdown import fence, page
from docs.site.places import ROOT

GRAMMAR = ROOT / "grammars" / "nas.lark"


def grammar_page() -> str:
    """Return the page with the grammar that specs are parsed by."""
    return page(
        "# Grammar",
        "Specs are parsed by this grammar, in the notation of "
        "[Lark](https://lark-parser.readthedocs.io/en/stable/grammar.html). What words mean is told "
        "in the [guide](../language.md), what settings take under [settings](settings.md).",
        fence(GRAMMAR.read_text(encoding="utf-8"), "text"),
    )
