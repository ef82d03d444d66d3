"""Every setting with its default and its meaning, as a spec."""

from __future__ import annotations

from dslnas.language.print.expanded_spec import call_text, section_text
from dslnas.language.print.format import format_program
from dslnas.language.syntax.parse import parse
from dslnas.settings.calls import CALLS
from dslnas.settings.model import Call, Section
from dslnas.settings.sections import CellSettings
from dslnas.settings.spec import SECTIONS
from dslnas.source import SourceFile
from dslnas.tasks.catalogue import TASK_SETTINGS


def defaults_text() -> str:
    """Return every section with every setting, its default and its meaning, as a spec.

    Where the default is another for text, the meaning says it too.
    Settings that are expressions and have no default of their own stand there as comments.
    """
    parts = [_section(model()) for model in SECTIONS]
    calls = [
        "# Values that are written as calls. What is not given is that of the setting's default",
        "# where this is the same call, and otherwise:",
        *(_call(word, call) for word, call in CALLS.items()),
    ]
    text = "\n\n".join([*parts, "\n".join(calls)]) + "\n"
    return format_program(parse(SourceFile("defaults", text)))


def _call(word: str, call: type[Call]) -> str:
    """Return a call with its parameters, and what it is for."""
    return f"#     {call_text(word, call)}: {(call.__doc__ or '').splitlines()[0]}"


def _section(settings: Section) -> str:
    """Return a section behind its explanation."""
    summary = (type(settings).__doc__ or "").splitlines()[0]
    kinds = {task.data: task for task in reversed(TASK_SETTINGS)}  # the first of each
    tasks = [task for task in reversed(kinds.values()) if task.has(settings, TASK_SETTINGS)]
    others = {task.examples: task.defaults_of(type(settings)) for task in tasks}
    heading = "cell NAME" if isinstance(settings, CellSettings) else ""
    more = [f"    # {key}: {meaning}" for key, meaning in settings.expressions.items()]
    text = section_text(settings, heading, explain=True, for_others=others, more=more)
    return f"# {summary}\n{text}"
