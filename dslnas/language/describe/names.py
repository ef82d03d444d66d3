"""The words that are names, as rules: a grammar of characters has no way to leave words out.

After each start of a word of the language stands what may follow: anything but the next letter of
such a word, or that letter and so on.
"""

from __future__ import annotations

from collections.abc import Iterator

from dslnas.language.syntax.tokens import RESERVED

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"


def name_rules(name: str) -> Iterator[str]:
    """Yield the rule of names, and those of the starts of reserved words that it needs."""
    starts = {word[:length] for word in RESERVED for length in range(len(word))}
    for start in sorted(starts, key=lambda start: (len(start), start)):
        follow = {word[len(start)] for word in RESERVED if word.startswith(start) and word != start}
        others = _class(set(_LETTERS + _DIGITS * bool(start)) - follow)
        ways = [f"{others} name-rest"]
        ways += (f'"{letter}" {_after(name, start + letter)}' for letter in sorted(follow))
        ways += [] if not start or start in RESERVED else ['""']
        yield f"{_after(name, start)} ::= {' | '.join(ways)}"
    yield from _ends(name, starts)
    yield "name-rest ::= [A-Za-z0-9_]*"


def _ends(name: str, starts: set[str]) -> Iterator[str]:
    """Yield the rules behind whole reserved words: a name goes on."""
    for word in sorted(set(RESERVED) - starts):
        yield f"{_after(name, word)} ::= [A-Za-z0-9_] name-rest"


def _after(name: str, start: str) -> str:
    return f"{name}-{start}" if start else name


def _class(letters: set[str]) -> str:
    """Return the class of some characters, with ranges for those in a row."""
    ranges: list[list[str]] = []
    for letter in sorted(letters):
        if ranges and ord(letter) == ord(ranges[-1][-1]) + 1:
            ranges[-1].append(letter)
        else:
            ranges.append([letter])
    shown = (row[0] if len(row) == 1 else f"{row[0]}-{row[-1]}" for row in ranges)
    return f"[{''.join(shown)}]"
