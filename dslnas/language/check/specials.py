"""Settings that some tasks have and others have not."""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.language.check.context import Context
from dslnas.settings.model import Call, Section
from dslnas.settings.task import Special


def check_specials(context: Context) -> None:
    """Check that nothing is written that the task of a program has not; NAS314 is recorded."""
    sections, task = context.linked.sections, context.task
    names = {kind: s.name.span for kind, s in sections.items() if s.name is not None}
    for special, other in task.lacks(context.tasks):
        span = {**context.spans, **names}.get(special.path)
        words = _words(special, context.sections) if span is not None else []
        if words:
            what = " and ".join(f"`{word}`" for word in words)
            about = special.about or f"{'is' if len(words) == 1 else 'are'} for {other.examples}"
            message = f"{what} {about}, and the data are {task.examples}"
            context.diagnostics.add("NAS314", message, span, help=special.instead.format(what))


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
