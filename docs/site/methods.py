"""The page on methods: what each does, by which formulas, and its settings."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import get_type_hints

from docs.site.markdown import code, docstring, escaped, page, table
from docs.site.settings import common_text, section_text
from dslnas.engines.catalogue import ALONE, ENGINES
from dslnas.engines.relaxations.catalogue import RELAXATIONS
from dslnas.settings import search_parts
from dslnas.settings.annotations import words_of
from dslnas.settings.gradient import RelaxSettings
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


def parts_text() -> str:
    """Return a table of the parts that gradient methods combine, and who has each."""
    hints = get_type_hints(RelaxSettings, include_extras=True)
    known = [*vars(search_parts).values()]
    keys = [key for key in RelaxSettings.settings() if hints[key] in known]
    fields = RelaxSettings.settings()
    rows = (
        [
            code(key),
            escaped(fields[key].description or ""),
            ", ".join(map(code, words_of(fields[key].annotation))),
            _having(key, keys),
        ]
        for key in keys
    )
    return table(("part", "what it is", "values", "methods that have it"), rows)


def _having(key: str, keys: Sequence[str]) -> str:
    """Return the methods that have a part; those of an earlier part by its name."""
    methods = {one: [w for w, model in SEARCH.items() if one in model.settings()] for one in keys}
    earlier = keys[: keys.index(key)]
    known = next((one for one in reversed(earlier) if {*methods[one]} <= {*methods[key]}), "")
    others = [code(word) for word in methods[key] if word not in methods.get(known, ())]
    return ", ".join([f"those of {code(known)}", *others] if known else others)


def _own(model: type[SearchSettings]) -> Iterator[str]:
    for key in model.settings():
        if 2 * sum(key in other.settings() for other in SEARCH.values()) < len(SEARCH):
            yield key


def _method(word: str, model: type[SearchSettings]) -> str:
    told = section_text(model, _base(model)).removeprefix(docstring(model)).strip()
    return page(docstring(model), *_steps(word, model), told).strip()


def _base(model: type[SearchSettings]) -> type[SearchSettings] | None:
    """Return the first of the methods, if another has all of its settings."""
    first = next(iter(SEARCH.values()))
    has_all = model is not first and first.settings().keys() <= model.settings().keys()
    return first if has_all else None


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
