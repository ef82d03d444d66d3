"""Where what a word means is defined: in the text, or in a file in use."""

from __future__ import annotations

from dslnas.diagnostics import UserError
from dslnas.editor.document import Document
from dslnas.editor.lookup import symbol_of, used_name, word_at
from dslnas.language.link.sources import library_names, library_source, read_source, resolved
from dslnas.source import SourceFile, Span


def definition(document: Document, offset: int) -> Span | None:
    """Return where the word at an offset is defined; of a file in use the beginning."""
    word = word_at(document, offset)
    if word is None:
        return None
    if word.item.word == "use":
        source = _file(document, used_name(word.item))
        return None if source is None else Span(source, 0, 0)
    symbol = symbol_of(document, word)
    return None if symbol is None else symbol.span


def _file(document: Document, name: str) -> SourceFile | None:
    if name in library_names():
        return library_source(name)
    folder = document.source.path and document.source.path.parent
    path = None if folder is None else resolved(folder, name)
    try:
        return None if path is None else read_source(path)
    except UserError:
        return None
