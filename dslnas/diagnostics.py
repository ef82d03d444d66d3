"""Diagnostics: messages about mistakes that say where, what, and how to mend it.

Every error a user can cause is a `Diagnostic`; nothing here decides what is an error.
"""

from __future__ import annotations

import difflib
import heapq
import shlex
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import eq

from dslnas.source import Span

MOST_SHOWN = 20
MOST_FOUND = 200
_MOST_LISTED = 12  # names that are known, where none is near
_WIDTH = 100  # columns of an excerpt

# Bounds for finding a name that is near: hostile input makes hundreds of unknown words.
_MOST_COMPARED = 400  # names
_MOST_STEPS = 6_000  # letters compared with letters
_LONGEST = 64  # letters of a word that tell how near it is


@dataclass(frozen=True)
class Note:
    """A place with a remark: a second one of a diagnostic, or what is no mistake but matters."""

    message: str
    span: Span

    def render(self) -> str:
        """Return the note as it is printed, without a final line end."""
        head = _printable(f"{_place(self.span)}: note: {self.message}")
        return "\n".join([head, *_excerpt(self.span)])


@dataclass(frozen=True)
class Diagnostic:
    """One mistake.

    Attributes:
        code: Key of the table in `dslnas.codes`, such as `NAS201`.
        message: One line, lower case, without a full stop; stands alone without the excerpt.
        span: The smallest piece of text that shows the mistake; None outside of source text.
        help: Advice to the user.
        notes: Other places that matter.
        where: Subject of a message outside of source text (a path, an option); with a span too, the
            text names the subject.
    """

    code: str
    message: str
    span: Span | None = None
    help: str = ""
    notes: tuple[Note, ...] = field(default=())
    where: str = ""

    @property
    def text(self) -> str:
        """The message; where a span is its place, with its subject."""
        return f"{self.where}: {self.message}" if self.span and self.where else self.message

    def render(self) -> str:
        """Return the diagnostic as it is printed, without a final line end."""
        place = self.where if self.span is None else _place(self.span)
        lines = [_printable(f"{place + ': ' if place else ''}error[{self.code}]: {self.text}")]
        if self.span is not None:
            lines += _excerpt(self.span)
        lines += [note.render() for note in self.notes]
        if self.help:
            lines.append(_printable(f"  = help: {self.help}"))
        return "\n".join(lines)


class UserError(Exception):
    """The user's input is wrong. Carries every mistake found, sorted by position."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(sorted(diagnostics, key=_position))
        super().__init__(self.render())

    def render(self) -> str:
        """Return all diagnostics as printed, the first `MOST_SHOWN` of them in full."""
        shown = [d.render() for d in self.diagnostics[:MOST_SHOWN]]
        hidden = len(self.diagnostics) - MOST_SHOWN
        if hidden > 0:
            shown.append(f"... and {hidden} more")
        return "\n\n".join(shown)


class InternalError(Exception):
    """An invariant of dslnas itself is broken: our fault, not the user's."""


def user_error(
    code: str, message: str, *, span: Span | None = None, help: str = "", where: str = ""
) -> UserError:
    """Return a `UserError` with a single diagnostic."""
    return UserError([Diagnostic(code, message, span=span, help=help, where=where)])


class Diagnostics:
    """Collects mistakes so that all of them can be reported at once.

    One place can be wrong in one way only: a mistake found there again, because several cells or
    networks share it, is left out. After `MOST_FOUND` mistakes, all of them are raised at once:
    nobody reads more, and hostile input could make thousands.
    """

    def __init__(self) -> None:
        self._diagnostics: dict[object, Diagnostic] = {}

    def __bool__(self) -> bool:
        return bool(self._diagnostics)

    def add(
        self,
        code: str,
        message: str,
        span: Span | None,
        *,
        help: str = "",
        notes: Sequence[Note] = (),
    ) -> None:
        """Record one mistake."""
        self.record(Diagnostic(code, message, span, help, tuple(notes)))

    def is_known(
        self,
        what: str,
        name: str,
        span: Span | None,
        known: Collection[str],
        *,
        code: str = "NAS201",
        otherwise: str = "",
    ) -> bool:
        """Whether a name is known; else record that it is not, with the nearest, or `otherwise`."""
        if name not in known:
            help = suggestion(name, known) or otherwise
            self.add(code, f"unknown {what} `{name}`", span, help=help)
        return name in known

    def add_taken(self, what: str, name: str, span: Span | None, first: Span | None) -> None:
        """Record NAS204 for a name that has a definition, at `first` if that is known."""
        notes = [Note("the first definition is here", first)] if first else ()
        message = f"{what} `{name}` is already defined"
        self.add("NAS204", message, span, notes=notes, help="choose another name")

    def add_twice(self, message: str, span: Span, first: Span) -> None:
        """Record NAS504 for what was said before, at `first`."""
        notes = [Note("the first time is here", first)]
        self.add("NAS504", message, span, notes=notes, help="remove one of them")

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Record every mistake of an error that is raised inside; what follows goes on."""
        try:
            yield
        except UserError as error:
            self.extend(error)

    def extend(self, error: UserError) -> None:
        """Record every mistake of an error raised elsewhere."""
        for diagnostic in error.diagnostics:
            self.record(diagnostic)

    def raise_if_any(self) -> None:
        """Raise a `UserError` with everything recorded, if anything was."""
        if self._diagnostics:
            raise UserError(self._diagnostics.values())

    def record(self, diagnostic: Diagnostic) -> None:
        """Record a mistake that is put into words already."""
        if len(self._diagnostics) >= MOST_FOUND:
            self.raise_if_any()
        place = diagnostic.span and (diagnostic.code, diagnostic.span)
        self._diagnostics.setdefault(place or diagnostic, diagnostic)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return a help line for an unknown word: the nearest known one, or the list of all."""
    names = set(known)
    near = did_you_mean(word, names)
    if near or not names:
        return near
    shown = ", ".join(f"`{n}`" for n in heapq.nsmallest(_MOST_LISTED, names))
    return f"known are {shown}" + (", ..." if len(names) > _MOST_LISTED else "")


