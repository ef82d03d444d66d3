"""The verdict on a text that is being written, for `dslnas.editor`."""

from __future__ import annotations

from dslnas.app.compile import CompiledArchitecture, compile_source
from dslnas.diagnostics import UserError
from dslnas.editor.document import Verdict
from dslnas.source import SourceFile


def verdict(source: SourceFile) -> Verdict:
    """Return what `dslnas check` says of a text, and what it means if it is right.

    Data are looked at only where the text does not say what the network reads.
    """
    try:
        compiled = compile_source(source, with_data=False)
    except UserError as error:
        return Verdict(error.diagnostics)
    space = compiled.architecture if isinstance(compiled, CompiledArchitecture) else compiled.space
    return Verdict((), compiled.notes, compiled.program, space)
