"""The sections of a program but the network: names, and settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from os.path import expanduser  # pathlib's raises for an unknown user
from pathlib import Path
from typing import TypeVar

from dslnas.edits import Advice, Edit
from dslnas.language.check.bind_settings import build
from dslnas.language.check.cell import Cell
from dslnas.language.check.comparisons import check_counts, check_limits
from dslnas.language.check.context import Context
from dslnas.language.link.merge import head_span
from dslnas.language.link.overrides import COMMAND_LINE
from dslnas.settings.data import DATA
from dslnas.settings.data_base import DataSettings
from dslnas.settings.model import Section
from dslnas.settings.rule import Derivation, Rule
from dslnas.settings.search import SEARCH
from dslnas.settings.search_base import SearchSettings
from dslnas.settings.sections import DeriveSettings
from dslnas.source import Span
from dslnas.spelling import suggestion

_Section = TypeVar("_Section", bound=Section)


def read_section(
    model: type[_Section],
    context: Context,
    *,
    is_known: bool = True,
    left: Collection[str] = (),
) -> _Section:
    """Return a section with defaults filled in; those of the task come before the model's.

    Records NAS505 for a name where the section has none, and what `build` finds. If its name is not
    known, its settings say nothing; settings that are `left` are read elsewhere.
    """
    name = context.linked.name_of(model.kind)
    if name is not None and not model.tag:
        message = f"`{model.kind}` has no name, found `{name.text}`"
        start = head_span(context.linked.sections[model.kind]).start + len(model.kind)
        edit = Edit(Span(name.span.source, start, name.span.end), "")
        help = Advice(f"write `{model.kind} {{ ... }}`", edits=(edit,))
        context.diagnostics.add("NAS505", message, name.span, help=help)
    section = context.linked.sections.get(model.kind)
    if section is not None:
        context.spans[model.kind] = head_span(section)
    settings = section.settings if section is not None and is_known else ()
    for setting in settings:
        if setting.key.text not in model.expressions:
            context.spans[f"{model.kind}.{setting.key.text}"] = setting.values_span
            context.spans[f"all of {model.kind}.{setting.key.text}"] = setting.span
    defaults = context.task.defaults_of(model)
    read = build(model, settings, f"`{model.heading()}`", context, defaults, left)
    context.sections[model.kind] = read
    return read


def read_data(context: Context) -> DataSettings:
    """Return the data section; without one, the data are those that the task has at hand.

    Records NAS506 for shares of more than all, NAS508 for a path that is wrong or not asked for.
    """
    source = _known_name("data", "data source", DATA, context)
    is_known = source is not None or context.linked.name_of("data") is None
    data = read_section(DATA[source or context.task.source], context, is_known=is_known)
    if (total := sum(data.split or ())) > 1 + 1e-9:
        message = f"shares of `split` add up to {total:.0%}, more than 100%"
        span = context.spans.get("data.split")
        context.diagnostics.add("NAS506", message, span, help="make them smaller")
    if not data.path:
        return data
    if not data.has_files:
        known = [name for name, model in DATA.items() if model.has_files]
        message = f"`data {data.source}` takes no path"
        help = f"name the kind of data that lie there: {suggestion('', known)}"
        context.diagnostics.add("NAS508", message, context.spans["data.path"], help=help)
        return data
    return data.replace(path=_absolute(data.path, context))


def _absolute(text: str, context: Context) -> str:
    """Return the data's path, absolute; data may lie anywhere, `~` is the user's folder.

    A relative path starts at the folder of the file that it is written in, or, on the command
    line, where the command runs.
    """
    span, expanded = context.spans["data.path"], expanduser(text)
    if expanded.startswith("~"):
        message = f"`{expanded.split('/')[0]}` is not the folder of a user"
        help = "write the whole path, or `~/...` for your own folder"
        context.diagnostics.add("NAS508", message, span, help=help)
    on_command_line = span.source.name == COMMAND_LINE
    path = None if on_command_line else span.source.path or context.linked.source.path
    folder = Path() if path is None else path.parent
    return str((folder / expanded).absolute())


def read_search(context: Context) -> SearchSettings | None:
    """Return the search section; None if there is none, or none with a known method."""
    section = context.linked.sections.get("search")
    if section is None:
        return None
    method = _known_name("search", "search method", SEARCH, context)
    if method is not None:
        return read_section(SEARCH[method], context)
    if section.name is None:
        message = "`search` needs the name of a method"
        help = f"write `search {next(iter(SEARCH))}`; {suggestion('', SEARCH)}"
        context.diagnostics.add("NAS505", message, head_span(section), help=help)
    return None


def read_derivation(context: Context, cells: Mapping[str, Cell]) -> Derivation:
    """Return the derive section: plain settings, and comparisons."""
    settings = read_section(DeriveSettings, context)
    counts = check_counts(context, cells)
    for count, span in counts.items():
        context.spans[f"derive.count.{count.operation}"] = span
    limits = check_limits(context)
    return Derivation(rule=Rule(tuple(counts), settings.threshold), limits=limits, **vars(settings))


def _known_name(kind: str, what: str, known: Mapping[str, object], context: Context) -> str | None:
    """Return the name of a section if it is a known one; NAS505 is recorded for another."""
    name = context.linked.name_of(kind)
    if name is not None and context.diagnostics.is_known(
        what, name.text, name.span, known, code="NAS505"
    ):
        return name.text
    return None
