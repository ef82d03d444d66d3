"""Diagnostics: messages about mistakes that say where, what, and how to mend it.

Every error a user can cause is a `Diagnostic`; nothing here decides what is an error.
"""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from dslnas.edits import Advice, Edit, Help, edits_of
from dslnas.source import Span
from dslnas.spelling import another_name, suggestion
from dslnas.visible import escaped

MOST_SHOWN = 20
MOST_FOUND = 200
_WIDTH = 100  # columns of an excerpt


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
        edits: Changes of the text that, all of them made, do what `help` says; see `diagnostic`.
    """

    code: str
    message: str
    span: Span | None = None
    help: str = ""
    notes: tuple[Note, ...] = field(default=())
    where: str = ""
    edits: tuple[Edit, ...] = ()

    @property
    def is_idle(self) -> bool:
        """Whether it is about what has no effect, as long as it is right otherwise."""
        return bool(self.edits) and all(edit.is_idle for edit in self.edits)

    def doubted(self) -> Diagnostic:
        """Return it as it is beside other mistakes: what has no effect now may have it later."""
        edits = (replace(edit, safe=edit.safe and not edit.is_idle) for edit in self.edits)
        return replace(self, edits=tuple(edits)) if self.edits else self

    @property
    def text(self) -> str:
        """The message; where a span is its place, with its subject."""
        return f"{self.where}: {self.message}" if self.span and self.where else self.message

    @property
    def place(self) -> str:
        """Where it is, as `FILE:LINE:COLUMN`; outside of source text its subject."""
        return self.where if self.span is None else _place(self.span)

    @property
    def line(self) -> str:
        """The diagnostic in one line: its place and its message."""
        return f"{self.place}: {self.text}"

    def render(self) -> str:
        """Return the diagnostic as it is printed, without a final line end."""
        place = f"{self.place}: " if self.place else ""
        lines = [_printable(f"{place}error[{self.code}]: {self.text}")]
        if self.span is not None:
            lines += _excerpt(self.span)
        lines += [note.render() for note in self.notes]
        if self.help:
            lines.append(_printable(f"  = help: {self.help}"))
        return "\n".join(lines)


def diagnostic(
    code: str,
    message: str,
    span: Span | None = None,
    help: Help = "",
    notes: Iterable[Note] = (),
    where: str = "",
) -> Diagnostic:
    """Return a diagnostic with the edits of its advice."""
    edits = edits_of(help, span)
    return Diagnostic(code, message, span, str(help), tuple(notes), where, edits)


class UserError(Exception):
    """The user's input is wrong. Carries every mistake found, sorted by position."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        ordered = sorted(diagnostics, key=_position)
        is_all_idle = all(one.is_idle for one in ordered)
        self.diagnostics = tuple(one if is_all_idle else one.doubted() for one in ordered)
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
    code: str, message: str, *, span: Span | None = None, help: Help = "", where: str = ""
) -> UserError:
    """Return a `UserError` with a single diagnostic."""
    return UserError([diagnostic(code, message, span, help, where=where)])


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
        help: Help = "",
        notes: Iterable[Note] = (),
    ) -> None:
        """Record one mistake."""
        self.record(diagnostic(code, message, span, help, notes))

    def is_known(
        self,
        what: str,
        name: str,
        span: Span | None,
        known: Collection[str],
        *,
        code: str = "NAS201",
        otherwise: Help = "",
    ) -> bool:
        """Whether a name is known; else record that it is not, with the nearest, or `otherwise`."""
        if name not in known:
            help = suggestion(name, known) or otherwise
            self.add(code, f"unknown {what} `{name}`", span, help=help)
        return name in known

    def add_taken(
        self,
        what: str,
        name: str,
        span: Span | None,
        first: Span | None,
        help: Help | None = None,
    ) -> None:
        """Record NAS204 for a name that has a definition, at `first` if that is known."""
        notes = [Note("the first definition is here", first)] if first else ()
        message = f"{what} `{name}` is already defined"
        help = another_name(span) if help is None else help
        self.add("NAS204", message, span, notes=notes, help=help)

    def add_twice(
        self, message: str, span: Span, first: Span, edits: tuple[Edit, ...] = ()
    ) -> None:
        """Record NAS504 for what was said before, at `first`; `edits` remove one of the two."""
        notes = [Note("the first time is here", first)]
        help = Advice("remove one of them", edits=edits)
        self.add("NAS504", message, span, notes=notes, help=help)

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


def command(*words: object) -> str:
    """Return a command of dslnas with some arguments, as a shell takes it."""
    return shlex.join(["dslnas", *map(str, words)])


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
    """Return text that is safe to print: tabs as spaces, all else that is not seen as escapes."""
    return "".join(c if c.isprintable() else " " if c == "\t" else escaped(c) for c in text)


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)
