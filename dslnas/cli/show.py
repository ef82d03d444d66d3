"""`dslnas show`: what a spec means, and all settings with their values."""

from __future__ import annotations

from pathlib import Path

import click

from dslnas.cli.options import json_option, print_json, set_option
from dslnas.cli.summary import summary, summary_text
from dslnas.compiler import compile_spec
from dslnas.graph.text import print_graph
from dslnas.language.effective import section_text
from dslnas.settings.sections import (
    DATA,
    SEARCH,
    CellSettings,
    EvaluateSettings,
    ExportSettings,
    NetworkSettings,
)


@click.command()
@click.argument("spec", required=False, type=click.Path(path_type=Path))
@set_option
@json_option
@click.option("--defaults", is_flag=True, help="Every setting with its default and meaning.")
@click.option("--effective", is_flag=True, help="The whole program with every value filled in.")
@click.option("--graph", is_flag=True, help="The graph of primitives, one line per node.")
def show(
    spec: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
    defaults: bool,
    effective: bool,
    graph: bool,
) -> None:
    """Show what SPEC means: cells, edges, choices, number of architectures, parameters, FLOPs."""
    if defaults:
        click.echo(defaults_text())
        return
    if spec is None:
        raise click.UsageError("give a SPEC, or --defaults for all settings")
    compiled = compile_spec(spec, overrides)
    if effective:
        click.echo(compiled.text, nl=False)
    elif graph:
        click.echo(print_graph(compiled.graph), nl=False)
    elif as_json:
        print_json(summary(compiled))
    else:
        click.echo(summary_text(compiled))


def defaults_text() -> str:
    """Return every section with every setting, its default and its meaning."""
    parts = ["# Every setting with its default. Settings in words of the paper keep its values."]
    parts.append(section_text(CellSettings(), "cell NAME", explain=True))
    parts.append(section_text(NetworkSettings(), "network", explain=True))
    for source, data in DATA.items():
        parts.append(section_text(data.model_validate({"source": source}), f"data {source}", explain=True))
    for method, search in SEARCH.items():
        parts.append(section_text(search(), f"search {method}", explain=True))
    parts.append(section_text(EvaluateSettings(), "evaluate", explain=True))
    parts.append(section_text(ExportSettings(), "export", explain=True))
    return "\n\n".join(parts)
