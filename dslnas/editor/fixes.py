"""Changes of a text that editors offer: its canonical form, and what mends its mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from dslnas.diagnostics import Diagnostic
from dslnas.editor.document import Document
from dslnas.edits import Edit
from dslnas.language.print.format import format_program


@dataclass(frozen=True)
class Fix:
    """A way to mend a mistake."""

    title: str
    mistake: Diagnostic
    edits: tuple[Edit, ...]

    @property
    def is_safe(self) -> bool:
        """Whether it certainly does what was meant."""
        return all(edit.safe for edit in self.edits)


def fixes(document: Document, mistakes: Iterable[Diagnostic]) -> Iterator[Fix]:
    """Yield what mends some mistakes of a text, as the printed help says."""
    for mistake in mistakes:
        edits = mistake.edits
        if edits and all(edit.span.source == document.source for edit in edits):
            yield Fix(", ".join(edit.title for edit in edits), mistake, edits)


def formatted(document: Document) -> str | None:
    """Return the canonical form of a text, None while it has mistakes of form."""
    return None if document.program is None else format_program(document.program)
