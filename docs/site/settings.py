"""Pages on settings: every section, and every value that is written as a call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import groupby
from typing import Any

from pydantic.fields import FieldInfo

from docs.site.markdown import code, docstring, escaped, page, table
from docs.site.places import slug
from dslnas.language.print.expanded_spec import item_text, setting_text, value_text
from dslnas.settings.annotations import wanted
from dslnas.settings.calls import CALLS
from dslnas.settings.data import DATA
from dslnas.settings.data_base import DataSettings
from dslnas.settings.images import Npz
from dslnas.settings.model import Call, Section
from dslnas.settings.search import SEARCH
from dslnas.settings.spec import SECTIONS
from dslnas.tasks.catalogue import TASK_SETTINGS

HEADS = ("setting", "takes", "default", "meaning")
_CALL = re.compile(r"`(\w+)\(\.\.\.\)`")
_BOUNDS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}


def settings_page() -> str:
    """Return the page with the sections and all of their settings, but for those of methods."""
    others = [model for model in SECTIONS if model not in SEARCH.values()]
    parts = [(model, section_text(model)) for model in others]
    first = next(place for place, (model, _) in enumerate(parts) if issubclass(model, DataSettings))
    blocks = [f"## {model.heading()}\n\n{text}" for model, text in parts]
    blocks.insert(first, f"## data\n\n{common_text(DATA)}")
    return page(
        "# Settings",
        "Every setting of every section, with the value that it has if it is left out. Settings of "
        "`search` are told with the [methods](methods.md), values such as `adam(...)` under "
        "[values](values.md). `dslnas show --defaults` prints the same in a terminal, and "
        "`dslnas show SPEC --effective` a spec with every value written out.",
        *blocks,
    )


def section_text(model: type[Section], base: type[Section] | None = None) -> str:
    """Return what a section is, and a table of the settings that it does not share with others.

    `base`: one of its family all of whose settings it has, told above it.
    """
    family = family_of(model)
    known = {**(common_rows(family) if family else {}), **(rows_of(base) if base else {})}
    rows = {key: row for key, row in rows_of(model).items() if row != known.get(key)}
    kin = f"of [`{base.heading()}`](#{slug(base.heading())}) and " if base else ""
    shared = f"And the settings {kin}of every [`{model.kind}`](#{model.kind})." if known else ""
    return page(docstring(model), table(HEADS, rows.values()) if rows else "", shared).strip()


def common_text(family: Mapping[str, type[Section]]) -> str:
    """Return a table of the settings that all sections of a family have."""
    return table(HEADS, common_rows(family).values())


def family_of(model: type[Section]) -> Mapping[str, type[Section]]:
    """Return the sections of the same word by name; none where there is one alone."""
    return next((family for family in (DATA, SEARCH) if model in family.values()), {})


def common_rows(family: Mapping[str, type[Section]]) -> dict[str, list[str]]:
    """Return rows by setting that all sections of a family have, as most of them have them."""
    tables = [rows_of(model) for model in family.values()]
    keys = [key for key in tables[0] if all(key in rows for rows in tables)]
    return {key: _usual(rows[key] for rows in tables) for key in keys}


def _usual(rows: Iterable[list[str]]) -> list[str]:
    alike = [list(same) for _, same in groupby(sorted(rows))]
    return max(alike, key=len)[0]


@cache
def rows_of(model: type[Section]) -> dict[str, list[str]]:
    """Return by setting its row: key, what it takes, default and meaning."""
    settings: Any = model()
    rows = {
        key: _row(key, field, settings.value_of(key), _defaults(settings, key))
        for key, field in model.settings().items()
    }
    expressions = model.expressions.items()
    return rows | {key: [code(key), "an expression", "", escaped(m)] for key, m in expressions}


def _defaults(settings: Section, key: str) -> Iterator[str]:
    """Yield the defaults that a setting has for other tasks, with the examples of these."""
    examples: dict[str, dict[str, None]] = {}
    for task in TASK_SETTINGS:
        values = task.defaults_of(type(settings)) if task.has(settings, TASK_SETTINGS) else {}
        if key in values:
            examples.setdefault(value_text(values[key]), {})[task.examples] = None
    for value, known in examples.items():
        yield f"for {', '.join(known)}: {code(value)}"


def _row(key: str, field: FieldInfo, value: object, others: Iterable[str]) -> list[str]:
    usual = "" if value is None or value == "" else code(setting_text(field, value))
    default = "; ".join(filter(None, [usual, *others]))
    return [code(key), _takes(field), default, escaped(field.description or "")]


def _takes(field: FieldInfo) -> str:
    bounds = [
        f"{words} {bound:g}"
        for fact in field.metadata
        for name, words in _BOUNDS.items()
        if (bound := getattr(fact, name, None)) is not None
    ]
    words = _CALL.sub(_linked, escaped(wanted(field.annotation)))
    return ", ".join([words, *bounds])


def _linked(call: re.Match[str]) -> str:
    """Return a call with a link to its place among the values."""
    return f"[{call[0]}](values.md#{slug(CALLS[call[1]].noun)})"


def values_page() -> str:
    """Return the page with the values that are written as calls, by their nouns."""
    nouns = dict.fromkeys(call.noun for call in CALLS.values())
    blocks = (f"## {noun}\n\n{calls_text(noun)}" for noun in nouns)
    return page(
        "# Values",
        "Values of settings that are written as calls, such as `adam(lr = 1e-3)`. What is not "
        "given is that of the setting's default where this is the same call, and otherwise as "
        "below.",
        *blocks,
    )


def calls_text(noun: str) -> str:
    """Return a table of the calls of a noun, such as `optimiser`, with their defaults."""
    rows = (
        [code(call_text(word, call)), docstring(call)]
        for word, call in CALLS.items()
        if call.noun == noun
    )
    return table((noun, "meaning"), rows)


def call_text(word: str, call: type[Call]) -> str:
    """Return a call with its parameters and their defaults."""
    parameters = [
        key if field.is_required() else f"{key} = {item_text(field.default)}"
        for key, field in call.settings().items()
    ]
    return f"{word}({', '.join(parameters)})" if parameters else word


def sources_text() -> str:
    """Return a table of the sources of data."""
    rows = ([code(word), docstring(model, whole=False)] for word, model in DATA.items())
    return table(("source", "examples"), rows)


def archives_text() -> str:
    """Return the shapes and types of the arrays in an archive."""
    return docstring(Npz).partition("\n\n")[2]
