"""The server: documents of an editor, the latest verdict on each, and answers about them.

A text is checked in a thread of its own when it has not changed for a moment; all other answers
come from its tokens, the files that it uses and the latest version that was right.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from dslnas.app.editor import verdict, verdicts
from dslnas.editor.completion import completions
from dslnas.editor.definition import definition
from dslnas.editor.document import Document, Verdict
from dslnas.editor.fixes import fixes, formatted
from dslnas.editor.hover import hover
from dslnas.editor.rename import RefusedError, renamable, rename
from dslnas.edits import Edit, applied
from dslnas.language_server.convert import (
    NAME,
    Lines,
    location,
    mistake,
    remark,
    source_of,
    workspace_edit,
)
from dslnas.tasks.catalogue import TASK_SETTINGS

PAUSE = 0.01
"""Seconds without a change before a text is checked."""

_KINDS = {
    "keyword": types.CompletionItemKind.Keyword,
    "file": types.CompletionItemKind.File,
    "setting": types.CompletionItemKind.Property,
    "parameter": types.CompletionItemKind.Property,
    "name": types.CompletionItemKind.Module,
    "operation": types.CompletionItemKind.Function,
    "operation set": types.CompletionItemKind.Enum,
    "gate": types.CompletionItemKind.Function,
    "cell": types.CompletionItemKind.Class,
    "constant": types.CompletionItemKind.Constant,
    "value": types.CompletionItemKind.Value,
}


@dataclass(frozen=True)
class _Checked:
    """A verdict with the document that it is of."""

    document: Document
    verdict: Verdict


class Server(LanguageServer):
    """A language server with what it knows of each document."""

    def __init__(self, version: str) -> None:
        super().__init__(NAME, version)
        self._documents: dict[str, Document] = {}
        self._checked: dict[str, _Checked] = {}
        self._good: dict[str, Verdict] = {}
        self._turn = asyncio.Lock()

    def document(self, uri: str) -> Document:
        """Return a document as it is now."""
        source = source_of(uri, self.workspace.get_text_document(uri).source)
        good = self._good.get(uri, Verdict())
        known = self._documents.get(uri)
        if known is None or known.source != source or known.good is not good:
            self._documents[uri] = known = Document(source, TASK_SETTINGS, good)
        return known

    def lines(self, uri: str) -> Lines:
        """Return the positions in a document."""
        return Lines(self.document(uri).source, self.workspace.position_codec)

    async def check(self, uri: str) -> None:
        """Tell the client what is wrong with a document, unless it changes meanwhile."""
        source = self.document(uri).source
        await asyncio.sleep(PAUSE)
        async with self._turn:
            found = verdicts(source)
            while self._is_latest(uri, source.text):
                one = await asyncio.to_thread(next, found, None)
                if one is None:
                    return
                if self._is_latest(uri, source.text):
                    self._keep(uri, one)
                    await asyncio.to_thread(getattr, one, "places")  # before somebody asks

    def _keep(self, uri: str, found: Verdict) -> None:
        """Keep a verdict on a document as it is now, and tell the client.

        One on names and values alone ends only mistakes of those: the next one follows.
        """
        if found.space is not None:
            self._good[uri] = found
        before = self._checked.get(uri)
        is_first = found.program is not None and not found.is_on_shapes
        if is_first and (before is None or before.verdict.is_on_shapes):
            return
        document, codec = self.document(uri), self.workspace.position_codec
        self._checked[uri] = _Checked(document, found)
        diagnostics = [mistake(document, uri, wrong, codec) for wrong in found.mistakes]
        diagnostics += [remark(document, uri, note, codec) for note in found.notes]
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics))

    def _is_latest(self, uri: str, text: str) -> bool:
        return uri in self.workspace.text_documents and self.document(uri).source.text == text

    def forget(self, uri: str) -> None:
        """Forget a document that was closed."""
        for known in (self._documents, self._checked, self._good):
            known.pop(uri, None)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def checked(self, uri: str) -> _Checked | None:
        """Return the verdict on a document, None while it is not known."""
        found = self._checked.get(uri)
        return found if found and found.document.source == self.document(uri).source else None


def make_server(version: str) -> Server:
    """Return a server that answers on whatever it is started."""
    server = Server(version)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def opened(given: types.DidOpenTextDocumentParams) -> None:
        await server.check(given.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(given: types.DidChangeTextDocumentParams) -> None:
        await server.check(given.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def saved(given: types.DidSaveTextDocumentParams) -> None:
        for uri in list(server.workspace.text_documents):  # they may use the file
            await server.check(uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(given: types.DidCloseTextDocumentParams) -> None:
        server.forget(given.text_document.uri)

    _answer_about_places(server)
    _rename(server)
    _answer_with_edits(server)
    return server


def _answer_about_places(server: Server) -> None:
    options = types.CompletionOptions(trigger_characters=[".", "(", '"', "{"])

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, options)
    def complete(given: types.CompletionParams) -> types.CompletionList:
        uri = given.text_document.uri
        lines = server.lines(uri)
        found = completions(server.document(uri), lines.offset(given.position))
        where = lines.range(found[0].start, found[0].end) if found else None
        items = [
            types.CompletionItem(
                one.label,
                kind=_KINDS.get(one.kind, types.CompletionItemKind.Variable),
                detail=one.kind,
                documentation=one.detail or None,
                sort_text=f"{place:04}",
                text_edit=types.TextEdit(where, one.text or one.label) if where else None,
            )
            for place, one in enumerate(found)
        ]
        return types.CompletionList(is_incomplete=False, items=items)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def explain(given: types.HoverParams) -> types.Hover | None:
        uri = given.text_document.uri
        lines = server.lines(uri)
        found = hover(server.document(uri), lines.offset(given.position))
        if found is None:
            return None
        content = types.MarkupContent(types.MarkupKind.Markdown, found.text)
        return types.Hover(content, lines.range(found.start, found.end))

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def defined(given: types.DefinitionParams) -> types.Location | None:
        uri = given.text_document.uri
        span = definition(server.document(uri), server.lines(uri).offset(given.position))
        if span is None:
            return None
        lines = Lines(span.source, server.workspace.position_codec)
        if span.source == server.document(uri).source:
            return types.Location(uri, lines.range(span.start, span.end))
        return location(span, server.workspace.position_codec)


def _rename(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    def prepare(given: types.PrepareRenameParams) -> types.Range | None:
        uri = given.text_document.uri
        lines = server.lines(uri)
        try:
            span = renamable(server.document(uri), lines.offset(given.position))
        except RefusedError:
            return None
        return lines.range(span.start, span.end)

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    def renamed(given: types.RenameParams) -> types.WorkspaceEdit:
        uri = given.text_document.uri
        document = server.document(uri)
        try:
            edits = rename(document, server.lines(uri).offset(given.position), given.new_name)
        except RefusedError as refused:
            raise JsonRpcInvalidParams(str(refused)) from None
        _check_meaning(document, edits)
        return workspace_edit(uri, document, edits, server.workspace.position_codec)


def _check_meaning(document: Document, edits: tuple[Edit, ...]) -> None:
    """Refuse edits that make mistakes in a text that has none."""
    source = document.source
    found = verdict(replace(source, text=applied(source.text, edits))).mistakes
    if found and not verdict(source).mistakes:
        raise JsonRpcInvalidParams(f"with this name the text would be wrong: {found[0].text}")


def _answer_with_edits(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    def format_whole(given: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        document = server.document(given.text_document.uri)
        text = formatted(document)
        if text is None or text == document.source.text:
            return None
        whole = server.lines(given.text_document.uri).range(0, len(document.source.text))
        return [types.TextEdit(whole, text)]

    options = types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)
    def mend(given: types.CodeActionParams) -> list[types.CodeAction]:
        uri = given.text_document.uri
        known, codec = server.checked(uri), server.workspace.position_codec
        if known is None:
            return []
        found = []
        for fix in fixes(known.document, known.verdict.mistakes):
            told = mistake(known.document, uri, fix.mistake, codec)
            if _touch(told.range, given.range):
                edit = workspace_edit(uri, known.document, fix.edits, codec)
                action = types.CodeAction(
                    fix.title,
                    kind=types.CodeActionKind.QuickFix,
                    diagnostics=[told],
                    is_preferred=fix.is_safe,
                    edit=edit,
                )
                found.append(action)
        return found


def _touch(one: types.Range, other: types.Range) -> bool:
    """Whether two ranges have a position in common."""

    def key(position: types.Position) -> tuple[int, int]:
        return position.line, position.character

    return key(one.start) <= key(other.end) and key(other.start) <= key(one.end)
