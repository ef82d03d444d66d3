"""Architectures between the language and the notations of other programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dslnas.app.compile import (
    CompiledArchitecture,
    CompiledSpace,
    architecture_text,
    compile_linked,
    compile_spec,
    without_choices,
)
from dslnas.diagnostics import suggestion, user_error
from dslnas.language.link.link import link
from dslnas.language.link.sources import near_files, read_source
from dslnas.language.print.format import format_program
from dslnas.language.syntax.parse import parse
from dslnas.runs.folder import ARCHITECTURE
from dslnas.source import SourceFile
from dslnas.space.notation.catalogue import NOTATIONS, Notation, recognised, usual_notation
from dslnas.space.notation.cells import NumberedCell

LANGUAGE = "nas"
"""Word for the language of dslnas among the notations."""

TARGETS = (LANGUAGE, *NOTATIONS)


@dataclass(frozen=True)
class _Read:
    """An architecture, and its text in the language."""

    compiled: CompiledArchitecture
    text: str
    notation: Notation | None = None


def convert(source: Path | str, to: str | None = None, *, spec: Path | str | None = None) -> str:
    """Return an architecture in another notation.

    Args:
        source: A `.nas` file without choices or the folder of a run; or a text of another notation,
            or a file that holds one.
        to: `nas`, `genotype` or `nas-bench-201`; by default the language for what is not in it, and
            else the notation that fits the cells.
        spec: Spec that cells of another notation are put into: its data, network and training stay.
            By default they are put into the space of their paper.

    Raises:
        UserError: NAS811 to NAS813 if the architecture cannot be read or written, or any mistake of
            the files.
        ValueError: There is no such notation.
    """
    if to is not None and to not in TARGETS:
        raise ValueError(f"dslnas.convert: unknown notation {to!r}: {suggestion(to, TARGETS)}")
    read = _read(source, spec)
    if to == LANGUAGE or (to is None and read.notation is not None):
        return read.text
    architecture = read.compiled.architecture
    notation = usual_notation(architecture) if to is None else NOTATIONS[to]
    if notation is None:
        raise user_error("NAS813", "has no cell that another notation knows", where=str(source))
    return f"{notation.write(architecture)}\n"


def _read(source: Path | str, spec: Path | str | None) -> _Read:
    notation = recognised(source) if isinstance(source, str) else None
    if notation is not None:
        return _placed(SourceFile("<text>", str(source)), notation, spec)
    path = Path(source)
    if path.is_dir():
        path = path / ARCHITECTURE
    elif path.suffix != ".nas":
        return _from_file(path, spec)
    compiled = without_choices(compile_spec(path, with_data=False), "converted")
    return _Read(compiled, compiled.text)


def _from_file(path: Path, spec: Path | str | None) -> _Read:
    if not path.exists():
        help = near_files(path) or "texts start with `|` or `Genotype(`; give them in quotes"
        raise user_error("NAS001", "file does not exist", where=str(path), help=help)
    file = read_source(path)
    notation = recognised(file.text)
    if notation is None:
        titles = " and no ".join(known.title for known in NOTATIONS.values())
        raise user_error("NAS811", f"holds no {titles}", where=str(path))
    return _placed(file, notation, spec)


def _placed(source: SourceFile, notation: Notation, spec: Path | str | None) -> _Read:
    """Return cells of another notation in the place of those of a spec."""
    cells = notation.read(source)
    paper = cells[0].kind.paper
    frame = SourceFile(paper, f"use {paper}\n") if spec is None else read_source(Path(spec))
    name = paper.rpartition(".")[2] if spec is None else Path(spec).stem
    texts = _cell_texts(cells, compile_linked(name, link(frame), with_data=False), source.name)
    origin = f"From a {notation.title}."
    whole = parse(SourceFile(origin, "\n\n".join([f"# {origin}", frame.text, *texts]) + "\n"))
    placed = parse(SourceFile("the cells that were read", "\n\n".join(texts)))
    compiled = compile_linked(name, link(frame, placed.items), with_data=False)
    assert isinstance(compiled, CompiledArchitecture), "every cell with choices was read"
    if spec is None:
        return _Read(compiled, format_program(whole), notation)
    text = architecture_text(compiled, compiled.architecture, origin)
    return _Read(compiled, text, notation)


def _cell_texts(
    cells: Sequence[NumberedCell], around: CompiledSpace | CompiledArchitecture, where: str
) -> list[str]:
    """Return cells in the language, each by the name that a spec has for its kind."""
    file = around.linked.source.name
    if isinstance(around, CompiledArchitecture):
        known = [*around.architecture.cells.values()]
        return [cell.text(cell.kind.cell_in(known, file)) for cell in cells]
    known = [around.space.cells[name] for name in around.space.searched]
    named = {cell.kind.cell_in(known, file).name: cell for cell in cells}
    left = ", ".join(f"`{name}`" for name in around.space.searched if name not in named)
    if left:
        raise user_error("NAS813", f"says nothing of cell {left} of {file}", where=where)
    return [cell.text(around.space.cells[name]) for name, cell in named.items()]
