"""Finds the grammars and makes the parser of the language. Only this module knows where they live.

Working out the tables of an LALR parser takes longer than checking a spec, so they lie beside the
grammar, as plain JSON. Tables that were made from another grammar or by another version of Lark
are ignored.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from os.path import exists, isdir
from pathlib import Path
from typing import Any

import lark
from lark import Lark

from dslnas.language.syntax.tokens import LineBreaks

_PACKAGE = Path(__file__).resolve().parents[2]
_TABLES = "nas.tables.json"


@cache
def language_parser() -> Lark:
    """Return the parser of `.nas` text, with the start rules `program` and `values`."""
    text = grammar_text("nas")
    stored = tables_path()
    if exists(stored):
        tables: dict[str, Any] = json.loads(stored.read_bytes())
        if tables["made_from"] == made_from(text):
            return _from_tables(tables)
    return parser_from_grammar(text)


def grammar_text(name: str) -> str:
    """Return the text of grammar `name` (`nas` or `graph`)."""
    return (_folder() / f"{name}.lark").read_text(encoding="utf-8")


def tables_path() -> Path:
    """Return where the stored tables lie."""
    return _folder() / _TABLES


def _folder() -> Path:
    """An installed package carries the grammars inside; a checkout has them beside it."""
    inside = _PACKAGE / "grammars"
    return inside if isdir(inside) else _PACKAGE.parent / "grammars"


def made_from(text: str) -> list[str]:
    """Return what tables are made from, so that those of another grammar are told."""
    return [f"lark {lark.__version__}", hashlib.sha256(text.encode()).hexdigest()]


def parser_from_grammar(text: str) -> Lark:
    """Return the parser of a grammar, its tables worked out anew."""
    return Lark(
        text,
        parser="lalr",
        lexer="basic",
        postlex=LineBreaks(),
        start=["program", "values"],
        propagate_positions=True,
        maybe_placeholders=True,
    )


def _from_tables(tables: dict[str, Any]) -> Lark:
    # JSON has no numbers as keys.
    states = {int(key): row for key, row in tables["states"].items()}
    memo = {int(key): value for key, value in tables["memo"].items()}
    tables["data"]["parser"]["parser"]["states"] = states
    parser = Lark._load_from_dict(tables["data"], memo, postlex=LineBreaks())  # type: ignore[no-untyped-call]
    assert isinstance(parser, Lark)
    return parser
