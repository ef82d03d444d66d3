"""Settings that some tasks have and others have not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dslnas.diagnostics import Diagnostics
from dslnas.language.link.link import LinkedProgram
from dslnas.settings.model import Call, Section
from dslnas.settings.task import Special, TaskSettings
from dslnas.source import Span


def check_specials(
    task: TaskSettings,
    tasks: Sequence[TaskSettings],
    sections: Mapping[str, Section],
    linked: LinkedProgram,
    spans: Mapping[str, Span],
    diagnostics: Diagnostics,
) -> None:
    """Check that nothing is written that the task of a program has not; NAS314 is recorded.

    Args:
        task: The task of the program's data.
        tasks: All tasks.
        sections: Sections by their word.
        linked: The program, to point at the name of a section.
        spans: Where settings are written, by path.
        diagnostics: Takes the mistakes.
    """
    names = {k: s.name.span for k, s in linked.sections.items() if s.name is not None}
    for special, other in task.lacks(tasks):
        span = {**spans, **names}.get(special.path)
        words = _words(special, sections) if span is not None else []
        if words:
            what = " and ".join(f"`{word}`" for word in words)
            about = special.about or f"{'is' if len(words) == 1 else 'are'} for {other.examples}"
            message = f"{what} {about}, and the data are {task.examples}"
            diagnostics.add("NAS314", message, span, help=special.instead.format(what))


def _words(special: Special, sections: Mapping[str, Section]) -> list[str]:
    """Return which words of a setting mean something that not every task has."""
    kind, _, key = special.path.partition(".")
    if kind not in sections:
        return []
    section = sections[kind]
    value = section.value_of(key or section.tag)
    if not special.values:
        return [key] if value and value != "nothing" else []
    items = value if isinstance(value, tuple) else (value,)
    words = [item.word if isinstance(item, Call) else str(item) for item in items]
    return [word for word in dict.fromkeys(words) if word in special.values]
