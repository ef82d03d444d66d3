"""Follows `use` and joins a file with what it uses into one program.

Names are defined once. Sections and cells that a used file gives may be given again: the using
file then overrides them setting by setting, and `--set` overrides both.

`--set search=nasp` stands for changing that word where it is written: the settings of the section
stay. So the order of several `--set` does not matter, unless they give the same path twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from os.path import isfile, realpath  # pathlib's raise for a name that no file can have
from pathlib import Path
from typing import TypeAlias

from dslnas.absence import absence
from dslnas.diagnostics import Diagnostics, Note
from dslnas.edits import Advice, Edit, addition, removal
from dslnas.language.link.definitions import Definitions
from dslnas.language.link.merge import head_span, joining, merge_cells, merge_sections
from dslnas.language.link.sources import (
    library_names,
    library_source,
    near_files,
    near_library,
    read_source,
    resolved,
)
from dslnas.language.syntax import ast
from dslnas.language.syntax.parse import parse
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.source import SourceFile, Span
from dslnas.spelling import another_name, suggestion

MAX_FILES = 64

Definition: TypeAlias = ast.Let | ast.OpDef | ast.OpsDef | ast.GateDef
"""Definitions of which a program has one by each name."""

_WHAT: dict[type[Definition], str] = {
    ast.Let: "constant",
    ast.OpDef: "operation",
    ast.OpsDef: "operation set",
    ast.GateDef: "gate",
}


@dataclass
class LinkedProgram:
    """Everything a spec says, with the files it uses joined in. Filled by `link` only.

    `libraries` are the library files in use, but for those that come with others of `std`.
    """

    source: SourceFile
    constants: dict[str, ast.Let] = field(default_factory=dict)
    operations: Definitions = field(default_factory=Definitions)
    sets: dict[str, ast.OpsDef] = field(default_factory=dict)
    gates: dict[str, ast.GateDef] = field(default_factory=dict)
    cells: dict[str, ast.CellDef] = field(default_factory=dict)
    sections: dict[str, ast.Section] = field(default_factory=dict)
    libraries: list[str] = field(default_factory=list)

    def given(self, kind: str) -> dict[str, ast.Setting]:
        """Return the settings of a section by key; none where there is no such section."""
        section = self.sections.get(kind)
        return {s.key.text: s for s in section.settings} if section else {}

    def name_of(self, kind: str) -> ast.Name | None:
        """Return the name of a section, such as that of the search's method, if it has one."""
        return self.sections[kind].name if kind in self.sections else None


def link(
    source: SourceFile,
    overrides: Iterable[ast.Item] = (),
    adapt: Callable[[LinkedProgram], None] | None = None,
) -> LinkedProgram:
    """Parse a file and everything it uses; `overrides` come last and win.

    `adapt` may change what the files say, before the overrides.

    Raises:
        UserError: All syntax errors (NAS1xx) of a file; then all of NAS201, NAS204 and NAS205.
    """
    diagnostics = Diagnostics()
    linker = _Linker(LinkedProgram(source), diagnostics)
    names: dict[str, ast.Section] = {}
    settings: list[ast.Item] = []
    for item in overrides:
        if isinstance(item, ast.Section) and item.name is not None:
            names[item.kind] = item
        else:
            settings.append(item)
    linker.add(source, [], names)
    if adapt is not None:
        adapt(linker.linked)
    linker.override(settings)
    diagnostics.raise_if_any()
    return linker.linked


