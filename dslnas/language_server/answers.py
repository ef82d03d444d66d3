"""The answers of the server to what editors ask."""

from __future__ import annotations

from dataclasses import replace

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from dslnas.app.editor import verdict
from dslnas.diagnostics import Diagnostic
from dslnas.editor.completion import completions
from dslnas.editor.definition import definition
from dslnas.editor.document import Document
from dslnas.editor.fixes import fixes, formatted
from dslnas.editor.hover import explanation, hover
from dslnas.editor.rename import RefusedError, renamable, rename
from dslnas.edits import Edit, applied
from dslnas.language_server.convert import Lines, location, workspace_edit
from dslnas.language_server.server import Server

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


def make_server(version: str, docs: str = "") -> Server:
    """Return a server that answers on whatever it is started; `docs`: see `Server`."""
    server = Server(version, docs)

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
        wrong = _mistakes_at(server, uri, types.Range(given.position, given.position))
        codes = dict.fromkeys(mistake.code for mistake, _ in wrong)
        texts = [*map(explanation, codes), *([found.text] if found else [])]
        if not texts:
            return None
        content = types.MarkupContent(types.MarkupKind.Markdown, "\n\n---\n\n".join(texts))
        return types.Hover(content, lines.range(found.start, found.end) if found else None)

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
        document, codec = server.document(uri), server.workspace.position_codec
        return [
            types.CodeAction(
                fix.title,
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[told],
                is_preferred=fix.is_safe,
                edit=workspace_edit(uri, document, fix.edits, codec),
            )
            for wrong, told in _mistakes_at(server, uri, given.range)
            for fix in fixes(document, [wrong])
        ]


def _mistakes_at(
    server: Server, uri: str, place: types.Range
) -> list[tuple[Diagnostic, types.Diagnostic]]:
    """Return the mistakes that touch a place, as they are and as they are told."""
    known = server.checked(uri)
    if known is None:
        return []
    told = ((wrong, server.told(known.document, uri, wrong)) for wrong in known.verdict.mistakes)
    return [(wrong, shown) for wrong, shown in told if _touch(shown.range, place)]


def _touch(one: types.Range, other: types.Range) -> bool:
    """Whether two ranges have a position in common."""

    def key(position: types.Position) -> tuple[int, int]:
        return position.line, position.character

    return key(one.start) <= key(other.end) and key(other.start) <= key(one.end)
