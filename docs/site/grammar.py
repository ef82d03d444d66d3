"""The page on the grammar."""

from __future__ import annotations

from docs.site.markdown import fence, page
from dslnas.language.describe.ebnf import ebnf_text


def grammar_page() -> str:
    """Return the page with the grammar of specs."""
    return page(
        "# Grammar",
        "`dslnas grammar ebnf` prints this grammar, `dslnas grammar gbnf` the same for programs "
        "that hold a language model to it. The language on a page is its [card](../card.md), in "
        "full it is told in the [guide](../language.md); what settings take, under "
        "[settings](settings.md).",
        fence(ebnf_text(), "text"),
    )
