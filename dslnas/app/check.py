"""Every mistake of some specs, without training anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dslnas.app.compile import compile_spec
from dslnas.diagnostics import Diagnostic, UserError


def find_mistakes(spec: Path, overrides: Sequence[str] = ()) -> tuple[Diagnostic, ...]:
    """Return all mistakes of a spec; none if it is right.

    Args:
        spec: The `.nas` file.
        overrides: Arguments of `--set`, such as `search.epochs=5`.
    """
    try:
        compile_spec(spec, overrides)
    except UserError as error:
        return error.diagnostics
    return ()
