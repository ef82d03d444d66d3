"""GBNF read by itself: whether a grammar has a text, and texts that it has."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from lark import Lark, Token, Tree

_NOTATION = r"""
start: _NL* rule+
rule: NAME "::=" choice _NL+
?choice: sequence ("|" sequence)*
?sequence: repeat*
?repeat: atom SIGN?
?atom: NAME -> name | STRING -> text | CLASS -> letter | "(" choice ")"
NAME: /[a-z][a-zA-Z0-9-]*/
STRING: /"(\\.|[^"\\])*"/
CLASS: /\[(\\.|[^\]\\])*\]/
SIGN: /[?*+]/
_NL: /\n/
%ignore /[ \t]+/
%ignore /#[^\n]*/
"""


@dataclass(frozen=True, eq=False)
class Name:
    name: str


@dataclass(frozen=True, eq=False)
class Text:
    text: str


@dataclass(frozen=True, eq=False)
class Letter:
    """One of a class of ASCII letters, or any other where the class is of what is left out."""

    letters: str
    others: bool


@dataclass(frozen=True, eq=False)
class Choice:
    parts: tuple[Part, ...]


@dataclass(frozen=True, eq=False)
class Row:
    parts: tuple[Part, ...]


@dataclass(frozen=True, eq=False)
class Repeat:
    part: Part
    sign: str


Part: TypeAlias = Name | Text | Letter | Choice | Row | Repeat
Rules: TypeAlias = dict[str, Part]


def read_gbnf(text: str) -> Rules:
    """Read a grammar; its rules call no others without end before they read a letter."""
    tree = Lark(_NOTATION, parser="lalr").parse(text)
    return {str(rule.children[0]): _part(rule.children[1]) for rule in tree.find_data("rule")}


def _part(tree: Any) -> Part:
    assert isinstance(tree, Tree)
    children: list[Any] = tree.children
    match tree.data:
        case "name":
            return Name(str(children[0]))
        case "text":
            return Text(re.sub(r"\\(.)", _unescaped, str(children[0])[1:-1]))
        case "letter":
            known = re.compile(str(children[0]))
            letters = filter(known.fullmatch, map(chr, (9, 10, *range(32, 127))))
            return Letter("".join(letters), known.fullmatch("é") is not None)
        case "choice":
            return Choice(tuple(map(_part, children)))
        case "sequence":
            return Row(tuple(map(_part, children)))
    assert isinstance(children[1], Token)
    return Repeat(_part(children[0]), str(children[1]))


def _unescaped(found: re.Match[str]) -> str:
    return {"n": "\n", "t": "\t"}.get(found[1], found[1])


def called(part: Part) -> Iterator[str]:
    """Yield the names of the rules that a part calls."""
    match part:
        case Name(name):
            yield name
        case Choice(parts) | Row(parts):
            for one in parts:
                yield from called(one)
        case Repeat(inner):
            yield from called(inner)


def accepts(rules: Rules, text: str) -> bool:
    """Whether a text is one of a grammar."""
    return len(text) in _Reader(rules, text).of_rule("root", 0)


class _Reader:
    """Finds all places where a part that starts at some place may end."""

    def __init__(self, rules: Rules, text: str) -> None:
        self._rules, self._text = rules, text
        self._known: dict[tuple[str, int], frozenset[int]] = {}

    def of_rule(self, name: str, start: int) -> frozenset[int]:
        key = name, start
        if key not in self._known:
            self._known[key] = self._ends(self._rules[name], start)
        return self._known[key]

    def _ends(self, part: Part, start: int) -> frozenset[int]:
        match part:
            case Name(name):
                return self.of_rule(name, start)
            case Text(word):
                is_there = self._text.startswith(word, start)
                return frozenset([start + len(word)] if is_there else [])
            case Letter(letters, others):
                letter = self._text[start : start + 1]
                is_in = letter in letters if letter.isascii() else others
                return frozenset([start + 1] if letter and is_in else [])
            case Choice(parts):
                return frozenset().union(*(self._ends(one, start) for one in parts))
            case Row(parts):
                found = frozenset([start])
                for one in parts:
                    found = self._behind(one, found)
                return found
            case Repeat():
                return self._repeated(part, start)

    def _behind(self, part: Part, starts: frozenset[int]) -> frozenset[int]:
        return frozenset().union(*(self._ends(part, start) for start in starts))

    def _repeated(self, part: Repeat, start: int) -> frozenset[int]:
        new = frozenset([start])
        found = frozenset[int]() if part.sign == "+" else new
        while new := self._behind(part.part, new) - found:
            found |= new
            if part.sign == "?":
                break
        return found


class Writer:
    """Draws texts of a grammar; beyond a depth of rules it takes the shortest way out."""

    def __init__(self, rules: Rules, draw: random.Random) -> None:
        self._rules, self._draw = rules, draw
        self._heights: dict[Part | str, float] = dict.fromkeys(rules, float("inf"))
        before: dict[Part | str, float] = {}
        while before != self._heights:
            before = dict(self._heights)
            for name, rule in rules.items():
                self._heights[name] = 1 + self._height(rule)

    def text(self, depth: int) -> str:
        """Return a text."""
        return self._written(Name("root"), depth)

    def _height(self, part: Part) -> float:
        """Return how many rules stand inside of each other in the lowest text of a part."""
        match part:
            case Name(name):
                return self._heights[name]
            case Text() | Letter():
                return 0
            case Choice(parts):
                return min(map(self._height, parts))
            case Row(parts):
                return max(map(self._height, parts), default=0)
            case Repeat(inner, sign):
                return self._height(inner) if sign == "+" else 0

    def _written(self, part: Part, depth: int) -> str:
        match part:
            case Name(name):
                return self._written(self._rules[name], depth - 1)
            case Text(text):
                return text
            case Letter(letters):
                return self._draw.choice(letters)
            case Choice(parts):
                near = [way for way in parts if self._height(way) <= depth]
                way = self._draw.choice(near or [min(parts, key=self._height)])
                return self._written(way, depth)
            case Row(parts):
                return "".join(self._written(one, depth) for one in parts)
            case Repeat(inner, sign):
                least, most = {"?": (0, 1), "*": (0, 3), "+": (1, 3)}[sign]
                is_near = self._height(inner) <= depth
                count = self._draw.randint(least, most) if is_near else least
                return "".join(self._written(inner, depth) for _ in range(count))
