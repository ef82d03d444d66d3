"""Words of the language with their meanings, which the syntax and the settings say themselves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from dslnas.language.syntax import ast
from dslnas.language.syntax.ast_base import Node
from dslnas.language.syntax.grammar import language_parser
from dslnas.language.syntax.tokens import STATEMENTS
from dslnas.settings.data_base import DataSettings
from dslnas.settings.model import Section
from dslnas.settings.search_base import SearchSettings
from dslnas.settings.spec import SECTIONS

_SYNTAX: Mapping[str, type[Node]] = {
    "USE": ast.Use,
    "LET": ast.Let,
    "OP": ast.OpDef,
    "OPS": ast.OpsDef,
    "GATE": ast.GateDef,
    "CELL": ast.CellDef,
    "LIKE": ast.CellDef,
    "NODE": ast.NodeDef,
    "WHEN": ast.Variant,
    "AND": ast.Variant,
}
_BASES: Mapping[str, type[Section]] = {"data": DataSettings, "search": SearchSettings}


@cache
def keywords() -> Mapping[str, str]:
    """Return every reserved word with its meaning."""
    found = {
        str(terminal.pattern.value): summary(_SYNTAX[terminal.name])
        for terminal in language_parser().terminals
        if terminal.name in _SYNTAX
    }
    kinds = {model.kind: model for model in reversed(SECTIONS)}
    return found | {word: summary(_BASES.get(word, kinds[word])) for word in STATEMENTS["SECTION"]}


def first_words() -> list[str]:
    """Return the words that statements of the top level begin with."""
    return [word for words in STATEMENTS.values() for word in words]


def summary(documented: type) -> str:
    """Return the first paragraph of a docstring as one line."""
    return " ".join((documented.__doc__ or "").partition("\n\n")[0].split())
