"""How the usual slips of syntax are mended."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from lark import Token

from dslnas.edits import Advice, Edit, Help, addition, edits_of, removal
from dslnas.language.syntax.characters import is_quote
from dslnas.language.syntax.numbers import comma_help, run_around, written
from dslnas.language.syntax.parse_failure import ParseFailure
from dslnas.language.syntax.tokens import BREAK, MIRRORED, STATEMENTS
from dslnas.spelling import did_you_mean

_JOINED = "layers are joined with `->`"
_VARIANTS = "variants are written `| when stride 2: ...`"
_GOES_ON = {
    "COMMA": "the line above ends with `,`, so its list goes on here",
    "EQUAL": "the line above ends with `=`, so its value stands here",
}
_COMPARED = {"count": "skip_connect <= 2", "require": "params < 4M"}


def help_before_others(failure: ParseFailure) -> Help:
    """Say how a slip is mended that is no matter of grammar; "" if there is none."""
    return _unquoted(failure) or _quote_inside(failure) or _grouped(failure) or _signed(failure)


def _quote_inside(failure: ParseFailure) -> str:
    """Say that a string has no quote inside, if one stands there."""
    previous = failure.previous
    if previous is None or previous.type != "STRING" or previous.end_pos != failure.at:
        return ""
    line = failure.text[failure.at :].split("\n", 1)[0]
    return 'a string cannot hold a `"`: give the file another name' if '"' in line else ""


def _grouped(failure: ParseFailure) -> Help:
    """Say how a number is written whose thousands are parted by a comma or a space."""
    previous, text, at = failure.previous, failure.text, failure.at
    if previous is None or previous.type != "NUMBER" or at == len(text):
        return ""
    if text[at] == ",":
        return comma_help(failure.span(*run_around(text, at)))
    groups = re.match(r"[0-9]{3}(?: [0-9]{3})*(?![\w.])", text[at:])
    if groups is None or not previous.isdigit() or text[previous.end_pos : at] != " ":
        return ""
    whole = failure.span(previous.start_pos or 0, at + groups.end())
    return written(whole, f"{previous}{groups[0].replace(' ', '')}")


def _signed(failure: ParseFailure) -> Help:
    """Say how a number is written that starts with a point, a comma or a plus."""
    found = re.match(r"([.,+])([0-9]+(?:\.[0-9]+)?)", failure.text[failure.at :])
    previous = failure.previous
    if found is None or previous is None or previous.type in ("NUMBER", "RPAR", "RBRACE"):
        return ""
    whole = failure.span(failure.at, failure.at + found.end())
    return written(whole, f"{'' if found[1] == '+' else '0.'}{found[2]}")


def _unquoted(failure: ParseFailure) -> Help:
    """Say that a path is quoted, if one stands there without quotes; "" if none does."""
    statement = failure.statement
    if not statement or statement[0] not in ("path", "use") or failure.at == len(failure.text):
        return ""
    behind = statement[0].end_pos or 0
    line = failure.text[behind:].split("\n", 1)[0].strip()
    if not line or not behind < failure.at <= behind + len(line) + 1 or is_quote(line[0]):
        return ""
    path = re.split(r"[\s;}]", line, maxsplit=1)[0]
    if not path or (statement[0] == "use" and path[0] not in "./~"):
        return ""
    start = failure.text.index(path, behind)
    edit = Edit(failure.span(start, start + len(path)), f'"{path}"')
    return Advice(f'paths are written in quotes: `{statement[0]} "{path}"`', edits=(edit,))


def help_for(failure: ParseFailure, token: Token, accepted: Set[str]) -> Help:
    """Say how to mend a place where `token` cannot stand; "" where no slip is known."""
    statement = failure.statement
    first = statement[0] if statement else None
    if first is None:
        return ""
    if statement[-1].type == "LBRACE" and token.type == "RBRACE":
        return "a choice has at least one value or operation: `{3, 5}`"
    if token.type in ("COMPARE", "EQUAL") and (token.type == "COMPARE" or first in _COMPARED):
        return _comparison(failure, token)
    if token.type in ("EQUAL", "COLON") and first.type == "NAME" and len(statement) == 1:
        return _without_sign(failure, token)
    if token.type in STATEMENTS and BREAK in accepted:
        return _on_its_own_line(failure, token)
    if first.type in ("OP", "GATE", "CELL", "SECTION"):
        return _of_definition(failure, token, accepted)
    if len(statement) > 1 and statement[-2].type in _GOES_ON and failure.starts_line(statement[-1]):
        comma = statement[-2]
        edits = (Edit(failure.span_of(comma), ""),) if comma.type == "COMMA" else ()
        return Advice(_GOES_ON[comma.type], edits=edits)
    if token.type == "EQUAL" and first.type == "NAME":
        near = did_you_mean(first, ["node"])
        return Advice(str(near), edits=edits_of(near, failure.span_of(first)))
    return _separated(failure, token, accepted)


def _on_its_own_line(failure: ParseFailure, token: Token) -> Advice:
    place = failure.span(failure.before[-1].end_pos or 0, token.start_pos or 0)
    edits = (Edit(place, "\n"),)
    return Advice("every statement starts on a line of its own", edits=edits)


def _of_definition(failure: ParseFailure, token: Token, accepted: Set[str]) -> Help:
    """Say how a slip in the head of a definition, or in the body of an operation, is mended."""
    statement, span = failure.statement, failure.span_of(token)
    first, last = statement[0], statement[-1]
    if token.type == "WHEN":
        return Advice(_VARIANTS, edits=(addition(span, "| "),))
    if "WHEN" in accepted and last.type == "VBAR":
        return Advice(_VARIANTS, edits=(addition(span, "when "),))
    if "COLON" in accepted and token.type in ("NAME", "LPAR") and not failure.starts_line(token):
        return Advice(_VARIANTS, edits=(addition(failure.behind, ":"),))
    if last.type == "LPAR" and token.type == "RPAR" and len(statement) == 3:
        whole = failure.span(last.start_pos or 0, token.end_pos or 0)
        return Advice("without parameters there are no parentheses", edits=(Edit(whole, ""),))
    if "LBRACE" in accepted and token.type in ("EQUAL", "COLON"):
        is_block = len(failure.after) > 1 and failure.after[1].type == "LBRACE"
        edits = (removal(span),) if is_block else ()
        return Advice(f"a block follows its name without `{token}`", edits=edits)
    follows_layer = last.type in ("NAME", "RPAR") and not failure.starts_line(token)
    if follows_layer and token.type == "NAME" and "ARROW" in accepted and first.type == "OP":
        return Advice(_JOINED, edits=(addition(span, "-> "),))
    return _separated(failure, token, accepted)


def _separated(failure: ParseFailure, token: Token, accepted: Set[str]) -> Help:
    """Say what is missing between two values or settings, if they stand side by side."""
    if "COMMA" not in accepted or token.type != "NAME" or failure.starts_line(token):
        return ""
    following = failure.after[1].type if len(failure.after) > 1 else BREAK
    opener, last = failure.opener, failure.before[-1].type
    if following in ("NUMBER", "STRING") and opener is not None and failure.is_block_start(opener):
        words = "settings on one line are separated by `;`"
        is_sure = last in ("NUMBER", "STRING")  # `a b 3` may be two names and a number, too
        return Advice(words, edits=(addition(failure.behind, ";", safe=is_sure),))
    in_call = opener is not None and not failure.is_block_start(opener)
    is_named = following == "EQUAL" and in_call
    is_value = following in ("COMMA", "LPAR", "RPAR", "RBRACE", BREAK)
    if not (is_named or (is_value and last in ("NAME", "RPAR", "STRING"))):
        return ""
    return Advice("values are separated by `,`", edits=(addition(failure.behind, ","),))


def _comparison(failure: ParseFailure, token: Token) -> Help:
    """Say where comparisons stand, and how."""
    statement = failure.statement
    first = statement[0]
    if first.type == "OP":
        is_arrow = token == ">" and failure.before[-1].type in ("NAME", "RPAR")
        return Advice(_JOINED, edits=(Edit(failure.span_of(token), "->", is_arrow),))
    if len(statement) == 1 and first.type == "NAME" and token.type == "COMPARE":
        example = _COMPARED.get(first)
        if example is None and failure.before[0] == "derive":
            examples = " or ".join(f"`{word} {shown}`" for word, shown in _COMPARED.items())
            return f"a word stands in front of what is compared: {examples}"
        what = f"what is compared comes first: `{first} {example}`"
        return what if example else _without_sign(failure, token)
    if token.type == "EQUAL":
        return (
            f"write `{first} {_COMPARED[first]}`"
            if len(statement) == 1
            else _equal(failure, statement)
        )
    commas = [number for number, before in enumerate(statement) if before.type == "COMMA"]
    value = statement[commas[-1] + 1 :] if commas else statement[1:]
    if any(before.type == "COMPARE" for before in value):
        return Advice("write two comparisons with `,` between them", edits=_apart(failure, value))
    return Advice(
        "only whole values of a setting are comparisons, as in `count skip_connect <= 2`",
        edits=_without_parentheses(failure, value),
    )


def _equal(failure: ParseFailure, statement: Sequence[Token]) -> Advice:
    """Say how a count is equal to a number: not less, and not more."""
    compared = _text(failure, [token for token in statement[1:] if token.type != "COMMA"])
    edits: tuple[Edit, ...] = ()
    if len(failure.after) > 1 and failure.after[1].type == "NUMBER" and "," not in compared:
        number = failure.after[1]
        whole = failure.span(statement[1].start_pos or 0, number.end_pos or 0)
        edits = (Edit(whole, f"{compared} >= {number}, {compared} <= {number}"),)
    return Advice("write `<=` or `>=`", edits=edits)


def _apart(failure: ParseFailure, value: Sequence[Token]) -> tuple[Edit, ...]:
    """Return the edit that makes two comparisons of `1 <= a <= 2`: `a >= 1, a <= 2`."""
    sign = next(place for place, token in enumerate(value) if token.type == "COMPARE")
    left, middle = value[:sign], value[sign + 1 :]
    if not left or not middle or left[0].type != "NUMBER":
        return ()
    whole = failure.span(left[0].start_pos or 0, failure.at)
    number, compared = _text(failure, left), _text(failure, middle)
    return (Edit(whole, f"{compared} {MIRRORED[value[sign]]} {number}, {compared} "),)


def _without_parentheses(failure: ParseFailure, value: Sequence[Token]) -> tuple[Edit, ...]:
    """Return the edit that takes a comparison, the whole of a value, out of parentheses."""
    line = failure.text[failure.at :].split("\n", 1)[0]
    if not value or value[0].type != "LPAR" or len(failure.open) != 2 or line.count(")") != 1:
        return ()
    start, end = value[0].start_pos or 0, failure.at + line.index(")") + 1
    inside = failure.text[start + 1 : end - 1]
    return (Edit(failure.span(start, end), inside.strip()),)


def _text(failure: ParseFailure, tokens: Sequence[Token]) -> str:
    return failure.text[tokens[0].start_pos or 0 : tokens[-1].end_pos]


def _without_sign(failure: ParseFailure, sign: Token) -> Advice:
    """Say that a setting has no sign behind its key; a comparison may mean more than a value."""
    key, text = failure.statement[0], failure.text
    end = (sign.end_pos or 0) + len(text[sign.end_pos :]) - len(text[sign.end_pos :].lstrip(" \t"))
    edit = Edit(failure.span(key.end_pos or 0, end), " ", sign.type != "COMPARE")
    return Advice(f"settings are written without `{sign}`: `{key} ...`", edits=(edit,))
