"""Names that mean something in a text: what it defines, what it uses, what its cells compute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from lark import Token

from dslnas.diagnostics import UserError
from dslnas.editor.outline import Item, end_of, start_of
from dslnas.language.check.cell_parts import FIRST
from dslnas.language.link.link import LinkedProgram, link
from dslnas.language.syntax import ast
from dslnas.language.syntax.parse import parse
from dslnas.source import SourceFile, Span

KINDS: Mapping[type[ast.Item], str] = {
    ast.Let: "constant",
    ast.OpDef: "operation",
    ast.OpsDef: "operation set",
    ast.GateDef: "gate",
    ast.CellDef: "cell",
}
_BY_TOKEN = {"LET": ast.Let, "OP": ast.OpDef, "OPS": ast.OpsDef, "GATE": ast.GateDef}
_DEFINES: Mapping[str, type[ast.Item]] = {**_BY_TOKEN, "CELL": ast.CellDef}


@dataclass(frozen=True)
class Symbol:
    """A name with its definition.

    Attributes:
        kind: Noun for such definitions; of names of one statement `input`, `node` and the like.
        span: Where it gets its name.
        definition: The definition, if that can be read and is one of the top level.
        owner: The statement of the top level that alone knows it; None for all others.
    """

    kind: str
    name: str
    span: Span
    definition: ast.Item | None = None
    owner: Item | None = None


def defined(source: SourceFile, items: Iterable[Item]) -> dict[str, Symbol]:
    """Return what the statements of a text define, by name."""
    found: dict[str, Symbol] = {}
    for item in items:
        kind, name = _DEFINES.get(item.head[0].type), item.name
        if kind is not None and name is not None:
            definition = _read(source.text[item.start : item.end])
            span = _span(source, name)
            found.setdefault(str(name), Symbol(KINDS[kind], str(name), span, definition))
    return found


@lru_cache(512)
def _read(text: str) -> ast.Item | None:
    """Return a statement of the top level, None if it has mistakes."""
    try:
        return parse(SourceFile("", text)).items[0]
    except (UserError, IndexError):
        return None


def used(source: SourceFile, items: Iterable[Item]) -> LinkedProgram:
    """Return what the files in use say, but for those that have mistakes.

    Errors in the text itself do not matter: its `use` statements are enough.
    """
    texts = [source.text[item.start : item.end].strip() for item in items if item.word == "use"]
    linked = _linked(source, texts)
    if linked is not None:
        return linked
    sound = [text for text in texts if _linked(source, [text]) is not None]
    return _linked(source, sound) or LinkedProgram(source)


def _linked(source: SourceFile, texts: Iterable[str]) -> LinkedProgram | None:
    lines = "".join(f"{text}\n" for text in texts)
    try:
        return link(SourceFile(source.name, lines, source.path))
    except UserError:
        return None


def symbols_of(linked: LinkedProgram) -> dict[str, Symbol]:
    """Return what a program defines, by name."""
    tables: tuple[Mapping[str, ast.Item], ...] = (
        linked.constants,
        linked.cells,
        linked.gates,
        linked.sets,
        linked.operations,
    )
    return {
        name: Symbol(KINDS[type(item)], name, _name_of(item).span, item)
        for table in tables
        for name, item in table.items()
    }


def _name_of(item: ast.Item) -> ast.Name:
    assert not isinstance(item, ast.Use), "it defines nothing"
    assert item.name is not None, "definitions have names"
    return item.name


def local(source: SourceFile, item: Item, known: Mapping[str, Symbol]) -> dict[str, Symbol]:
    """Return the names that only one statement of the top level knows: parameters, nodes, values.

    Those of the cell that a cell takes over are among them.
    """
    names = {
        str(p): Symbol("parameter", str(p), _span(source, p), None, item) for p in item.parameters
    }
    for kind, name, token in _written(item.statements):
        names.setdefault(name, Symbol(kind, name, _span(source, token), None, item))
    base = _base(item, known)
    if base is not None:
        for kind, name, span in _of_cell(base):
            names.setdefault(name, Symbol(kind, name, span, None, item))
    return names


def _base(item: Item, known: Mapping[str, Symbol]) -> ast.CellDef | None:
    """Return the definition of the cell that a cell takes over."""
    likes = [
        str(token)
        for word, token in zip(item.head, item.head[1:], strict=False)
        if word.type == "LIKE"
    ]
    for name in (*likes, str(item.name)):
        definition = known[name].definition if name in known else None
        if isinstance(definition, ast.CellDef) and item.head[0].type == "CELL":
            return definition
    return None


def _written(statements: Iterable[tuple[Token, ...]]) -> Iterator[tuple[str, str, Token]]:
    """Yield kind, name and place of what the statements of a block name."""
    for first, *others in statements:
        if first.type in ("LET", "NODE"):
            kind = "node" if first.type == "NODE" else "value"
            yield from ((kind, str(token), token) for token in others[:1] if token.type == "NAME")
        elif first in ("inputs", "states"):
            yield from _listed(str(first), others)
        elif first == "nodes" and others and others[0].isdigit():
            yield from (("node", f"n{n}", first) for n in _numbers(others[0]))
        elif first == FIRST:
            yield "value", FIRST, first


def _listed(key: str, values: Iterable[Token]) -> Iterator[tuple[str, str, Token]]:
    kind = key.removesuffix("s")
    for value in values:
        if value.type == "NAME" and value != "none":
            yield kind, str(value), value
        elif value.type == "NUMBER" and value.isdigit():
            yield from ((kind, f"in{n}", value) for n in _numbers(value))


def _numbers(text: str) -> range:
    return range(1, min(int(text), 64) + 1)


def _of_cell(cell: ast.CellDef) -> Iterator[tuple[str, str, Span]]:
    """Yield kind, name and place of what a cell of a used file names."""
    for statement in cell.statements:
        span = statement.span
        tokens = [
            Token(kind, text, start_pos=span.start, end_pos=span.end)
            for kind, text in _as_tokens(statement)
        ]
        for kind, name, _ in _written([tuple(tokens)]):
            yield kind, name, span


def _as_tokens(statement: ast.Statement) -> Iterator[tuple[str, str]]:
    match statement:
        case ast.Let(name=name):
            yield from (("LET", "let"), ("NAME", name.text))
        case ast.NodeDef(name=name):
            yield from (("NODE", "node"), ("NAME", name.text))
        case ast.Setting(key=key, values=values):
            yield "NAME", key.text
            for value in values:
                kind = "NUMBER" if isinstance(value, ast.Number) else "NAME"
                yield kind, value.span.text


def _span(source: SourceFile, token: Token) -> Span:
    return Span(source, start_of(token), end_of(token))
