"""Positions, texts and edits between the language server's protocol and `dslnas.editor`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from os.path import realpath
from pathlib import Path

from lsprotocol import types
from pygls import uris
from pygls.workspace import PositionCodec

from dslnas.diagnostics import Diagnostic, Note
from dslnas.editor.document import Document
from dslnas.editor.lookup import used_name
from dslnas.editor.outline import end_of
from dslnas.edits import Edit
from dslnas.source import SourceFile, Span

NAME = "dslnas"
_START = types.Range(types.Position(0, 0), types.Position(0, 0))


@dataclass(frozen=True)
class Lines:
    """Positions in a text, as a client counts them."""

    source: SourceFile
    codec: PositionCodec

    @cached_property
    def lines(self) -> list[str]:
        """Its lines with their ends, and the empty one behind the last end."""
        *whole, last = self.source.text.split("\n")
        return [*(f"{line}\n" for line in whole), last]

    def offset(self, position: types.Position) -> int:
        """Return the offset of a position; one outside of the text is the nearest inside."""
        if position.line >= len(self.lines):
            return len(self.source.text)
        line = self.lines[position.line].rstrip("\n")
        before = sum(map(len, self.lines[: position.line]))
        units = 0
        for column, letter in enumerate(line):
            if units >= position.character:
                return before + column
            units += self.codec.client_num_units(letter)
        return before + len(line)

    def position(self, offset: int) -> types.Position:
        """Return the position of an offset."""
        line, column = self.source.position(min(offset, len(self.source.text)))
        return self.codec.position_to_client_units(self.lines, types.Position(line - 1, column - 1))

    def range(self, start: int, end: int) -> types.Range:
        """Return the range between two offsets."""
        return types.Range(self.position(start), self.position(end))


def source_of(uri: str, text: str) -> SourceFile:
    """Return the text of a document, under the name of its file if it is one."""
    path = uris.to_fs_path(uri) if uri.startswith("file:") else None
    name = uri.rpartition("/")[2] if path is None else Path(path).name
    return SourceFile(name, text.replace("\r\n", "\n"), None if path is None else Path(path))


def uri_of(source: SourceFile) -> str | None:
    """Return the address of a file, None for a text that is none."""
    return None if source.path is None else uris.from_fs_path(realpath(source.path))


def location(span: Span, codec: PositionCodec) -> types.Location | None:
    """Return where a span lies, None if that is no file."""
    uri = uri_of(span.source)
    if uri is None:
        return None
    return types.Location(uri, Lines(span.source, codec).range(span.start, span.end))


def mistake(
    document: Document, uri: str, wrong: Diagnostic, codec: PositionCodec, docs: str
) -> types.Diagnostic:
    """Return a mistake; one in a file in use stands where that is used.

    Its code leads to its place in the documentation, if it is known where that lies.
    """
    message = f"{wrong.text}\nhelp: {wrong.help}" if wrong.help else wrong.text
    notes = [*wrong.notes]
    span = wrong.span
    if span is not None and span.source != document.source:
        message = f"{span.source.name}:{span.line}:{span.column}: {message}"
        notes = [Note(wrong.text, span), *notes]
    return types.Diagnostic(
        _range(document, span, codec),
        message,
        severity=types.DiagnosticSeverity.Error,
        code=wrong.code,
        code_description=_page(docs, wrong.code) if docs else None,
        source=NAME,
        related_information=_related(document, uri, notes, codec),
    )


def _page(docs: str, code: str) -> types.CodeDescription:
    from dslnas.codes import page_of  # reads them all

    return types.CodeDescription(f"{docs.rstrip('/')}/{page_of(code)}")


def remark(document: Document, note: Note, codec: PositionCodec) -> types.Diagnostic:
    """Return what is no mistake, but may not be meant."""
    return types.Diagnostic(
        _range(document, note.span, codec),
        note.message,
        severity=types.DiagnosticSeverity.Information,
        source=NAME,
    )


def _range(document: Document, span: Span | None, codec: PositionCodec) -> types.Range:
    lines = Lines(document.source, codec)
    if span is not None and span.source == document.source:
        return lines.range(span.start, span.end)
    uses = [item for item in document.items if item.word == "use"]
    if span is None or not uses:
        return _START
    ends = span.source.name.strip("<>")
    item = next((item for item in uses if ends.endswith(used_name(item))), uses[0])
    return lines.range(item.start, end_of(item.head[-1]))


def _related(
    document: Document, uri: str, notes: Iterable[Note], codec: PositionCodec
) -> list[types.DiagnosticRelatedInformation]:
    found = []
    for note in notes:
        is_own = note.span.source == document.source
        where = Lines(note.span.source, codec).range(note.span.start, note.span.end)
        address = uri if is_own else uri_of(note.span.source)
        if address is not None:
            place = types.Location(address, where)
            found.append(types.DiagnosticRelatedInformation(place, note.message))
    return found


def workspace_edit(
    uri: str, document: Document, edits: Iterable[Edit], codec: PositionCodec
) -> types.WorkspaceEdit:
    """Return edits of a document."""
    lines = Lines(document.source, codec)
    changes: dict[str, list[types.TextEdit]] = defaultdict(list)
    for edit in edits:
        changes[uri].append(types.TextEdit(lines.range(edit.span.start, edit.span.end), edit.text))
    return types.WorkspaceEdit(changes=dict(changes))
