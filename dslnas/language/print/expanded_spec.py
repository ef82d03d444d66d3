"""The program that really runs, as text: one file, every setting written out.

It is what a run folder keeps as `spec.nas`, what a found architecture is written as, and what the
spec hash is taken of.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import get_args

import networkx as nx
from pydantic.fields import FieldInfo

from dslnas.language.check.checked import CheckedProgram
from dslnas.language.check.inner_cells import inner_cells
from dslnas.language.link.link import Definition, LinkedProgram, is_of_std
from dslnas.language.link.used_names import mentioned, used_names
from dslnas.language.print.format import format_expression, format_item, format_program
from dslnas.language.syntax import ast
from dslnas.language.syntax.parse import parse
from dslnas.ops.primitive import Example
from dslnas.ops.shapes import show_example
from dslnas.settings.data_base import percent
from dslnas.settings.fields import SHARE
from dslnas.settings.model import Call, Section
from dslnas.settings.sections import DeriveSettings
from dslnas.settings.tables import COLUMN
from dslnas.source import SourceFile


def effective_text(
    linked: LinkedProgram,
    program: CheckedProgram,
    example: Example,
    classes: int,
    *,
    title: Iterable[str] = (),
    cells: Mapping[str, str] | None = None,
    layout: Sequence[str] = (),
    channels: int | None = None,
    of_machine: bool = True,
) -> str:
    """Return a program as one canonical file.

    Operations of `std` come by `use`; everything else is written out, with overrides applied and
    defaults filled in.

    `example` and `classes` are said too, so that the text can be read without the data. If cells
    of an architecture are given, as text by name, they take the place of the program's: the search,
    and everything that the architecture does not use, are left out. So do its cells in order as
    `layout`, and its `channels`, where the program chooses from several. `title` has lines of
    comment. Without `of_machine` where the data lie, and how they are read, is left out.
    """
    data = program.data.resolved()
    if cells is None:
        written = [format_item(linked.cells[name]) for name in _needed(linked, program)]
    else:
        written = [cells[name] for name in linked.cells if name in cells]
    sections = [
        _network(linked, example, classes, cells, _chosen(program, layout, channels)),
        section_text(data)
        if of_machine
        else section_text(data.replace(path=""), without=data.of_machine()),
        *_search(linked, program, is_searched=cells is not None),
        _evaluated(program, channels),
        section_text(program.export),
    ]
    parts = [line for text in (*written, *sections) for line in ("", text)]
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

    It is the SHA-256 of its effective text without the path of the data and how they are read:
    both are facts of a machine, not of the program.
    """
    return hashlib.sha256(text.encode()).hexdigest()


def section_text(
    settings: Section,
    heading: str = "",
    *,
    explain: bool = False,
    for_others: Mapping[str, Mapping[str, object]] = MappingProxyType({}),
    more: Iterable[str] = (),
    without: Container[str] = (),
) -> str:
    """Return a section with all of its settings but some, and more lines, one per line.

    With `explain` the description of each setting stands behind it as a comment; it tells the
    defaults `for_others`, which are by examples of a task the values that are others there.
    """
    lines = []
    for key, field in settings.settings().items():
        value, about = settings.value_of(key), field.description
        for examples, defaults in for_others.items():
            if key in defaults:
                about = f"{about}; for {examples}: {value_text(defaults[key])}"
        if key in without:
            continue
        if value is None or value == "":
            if explain:
                lines.append(f"    # {key}: {about}")
            continue
        comment = f"  # {about}" if explain else ""
        shown = setting_text(field, value)
        lines.append(f"    {key}  {shown}{comment}")
    return _block(heading or settings.heading(), [*lines, *more])


def setting_text(field: FieldInfo, value: object) -> str:
    """Return the value of a setting as specs write it: paths in quotes, shares in percent."""
    if field.annotation is str:
        return f'"{value}"'
    marks = [*_marks(field.annotation)]
    if COLUMN in marks and isinstance(value, tuple):
        return ", ".join(f'"{name}"' for name in value) or "none"
    if SHARE in (*field.metadata, *marks):
        return ", ".join(percent(v) for v in (value if isinstance(value, tuple) else (value,)))
    return value_text(value)


