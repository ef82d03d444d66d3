"""Every mistake of some specs, without training anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dslnas.app.compile import compile_source, spec_source
from dslnas.diagnostics import Diagnostic, Note, UserError
from dslnas.source import SourceFile


@dataclass(frozen=True)
class Verdict:
    """Result of checking a spec.

    Attributes:
        mistakes: All of its mistakes; none if it is right.
        missing: Condition of a run that a right spec leaves to the command line; "" if there is
            none.
        notes: Remarks on what is no mistake, but may not be meant.
    """

    mistakes: tuple[Diagnostic, ...] = ()
    missing: str = ""
    notes: tuple[Note, ...] = ()


def check_spec(spec: Path, overrides: Sequence[str] = ()) -> Verdict:
    """Check a spec.

    Args:
        spec: The `.nas` file.
        overrides: Arguments of `--set`, such as `search.epochs=5`.
    """
    try:
        return check_source(spec_source(spec), overrides)
    except UserError as error:
        return Verdict(error.diagnostics)


def check_source(source: SourceFile, overrides: Sequence[str] = ()) -> Verdict:
    """Check a spec that is read already; see `check_spec`."""
    try:
        compiled = compile_source(source, overrides)
    except UserError as error:
        return Verdict(error.diagnostics)
    data, missing = compiled.program.data, ""
    if data.lacks_path:
        missing = f"to run it, say where `{data.heading()}` lies: `--set data.path=DIR`"
    return Verdict((), missing, compiled.notes)
