"""Settings that some tasks have and others have not."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dslnas.edits import Advice, Edit, Help, removal
from dslnas.language.check.calls import called
from dslnas.language.check.context import Context
from dslnas.language.syntax import ast
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
            help: Help = special.instead
            if not help:
                help = Advice(f"remove {what}", edits=_removals(special, words, context))
            context.diagnostics.add("NAS314", message, span, help=help)


def _removals(special: Special, words: Collection[str], context: Context) -> tuple[Edit, ...]:
    """Return the edits that leave a setting out, or some words of its list."""
    kind, _, key = special.path.partition(".")
    setting = context.linked.given(kind).get(key)
    if setting is None:
        return ()
    found = [value for value in setting.values if _word(value) in words]
    if not special.values or len(found) == len(setting.values):
        return context.without(special.path)
    return tuple(removal(value.span) for value in found)


def _word(value: ast.Expression) -> str:
    call = called(value)
    return "" if call is None else call[0].text


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
