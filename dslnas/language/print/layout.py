"""How an expression is written: parentheses, spaces, and where its line may be broken.

An expression becomes words: pieces of text that stay whole, with one space between them where a
line may end (after a comma or a sign of a sum, before `->`). Statements are the formatter's.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from dslnas.language.syntax import ast

WIDTH = 100
INDENT = "    "


class Level(IntEnum):
    """How tightly the parts of an expression hold together; the grammar's order."""

    COMPARISON = 0
    CHAIN = 1
    SUM = 2
    PRODUCT = 3
    NEGATIVE = 4
    CALL = 5


@dataclass(frozen=True)
class Word:
    """A piece of text that stays whole.

    `depth` is that of the place before it, where a line may end; outer places (0) are taken first.
    """

    text: str
    depth: int = 0


def words(
    expression: ast.Expression, least: Level = Level.COMPARISON, depth: int = 0
) -> list[Word]:
    """Return an expression as words, its outermost places at a depth.

    Expressions that hold together less tightly than `least` get parentheses.
    """
    if _level(expression) < least:
        return _around("(", words(expression, Level.CHAIN, depth), ")")
    inner = depth + 1
    match expression:
        case ast.Chain(stages=stages):
            stage_words = [words(stage, Level.SUM, inner) for stage in stages]
            return join([stage_words[0], *(_around("-> ", w, "") for w in stage_words[1:])], depth)
        case ast.Comparison() | ast.Named():
            return _of_setting(expression, inner)
        case ast.Binary(sign="+" | "-"):
            return join(_terms(expression, inner), depth)
        case ast.Binary(sign=sign, left=left, right=right):
            factors = words(left, Level.PRODUCT, inner), words(right, Level.NEGATIVE, inner)
            return _fused(factors[0], f" {sign} ", factors[1])
        case ast.Negative(operand=operand):
            return _around("-", words(operand, Level.NEGATIVE, inner), "")
        case ast.Call(function=function, arguments=arguments):
            given = [_around(_key(a), words(a.value, Level.CHAIN, inner), "") for a in arguments]
            return _fused(words(function, Level.CALL, inner), "(", _closed(given, depth, ")"))
        case ast.Tuple(items=items):
            values = [words(item, Level.CHAIN, inner) for item in items]
            return _around("(", _closed(values, depth, ")"), "")
        case ast.Choice(items=items):
            values = [words(item, Level.CHAIN, inner) for item in items]
            return _around("{", _closed(values, depth, "}"), "")
        case _:
            return [Word(_atom(expression))]


def _of_setting(value: ast.Comparison | ast.Named, depth: int) -> list[Word]:
    """Return as words what only a value of a setting can be."""
    if isinstance(value, ast.Named):
        return _around(f"{value.name.text}: ", words(value.value, Level.CHAIN, depth), "")
    sides = words(value.left, Level.SUM, depth), words(value.right, Level.SUM, depth)
    return _fused(sides[0], f" {value.operator} ", sides[1])


def listed(parts: Sequence[list[Word]], depth: int = 0) -> list[Word]:
    """Return parts with commas between them."""
    return join([*(_around("", part, ",") for part in parts[:-1]), *parts[-1:]], depth)


def join(parts: Iterable[list[Word]], depth: int) -> list[Word]:
    """Return the words of all parts; a line may end between two of them."""
    joined: list[Word] = []
    for part in parts:
        joined += [replace(part[0], depth=depth), *part[1:]]
    return joined


def flat(sequence: Iterable[Word]) -> str:
    """Return words as one line."""
    return " ".join(word.text for word in sequence)


def broken(sequence: Sequence[Word], indent: str) -> list[str]:
    """Return words as lines of at most `WIDTH` columns, where that is possible.

    As few lines as possible, and of those the layout with the shortest longest line. Lines after
    the first are indented further. Places of a lesser depth are taken first: a part that fits on
    a line stays together.
    """
    if len(indent) + len(flat(sequence)) <= WIDTH:
        return [indent + flat(sequence)]
    parts = _parts(sequence, WIDTH - len(indent) - len(INDENT))
    fewest = len(_filled(parts, indent, WIDTH))
    width = bisect_left(range(WIDTH), True, key=lambda w: len(_filled(parts, indent, w)) <= fewest)
    return _filled(parts, indent, width)


def _parts(sequence: Sequence[Word], room: int) -> list[str]:
    """Split words into parts that fit into `room` columns, at outer places first."""
    text = flat(sequence)
    if len(text) <= room or len(sequence) == 1:
        return [text]
    outermost = min(word.depth for word in sequence[1:])
    parts: list[str] = []
    start = 0
    for place in range(1, len(sequence) + 1):
        if place == len(sequence) or sequence[place].depth == outermost:
            parts += _parts(sequence[start:place], room)
            start = place
    return parts


def _filled(parts: Sequence[str], indent: str, width: int) -> list[str]:
    """Put as many parts on each line as `width` columns hold."""
    lines = [indent + parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + 1 + len(part) <= width:
            lines[-1] += " " + part
        else:
            lines.append(indent + INDENT + part)
    return lines


def _level(expression: ast.Expression) -> Level:
    match expression:
        case ast.Comparison() | ast.Named():
            return Level.COMPARISON
        case ast.Chain():
            return Level.CHAIN
        case ast.Binary(sign=sign):
            return Level.SUM if sign in "+-" else Level.PRODUCT
        case ast.Negative():
            return Level.NEGATIVE
    return Level.CALL


def _terms(expression: ast.Binary, depth: int) -> list[list[Word]]:
    """Return the terms of a sum, each but the last with the sign that follows it."""
    first, second = expression.left, words(expression.right, Level.PRODUCT, depth)
    if isinstance(first, ast.Binary) and first.sign in "+-":
        *before, last = _terms(first, depth)
    else:
        before, last = [], words(first, Level.SUM, depth)
    return [*before, _around("", last, f" {expression.sign}"), second]


def _key(argument: ast.Argument) -> str:
    return "" if argument.name is None else f"{argument.name.text} = "


def _closed(parts: Sequence[list[Word]], depth: int, bracket: str) -> list[Word]:
    """Return a list that ends with a closing bracket; it may be empty."""
    return _around("", listed(parts, depth), bracket) if parts else [Word(bracket)]


def _around(before: str, sequence: list[Word], after: str) -> list[Word]:
    first = replace(sequence[0], text=before + sequence[0].text)
    sequence = [first, *sequence[1:]]
    last = replace(sequence[-1], text=sequence[-1].text + after)
    return [*sequence[:-1], last]


def _fused(left: list[Word], between: str, right: list[Word]) -> list[Word]:
    """Return two sequences as one, without a place between them."""
    middle = replace(left[-1], text=left[-1].text + between + right[0].text)
    return [*left[:-1], middle, *right[1:]]


def _atom(expression: ast.Expression) -> str:
    match expression:
        case ast.Name(text=text) | ast.Number(text=text):
            return text
        case ast.Text(value=value):
            return f'"{value}"'
        case ast.Size(parts=parts):
            return " x ".join(str(part) for part in parts)
    raise TypeError(f"{type(expression).__name__} is not an expression")
