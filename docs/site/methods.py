"""The page on methods: what each does, by which formulas, and its settings."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from docs.site.markdown import code, docstring, page, table
from docs.site.settings import common_text, section_text
from dslnas.engines.catalogue import ALONE, ENGINES
from dslnas.engines.relaxations.catalogue import RELAXATIONS
from dslnas.settings.search import SEARCH
from dslnas.settings.search_base import SearchSettings


def methods_page() -> str:
    """Return the page with every method."""
    blocks = (f"## search {word}\n\n{_method(word, model)}" for word, model in SEARCH.items())
    return page(
        "# Methods of search",
        "Every method with its paper, its steps and its settings. How methods compare, and which "
        "parts of them combine, is told in the [guide](../methods.md).",
        "## search\n\nSettings that all methods have, as most of them have them.",
        common_text(SEARCH),
        *blocks,
    )


def methods_text() -> str:
    """Return a table of the methods with those of their settings that most others lack."""
    rows = (
        [code(word), docstring(model, whole=False), ", ".join(map(code, _own(model)))]
        for word, model in SEARCH.items()
    )
    return table(("word", "method", "settings that most others lack"), rows)


def _own(model: type[SearchSettings]) -> Iterator[str]:
    for key in model.settings():
        if 2 * sum(key in other.settings() for other in SEARCH.values()) < len(SEARCH):
            yield key


def _method(word: str, model: type[SearchSettings]) -> str:
    about, *tables = section_text(model).split("\n\n| setting", 1)
    settings = "".join(f"| setting{rest}" for rest in tables)
    return page(about, *_steps(word, model), settings).strip()


def _steps(word: str, model: type[SearchSettings]) -> Iterator[str]:
    """Yield how an engine searches, and how its relaxation weighs operations."""
    engine = ENGINES[word]
    first = next(name for name, other in ENGINES.items() if other is engine)
    if first == word:
        yield f"**Source.** {docstring(sys.modules[engine.__module__], whole=False)}"
        yield f"**Steps.** {docstring(engine)}"
    else:
        yield f"**Steps.** Those of [{first}](#search-{first}), with the parts that are set below."
    if word in ALONE:
        yield f"**With `children alone`.** {docstring(ALONE[word])}"
    relaxation = str(getattr(model(), "relaxation", ""))
    if relaxation in RELAXATIONS:
        weights = docstring(RELAXATIONS[relaxation], whole=False)
        yield f"**Weights of operations.** {weights}"
