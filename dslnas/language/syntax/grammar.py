"""Finds the grammars and makes the parser of the language. Only this module knows where they live.

Working out the tables of an LALR parser takes longer than checking a spec, so they lie beside the
grammar, as plain JSON. Tables that were made from another grammar or by another version of Lark
are ignored.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import lark
from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

from dslnas.language.syntax.tokens import LineBreaks

_PACKAGE = Path(__file__).resolve().parents[2]
_TABLES = "nas.tables.json"


@cache
def language_parser() -> Lark:
    """Return the parser of `.nas` text, with the start rules `program` and `values`."""
    text = grammar_text("nas")
    stored = _folder() / _TABLES
    if stored.exists():
        tables: dict[str, Any] = json.loads(stored.read_bytes())
        if tables["made_from"] == _made_from(text):
            return _from_tables(tables)
    return _from_grammar(text)


def grammar_text(name: str) -> str:
    """Return the text of grammar `name` (`nas` or `graph`)."""
    return (_folder() / f"{name}.lark").read_text(encoding="utf-8")


_UNBOUNDED = f",{2**32 - 1}]", f",{2**64}]"
"""The end of a width without a bound, as some Pythons write it, and as others do."""


def tables_text() -> str:
    """Return what the file of stored tables has to hold: the same at every run."""
    text = grammar_text("nas")
    parser = _from_grammar(text)
    parser.options.postlex = None  # code, not data
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    states = _renumbered(data["parser"]["parser"])
    parts = {"made_from": _made_from(text), "data": data, "memo": memo}
    lines = [f"{json.dumps(key)}: {_dump(part)}" for key, part in parts.items()]
    lines = [line.replace(_UNBOUNDED[0], _UNBOUNDED[1]) for line in lines]
    rows = ",\n".join(f'"{number}": {_dump(row)}' for number, row in enumerate(states))
    return "{\n" + ",\n".join([*lines, f'"states": {{\n{rows}\n}}']) + "\n}\n"


def tables_path() -> Path:
    """Return where the stored tables lie."""
    return _folder() / _TABLES


def _folder() -> Path:
    """An installed package carries the grammars inside; a checkout has them beside it."""
    inside = _PACKAGE / "grammars"
    return inside if inside.is_dir() else _PACKAGE.parent / "grammars"


def _made_from(text: str) -> list[str]:
    return [f"lark {lark.__version__}", hashlib.sha256(text.encode()).hexdigest()]


def _renumbered(table: dict[str, Any]) -> list[dict[int, tuple[int, Any]]]:
    """Take the states out of a table and number states and tokens anew; Lark's order is random.

    States are numbered as they are reached from the start, tokens by name. A row gives for every
    token (0, next state) or (1, rule to reduce by).
    """
    names, states = table["tokens"], table.pop("states")
    tokens = {name: number for number, name in enumerate(sorted(names.values()))}
    table["tokens"] = {number: name for name, number in tokens.items()}
    rows = {}
    reached = dict.fromkeys(table["start_states"][start] for start in table["start_states"])
    waiting = list(reached)
    for state in waiting:
        by_name = {names[token]: action for token, action in states[state].items()}
        rows[state] = {tokens[name]: by_name[name] for name in sorted(by_name)}
        for shifts, target in rows[state].values():
            if shifts == 0 and target not in reached:
                reached[target] = None
                waiting.append(target)
    numbers = {state: number for number, state in enumerate(waiting)}
    for key in ("start_states", "end_states"):
        table[key] = {start: numbers[table[key][start]] for start in sorted(table[key])}
    return [
        {token: (0, numbers[to]) if kind == 0 else (kind, to) for token, (kind, to) in row.items()}
        for row in rows.values()
    ]


def _from_grammar(text: str) -> Lark:
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


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
