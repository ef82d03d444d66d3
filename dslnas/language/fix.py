"""Mends a text: makes the edits of its mistakes, as long as it gets no worse."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from dslnas.diagnostics import Diagnostic
from dslnas.edits import Edit, applied
from dslnas.source import SourceFile

Check: TypeAlias = Callable[[SourceFile], Sequence[Diagnostic]]
"""Finds the mistakes of a text."""

_ROUNDS = 10


def fixed(source: SourceFile, check: Check, *, guess: bool = False) -> SourceFile:
    """Return a text with the safe edits of its mistakes made; itself where there are none.

    With `guess` those of a mistake that has no safe one are made, too. A mistake may hide others,
    so the text is checked again after every round. The text that is returned has no more mistakes
    than the first.
    """
    best, mistakes = source, check(source)
    least, seen, now = len(mistakes), {source.text}, source
    for _ in range(_ROUNDS):
        now = replace(now, text=applied(now.text, _edits(now, mistakes, guess=guess)))
        if now.text in seen:
            break
        seen.add(now.text)
        mistakes = check(now)
        if len(mistakes) <= least:
            best, least = now, len(mistakes)
    return best


def _edits(source: SourceFile, mistakes: Sequence[Diagnostic], *, guess: bool) -> Iterator[Edit]:
    """Yield the edits of a text; those of other files are not to be made."""
    for mistake in mistakes:
        own = [edit for edit in mistake.edits if edit.span.source == source]
        safe = [edit for edit in own if edit.safe]
        yield from safe or (own if guess else ())
