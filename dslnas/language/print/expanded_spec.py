"""The program that really runs, as text: one file, every setting written out.

It is what a run folder keeps as `spec.nas`, what a found architecture is written as, and what the
spec hash is taken of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from dslnas.language.check.checked import CheckedProgram
from dslnas.language.link.link import Definition, LinkedProgram, is_of_std
from dslnas.language.link.used_names import mentioned, used_names
from dslnas.language.print.format import format_expression, format_item, format_program
from dslnas.language.syntax import ast
from dslnas.language.syntax.parse import parse
from dslnas.ops.primitive import Example, InputShape, Token
from dslnas.ops.shapes import show_shape
from dslnas.settings.model import Call, Section
from dslnas.settings.sections import DeriveSettings
from dslnas.source import SourceFile, Span


def effective_text(
    linked: LinkedProgram,
    program: CheckedProgram,
    example: Example,
    classes: int,
    *,
    title: Iterable[str] = (),
    cells: Mapping[str, str] | None = None,
    with_path: bool = True,
) -> str:
    """Return a program as one canonical file.

    Operations of `std` come by `use`; everything else is written out, with overrides applied and
    defaults filled in.

    Args:
        linked: The program with the files it uses.
        program: The same, checked.
        example: Shape of one example, or several by name: the text says it, so that it can be
            read without the data.
        classes: Number of classes, likewise.
        title: Lines of comment at the top.
        cells: By name the text of the cells of an architecture, which take the place of those of
            the program: the search, and everything that the architecture does not use, are left
            out.
        with_path: Whether it says where the data lie.
    """
    data = program.data.resolved()
    data = data if with_path else data.replace(path="")
    network = _network(linked.sections["network"], example, classes)
    if cells is None:
        written = {name: format_item(linked.cells[name]) for name in _needed(linked, program)}
    else:
        written = {name: cells[name] for name in linked.cells if name in cells}
        network = _only(network, cells)
    parts = [line for text in written.values() for line in ("", text)]
    parts += ["", format_item(network)]
    parts += ["", section_text(data, f"data {data.source}")]
    if cells is None and program.search is not None:
        method, settings = program.search.method, program.search
        parts += ["", section_text(settings.resolved(), f"search {method}")]
        parts += ["", _derive(linked, program)]
    elif program.derivation.limits:
        parts += ["", "derive {", *_comparisons(linked, ("require",)), "}"]
    parts += ["", section_text(program.evaluate, "evaluate")]
    parts += ["", section_text(program.export, "export")]
    definitions = _definitions(linked)
    if cells is not None:
        names = (name for item in _parsed(parts).items for name in mentioned(item))
        used = used_names(names, definitions)
        definitions = [d for d in definitions if d.name.text in used]
    head = [f"# {line}".rstrip() for line in title]
    head += ["", *(f"use {name}" for name in linked.libraries if name.startswith("std.")), ""]
    head += [format_item(d) for d in definitions if not is_of_std(d.span.source)]
    return format_program(_parsed([*head, *parts]))


def _definitions(linked: LinkedProgram) -> list[Definition]:
    constants, operations = linked.constants.values(), linked.operations.values()
    return [*constants, *operations, *linked.gates.values(), *linked.sets.values()]


def _parsed(lines: Iterable[str]) -> ast.Program:
    return parse(SourceFile("effective program", "\n".join(lines) + "\n"))


def spec_hash(text: str) -> str:
    """Return the hash that names a program, 64 hex digits.

    It is the SHA-256 of its effective text without the path of the data: where the data lie is a
    fact of a machine, not of the program.
    """
    return hashlib.sha256(text.encode()).hexdigest()


def section_text(
    settings: Section,
    heading: str,
    *,
    explain: bool = False,
    for_others: Mapping[str, Mapping[str, object]] = MappingProxyType({}),
    more: Iterable[str] = (),
) -> str:
    """Return a section with all of its settings, one per line.

    Args:
        settings: The values.
        heading: Text before the brace.
        explain: Put the description of each setting behind it as a comment.
        for_others: By examples of a task the defaults that are others there; descriptions tell.
        more: Lines at the end.
    """
    lines = []
    for key, field in settings.settings().items():
        value, about = settings.value_of(key), field.description
        for examples, defaults in for_others.items():
            if key in defaults:
                about = f"{about}; for {examples}: {value_text(defaults[key])}"
        if value is None or value == "":
            if explain:
                lines.append(f"    # {key}: {about}")
            continue
        comment = f"  # {about}" if explain else ""
        shown = f'"{value}"' if field.annotation is str else value_text(value)
        lines.append(f"    {key}  {shown}{comment}")
    return "\n".join([f"{heading} {{", *lines, *more, "}"])


def value_text(value: object) -> str:
    """Return a setting's value as the language writes it."""
    match value:
        case Call():
            fields = _fields(value)
            return f"{value.word}({', '.join(fields)})" if fields else value.word
        case bool():
            return str(value).lower()
        case tuple():
            return ", ".join(item_text(item) for item in value) or "none"
        case float():
            return f"{value!r}"
    return str(value)


