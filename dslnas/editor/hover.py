"""Explanations of what stands at a place of a text, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from dslnas.editor import facts
from dslnas.editor.document import NAMED, Document
from dslnas.editor.lookup import Word, symbol_of, used_name, word_at
from dslnas.editor.names import Symbol
from dslnas.editor.outline import end_of, start_of
from dslnas.editor.places import Key
from dslnas.editor.words import keywords, summary
from dslnas.graph.operation_facts import OperationFacts
from dslnas.language.check.constants import RESERVED
from dslnas.language.link.sources import library_about, library_names
from dslnas.language.print.expanded_spec import call_text
from dslnas.ops.catalogue import LANGUAGE
from dslnas.settings.calls import CALLS

_MOST_PLACES = 4


@dataclass(frozen=True)
class Hover:
    """An explanation of the text from `start` to `end`."""

    text: str
    start: int
    end: int


def hover(document: Document, offset: int) -> Hover | None:
    """Return what is known of the word at an offset, None if that is nothing."""
    word = word_at(document, offset)
    if word is None:
        return None
    paragraphs = [text for text in _explained(document, word) if text]
    if not paragraphs:
        return None
    return Hover("\n\n".join(paragraphs), start_of(word.token), end_of(word.token))


def explanation(code: str) -> str:
    """Return what an error code means."""
    from dslnas.codes import CODES  # all of them are read for it

    known = CODES[code]
    more = f"`dslnas explain {code}` has an example." if known.example else ""
    return "\n\n".join(filter(None, (f"**{code}**: {known.title}", known.explanation, more)))


def _explained(document: Document, word: Word) -> Iterator[str]:
    token, text = word.token, str(word.token)
    if word.item.word == "use" and token is not word.item.head[0]:
        name = used_name(word.item)
        yield f"`{name}`"
        yield library_about(name) if name in library_names() else ""
    elif (token.type not in ("NAME", "SECTION") and text in keywords()) or token is word.item.head[
        0
    ]:
        yield keywords()[text]
    elif word.in_head and word.item.word in NAMED:
        model = NAMED[word.item.word].get(text)
        yield "" if model is None else f"`{model.heading()}`"
        yield "" if model is None else summary(model)
    elif not word.in_head and token is word.statement[0]:
        yield from _setting(document, word)
    else:
        yield from _name(document, word)


def _setting(document: Document, word: Word) -> Iterator[str]:
    model, key = document.section(word.item), str(word.token)
    if model is None or key not in model.all_keys():
        return
    yield f"**{key}**, a setting of `{model.heading()}`"
    yield from facts.setting(document, model, key)
    here = facts.effective(document, model, key)
    yield f"Here: `{here}`" if here else ""


def _name(document: Document, word: Word) -> Iterator[str]:
    text = str(word.token)
    symbol = symbol_of(document, word)
    if symbol is not None:
        yield from _symbol(document, symbol)
    elif text in LANGUAGE:
        yield from _operation(facts.primitive(text))
    elif text in CALLS:
        yield _code(call_text(text, CALLS[text]))
        yield summary(CALLS[text])
    elif text in RESERVED:
        yield f"`{text}` has a value {RESERVED[text]}"
    yield _places(document, word)


def _symbol(document: Document, symbol: Symbol) -> Iterator[str]:
    found = facts.operation(document, symbol)
    if found is not None:
        yield from _operation(found)
        return
    yield _code(facts.signature(symbol))
    if symbol.kind == "constant":
        value = facts.constants(document).get(symbol.name)
        yield f"Value: `{value}`"
    source = symbol.span.source
    yield f"From `{source.name.strip('<>')}`" if source.library else ""


def _operation(found: OperationFacts) -> Iterator[str]:
    yield _code(found.definition or found.call)
    yield "" if found.definition else found.about
    yield f"For example `{found.shapes}`" if found.shapes else ""
    yield f"From `{found.source}`" if found.source else ""


def _code(text: str) -> str:
    return f"```nas\n{text}\n```"


def _places(document: Document, word: Word) -> str:
    """Return shape and cost of a cell, a node, or an operation there, where they are known."""
    places = document.good.places
    text, cell = str(word.token), str(word.item.name)
    names: list[Key] = [(text,)]
    if word.item.head[0].type == "CELL":
        whole = _with_arguments(document, word)
        nodes = [str(t) for t in word.statement[1:2] if word.statement[0].type == "NODE"]
        nodes = nodes or sorted({key[1] for key in places if key[0] == cell and len(key) > 1})
        names = [(cell, text), *((cell, node, whole) for node in nodes), (text,)]
    found = [place for name in names[:1] for place in places.get(name, ())]
    found = found or [place for name in names[1:] for place in places.get(name, ())]
    counted = Counter(place.text for place in found)
    lines = [f"- {text}" + (f" ({n} times)" if n > 1 else "") for text, n in counted.items()]
    hidden = [f"- and {len(lines) - _MOST_PLACES} more"] if len(lines) > _MOST_PLACES else []
    return "\n".join(["In the network:", *lines[:_MOST_PLACES], *hidden]) if lines else ""


def _with_arguments(document: Document, word: Word) -> str:
    """Return a name with the arguments behind it, without spaces."""
    behind = word.statement[word.statement.index(word.token) + 1 :]
    parts, depth = [str(word.token)], 0
    for token in behind:
        depth += {"LPAR": 1, "RPAR": -1}.get(token.type, 0)
        if depth <= 0 and token.type != "RPAR":
            break
        parts.append(str(token))
        if depth == 0:
            break
    return "".join(parts)
