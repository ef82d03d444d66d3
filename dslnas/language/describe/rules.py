"""The rules of `nas.lark` as data: what other notations of the grammar are written from.

Rules that call themselves first, as an LALR parser likes them, become repetitions.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TypeAlias

import lark
from lark import Lark, Token, Tree

from dslnas.language.syntax.grammar import grammar_text
from dslnas.language.syntax.tokens import STATEMENTS


@dataclass(frozen=True)
class Literal:
    """A word or a sign, as it is written."""

    text: str


@dataclass(frozen=True)
class Reference:
    """The name of a rule, or in capitals that of a kind of token."""

    name: str


@dataclass(frozen=True)
class Sequence:
    """Parts one after the other."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Choice:
    """One of some alternatives."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True)
class Repeat:
    """A part as often as a sign says: `?` at most once, `+` at least once, `*` any number."""

    part: Expression
    sign: str


Expression: TypeAlias = Literal | Reference | Sequence | Choice | Repeat
Rules: TypeAlias = Mapping[str, Expression]

START = "program"


@cache
def language_rules() -> dict[str, Expression]:
    """Return the rules of the language by name, the first of them the start."""
    tree = _grammar_parser().parse(grammar_text("nas"))
    written = {_name(rule): rule.children[-1] for rule in tree.find_data("rule")}
    names = {name: _public(name, written) for name in written}
    reader = _Reader(names, dict(_signs(tree)))
    rules = {names[name]: reader.read(body) for name, body in written.items()}
    return _used(_without_recursion(rules))


def _grammar_parser() -> Lark:
    """Return the parser of Lark's own notation."""
    text = (Path(lark.__file__).parent / "grammars" / "lark.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", maybe_placeholders=False)


def _name(rule: Tree[Token]) -> str:
    return str(rule.children[0])


def _public(name: str, names: Mapping[str, object]) -> str:
    """Return the name of a rule without the mark of those that have no node of their own."""
    bare = name.removeprefix("_")
    return f"any_{bare}" if bare != name and bare in names else bare


def _signs(tree: Tree[Token]) -> Iterator[tuple[str, Expression]]:
    """Yield the kinds of tokens that are written in few ways only, with these."""
    yield "SECTION", Choice(tuple(map(Literal, STATEMENTS["SECTION"])))
    yield "COMPARE", Choice(tuple(map(Literal, ("<", "<=", ">", ">="))))
    for token in tree.find_data("token"):
        name, *_, body = token.children
        literals = [*body.find_data("literal")] if isinstance(body, Tree) else []
        if len(literals) == 1 and str(literals[0].children[0]).startswith('"'):
            yield str(name), Literal(literal_eval(str(literals[0].children[0])))


class _Reader:
    """Turns Lark's tree of a rule into an expression."""

    def __init__(self, names: Mapping[str, str], signs: Mapping[str, Expression]) -> None:
        self._names, self._signs = names, signs

    def read(self, part: Tree[Token] | Token) -> Expression:
        assert isinstance(part, Tree)
        children = part.children
        match part.data:
            case "expansions":
                return Choice(tuple(map(self.read, children)))
            case "expansion" if len(children) > 1:
                return Sequence(tuple(map(self.read, children)))
            case "maybe":
                return Repeat(self.read(children[0]), "?")
            case "expr" if len(children) == 2:
                return Repeat(self.read(children[0]), str(children[1]))
            case "name":
                name = str(children[0])
                return self._signs.get(name) or Reference(self._names.get(name, name))
            case "literal":
                return Literal(literal_eval(str(children[0])))
        return self.read(children[0])


def _without_recursion(rules: Rules) -> dict[str, Expression]:
    """Return the rules with `sums: product (sign product)*` for `sums: sum | product` and `sum`."""
    found = dict(rules)
    for name, rule in rules.items():
        match rule:
            case Choice(parts=(Reference(name=inner), base)):
                match rules.get(inner):
                    case Sequence(parts=(Reference(name=first), *tail)) if first == name:
                        again = tail[0] if len(tail) == 1 else Sequence(tuple(tail))
                        found[name] = Sequence((base, Repeat(again, "*")))
    return found


def _used(rules: Rules) -> dict[str, Expression]:
    """Return the rules that the first one needs, with `any_sum` called `sum` where that is free."""
    needed = {START}
    waiting = [START]
    for name in waiting:
        new = [part for part in references(rules[name]) if part in rules and part not in needed]
        needed.update(new)
        waiting += new
    kept = {name: rule for name, rule in rules.items() if name in needed}
    short = {n: n.removeprefix("any_") for n in kept if n.removeprefix("any_") not in kept}
    return {short.get(name, name): _renamed(rule, short) for name, rule in kept.items()}


def _renamed(part: Expression, names: Mapping[str, str]) -> Expression:
    match part:
        case Reference(name=name):
            return Reference(names.get(name, name))
        case Sequence(parts=parts) | Choice(parts=parts):
            return replace(part, parts=tuple(_renamed(one, names) for one in parts))
        case Repeat(part=inner):
            return replace(part, part=_renamed(inner, names))
    return part


def references(part: Expression) -> Iterator[str]:
    """Yield the names of rules and tokens in a part, in their order."""
    match part:
        case Reference(name=name):
            yield name
        case Sequence(parts=parts) | Choice(parts=parts):
            for one in parts:
                yield from references(one)
        case Repeat(part=inner):
            yield from references(inner)
