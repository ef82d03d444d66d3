"""The JSON of `dslnas check`: every mistake with its place, and the edits that mend it."""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.app.check import Verdict
from dslnas.codes import CODES
from dslnas.diagnostics import Diagnostic, Note
from dslnas.edits import Edit
from dslnas.json_model import JsonModel
from dslnas.source import Span


class Position(JsonModel):
    """A place between two characters of a text.

    Attributes:
        line: Number of the line, from 1 on.
        column: Number of the character behind it in its line, from 1 on; characters are code
            points of Unicode.
        offset: How many characters of the text stand before it; every line end is one.
    """

    line: int
    column: int
    offset: int


class Place(JsonModel):
    """A part of a file.

    Attributes:
        file: Name of the file; `<stdin>`, `--set` or `<std.cnn>` for what is no file of the user.
        start: Its start.
        end: Its end, behind its last character.
    """

    file: str
    start: Position
    end: Position


class Change(JsonModel):
    """An edit that mends a mistake.

    Attributes:
        place: The part that is replaced; it is empty where something is put in.
        text: Its replacement; empty where something is removed.
        title: Its effect in a few words.
        safe: Whether it certainly does what was meant, so that `dslnas check --fix` makes it.
    """

    place: Place
    text: str
    title: str
    safe: bool


class Remark(JsonModel):
    """A place with a remark."""

    message: str
    place: Place


class Mistake(JsonModel):
    """A mistake.

    Attributes:
        code: Its code; `dslnas explain CODE` explains it.
        title: Meaning of the code in a few words.
        message: The mistake in words.
        help: Advice to the user; empty if there is none.
        where: Subject of a message that is about no place, such as a path; else empty.
        place: The smallest part of a text that shows it; null outside of texts.
        notes: Other places that matter.
        edits: Changes of the text that, all of them made, do what the advice says.
    """

    code: str
    title: str
    message: str
    help: str
    where: str
    place: Place | None
    notes: list[Remark]
    edits: list[Change]


class CheckedSpec(JsonModel):
    """A spec that was checked.

    Attributes:
        spec: Its name as it was given.
        mistakes: All of its mistakes, in the order of their places; none if it is right.
        remarks: Places that are no mistake, but may not be meant.
        missing: Condition of a run that the spec leaves to the command line; empty if none.
    """

    spec: str
    mistakes: list[Mistake]
    remarks: list[Remark]
    missing: str


class CheckReport(JsonModel):
    """All specs that were checked, in the order in which they were given."""

    specs: list[CheckedSpec]


def check_report(verdicts: Mapping[str, Verdict]) -> CheckReport:
    """Return the report on some specs, by their names."""
    return CheckReport(
        specs=[
            CheckedSpec(
                spec=name,
                mistakes=[_mistake(mistake) for mistake in verdict.mistakes],
                remarks=[_remark(note) for note in verdict.notes],
                missing=verdict.missing,
            )
            for name, verdict in verdicts.items()
        ]
    )


def _mistake(found: Diagnostic) -> Mistake:
    return Mistake(
        code=found.code,
        title=CODES[found.code].title,
        message=found.text,
        help=found.help,
        where="" if found.span else found.where,
        place=None if found.span is None else _place(found.span),
        notes=[_remark(note) for note in found.notes],
        edits=[_change(edit) for edit in found.edits],
    )


def _remark(note: Note) -> Remark:
    return Remark(message=note.message, place=_place(note.span))


def _change(edit: Edit) -> Change:
    return Change(place=_place(edit.span), text=edit.text, title=edit.title, safe=edit.safe)


def _place(span: Span) -> Place:
    start, end = (_position(span, offset) for offset in (span.start, span.end))
    return Place(file=span.source.name, start=start, end=end)


def _position(span: Span, offset: int) -> Position:
    line, column = span.source.position(offset)
    return Position(line=line, column=column, offset=offset)
