"""How the usual slips of syntax are mended."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from lark import Token

from dslnas.diagnostics import did_you_mean
from dslnas.language.syntax.characters import is_quote
from dslnas.language.syntax.numbers import comma_help, run_around
from dslnas.language.syntax.parse_failure import ParseFailure
from dslnas.language.syntax.tokens import BREAK, STATEMENTS

_JOINED = "layers are joined with `->`"
_GOES_ON = {
    "COMMA": "the line above ends with `,`, so its list goes on here",
    "EQUAL": "the line above ends with `=`, so its value stands here",
}
_COMPARED = {"count": "skip_connect <= 2", "require": "params < 4M"}


def help_before_others(failure: ParseFailure) -> str:
    """Say how a slip is mended that is no matter of grammar; "" if there is none."""
    return _unquoted(failure) or _quote_inside(failure) or _grouped(failure) or _signed(failure)


def _quote_inside(failure: ParseFailure) -> str:
    """Say that a string has no quote inside, if one stands there."""
    previous = failure.previous
    if previous is None or previous.type != "STRING" or previous.end_pos != failure.at:
        return ""
    line = failure.text[failure.at :].split("\n", 1)[0]
    return 'a string cannot hold a `"`: give the file another name' if '"' in line else ""


def _grouped(failure: ParseFailure) -> str:
    """Say how a number is written whose thousands are parted by a comma or a space."""
    previous, text, at = failure.previous, failure.text, failure.at
    if previous is None or previous.type != "NUMBER" or at == len(text):
        return ""
    if text[at] == ",":
        start, end = run_around(text, at)
        return comma_help(text[start:end])
    groups = re.match(r"[0-9]{3}(?: [0-9]{3})*(?![\w.])", text[at:])
    if groups is None or not previous.isdigit() or text[previous.end_pos : at] != " ":
        return ""
    return f"write `{previous}{groups[0].replace(' ', '')}`"


def _signed(failure: ParseFailure) -> str:
    """Say how a number is written that starts with a point, a comma or a plus."""
    found = re.match(r"([.,+])([0-9]+(?:\.[0-9]+)?)", failure.text[failure.at :])
    previous = failure.previous
    if found is None or previous is None or previous.type in ("NUMBER", "RPAR", "RBRACE"):
        return ""
    return f"write `{'' if found[1] == '+' else '0.'}{found[2]}`"


def _unquoted(failure: ParseFailure) -> str:
    """Say that a path is quoted, if one stands there without quotes; "" if none does."""
    statement = failure.statement
    if not statement or statement[0] not in ("path", "use") or failure.at == len(failure.text):
        return ""
    behind = statement[0].end_pos or 0
    line = failure.text[behind:].split("\n", 1)[0].strip()
    if not line or not behind < failure.at <= behind + len(line) + 1 or is_quote(line[0]):
        return ""
    path = re.split(r"[\s;}]", line, maxsplit=1)[0]
    if statement[0] == "use" and path[0] not in "./~":
        return ""
    return f'paths are written in quotes: `{statement[0]} "{path}"`'


def help_for(failure: ParseFailure, token: Token, accepted: Set[str]) -> str:
    """Say how to mend a place where `token` cannot stand; "" where no slip is known."""
    statement = failure.statement
    first = statement[0] if statement else None
    if first is None:
        return ""
    if statement[-1].type == "LBRACE" and token.type == "RBRACE":
        return "a choice has at least one value or operation: `{3, 5}`"
    if token.type in ("COMPARE", "EQUAL") and (token.type == "COMPARE" or first in _COMPARED):
        return _comparison(statement, token)
    if token.type in ("EQUAL", "COLON") and first.type == "NAME" and len(statement) == 1:
        return _without_sign(first, token)
    if token.type == "WHEN":
        return "variants are written `| when stride 2: ...`"
    if token.type in STATEMENTS and BREAK in accepted:
        return "every statement starts on a line of its own"
    follows_layer = statement[-1].type in ("NAME", "RPAR") and not failure.starts_line(token)
    if follows_layer and token.type == "NAME" and "ARROW" in accepted and first.type == "OP":
        return _JOINED
    if len(statement) > 1 and statement[-2].type in _GOES_ON and failure.starts_line(statement[-1]):
        return _GOES_ON[statement[-2].type]
    if token.type == "EQUAL" and first.type == "NAME":
        return did_you_mean(first, ["node"])
    return ""


def _comparison(statement: Sequence[Token], token: Token) -> str:
    """Say where comparisons stand, and how."""
    first = statement[0]
    if first.type == "OP":
        return _JOINED
    if len(statement) == 1 and first.type == "NAME" and token.type == "COMPARE":
        example = _COMPARED.get(first)
        written = f"what is compared comes first: `{first} {example}`"
        return written if example else _without_sign(first, token)
    if token.type == "EQUAL":
        return (
            f"write `{first} {_COMPARED[first]}`" if len(statement) == 1 else "write `<=` or `>=`"
        )
    commas = [number for number, before in enumerate(statement) if before.type == "COMMA"]
    value = statement[commas[-1] + 1 :] if commas else statement
    if any(before.type == "COMPARE" for before in value):
        return "write two comparisons with `,` between them"
    return "only whole values of a setting are comparisons, as in `count skip_connect <= 2`"


def _without_sign(key: Token, sign: Token) -> str:
    return f"settings are written without `{sign}`: `{key} ...`"
