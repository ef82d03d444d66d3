"""Follows `use` and joins a file with what it uses into one program.

Names are defined once. Sections and cells that a used file gives may be given again: the using
file then overrides them setting by setting, and `--set` overrides both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from dslnas.diagnostics import Diagnostics, Note, suggestion, user_error
from dslnas.language import ast
from dslnas.language.parse import MAX_CHARACTERS, parse
from dslnas.primitives.catalogue import PRIMITIVES
from dslnas.source import SourceFile

LIBRARY = Path(__file__).resolve().parent.parent / "library"
MAX_FILES = 64


@dataclass
class LinkedProgram:
    """Everything a spec says, with the files it uses joined in. Filled by `link` only."""

    source: SourceFile
    constants: dict[str, ast.Let] = field(default_factory=dict)
    operations: dict[str, ast.OpDef] = field(default_factory=dict)
    sets: dict[str, ast.OpsDef] = field(default_factory=dict)
    cells: dict[str, ast.CellDef] = field(default_factory=dict)
    sections: dict[str, ast.Section] = field(default_factory=dict)
    libraries: list[str] = field(default_factory=list)


def read_source(path: Path, name: str | None = None, *, library: bool = False) -> SourceFile:
    """Read a `.nas` file.

    Raises:
        UserError: NAS001 if it cannot be read, NAS002 if it is not UTF-8, NAS003 if too large.
    """
    shown = name or str(path)
    try:
        if path.stat().st_size > 4 * MAX_CHARACTERS:
            raise user_error(
                "NAS003",
                f"file has {path.stat().st_size:,} bytes, more than a spec can have",
                where=shown,
                help="is it a spec?",
            )
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise user_error(
            "NAS001", "file does not exist", where=shown, help=_near_files(path)
        ) from None
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise user_error("NAS001", f"file cannot be read: {reason}", where=shown) from None
    except UnicodeDecodeError as error:
        raise user_error(
            "NAS002",
            f"file is not UTF-8 text (byte {error.start})",
            where=shown,
            help="save it as UTF-8",
        ) from None
    return SourceFile(shown, text.replace("\r\n", "\n"), path, library)


def link(source: SourceFile, overrides: Iterable[ast.Item] = ()) -> LinkedProgram:
    """Parse a file and everything it uses; `overrides` come last and win.

    Raises:
        UserError: All syntax errors (NAS1xx) of a file; then all of NAS201, NAS204 and NAS205.
    """
    found = Diagnostics()
    linked = LinkedProgram(source)
    _Linker(linked, found).add(source, [])
    _Linker(linked, found).override(overrides)
    found.raise_if_any()
    return linked


class _Linker:
    def __init__(self, linked: LinkedProgram, found: Diagnostics) -> None:
        self._linked = linked
        self._found = found
        self._done: set[Path | None] = set()

    def add(self, source: SourceFile, chain: list[SourceFile]) -> None:
        """Add one file after the files it uses."""
        self._done.add(source.path)
        program = parse(source)
        chain = [*chain, source]
        for item in program.items:
            if isinstance(item, ast.Use):
                self._use(item, chain)
        given: dict[str, ast.Section | ast.CellDef] = {}
        for item in program.items:
            match item:
                case ast.Let():
                    self._define(self._linked.constants, "constant", item.name, item)
                case ast.OpDef():
                    self._define(self._linked.operations, "operation", item.name, item)
                case ast.OpsDef():
                    self._define(self._linked.sets, "operation set", item.name, item)
                case ast.CellDef() | ast.Section():
                    self._merge(item, given)

    def override(self, items: Iterable[ast.Item]) -> None:
        """Apply the items of `--set`."""
        for item in items:
            if isinstance(item, ast.Let):
                self._linked.constants[item.name.text] = item
            elif isinstance(item, ast.CellDef | ast.Section):
                self._merge(item, {})

    # ---- definitions ----------------------------------------------------------------------------

    def _define(
        self,
        table: dict[str, ast.Let] | dict[str, ast.OpDef] | dict[str, ast.OpsDef],
        what: str,
        name: ast.Name,
        item: ast.Let | ast.OpDef | ast.OpsDef,
    ) -> None:
        linked = self._linked
        tables = (
            [linked.constants] if table is linked.constants else [linked.operations, linked.sets]
        )
        for existing in tables:
            if name.text in existing:
                self._found.add(
                    "NAS204",
                    f"{what} `{name.text}` is already defined",
                    name.span,
                    notes=[Note("the first definition is here", existing[name.text].name.span)],
                    help="choose another name",
                )
                return
        if table is not linked.constants and name.text in PRIMITIVES:
            self._found.add(
                "NAS204",
                f"`{name.text}` is a primitive and cannot be defined again",
                name.span,
                help="choose another name",
            )
            return
        table[name.text] = item  # type: ignore[assignment]

    def _merge(
        self,
        item: ast.CellDef | ast.Section,
        given: dict[str, ast.Section | ast.CellDef],
    ) -> None:
        """Put a cell or section over what a used file says of it."""
        is_cell = isinstance(item, ast.CellDef)
        key = f"cell {item.name.text}" if isinstance(item, ast.CellDef) else item.kind
        if key in given:
            self._found.add(
                "NAS204",
                f"`{key}` is already given in this file",
                item.name.span if is_cell and item.name else item.span,
                notes=[Note("the first one is here", given[key].span)],
                help="join the two",
            )
            return
        given[key] = item
        if isinstance(item, ast.CellDef):
            base = self._linked.cells.get(item.name.text)
            self._linked.cells[item.name.text] = item if base is None else merge_cells(base, item)
        else:
            section = self._linked.sections.get(item.kind)
            self._linked.sections[item.kind] = (
                item if section is None else _merge_sections(section, item)
            )

    # ---- use ------------------------------------------------------------------------------------

    def _use(self, use: ast.Use, chain: list[SourceFile]) -> None:
        source = self._local(use, chain[-1]) if use.is_path else self._library(use)
        if source is None:
            return
        if any(source.path == user.path for user in chain):
            circle = " -> ".join([*(s.name for s in chain), source.name])
            self._found.add(
                "NAS205", f"files use each other in a circle: {circle}", use.span,
                help="move what both need into a third file",
            )  # fmt: skip
            return
        if source.path in self._done:
            return
        if len(self._done) >= MAX_FILES:
            self._found.add("NAS205", f"more than {MAX_FILES} files are used", use.span)
            return
        self.add(source, chain)

    def _library(self, use: ast.Use) -> SourceFile | None:
        path = LIBRARY.joinpath(*use.target.split(".")).with_suffix(".nas")
        if not path.is_file():
            self._found.add(
                "NAS201",
                f"unknown library file `{use.target}`",
                use.span,
                help=suggestion(use.target, library_names()),
            )
            return None
        if use.target not in self._linked.libraries:
            self._linked.libraries.append(use.target)
        return read_source(path, f"<{use.target}>", library=True)

    def _local(self, use: ast.Use, user: SourceFile) -> SourceFile | None:
        folder = (user.path.parent if user.path else Path()).resolve()
        path = folder / use.target
        if Path(use.target).is_absolute() or not path.resolve().is_relative_to(folder):
            self._found.add(
                "NAS202",
                f"`{use.target}` lies outside the folder of the spec",
                use.span,
                help="copy the file beside the spec",
            )
            return None
        if not path.is_file():
            self._found.add(
                "NAS201",
                f"used file `{use.target}` does not exist",
                use.span,
                help=f"paths are relative to {user.path.parent if user.path else '.'}",
            )
            return None
        shown = str((user.path.parent if user.path else Path()) / use.target)
        return read_source(path.resolve(), shown)


def merge_cells(base: ast.CellDef, over: ast.CellDef) -> ast.CellDef:
    """Return cell `over` with everything of `base` that it does not say itself.

    Spelt-out nodes replace the nodes of the base, however those were given.
    """
    spelt = any(isinstance(s, ast.NodeDef) for s in over.statements)
    replaced = {s.key.text for s in over.statements if isinstance(s, ast.Setting)}
    if spelt:
        replaced |= {"nodes", "choose", "keep"}
    kept = [
        s
        for s in base.statements
        if not (s.key.text in replaced if isinstance(s, ast.Setting) else spelt)
    ]
    return replace(over, like=over.like or base.like, statements=(*kept, *over.statements))


def _merge_sections(base: ast.Section, over: ast.Section) -> ast.Section:
    """Override setting by setting; another name (another method) starts from its own defaults."""
    if over.name is not None and base.name is not None and over.name != base.name:
        return over
    replaced = {s.key.text for s in over.settings}
    kept = [s for s in base.settings if s.key.text not in replaced]
    return replace(over, name=over.name or base.name, settings=(*kept, *over.settings))


def library_names() -> list[str]:
    """Return the names of all files of the library, such as `std.cnn`."""
    return sorted(
        ".".join(path.relative_to(LIBRARY).with_suffix("").parts)
        for path in LIBRARY.glob("**/*.nas")
    )


def _near_files(path: Path) -> str:
    folder = path.parent
    names = [p.name for p in folder.glob("*.nas")] if folder.is_dir() else []
    return suggestion(path.name, names)
