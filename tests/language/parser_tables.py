"""The stored tables of the parser: their text is the same whenever it is made."""

from __future__ import annotations

import json
from typing import Any

from lark.grammar import Rule
from lark.lexer import TerminalDef

from dslnas.language.syntax import grammar

_UNBOUNDED = f",{2**32 - 1}]", f",{2**64}]"
"""The end of a width without a bound, as some Pythons write it, and as others do."""


def tables_text() -> str:
    """Return what the file of stored tables has to hold: the same at every run."""
    text = grammar.grammar_text("nas")
    parser = grammar.parser_from_grammar(text)
    parser.options.postlex = None  # code, not data
    data, memo = parser.memo_serialize([TerminalDef, Rule])
    states = _renumbered(data["parser"]["parser"])
    parts = {"made_from": grammar.made_from(text), "data": data, "memo": memo}
    lines = [f"{json.dumps(key)}: {_dump(part)}" for key, part in parts.items()]
    lines = [line.replace(_UNBOUNDED[0], _UNBOUNDED[1]) for line in lines]
    rows = ",\n".join(f'"{number}": {_dump(row)}' for number, row in enumerate(states))
    return "{\n" + ",\n".join([*lines, f'"states": {{\n{rows}\n}}']) + "\n}\n"


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


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