def _fields(value: Call) -> list[str]:
    """Return the arguments of a call; by name where there is more than one."""
    fields = {key: value.value_of(key) for key in value.settings()}
    if len(fields) == 1:
        return [item_text(v) for v in fields.values()]
    return [f"{name} = {item_text(v)}" for name, v in fields.items()]


def item_text(value: object) -> str:
    """Return a value as it stands among others: several of them in parentheses."""
    return f"({value_text(value)})" if isinstance(value, tuple) else value_text(value)


def _derive(linked: LinkedProgram, program: CheckedProgram) -> str:
    """Return the derive section; comparisons are as they were written."""
    derivation = program.derivation
    settings = DeriveSettings(by=derivation.by, epoch=derivation.epoch, penalty=derivation.penalty)
    return section_text(settings, "derive", more=_comparisons(linked, DeriveSettings.expressions))


def _comparisons(linked: LinkedProgram, keys: Collection[str]) -> list[str]:
    """Return those settings of the derive section that are expressions, one per line."""
    section = linked.sections.get("derive")
    return [
        f"    {s.key.text}  {', '.join(format_expression(value) for value in s.values)}"
        for s in (section.settings if section else ())
        if s.key.text in keys
    ]


def _network(section: ast.Section, example: Example, classes: int) -> ast.Section:
    """Return the network section with `input` and `classes`, whether they were written or not.

    Where the network reads text there is no `input`: an example is a token.
    """
    span = section.span
    given = {s.key.text for s in section.settings}
    values = {"input": _input(example, span)} if example else {}
    values["classes"] = (ast.Number(classes, str(classes), span=span),)
    missing = [
        ast.Setting(ast.Name(key, span=span), value, span=span)
        for key, value in values.items()
        if key not in given
    ]
    return section.replace(settings=(*missing, *section.settings))


def _input(example: Example, span: Span) -> tuple[ast.Expression, ...]:
    if not isinstance(example, Mapping):
        return (_size(example, span),)
    return tuple(
        ast.Named(ast.Name(name, span=span), _size(shape, span), span=span)
        for name, shape in example.items()
    )


def _size(shape: InputShape, span: Span) -> ast.Expression:
    if isinstance(shape, Token):
        words = ast.Number(shape.words, str(shape.words), span=span)
        name = ast.Name(show_shape(()), span=span)
        return ast.Call(name, (ast.Argument(None, words, span=span),), span=span)
    if len(shape) > 1:
        return ast.Size(shape, span=span)
    text = show_shape(shape)
    return ast.Number(shape[0], text, span=span) if shape else ast.Name(text, span=span)


def _only(network: ast.Section, cells: Collection[str]) -> ast.Section:
    """Return the network section with some of its cells only."""

    def is_kept(term: ast.Expression) -> bool:
        name = term.left if isinstance(term, ast.Binary) else term
        return isinstance(name, ast.Name) and name.text in cells

    settings = (
        s.replace(values=tuple(filter(is_kept, s.values))) if s.key.text == "cells" else s
        for s in network.settings
    )
    return network.replace(settings=tuple(settings))


def _needed(linked: LinkedProgram, program: CheckedProgram) -> list[str]:
    """Return the cells of the network and those that they are like, in order of definition."""
    needed = {name.text for name, _ in program.network.cells}
    for name in list(needed):
        like = linked.cells[name].like
        while like is not None:
            needed.add(like.text)
            like = linked.cells[like.text].like
    return [name for name in linked.cells if name in needed]