def _marks(annotation: object) -> Iterator[object]:
    """Yield all that an annotation is made of."""
    for item in get_args(annotation):
        yield item
        yield from _marks(item)


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


def call_text(word: str, call: type[Call]) -> str:
    """Return a call of the settings with its parameters and their defaults."""
    parameters = [
        key if field.is_required() else f"{key} = {item_text(field.default)}"
        for key, field in call.settings().items()
    ]
    return f"{word}({', '.join(parameters)})" if parameters else word


def item_text(value: object) -> str:
    """Return a value as it stands among others: several of them in parentheses."""
    return f"({value_text(value)})" if isinstance(value, tuple) else value_text(value)


def _search(linked: LinkedProgram, program: CheckedProgram, *, is_searched: bool) -> Iterator[str]:
    """Yield what is said of the search and its end; once it is over, only limits stay."""
    derivation = program.derivation
    if program.search is not None and not is_searched:
        yield section_text(program.search.resolved())
        keys = DeriveSettings.settings()
        settings = DeriveSettings.model_validate({key: derivation.value_of(key) for key in keys})
        yield section_text(settings, more=_written(linked, "derive", settings.expressions))
    elif derivation.limits:
        yield _block("derive", _written(linked, "derive", ("require",)))


def _written(linked: LinkedProgram, kind: str, keys: Container[str]) -> list[str]:
    """Return some settings of a section as they were written, one per line."""
    given = linked.given(kind).items()
    return [_line(key, setting.values) for key, setting in given if key in keys]


def _line(key: str, values: Iterable[ast.Expression]) -> str:
    return f"    {key}  {', '.join(format_expression(value) for value in values)}"


def _block(heading: str, lines: Iterable[str]) -> str:
    return "\n".join([f"{heading} {{", *lines, "}"])


def _chosen(
    program: CheckedProgram, layout: Sequence[str], channels: int | None
) -> Mapping[str, str]:
    """Return the settings of the network that a search has chosen, as text by name."""
    found = {}
    if layout and any(place.is_chosen for place in program.network.places):
        runs = ((name, len([*run])) for name, run in groupby(layout))
        found["cells"] = ", ".join(name if n == 1 else f"{name} * {n}" for name, n in runs)
    if channels is not None and program.network.widths:
        found["channels"] = str(channels)
    return found


def _evaluated(program: CheckedProgram, channels: int | None) -> str:
    """Return the section of the training; as long as C is to be chosen, none stands there."""
    if not program.network.widths:
        return section_text(program.evaluate)
    if channels is None:
        return section_text(program.evaluate, without=("channels",))
    return section_text(program.evaluate.replace(channels=channels))


def _network(
    linked: LinkedProgram,
    example: Example,
    classes: int,
    cells: Container[str] | None,
    chosen: Mapping[str, str],
) -> str:
    """Return the network section with `input` and `classes`, whether they were written or not.

    Where the network reads text there is no `input`: an example is a token. Of the cells only some
    stay, if they are given.
    """

    def is_kept(term: ast.Expression) -> bool:
        name = term.left if isinstance(term, ast.Binary) else term
        return cells is None or (isinstance(name, ast.Name) and name.text in cells)

    given = linked.given("network")
    known = {"input": show_example(example) if example else "", "classes": str(classes)}
    lines = [f"    {key}  {text}" for key, text in known.items() if text and key not in given]
    for key, setting in given.items():
        values = filter(is_kept, setting.values) if key == "cells" else setting.values
        lines.append(f"    {key}  {chosen[key]}" if key in chosen else _line(key, values))
    return _block("network", lines)


def _needed(linked: LinkedProgram, program: CheckedProgram) -> list[str]:
    """Return the cells of the network, with those that they apply or are like, as defined."""
    uses: nx.DiGraph[str] = nx.DiGraph()
    for name, cell in linked.cells.items():
        like = [] if cell.like is None else [cell.like.text]
        uses.add_edges_from((name, other) for other in (name, *inner_cells(cell, linked), *like))
    named = {name.text for place in program.network.places for name in place.names}
    needed = named.union(*(nx.descendants(uses, name) for name in named))
    return [name for name in linked.cells if name in needed]
