"""Documents of an editor, and the latest verdict on each, which the client is told.

A text is checked in a thread of its own when it has not changed for a moment; all other answers
come from its tokens, the files that it uses and the latest version that was right.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from dslnas.app.editor import verdicts
from dslnas.diagnostics import Diagnostic
from dslnas.editor.document import Document, Verdict
from dslnas.language_server.convert import (
    NAME,
    Lines,
    mistake,
    remark,
    source_of,
)
from dslnas.tasks.catalogue import TASK_SETTINGS

PAUSE = 0.01
"""Seconds without a change before a text is checked."""


@dataclass(frozen=True)
class Checked:
    """A verdict with the document that it is of."""

    document: Document
    verdict: Verdict


class Server(LanguageServer):
    """A language server with what it knows of each document.

    `docs` is the address of the documentation, "" if none is known.
    """

    def __init__(self, version: str, docs: str = "") -> None:
        super().__init__(NAME, version)
        self.docs = docs
        self._documents: dict[str, Document] = {}
        self._checked: dict[str, Checked] = {}
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
        self._checked[uri] = Checked(document, found)
        diagnostics = [self.told(document, uri, wrong) for wrong in found.mistakes]
        diagnostics += [remark(document, note, codec) for note in found.notes]
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics))

    def told(self, document: Document, uri: str, wrong: Diagnostic) -> types.Diagnostic:
        """Return a mistake as the client is told of it, with its page in the documentation."""
        return mistake(document, uri, wrong, self.workspace.position_codec, self.docs)

    def _is_latest(self, uri: str, text: str) -> bool:
        return uri in self.workspace.text_documents and self.document(uri).source.text == text

    def forget(self, uri: str) -> None:
        """Forget a document that was closed."""
        for known in (self._documents, self._checked, self._good):
            known.pop(uri, None)
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def checked(self, uri: str) -> Checked | None:
        """Return the verdict on a document, None while it is not known."""
        found = self._checked.get(uri)
        return found if found and found.document.source == self.document(uri).source else None