def command(*words: object) -> str:
    """Return a command of dslnas with some arguments, as a shell takes it."""
    return shlex.join(["dslnas", *map(str, words)])


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a help line with the known word that is nearest to an unknown one; "" if none is.

    A unique prefix counts as near; after that an edit ratio of 0.7, the same letters in another
    order, or the only word that has a letter less.
    """
    names = set(known)
    prefixed = [n for n in names if n.startswith(word)] if len(word) > 1 else []
    compared = _compared(word, names)
    close = prefixed if len(prefixed) == 1 else difflib.get_close_matches(word, compared, 1, 0.7)
    close = close or [n for n in compared if sorted(n) == sorted(word)]
    shorter = {word[:place] + word[place + 1 :] for place in range(min(len(word), _LONGEST))}
    shorter &= names
    close = close or (list(shorter) if len(shorter) == 1 else [])
    return f"did you mean `{close[0]}`?" if close else ""


def _compared(word: str, names: Collection[str]) -> list[str]:
    """Return the names, sorted, that a word is compared with letter by letter.

    These are all, but where that would take more than about a millisecond the likeliest: those
    that have most letters at the same place, counted from either end.
    """
    if len(names) > _MOST_COMPARED:
        return []
    if len(word) * sum(map(len, names)) <= _MOST_STEPS:
        return sorted(names)
    likeliest = heapq.nlargest(_MOST_STEPS // max(1, len(word) ** 2), names, _shared(word))
    return sorted(name for name in likeliest if len(name) < 2 * len(word))


def _shared(word: str) -> Callable[[str], int]:
    """Return what counts the letters that a name has at the place where the word has them."""
    start, end = word[:_LONGEST], word[::-1][:_LONGEST]
    return lambda name: sum(map(eq, start, name)) + sum(map(eq, end, reversed(name)))


def _position(diagnostic: Diagnostic) -> tuple[bool, str, int]:
    """Return the key to sort by: text of the user first, library files last."""
    span = diagnostic.span
    return (False, "", 0) if span is None else (span.source.library, span.source.name, span.start)


def _place(span: Span) -> str:
    return f"{span.source.name}:{span.line}:{span.column}"


def _excerpt(span: Span) -> list[str]:
    """Return the line of the span with carets below, or the part of a long line around them."""
    text = span.source.line(span.line)
    start = span.column - 1
    end = max(start + 1, min(start + span.end - span.start, len(text)))
    first = max(0, min(start - _WIDTH // 4, len(text) - _WIDTH)) if len(text) > _WIDTH else 0
    before, marked = _printable(text[first:start]), _printable(text[start:end])
    shown = before + marked + _printable(text[end:])
    if first > 0:
        before, shown = f"...{before}", f"...{shown}"
    if len(shown) > _WIDTH + 3:
        shown = f"{shown[:_WIDTH]}..."
    width = max(1, min(_columns(marked), _WIDTH - len(before)))
    number = str(span.line)
    gutter = " " * len(number)
    carets = " " * _columns(before) + "^" * width
    return [
        f"{gutter} |",
        f"{number} | {shown}".rstrip(),
        f"{gutter} | {carets}",
    ]


def _printable(text: str) -> str:
    """Return text that is safe to print: tabs as spaces, control characters as `?`."""
    return "".join(c if c.isprintable() else " " if c == "\t" else "?" for c in text)


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)
