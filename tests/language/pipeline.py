"""The front end in one call, from a file to its graphs, and what it says of mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dslnas.diagnostics import Diagnostic, UserError
from dslnas.graph.analysis.size import check_final, check_search
from dslnas.language.check.check import check
from dslnas.language.link.link import link
from dslnas.language.link.overrides import parse_overrides
from dslnas.language.link.sources import read_source
from dslnas.settings.texts import TextSettings
from dslnas.source import SourceFile
from dslnas.space.lower import lower
from dslnas.space.search_space import SearchSpace
from dslnas.tasks.catalogue import TASK_SETTINGS

IMAGES = (3, 32, 32)
CLASSES = 10


def compile_source(source: SourceFile, overrides: Sequence[str] = ()) -> None:
    """Run every stage that can find a mistake in a program."""
    checked = check(link(source, parse_overrides(overrides)), TASK_SETTINGS)
    example = () if isinstance(checked.data, TextSettings) else checked.network.input or IMAGES
    space = lower(checked, example, CLASSES)
    if isinstance(space, SearchSpace):
        check_search(space)
    check_final(space)


def complaint(path: Path, overrides: Sequence[str] = ()) -> str:
    """Return everything that is said about a file; "" if nothing is wrong."""
    try:
        compile_source(read_source(path), overrides)
    except UserError as error:
        return error.render()
    return ""


def mistakes(source: SourceFile, overrides: Sequence[str] = ()) -> Sequence[Diagnostic]:
    """Return the mistakes of a text; none if nothing is wrong."""
    try:
        compile_source(source, overrides)
    except UserError as error:
        return error.diagnostics
    return ()


def complaint_about(text: str, *overrides: str) -> str:
    """Return everything that is said about a text, called `spec.nas`."""
    try:
        compile_source(SourceFile("spec.nas", text), overrides)
    except UserError as error:
        return error.render()
    return ""