class _Linker:
    def __init__(self, linked: LinkedProgram, diagnostics: Diagnostics) -> None:
        self.linked = linked
        self._diagnostics = diagnostics
        self._done: set[str] = set()

    def add(
        self, source: SourceFile, chain: list[SourceFile], names: Mapping[str, ast.Section]
    ) -> None:
        """Add one file after the files it uses, `chain` being those that led to it.

        `names` replace those of its own sections, or name sections that it does not name.
        """
        if source.path is not None:
            self._done.add(realpath(source.path))
        program = _parse_library(source) if source.library else parse(source)
        chain = [*chain, source]
        for item in program.items:
            if isinstance(item, ast.Use):
                self._use(item, chain)
        given: dict[str, ast.Section | ast.CellDef] = {}
        for item in program.items:
            match item:
                case ast.Let() | ast.OpDef() | ast.OpsDef() | ast.GateDef():
                    self._define(item)
                case ast.Section(kind=kind, name=ast.Name()) if kind in names:
                    self._merge(item.replace(name=names[kind].name), given)
                case ast.CellDef() | ast.Section():
                    self._merge(item, given)
        named = {item.kind for item in program.items if isinstance(item, ast.Section) and item.name}
        self.override(section for kind, section in names.items() if kind not in named)

    def override(self, items: Iterable[ast.Item]) -> None:
        """Apply the items of `--set`."""
        linked = self.linked
        for item in items:
            match item:
                case ast.Let(name=name) if self._exists("constant", name, linked.constants):
                    linked.constants[name.text] = item
                case ast.CellDef(name=name) if self._exists("cell", name, linked.cells):
                    cell = linked.cells[name.text]
                    merged = merge_cells(cell, item)
                    linked.cells[name.text] = merged.replace(name=cell.name, span=cell.span)
                case ast.Section(kind=kind) if kind in linked.sections:
                    section = linked.sections[kind]
                    section = section.replace(name=item.name or section.name)
                    linked.sections[kind] = merge_sections(section, item).replace(span=section.span)
                case ast.Section(kind=kind):
                    linked.sections[kind] = item

    def _exists(self, what: str, name: ast.Name, known: Collection[str]) -> bool:
        code, otherwise = "NAS203" if what == "constant" else "NAS201", f"the spec has no {what}s"
        return self._diagnostics.is_known(
            what, name.text, name.span, known, code=code, otherwise=otherwise
        )

    # ---- definitions ----------------------------------------------------------------------------

    def _define(self, item: Definition) -> None:
        linked, name = self.linked, item.name
        tables: list[Mapping[str, Definition]] = [linked.operations, linked.sets, linked.gates]
        if isinstance(item, ast.Let):
            tables = [linked.constants]
        first = next((table[name.text] for table in tables if name.text in table), None)
        if first is not None:
            self._diagnostics.add_taken(_WHAT[type(item)], name.text, name.span, first.name.span)
            return
        match item:
            case ast.Let():
                linked.constants[name.text] = item
            case _ if name.text in PRIMITIVES:
                message = f"`{name.text}` is a primitive and cannot be defined again"
                self._diagnostics.add("NAS204", message, name.span, help=another_name(name.span))
            case ast.OpDef():
                linked.operations[name.text] = item
            case ast.OpsDef():
                linked.sets[name.text] = item
            case ast.GateDef():
                linked.gates[name.text] = item

    def _merge(
        self,
        item: ast.CellDef | ast.Section,
        given: dict[str, ast.Section | ast.CellDef],
    ) -> None:
        """Put a cell or section over what a used file says of it."""
        key = f"cell {item.name.text}" if isinstance(item, ast.CellDef) else item.kind
        if key in given:
            first = given[key]
            same = item.name is None or first.name is None or item.name == first.name
            self._diagnostics.add(
                "NAS204",
                f"`{key}` is already given in this file",
                head_span(item),
                notes=[Note("the first one is here", head_span(first))],
                help=joining(first, item) if same else "remove one of them",
            )
            return
        given[key] = item
        if isinstance(item, ast.CellDef):
            cells, name = self.linked.cells, item.name.text
            cells[name] = merge_cells(cells[name], item) if name in cells else item
        else:
            section = self.linked.sections.get(item.kind)
            self.linked.sections[item.kind] = (
                item if section is None else merge_sections(section, item)
            )

    # ---- use ------------------------------------------------------------------------------------

    def _use(self, use: ast.Use, chain: list[SourceFile]) -> None:
        user = chain[-1]
        source = self._local(use, user) if use.is_path else self._library(use, user)
        if source is None:
            return
        assert source.path is not None
        path = realpath(source.path)
        if any(user.path is not None and realpath(user.path) == path for user in chain):
            circle = " -> ".join([*(s.name for s in chain), source.name])
            message = f"files use each other in a circle: {circle}"
            edits = (removal(use.span),) if source.path == user.path else ()
            help = Advice("move what both need into a third file", edits=edits)
            self._diagnostics.add("NAS205", message, use.span, help=help)
            return
        if path in self._done:
            return
        if len(self._done) >= MAX_FILES:
            message = f"more than {MAX_FILES} files are used"
            self._diagnostics.add("NAS205", message, use.span, help="join some of them")
            return
        self.add(source, chain, {})

    def _library(self, use: ast.Use, user: SourceFile) -> SourceFile | None:
        known = library_names()
        if use.target not in known:
            message = f"unknown library file `{use.target}`"
            help = near_library(use.target) or suggestion(use.target, known)
            self._diagnostics.add("NAS201", message, use.span, help=help)
            return None
        if use.target not in self.linked.libraries and not is_of_std(user):
            self.linked.libraries.append(use.target)
        return library_source(use.target)

    def _local(self, use: ast.Use, user: SourceFile) -> SourceFile | None:
        beside = user.path.parent if user.path else Path()
        path = resolved(beside, use.target)
        if path is None:
            message = f"`{use.target}` lies outside the folder of the spec"
            self._diagnostics.add("NAS202", message, use.span, help="copy the file beside the spec")
            return None
        if not isfile(path):
            absent = absence(beside / use.target)
            message = f"used file `{use.target}` {absent.message}"
            slashed = use.target.replace("\\", "/")
            help = absent.help or near_files(beside / use.target, user.path)
            help = help or f"paths are relative to {beside}"
            if slashed != use.target:
                help = Advice(f"write `/` between folders: `{slashed}`", slashed, use.target)
            self._diagnostics.add("NAS201", message, use.span, help=help)
            return None
        return read_source(beside / use.target)


@lru_cache(MAX_FILES)
def _parse_library(source: SourceFile) -> ast.Program:
    """Parse a file that ships with dslnas: a process that compiles many specs does so once."""
    return parse(source)


def library_with(cells: Collection[str]) -> str:
    """Return the first file of the library that defines some cells, and no network; "" if none."""
    for name in library_names():
        items = _parse_library(library_source(name)).items
        defined = {item.name.text for item in items if isinstance(item, ast.CellDef)}
        sections = {item.kind for item in items if isinstance(item, ast.Section)}
        if defined.issuperset(cells) and "network" not in sections:
            return name
    return ""


def library_edits(word: str, name: ast.Name, library: str) -> tuple[Edit, ...]:
    """Return the edit that uses a file of the library, if that defines a name with a word."""
    defines = re.search(rf"^{word} {re.escape(name.text)}\b", library_source(library).text, re.M)
    start = Span(name.span.source, 0, 0)
    return (addition(start, f"use {library}\n"),) if defines else ()


def is_of_std(source: SourceFile) -> bool:
    """Whether a file is one of those that effective programs use instead of writing them out."""
    return source.library and source.name.startswith("<std.")
