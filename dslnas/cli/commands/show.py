"""`dslnas show`: what a spec means, and all settings with their values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import click

from dslnas.app.compile import compile_spec
from dslnas.cli.options import json_option, print_json, set_option
from dslnas.cli.render.passes import graph_after, passes_text
from dslnas.cli.render.summary import summary, summary_text
from dslnas.graph.text import print_graph
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


@click.command()
@click.argument("spec", required=False, type=click.Path(path_type=Path))
@set_option
@json_option
@click.option("--defaults", is_flag=True, help="Every setting with its default and meaning.")
@click.option("--effective", is_flag=True, help="The whole program with every value filled in.")
@click.option("--graph", is_flag=True, help="The graph of primitives, one line per node.")
@click.option("--after", metavar="PASS", help="With --graph: behind this pass and those before it.")
@click.option("--passes", is_flag=True, help="The passes that rewrite the graph before it runs.")
def show(
    spec: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
    defaults: bool,
    effective: bool,
    graph: bool,
    after: str | None,
    passes: bool,
) -> None:
    """Show what SPEC means: cells, edges, choices, number of architectures, parameters, FLOPs."""
    if sum((as_json, defaults, effective, graph, passes)) > 1:
        raise click.UsageError(
            "choose one of --json, --defaults, --effective, --graph and --passes"
        )
    if after is not None and not graph:
        raise click.UsageError("--after needs --graph: it says behind which pass")
    if defaults:
        click.echo(defaults_text(), nl=False)
        return
    if spec is None:
        raise click.UsageError("give a SPEC, or --defaults for all settings")
    compiled = compile_spec(spec, overrides)
    if effective:
        click.echo(compiled.text, nl=False)
    elif graph:
        shown = compiled.graph if after is None else graph_after(compiled.graph, after)
        click.echo(print_graph(shown), nl=False)
    elif passes:
        click.echo(passes_text(compiled.graph))
    elif as_json:
        print_json(summary(compiled))
    else:
        click.echo(summary_text(compiled))


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
