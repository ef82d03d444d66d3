"""Every setting with its default and its meaning, as a spec."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dslnas.language.print.expanded_spec import item_text, section_text
from dslnas.language.print.format import format_program
from dslnas.language.syntax.parse import parse
from dslnas.settings.calls import CALLS
from dslnas.settings.data import DATA
from dslnas.settings.model import Call, Section
from dslnas.settings.search import SEARCH
from dslnas.settings.sections import (
    CELL_EXPRESSIONS,
    DERIVE_EXPRESSIONS,
    NETWORK_EXPRESSIONS,
    CellSettings,
    DeriveSettings,
    EvaluateSettings,
    ExportSettings,
    NetworkSettings,
)
from dslnas.source import SourceFile
from dslnas.tasks.catalogue import TASK_SETTINGS


def defaults_text() -> str:
    """Return every section with every setting, its default and its meaning, as a spec.

    Where the default is another for text, the meaning says it too.
    Settings that are expressions and have no default of their own stand there as comments.
    """
    parts = [
        _section(CellSettings(), "cell NAME", CELL_EXPRESSIONS),
        _section(NetworkSettings(), "network", NETWORK_EXPRESSIONS),
        *(_section(model(), f"data {source}") for source, model in DATA.items()),
        *(_section(model(), f"search {method}") for method, model in SEARCH.items()),
        _section(DeriveSettings(), "derive", DERIVE_EXPRESSIONS),
        _section(EvaluateSettings(), "evaluate"),
        _section(ExportSettings(), "export"),
    ]
    calls = [
        "# Values that are written as calls. What is not given is that of the setting's default",
        "# where this is the same call, and otherwise:",
        *(_call(word, call) for word, call in CALLS.items()),
    ]
    text = "\n\n".join([*parts, "\n".join(calls)]) + "\n"
    return format_program(parse(SourceFile("defaults", text)))


def _call(word: str, call: type[Call]) -> str:
    """Return a call with its parameters, and what it is for."""
    parameters = [
        key if field.is_required() else f"{key} = {item_text(field.default)}"
        for key, field in call.settings().items()
    ]
    shown = f"{word}({', '.join(parameters)})" if parameters else word
    return f"#     {shown}: {(call.__doc__ or '').splitlines()[0]}"


def _section(
    settings: Section, heading: str, expressions: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Return a section behind its explanation."""
    summary = (type(settings).__doc__ or "").splitlines()[0]
    tasks = [task for task in TASK_SETTINGS if task.has(settings, TASK_SETTINGS)]
    others = {task.examples: task.defaults_of(type(settings)) for task in tasks}
    body, _ = section_text(settings, heading, explain=True, for_others=others).rsplit("}", 1)
    lines = [f"    # {key}: {meaning}" for key, meaning in expressions.items()]
    return "\n".join([f"# {summary}", body.rstrip("\n"), *lines, "}"])
