"""Edits: changes of a text that mend a mistake, and advice that carries them.

An edit is made from the same data as the words that advise it, never from the words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

from dslnas.source import Span

_SEPARATORS = ",;"


@dataclass(frozen=True)
class Edit:
    """A change of a text that mends a mistake.

    Attributes:
        span: The part that is replaced; empty where something is put in.
        text: Its replacement; "" where something is removed.
        safe: Whether it certainly does what was meant: it mends the form, and guesses no value.
        is_idle: Whether it removes what has no effect. That is safe only where nothing else is
            wrong: what is beside it, mended, may give it an effect.
    """

    span: Span
    text: str
    safe: bool = True
    is_idle: bool = False

    @property
    def title(self) -> str:
        """Its effect in a few words."""
        if not self.text.strip():
            return f"remove `{self.span.brief.strip(_SEPARATORS + ' ')}`"
        new = " ".join(self.text.split())
        return (
            f"write `{new}` for `{self.span.brief}`" if self.span.text.strip() else f"add `{new}`"
        )


@dataclass(frozen=True)
class Advice:
    """How a mistake is mended, in words and, where that can be done for the user, as edits.

    Attributes:
        text: The words.
        instead: Replacement of `word`; None if that is not known.
        word: The word that is replaced, once in the marked text; "" for all of that.
        safe: Whether `instead` is certainly meant.
        edits: Changes of other places.
    """

    text: str
    instead: str | None = None
    word: str = ""
    safe: bool = True
    edits: tuple[Edit, ...] = ()

    def __str__(self) -> str:
        """Return the words."""
        return self.text

    def __bool__(self) -> bool:
        """Whether there are words."""
        return bool(self.text)

    def at(self, span: Span | None) -> tuple[Edit, ...]:
        """Return the edits that mend a mistake which is marked at `span`."""
        if span is None or self.instead is None or (place := _place_of(self.word, span)) is None:
            return self.edits
        return (Edit(place, self.instead, self.safe), *self.edits)


Help: TypeAlias = str | Advice
"""Advice to the user; plain text where no edit does what it says."""


def _place_of(word: str, span: Span) -> Span | None:
    """Return where a word stands in a span; None if it stands there not once."""
    if not word:
        return span
    if span.text.count(word) != 1:
        return None
    start = span.start + span.text.index(word)
    return Span(span.source, start, start + len(word))


def edits_of(help: Help, span: Span | None) -> tuple[Edit, ...]:
    """Return the edits of some advice on a mistake that is marked at `span`."""
    return help.at(span) if isinstance(help, Advice) else ()


def addition(span: Span, text: str, *, safe: bool = True) -> Edit:
    """Return the edit that puts a text at the start of a span."""
    return Edit(Span(span.source, span.start, span.start), text, safe)


def removal(span: Span, *, safe: bool = True) -> Edit:
    """Return the edit that removes a statement, or an item of a list, with what separates it."""
    text, start, end = span.source.text, span.start, span.end
    line = text.rfind("\n", 0, start) + 1
    next_line = text.find("\n", end) + 1 or len(text)
    before, behind = text[line:start].strip(), text[end:next_line].strip()
    left, right = text[:start].rstrip(), text[end:].lstrip(" \t")
    is_alone = not before and (not behind or behind.startswith("#"))
    if is_alone and not left.endswith(","):
        return Edit(Span(span.source, line, next_line), "", safe)
    if left and left[-1] in _SEPARATORS:
        start = len(left) - 1
    elif right and right[0] in _SEPARATORS:
        end = len(text) - len(right[1:].lstrip(" \t"))
    else:
        start = start - (len(text[:start]) - len(text[:start].rstrip(" \t")))
    return Edit(Span(span.source, start, end), "", safe)


def idle_removal(span: Span) -> Edit:
    """Return the edit that removes a statement, or an item of a list, that has no effect."""
    return replace(removal(span), is_idle=True)


def second_removal(first: Span, second: Span) -> Edit:
    """Return the edit that removes the second of two; it is safe if both say the same."""
    return removal(second, safe=first.text.split() == second.text.split())


def applied(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with edits of it made; of those that overlap only the first."""
    parts, done, is_put = [], 0, False
    for edit in sorted(edits, key=lambda edit: (edit.span.start, edit.span.end)):
        start, end = edit.span.start, edit.span.end
        if start < done or (is_put and start == done):
            continue
        parts += [text[done:start], edit.text]
        done, is_put = end, True
    return "".join([*parts, text[done:]])
