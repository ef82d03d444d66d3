"""Verdicts on a text that is being written, for `dslnas.editor`."""

from __future__ import annotations

import gc
from collections.abc import Iterator

from dslnas.app.compile import check_has_choices, compile_checked
from dslnas.app.compiled import CompiledArchitecture
from dslnas.diagnostics import UserError
from dslnas.editor.document import Verdict
from dslnas.language.check.check import check
from dslnas.language.link.link import link
from dslnas.language.link.sources import check_line_ends
from dslnas.source import SourceFile
from dslnas.tasks.catalogue import TASK_SETTINGS

MADE_MEANWHILE = 20_000
"""Objects after which Python looks for cycles again: a check makes tens of thousands."""


def look_seldom_for_cycles() -> None:
    """Let Python free what holds itself, since a server stays for hours, but look for it seldom.

    What is loaded stays, and nearly all that a check makes is freed without.
    """
    gc.freeze()
    gc.set_threshold(MADE_MEANWHILE)
    gc.enable()


def verdicts(source: SourceFile) -> Iterator[Verdict]:
    """Yield what `dslnas check` says of a text, first of its names and values alone.

    If those are right a second verdict follows, the last, on its shapes too. Data are looked at
    only where the text does not say what the network reads.
    """
    program = None
    try:
        check_line_ends(source)
        linked = link(source)
        program = check(linked, TASK_SETTINGS)
        yield Verdict(program=program)
        compiled = compile_checked(source.name, linked, program, with_data=False)
        check_has_choices(compiled)
    except UserError as error:
        yield Verdict(error.diagnostics, program=program)
        return
    space = compiled.architecture if isinstance(compiled, CompiledArchitecture) else compiled.space
    yield Verdict((), compiled.notes, compiled.program, space)


def verdict(source: SourceFile) -> Verdict:
    """Return the last verdict on a text."""
    *_, last = verdicts(source)
    return last
