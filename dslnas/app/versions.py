"""Versions of exported models, with the line of the spec that asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from dslnas.app.compiled import CompiledSpace
from dslnas.diagnostics import UserError
from dslnas.graph.graph import PrimitiveGraph
from dslnas.language.check.checked import CheckedProgram


def check_versions(graph: PrimitiveGraph, program: CheckedProgram) -> None:
    """Raise NAS713 if a network cannot declare the versions that a program names."""
    from dslnas.exporters import versions

    with _pointing_at(program):
        versions.check_versions(graph, program.export)


def check_space_versions(spec: CompiledSpace) -> None:
    """Raise NAS713 if no network of a space can declare the versions that its program names."""
    from dslnas.exporters import versions

    program = spec.program
    with _pointing_at(program):
        versions.check_space_versions(spec.space, program.derivation.rule, program.export)


@contextmanager
def _pointing_at(program: CheckedProgram) -> Iterator[None]:
    """Let mistakes show the setting that they are about, where it is written."""
    try:
        yield
    except UserError as error:
        raise UserError(
            replace(wrong, span=wrong.span or program.spans.get(wrong.where))
            for wrong in error.diagnostics
        ) from None
