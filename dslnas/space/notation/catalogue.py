"""The table of notations."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from dslnas.source import SourceFile
from dslnas.space.architecture import Architecture
from dslnas.space.notation import genotype, nas_bench_201
from dslnas.space.notation.cells import CellKind, NumberedCell


class Notation(NamedTuple):
    """A way to write architectures.

    Attributes:
        title: Name of it in messages.
        kinds: Kinds of cells that it knows.
        recognises: Whether a text is meant to be in it.
        read: Returns the cells of a text; raises NAS811 or NAS812 where it is wrong.
        write: Returns the text of an architecture; raises NAS812 or NAS813 if it has none.
    """

    title: str
    kinds: tuple[CellKind, ...]
    recognises: Callable[[str], bool]
    read: Callable[[SourceFile], tuple[NumberedCell, ...]]
    write: Callable[[Architecture], str]


NOTATIONS = {
    "genotype": Notation(
        "genotype of DARTS' family",
        tuple(form.kind for form in genotype.FORMS),
        genotype.is_genotype,
        genotype.read,
        genotype.write,
    ),
    "nas-bench-201": Notation(
        "string of NAS-Bench-201",
        (nas_bench_201.CELL,),
        nas_bench_201.is_string,
        nas_bench_201.read,
        nas_bench_201.write,
    ),
}


def recognised(text: str) -> Notation | None:
    """Return the notation that a text is meant to be in, if any."""
    return next((known for known in NOTATIONS.values() if known.recognises(text)), None)


def usual_notation(architecture: Architecture) -> Notation | None:
    """Return the first notation that knows a cell of an architecture, if any does."""
    cells = architecture.cells.values()
    return next(
        (
            known
            for known in NOTATIONS.values()
            if any(kind.fits(cell) for kind in known.kinds for cell in cells)
        ),
        None,
    )
