"""Architectures between the language and the notations of other programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from os.path import exists, isdir, isfile  # pathlib's raise for a name that no file can have
from pathlib import Path

from dslnas.absence import absence
from dslnas.app.compile import architecture_text, compile_linked, compile_spec, without_choices
from dslnas.app.compiled import CompiledArchitecture, CompiledSpace
from dslnas.app.open_run import load_run
from dslnas.diagnostics import UserError, user_error
from dslnas.language.link.link import link
from dslnas.language.link.sources import SUFFIX, find_source, library_names, near_files, read_source
from dslnas.language.print.format import format_program
from dslnas.language.syntax.parse import parse
from dslnas.runs.folder import ARCHITECTURE
from dslnas.runs.manifest import MANIFEST
from dslnas.source import SourceFile
from dslnas.space.notation.catalogue import NOTATIONS, Notation, recognised, usual_notation
from dslnas.space.notation.cells import NumberedCell
from dslnas.spelling import did_you_mean, suggestion

LANGUAGE = "nas"
"""Word for the language of dslnas among the notations."""

TARGETS = (LANGUAGE, *NOTATIONS)

HELP = {"NAS302": "let a later node, or the output, have an operation on it that is not zero"}
"""Advice on cells that were read, by the code of what is wrong."""


@dataclass(frozen=True)
class _Read:
    """An architecture with its text in the language; `is_new` if it had another text before."""

    compiled: CompiledArchitecture
    text: str
    is_new: bool


def convert(
    source: Path | str | SourceFile, to: str | None = None, *, spec: Path | str | None = None
) -> str:
    """Return an architecture in another notation.

    Args:
        source: A `.nas` file without choices, an architecture of the library by its name, or the
            folder of a run; or a text of another notation, or a file that holds one. A
            `SourceFile` is a text with a name for messages.
        to: `nas`, `genotype` or `nas-bench-201`; by default the language for what is not in it, and
            else the notation that fits the cells.
        spec: Spec that the cells are put into: its data, network and training stay. By default
            cells of another notation are put into the space of their paper.

    Raises:
        UserError: NAS811 to NAS813 if the architecture cannot be read or written, NAS024 if the
            search of the run is not over, or any mistake of the files.
        ValueError: There is no such notation.
    """
    if to is not None and to not in TARGETS:
        raise ValueError(f"dslnas.convert: unknown notation {to!r}: {suggestion(to, TARGETS)}")
    read = _read(source, None if spec is None else Path(spec))
    if to == LANGUAGE or (to is None and read.is_new):
        return read.text
    notation = _notation_of(read.compiled) if to is None else NOTATIONS[to]
    return f"{notation.write(read.compiled.architecture)}\n"


def _notation_of(compiled: CompiledArchitecture) -> Notation:
    """Return the notation that an architecture is usually written in."""
    notation = usual_notation(compiled.architecture)
    if notation is None:
        where = compiled.linked.source.name
        raise user_error("NAS813", "has no cell that another notation knows", where=where)
    return notation


def _read(source: Path | str | SourceFile, spec: Path | None) -> _Read:
    if isinstance(source, str) and recognised(source) is not None:
        return _from_text(SourceFile("<text>", source), spec)
    if isinstance(source, SourceFile):
        return _from_text(source, spec)
    path = Path(source)
    if isdir(path):
        if exists(path / MANIFEST):
            load_run(path).check_searched()
        return _from_program(path / ARCHITECTURE, spec)
    if path.suffix == SUFFIX or (not isfile(path) and str(path) in library_names()):
        return _from_program(path, spec)
    if not isfile(path):
        absent = absence(path, "file")
        near = absent.help or did_you_mean(str(path), library_names()) or near_files(path)
        help = near or "texts start with `|` or `Genotype(`; give them in quotes"
        raise user_error("NAS001", absent.message, where=str(path), help=help)
    return _from_text(read_source(path), spec)


def _from_program(path: Path, spec: Path | None) -> _Read:
    compiled = without_choices(compile_spec(path, with_data=False), "converted")
    if spec is None:
        return _Read(compiled, compiled.text, is_new=False)
    notation = _notation_of(compiled)
    cells = notation.read(SourceFile(str(path), notation.write(compiled.architecture)))
    return _placed(cells, spec, f"Cells of {path}.", str(path))


def _from_text(source: SourceFile, spec: Path | None) -> _Read:
    notation = recognised(source.text)
    if notation is None:
        titles = " and no ".join(known.title for known in NOTATIONS.values())
        raise user_error("NAS811", f"holds no {titles}", where=source.name)
    return _placed(notation.read(source), spec, f"From a {notation.title}.", source.name)


def _placed(cells: Sequence[NumberedCell], spec: Path | None, origin: str, where: str) -> _Read:
    """Return cells in the place of those of a spec, or of the space of their paper.

    `origin` is the first comment; `where` names the text that the cells are from.
    """
    paper = cells[0].kind.paper
    frame = SourceFile(paper, f"use {paper}\n") if spec is None else find_source(spec)
    name = paper.rpartition(".")[2] if spec is None else spec.stem
    texts = _cell_texts(cells, compile_linked(name, link(frame), with_data=False), where)
    made = SourceFile("the cells that were read", "\n\n".join(texts))
    with _about(where, made):
        compiled = compile_linked(name, link(frame, parse(made).items), with_data=False)
    if not isinstance(compiled, CompiledArchitecture):
        raise user_error(
            "NAS310",
            "has choices that cells alone do not make, as of `cells` or `channels`",
            where=frame.name,
            help="write in its network which cells it has and how wide it is",
        )
    if spec is None:
        whole = "\n\n".join([f"# {origin}", frame.text, *texts])
        text = format_program(parse(SourceFile(origin, f"{whole}\n")))
    else:
        text = architecture_text(compiled, compiled.architecture, origin)
    return _Read(compiled, text, is_new=True)


@contextmanager
def _about(where: str, made: SourceFile) -> Iterator[None]:
    """Let mistakes in a text that was made here be those of what it was made from."""
    try:
        yield
    except UserError as error:
        raise UserError(
            wrong
            if wrong.span is None or wrong.span.source != made
            else replace(wrong, span=None, notes=(), where=where, help=HELP.get(wrong.code, ""))
            for wrong in error.diagnostics
        ) from None


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
