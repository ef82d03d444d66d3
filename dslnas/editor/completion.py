"""Completions: what can be written at a place of a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from lark import Token

from dslnas.editor import facts
from dslnas.editor.cursor import Cursor
from dslnas.editor.document import NAMED, Document
from dslnas.editor.names import Symbol
from dslnas.editor.words import first_words, keywords, summary
from dslnas.language.check.calls import CONDITIONS
from dslnas.language.check.constants import FLAGS, RESERVED
from dslnas.language.check.gate_body import OUTPUT
from dslnas.language.link.sources import SUFFIX, library_about, library_names
from dslnas.language.print.expanded_spec import call_text
from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE
from dslnas.settings.annotations import Annotation, calls_of, words_of
from dslnas.settings.model import Call, Section
from dslnas.settings.rule import Quantity

_COMMENT = re.compile(r'^(?:"[^"\n]*"|[^"#\n])*#')
_LAYERS = ("operation", "operation set")


@dataclass(frozen=True)
class Completion:
    """Something that can be written at a place.

    Attributes:
        kind: Noun for it, such as `operation`, `setting` or `keyword`.
        detail: One line of explanation.
        text: The text that takes the place of that from `start` to `end`; its label if it is empty.
    """

    label: str
    kind: str
    detail: str = ""
    text: str = ""
    start: int = 0
    end: int = 0


def completions(document: Document, offset: int) -> list[Completion]:
    """Return what can be written at an offset; what the word there begins with does not matter."""
    source = document.source
    line = source.text.rfind("\n", 0, offset) + 1
    if _COMMENT.match(source.text[line:offset]):
        return []
    place = document.cursor(offset)
    if place.item is not None and place.item.word == "use":
        place = document.cursor(offset, "_./-")
        found: Iterable[Completion] = _files(document, place)
    else:
        found = _at(document, place)
    once = {completion.label: completion for completion in reversed([*found])}
    return [replace(one, start=place.start, end=offset) for one in reversed(once.values())]


def _at(document: Document, place: Cursor) -> Iterable[Completion]:
    item = place.item
    if item is None:
        return _keywords(first_words())
    if place.in_block:
        return _in_block(document, place)
    match item.head[0].type:
        case "SECTION" if len(place.before) == 1:
            named = NAMED.get(item.word, {})
            return [Completion(name, "name", summary(named[name])) for name in named]
        case "CELL":
            is_name = len(place.before) == 1 or place.before[-1].type == "LIKE"
            return _of_kinds(document, "cell") if is_name else _keywords(["like"])
        case "OP" if place.before[-1].type == "VBAR":
            return _keywords(["when"])
        case "OP" if place.before[-1].type == "WHEN":
            return [*_plain(CONDITIONS, "condition"), *_values(document, place)]
    named_only = len(place.before) < 2 or not any(t.type == "EQUAL" for t in place.before)
    return [] if named_only else [*_values(document, place), *_layers(document)]


def _keywords(words: Iterable[str]) -> Iterator[Completion]:
    return (Completion(word, "keyword", keywords()[word]) for word in words)


def _plain(words: Iterable[str], kind: str) -> Iterator[Completion]:
    return (Completion(word, kind) for word in words)


def _files(document: Document, place: Cursor) -> Iterator[Completion]:
    text = document.source.text
    if place.start and text[place.start - 1] == '"':
        folder = Path() if document.source.path is None else document.source.path.parent
        yield from _plain((path.name for path in sorted(folder.glob(f"*{SUFFIX}"))), "file")
        return
    for name in library_names():
        yield Completion(name, "file", library_about(name))


# ---- inside of a block --------------------------------------------------------------------------


def _in_block(document: Document, place: Cursor) -> Iterable[Completion]:
    assert place.item is not None, "a block belongs to a statement"
    if not place.before:
        return _statements(document, place)
    first = place.before[0]
    if first.type in ("NODE", "LET"):
        is_named = any(token.type == "EQUAL" for token in place.before)
        return [*_values(document, place), *_layers(document)] if is_named else []
    model = document.section(place.item)
    if model is None or str(first) not in model.all_keys():
        return [*_values(document, place), *_layers(document)]
    if str(first) in model.expressions:
        return _expression(document, place, model, str(first))
    annotation = model.settings()[str(first)].annotation
    return _setting_values(document, place, model, annotation)


def _statements(document: Document, place: Cursor) -> Iterator[Completion]:
    assert place.item is not None, "a block belongs to a statement"
    written = {str(statement[0]) for statement in place.item.statements}
    word = place.item.head[0].type
    if word in ("CELL", "GATE"):
        yield from _keywords(["let", "node"] if word == "CELL" else ["let"])
    model = document.section(place.item)
    if model is None:
        yield from _plain([OUTPUT] if word == "GATE" else [], "setting")
        return
    here = document.source.text[place.start : place.offset]
    for key in model.all_keys():
        if key not in written or key == here:
            about, *others = facts.setting(document, model, key)
            yield Completion(key, "setting", " ".join([about, *others[-1:]]))


def _setting_values(
    document: Document, place: Cursor, model: type[Section], annotation: Annotation
) -> Iterator[Completion]:
    call = place.call
    calls = calls_of(annotation)
    inner = None if call is None else _call_named(str(call), calls)
    if inner is not None:
        argument = place.argument
        if argument is None:
            yield from _parameters(inner)
        elif str(argument) in inner.settings():
            annotation = inner.settings()[str(argument)].annotation
        else:
            return
    calls = calls_of(annotation)
    if inner is None or place.argument is not None:
        for word in words_of(annotation):
            about = call_text(word, calls[word]) if word in calls else ""
            more = f"{about}: {summary(calls[word])}" if about else ""
            yield Completion(word, "value", more)
        if annotation is bool:
            yield from _plain(FLAGS, "value")
    if model.kind == "search":
        yield from _of_kinds(document, "cell") if str(place.before[0]) == "cells" else ()
    if model.kind == "cell":
        yield from _symbols(document.names_in(place.item).values())
    yield from _of_kinds(document, "constant")


def _call_named(word: str, calls: Mapping[str, type[Call]]) -> type[Call] | None:
    """Return a call that is taken here, or inside of one that is."""
    if word in calls:
        return calls[word]
    inner = (
        calls_of(field.annotation).get(word)
        for call in calls.values()
        for field in call.settings().values()
    )
    return next(filter(None, inner), None)


def _parameters(call: type[Call]) -> Iterator[Completion]:
    for key, field in call.settings().items():
        yield Completion(key, "parameter", field.description or "", f"{key} = ")


def _expression(
    document: Document, place: Cursor, model: type[Section], key: str
) -> Iterable[Completion]:
    """Return what a setting can hold that is an expression of the language."""
    match key:
        case "cells":
            return [
                *_of_kinds(document, "cell", "constant"),
                Completion("N", "value", f"known {RESERVED['N']}"),
            ]
        case "edge":
            return _of_kinds(document, "gate")
        case "require":
            return _plain(get_args(Quantity), "value")
        case "choose" | "count":
            return _layers(document)
    return [*_values(document, place), *_layers(document)]


# ---- expressions --------------------------------------------------------------------------------


def _values(document: Document, place: Cursor) -> Iterator[Completion]:
    """Yield names of values: of the statement first, and arguments of the call there."""
    yield from _arguments(document, place.call)
    yield from _symbols(document.names_in(place.item).values())
    kinds = ("constant", "gate", "cell") if place.in_block else ("constant",)
    yield from _of_kinds(document, *kinds)
    for name, where in RESERVED.items():
        if name != "N":
            yield Completion(name, "value", f"known {where}")


def _arguments(document: Document, call: Token | None) -> Iterator[Completion]:
    name = "" if call is None else str(call)
    symbol = document.known.get(name)
    if symbol is not None and isinstance(symbol.definition, ast.OpDef | ast.GateDef):
        for parameter in symbol.definition.parameters:
            if parameter.default is not None:
                text = parameter.name.text
                yield Completion(text, "parameter", f"of `{name}`", f"{text} = ")
    elif name in LANGUAGE:
        for argument in LANGUAGE[name].arguments:
            about = f"of `{name}`: {argument.kind.value}"
            yield Completion(argument.name, "parameter", about, f"{argument.name} = ")


def _layers(document: Document) -> Iterator[Completion]:
    """Yield operations and sets of them, those with a definition first."""
    yield from _of_kinds(document, *_LAYERS)
    for name in LANGUAGE:
        known = facts.primitive(name)
        yield Completion(name, "operation", f"{known.call}: {known.about}")


def _of_kinds(document: Document, *kinds: str) -> Iterator[Completion]:
    return _symbols(symbol for symbol in document.known.values() if symbol.kind in kinds)


def _symbols(symbols: Iterable[Symbol]) -> Iterator[Completion]:
    for symbol in symbols:
        yield Completion(symbol.name, symbol.kind, facts.signature(symbol))
