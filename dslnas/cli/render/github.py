"""Mistakes as GitHub shows them beside the lines of a change: commands of its workflows."""

from __future__ import annotations

from collections.abc import Iterable

from dslnas.app.check_report import CheckReport, Mistake, Place, Remark


def github_text(report: CheckReport) -> str:
    """Return a line for every mistake, and for every remark."""
    return "\n".join(_lines(report))


def _lines(report: CheckReport) -> Iterable[str]:
    for spec in report.specs:
        for mistake in spec.mistakes:
            yield _command("error", mistake.place, mistake.where, mistake.code, _words(mistake))
        for remark in spec.remarks:
            yield _command("notice", remark.place, "", "", remark.message)


def _words(mistake: Mistake) -> str:
    notes = [_noted(note) for note in mistake.notes]
    advice = [f"help: {mistake.help}"] if mistake.help else []
    return "\n".join([mistake.message, *notes, *advice])


def _noted(note: Remark) -> str:
    return f"line {note.place.start.line}: {note.message}"


def _command(word: str, place: Place | None, where: str, title: str, message: str) -> str:
    properties: dict[str, str | int] = {"file": where}
    if place is not None:
        start, end = place.start, place.end
        properties = {
            "file": place.file,
            "line": start.line,
            "endLine": end.line,
            "col": start.column,
            "endColumn": end.column,
        }
    named = {**properties, "title": title}
    written = [f"{key}={_property(str(value))}" for key, value in named.items() if value != ""]
    return f"::{word} {','.join(written)}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
