"""The data of a spec, and the line of the spec that a mistake in them belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from dslnas.diagnostics import Diagnostic, UserError
from dslnas.tasks.catalogue import task_of

if TYPE_CHECKING:
    from dslnas.app.compiled import Compiled
    from dslnas.backends.torch.runtime import Runtime
    from dslnas.data.dataset import Data
    from dslnas.language.check.checked import CheckedProgram

SETTINGS = {
    "NAS606": ("data.subset", "data.split"),
    "NAS607": ("data.split",),
    "NAS611": ("data.subset", "data.split", "data.batch", "data.steps"),
}
"""Settings that a kind of mistake may come from, the likeliest first; else it is the path."""


def load_data(spec: Compiled, runtime: Runtime, *, searching: bool) -> Data:
    """Return the data of a spec, on the device; `searching`: for steps of a search too.

    Raises:
        UserError: NAS6xx or NAS405, the data cannot be loaded or divided, or are not those that
            the network is made for.
    """
    settings = spec.program.data
    with pointing_at(spec.program):
        return task_of(settings).load(
            settings,
            runtime.device,
            runtime.dtype,
            classes=spec.network.classes,
            searching=searching,
        )


@contextmanager
def pointing_at(program: CheckedProgram) -> Iterator[None]:
    """Let mistakes in the data show the line of the program that they belong to."""
    try:
        yield
    except UserError as error:
        raise UserError(_placed(wrong, program) for wrong in error.diagnostics) from None


def _placed(wrong: Diagnostic, program: CheckedProgram) -> Diagnostic:
    """Return a mistake with a span, unless it has one or nothing of the user's says the data."""
    if wrong.span is not None:
        return wrong
    for setting in (wrong.where, *SETTINGS.get(wrong.code, ()), "data.path", "data"):
        span = program.spans.get(setting)
        if span is not None and not span.source.library:
            return replace(wrong, span=span, where="" if setting == wrong.where else wrong.where)
    return wrong
