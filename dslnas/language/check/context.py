"""A program while it is checked: what the checks read, and where they record mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from dslnas.diagnostics import Diagnostics
from dslnas.edits import Edit, idle_removal, removal
from dslnas.language.check.constants import Scope
from dslnas.language.link.link import LinkedProgram
from dslnas.language.syntax import ast
from dslnas.settings.model import Section
from dslnas.settings.task import TaskSettings
from dslnas.source import Span


@dataclass(frozen=True)
class Context:
    """A program and what is known of it.

    Attributes:
        constants: Values of all `let`.
        inline: Operations that are written out where they stand, as if each had a definition.
        diagnostics: A check that "records" a code does so here.
        task: The task of the program's data, see `task_for`.
        sections: Sections that were read, by their word.
        spans: Where values of settings are written, by path (`data.path`), and whole settings
            (`all of data.path`).
    """

    linked: LinkedProgram
    constants: Scope
    diagnostics: Diagnostics
    task: TaskSettings
    tasks: Sequence[TaskSettings]
    inline: dict[str, ast.OpDef] = field(default_factory=dict)
    sections: dict[str, Section] = field(default_factory=dict)
    spans: dict[str, Span] = field(default_factory=dict)

    def without(self, path: str, *, safe: bool = True, is_idle: bool = False) -> tuple[Edit, ...]:
        """Return the edit that leaves a setting out, if it is written."""
        kind, _, key = path.partition(".")
        setting = self.linked.given(kind).get(key)
        if setting is None:
            return ()
        return (idle_removal(setting.span) if is_idle else removal(setting.span, safe=safe),)
