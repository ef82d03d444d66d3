"""The grammar in GBNF, to which llama.cpp and others hold what a language model writes.

Such a grammar is of characters: it says where spaces and line ends may stand, and which words are
no names. It is stricter than the language: numbers have no zeros in front, lines break inside of
parentheses only at their ends and behind a comma or an operator, and keys of settings, methods and
sources of data are those of the tables.
"""

from __future__ import annotations

from collections.abc import Iterator

from dslnas.language.describe.names import name_rules
from dslnas.language.describe.rules import (
    START,
    Choice,
    Expression,
    Literal,
    Reference,
    Repeat,
    Rules,
    Sequence,
    language_rules,
)
from dslnas.language.describe.words import with_words
from dslnas.language.syntax.tokens import BREAK, CONTINUES_AFTER, CONTINUES_BEFORE, SIGNS

_SPACES = {
    "ws": r"[ \t]*",
    "sp": r"[ \t]+",
    "comment": r'"#" [^\n]*',
    "nl": r'ws comment? "\n"',
    "wsn": "nl* ws",
    "break": '(nl | ws ";") (nl | ws ";")* ws',
}
_TOKENS = {
    "digits": '"0" | [1-9] [0-9]*',
    "NUMBER": 'digits ("." [0-9]+)? ([eE] [+-]? [0-9]+)? ("ms" | "us" | "s" | [%KMG])?',
    "SIZE": 'digits (ws "x" ws digits)+',
    "STRING": r'"\"" [^"\n]* "\""',
}
_AFTER = {sign for token in (*CONTINUES_AFTER, "LPAR") for sign in SIGNS[token].split()}
_BEFORE = {sign for token in (*CONTINUES_BEFORE, "RPAR") for sign in SIGNS[token].split()}


def gbnf_text() -> str:
    """Return the whole grammar; its first rule is `root`."""
    writer = _Writer(with_words(language_rules()))
    lines = ["# The grammar of .nas files. Written by `dslnas grammar gbnf`.", ""]
    lines.append(f"root ::= wsn {_rule_name(START)} wsn comment?")
    lines += (f"{_rule_name(name)} ::= {text}" for name, text in writer.rules())
    lines += ["", *(f"{_rule_name(name)} ::= {text}" for name, text in _TOKENS.items())]
    lines += name_rules(_rule_name("NAME"))
    lines += ["", *(f"{name} ::= {text}" for name, text in _SPACES.items())]
    return "\n".join(lines) + "\n"


def _rule_name(name: str) -> str:
    return "break" if name == BREAK else name.lower().replace("_", "-") + "-token" * name.isupper()


class _Writer:
    """Writes rules of tokens as rules of characters, with the spaces between tokens."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def rules(self) -> Iterator[tuple[str, str]]:
        """Yield every rule with its text."""
        for name, rule in self._rules.items():
            yield name, self._written(rule)

    def _written(self, part: Expression, *, inside: bool = False) -> str:
        match part:
            case Literal(text=text):
                return f'"{text}"'
            case Reference(name=name):
                return _rule_name(name)
            case Choice(parts=parts):
                text = " | ".join(self._written(one, inside=True) for one in parts)
            case Sequence(parts=parts):
                text = self._sequence(parts)
            case Repeat(part=inner, sign=sign):
                assert sign == "?", "several have something before them, and spaces between"
                return f"({self._written(inner)})?"
        return f"({text})" if inside else text

    def _sequence(self, parts: tuple[Expression, ...]) -> str:
        """Return parts with the spaces between them; what may be missing brings its own."""
        first, *others = parts
        if isinstance(first, Repeat) and first.sign != "+":
            assert first.sign == "?", "only one thing may be missing in front"
            gap = self._gap(self._last(first), self._first(others[0]))
            return f"({self._written(first.part)} {gap})? {self._sequence(tuple(others))}"
        texts, last = [self._written(first, inside=True)], self._last(first)
        for part in others:
            own = self._last(part)
            if isinstance(part, Repeat):
                before = last | own if part.sign != "?" else last
                gap = self._gap(before, self._first(part))
                inner = self._written(part.part, inside=isinstance(part.part, Choice))
                texts.append(f"({gap}{inner}){part.sign}")
            else:
                texts.append(
                    f"{self._gap(last, self._first(part))}{self._written(part, inside=True)}"
                )
            last = last | own if _may_be_missing(part) else own
        return " ".join(texts)

    def _gap(self, before: set[str], behind: set[str]) -> str:
        """Return what stands between tokens: nothing, spaces, or also line ends."""
        if BREAK in before or BREAK in behind:
            return ""
        if before <= _AFTER or behind <= _BEFORE:
            return "wsn "
        are_words = any(map(_is_word, before)) and any(map(_is_word, behind))
        return "sp " if are_words else "ws "

    # ---- the tokens that a part starts and ends with -------------------------------------------

    def _first(self, part: Expression) -> set[str]:
        return self._ends(part, 0, frozenset())

    def _last(self, part: Expression) -> set[str]:
        return self._ends(part, -1, frozenset())

    def _ends(self, part: Expression, end: int, seen: frozenset[str]) -> set[str]:
        """Return the tokens at an end of a part, without those of rules that are looked at."""
        match part:
            case Literal(text=text):
                return {text}
            case Reference(name=name):
                if name in seen:
                    return set()
                known = name in self._rules
                return self._ends(self._rules[name], end, seen | {name}) if known else {name}
            case Choice(parts=parts):
                return set().union(*(self._ends(one, end, seen) for one in parts))
            case Repeat(part=inner):
                return self._ends(inner, end, seen)
        found: set[str] = set()
        for one in part.parts if end == 0 else reversed(part.parts):
            found |= self._ends(one, end, seen)
            if not _may_be_missing(one):
                break
        return found


def _may_be_missing(part: Expression) -> bool:
    return isinstance(part, Repeat) and part.sign != "+"


def _is_word(token: str) -> bool:
    """Whether a token would grow together with a word beside it."""
    return token[0].isalnum() and token not in ("STRING", BREAK)
