"""Targets that read the language: specs, files that use others, edits, and what an editor asks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from hypothesis import strategies as st
from lsprotocol.types import Position
from pygls.workspace import PositionCodec

from dslnas.app.compile import architecture_text, compile_source, spec_source
from dslnas.app.compiled import Compiled, CompiledArchitecture, CompiledSearch, CompiledSpace
from dslnas.app.convert import convert
from dslnas.app.editor import verdict
from dslnas.app.show import exact
from dslnas.diagnostics import UserError
from dslnas.editor.completion import completions
from dslnas.editor.definition import definition
from dslnas.editor.document import Document
from dslnas.editor.fixes import fixes, formatted
from dslnas.editor.hover import hover
from dslnas.editor.rename import RefusedError, rename
from dslnas.language.fix import fixed
from dslnas.language.link.overrides import parse_variation
from dslnas.language.link.sources import LIBRARY
from dslnas.language.print.format import format_program
from dslnas.language.syntax.parse import parse
from dslnas.language_server.convert import Lines, mistake
from dslnas.source import SourceFile
from dslnas.space.count import count_architectures
from dslnas.space.notation.catalogue import NOTATIONS
from dslnas.tasks.catalogue import TASK_SETTINGS
from dslnas.training.baseline import random_architecture
from tests.conftest import REPOSITORY
from tests.fuzz.data_beside import write_data
from tests.fuzz.target import BrokenLawError, Target
from tests.language.programs import programs, untidy
from tests.small import SMALL
from tests.whole_programs import whole_programs

ERRORS = REPOSITORY / "tests" / "language" / "errors"
GENOTYPES = REPOSITORY / "tests" / "library" / "genotypes.json"
_FILE = re.compile(rb"^--- ([\w.-]{1,40})(?: -> ([\w./-]{1,40}))?$", re.MULTILINE)


def read_spec(content: bytes, folder: Path) -> None:
    """Parse, format, check and count a spec, and write it out; what is written is the same."""
    _check(_written(content, folder))


def _written(content: bytes, folder: Path) -> Path:
    write_data(folder)
    path = folder / "spec.nas"
    path.write_bytes(content)
    return path


def _check(path: Path) -> None:
    source = spec_source(path)
    program = parse(source)
    text = format_program(program)
    with _lawful("a program that is formatted is refused"):
        again = parse(replace(source, text=text))
    if again != program:
        raise BrokenLawError("formatting changes a program")
    if format_program(again) != text:
        raise BrokenLawError("formatting twice is not formatting once")
    compiled = compile_source(source)
    if isinstance(compiled, CompiledSpace):
        json.dumps(exact(count_architectures(compiled.space)))
    if _operation_count(compiled) > MOST_WRITTEN:
        return
    with _lawful("a spec that is written out is refused"):
        effective = compile_source(replace(source, text=compiled.text))
    if (effective.text, effective.hash) != (compiled.text, compiled.hash):
        raise BrokenLawError("a spec that is written out is another one")
    if isinstance(compiled, CompiledSearch):
        _derive(compiled, source)


def _operation_count(compiled: Compiled) -> int:
    """Return how many operations there are on the edges of all cells."""
    cells = compiled.program.cells.values()
    return sum(len(edge.operations) for cell in cells for edge in cell.edges)


def _derive(compiled: CompiledSearch, source: SourceFile) -> None:
    """Draw an architecture, and write it: it is the same when it is read.

    It may be too large for this machine, which nothing can know of a space.
    """
    drawn = random_architecture(compiled.space, compiled.program.derivation, 0)
    with _lawful("an architecture that is written is refused"):
        text = architecture_text(compiled, drawn, "Drawn.")
        found = compile_source(replace(source, text=text))
    if not isinstance(found, CompiledArchitecture) or found.architecture.hash != drawn.hash:
        raise BrokenLawError("an architecture that is written is another one")


MOST_WRITTEN = 15_000
"""Most operations of a spec that is written and read again: that is the time of a few commands."""

_TOO_LARGE = {"NAS408", "NAS410"}


@contextmanager
def _lawful(broken: str) -> Iterator[None]:
    """Raise `BrokenLawError` for an error inside, in what the program itself wrote."""
    try:
        yield
    except UserError as error:
        if {wrong.code for wrong in error.diagnostics} <= _TOO_LARGE:
            raise
        raise BrokenLawError(broken) from error


def read_mended(content: bytes, folder: Path) -> None:
    """Mend a spec for sure, then by guesses; it then has no more mistakes of its form."""
    source = spec_source(_written(content, folder))
    found = verdict(source).mistakes
    for guess in (False, True):
        mended = fixed(source, lambda text: verdict(text).mistakes, guess=guess)
        if not found and mended != source:
            raise BrokenLawError("mending changes what is right")
    if found:
        raise UserError(found)


def read_used(content: bytes, folder: Path) -> None:
    """Check a spec beside the files that follow it, each behind a line with its name.

    `--- a.nas` begins a file, `--- a.nas -> b.nas` makes a link.
    """
    for old in folder.iterdir():
        old.unlink()
    start = 0
    name = b"spec.nas"
    for match in _FILE.finditer(content):
        (folder / name.decode()).write_bytes(content[start : match.start()])
        start, name = match.end() + 1, match[1]
        path = folder / name.decode()
        if path.is_dir():
            name = b"other.nas"
        elif match[2] is not None and not path.is_symlink() and not path.exists():
            path.symlink_to(match[2].decode())
            name = b"other.nas"
        elif path.is_symlink():
            path.unlink()
    (folder / name.decode()).write_bytes(content[start:])
    _check(folder / "spec.nas")


def read_edits(content: bytes, folder: Path) -> None:
    """Compile a small spec with an argument of `--set` a line, those of `--vary` behind `vary`."""
    write_data(folder)
    lines = content.decode(errors="surrogateescape").split("\n")
    edits = [line for line in lines if line and not line.startswith("vary ")]
    for line in lines:
        if line.startswith("vary "):
            parse_variation(line.removeprefix("vary "))
    compile_source(SourceFile("spec.nas", SMALL), edits)


def read_asked(content: bytes, folder: Path) -> None:
    """Answer all that an editor asks at a place of a text, which its content decides."""
    text = content.decode(errors="replace").replace("\r\n", "\n")
    source = SourceFile("spec.nas", text, folder / "spec.nas")
    found = verdict(source)
    document = Document(source, TASK_SETTINGS, found)
    number = int.from_bytes(sha256(content).digest()[:4], "big")
    word = re.search(r"\w+", text[number % (len(text) + 1) :])
    for offset in {
        number % (len(text) + 1),
        number % (len(text) + 1) + (word.start() if word else 0),
    }:
        completions(document, offset)
        hover(document, offset)
        definition(document, offset)
        try:
            rename(document, offset, "renamed")
        except RefusedError:
            continue
    formatted(document)
    list(fixes(document, found.mistakes))
    codec = PositionCodec()
    for wrong in found.mistakes:
        mistake(document, "file:///spec.nas", wrong, codec, "")
    Lines(source, codec).offset(Position(number % 97, number % 89))
    if found.mistakes:
        raise UserError(found.mistakes)
    assert found.space is not None
    list(found.places)


def read_notation(content: bytes, folder: Path) -> None:
    """Read the cells of a text, and write them again: they stay the same."""
    path = folder / "cells.txt"
    path.write_bytes(content)
    text = convert(path)
    notation = "genotype" if content.lstrip()[:1] != b"|" else "nas-bench-201"
    made = folder / "made.nas"
    made.write_text(text, encoding="utf-8")
    once = convert(made, notation)
    path.write_text(once, encoding="utf-8")
    made.write_text(convert(path), encoding="utf-8")
    if convert(made, notation) != once:
        raise BrokenLawError("cells are others when they are written and read again")


def _specs() -> Sequence[bytes]:
    places = [*REPOSITORY.glob("specs/*.nas"), *LIBRARY.rglob("*.nas"), *ERRORS.glob("*/spec.nas")]
    return [SMALL.encode(), *(path.read_bytes() for path in sorted(places))]


def _with_files() -> Sequence[bytes]:
    """Return the cases of errors whose specs use others beside them."""
    found = []
    for spec in sorted(ERRORS.glob("*/spec.nas")):
        others = [path for path in sorted(spec.parent.glob("*.nas")) if path.stem not in _OF_CASE]
        if others or b'use "' in spec.read_bytes():
            parts = [b"--- %s\n%s" % (path.name.encode(), path.read_bytes()) for path in others]
            found.append(spec.read_bytes() + b"\n" + b"\n".join(parts))
    used = b'use "a.nas"\nsearch darts { epochs 2 }\n--- a.nas\n' + SMALL.encode()
    return [
        *found,
        used,
        b'use "a.nas"\n--- a.nas -> b.nas\n--- b.nas -> ./c.nas\n--- c.nas\n' + used,
    ]


_OF_CASE = ("spec", "fixed", "guessed")


def _edits() -> Sequence[bytes]:
    given = [path.read_bytes() for path in sorted(ERRORS.glob("*/set.txt"))]
    return [
        *given,
        b"search.epochs=5\nsearch=nasp\ncell.normal.nodes=3\nevaluate.weights=sgd(lr = 0.1)",
        b"data.subset=50%\ndata.batch=8\ndata.augment=crop(4), flip\nevaluate.repeat=2",
        b"search.weights=adam(lr = cosine(0.02))\nderive.keep=2\nnetwork.channels=8",
        b"data=images\ndata.path=some/where\nlet.K=3\nexport.formats=onnx, python",
        b"cell.normal.choose=skip_connect, sep_conv({3, 5})\nnetwork.cells=normal * 2, reduction",
        b"vary search=darts,nasp\nvary evaluate.channels=4, 8\nvary data.path=a, b",
    ]


def genotype_text(cells: dict[str, list[object]]) -> str:
    """Return the cells of a paper as its program prints them."""
    parts = (
        f"{name}={[tuple(edge) if isinstance(edge, list) else edge for edge in value]}"
        for name, value in cells.items()
    )
    return f"Genotype({', '.join(parts)})"


def _notations() -> Sequence[bytes]:
    known = json.loads(GENOTYPES.read_text(encoding="utf-8"))
    texts = [genotype_text(cells) for cells in known.values()]
    texts += [text.replace("[2, 3, 4, 5]", "range(2, 6)") for text in texts]
    texts.append("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|nor_conv_1x1~1|none~2|")
    texts.append(
        "Genotype(recurrent=[('relu', 0), ('tanh', 1), ('sigmoid', 0)], concat=range(1, 4))"
    )
    return [text.encode() for text in texts]


@cache
def _words() -> tuple[bytes, ...]:
    """Return the words of all specs."""
    found = re.findall(rb"\w+(?:\.\w+)*|\"[^\"\n]*\"", b"\n".join(_specs()), re.ASCII)
    return tuple(sorted(set(found)))


@st.composite
def _laid_out(draw: st.DrawFn) -> bytes:
    text, _ = draw(untidy(format_program(draw(programs))))
    return text.encode()


def _drawn() -> st.SearchStrategy[bytes]:
    return st.one_of(_laid_out(), *[whole_programs().map(lambda made: made.text.encode())] * 3)


def targets() -> Iterator[Target]:
    """Yield the targets of this module."""
    yield Target("spec", read_spec, _specs, _words(), _drawn(), is_text=True)
    yield Target("mended", read_mended, _specs, _words(), _drawn(), is_text=True)
    yield Target("used", read_used, _with_files, _words(), is_text=True)
    yield Target("edits", read_edits, _edits, _words(), is_text=True)
    yield Target("editor", read_asked, _specs, _words(), _drawn(), is_text=True)
    names = tuple(name.encode() for name in NOTATIONS)
    yield Target("notation", read_notation, _notations, (*names, b"range", b"normal"), is_text=True)
