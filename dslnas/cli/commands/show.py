"""`dslnas show`: what a spec means, and all settings with their values."""

from __future__ import annotations

from os.path import isdir
from pathlib import Path

import click

from dslnas.app.compile import compile_spec
from dslnas.app.show import graph_after, summary
from dslnas.cli.options import json_option, print_json, set_option
from dslnas.cli.printing import say
from dslnas.cli.render.defaults import defaults_text
from dslnas.cli.render.library import library_text
from dslnas.cli.render.operations import operations_text
from dslnas.cli.render.passes import passes_text
from dslnas.cli.render.summary import summary_text
from dslnas.diagnostics import command
from dslnas.graph.operation_facts import operations as find_operations
from dslnas.graph.text import print_graph


@click.command()
@click.argument("spec", metavar="[SPEC_OR_RUN]", required=False, type=click.Path(path_type=Path))
@set_option
@json_option
@click.option("--defaults", is_flag=True, help="Every setting with its default and meaning.")
@click.option(
    "--operations",
    metavar="[NAME]",
    is_flag=False,
    flag_value="",
    help="Every operation with its arguments, or the one called NAME.",
)
@click.option("--library", is_flag=True, help="The files of the library: cells, networks, spaces.")
@click.option("--effective", is_flag=True, help="The whole program with every value filled in.")
@click.option("--graph", is_flag=True, help="The graph of primitives, one line per node.")
@click.option("--after", metavar="PASS", help="With --graph: behind this pass and those before it.")
@click.option("--passes", is_flag=True, help="The passes that rewrite the graph, and when.")
def show(
    spec: Path | None,
    overrides: tuple[str, ...],
    as_json: bool,
    defaults: bool,
    operations: str | None,
    library: bool,
    effective: bool,
    graph: bool,
    after: str | None,
    passes: bool,
) -> None:
    """Show what a SPEC means, or what a RUN came to: cells, choices, scores, sizes, costs.

    Of a spec it shows cells, edges, choices, the number of architectures, parameters and
    multiply-adds; of the folder of a run how far it is, its results, and every choice of its search
    with the scores of the best two.
    """
    chosen = (as_json, defaults, operations is not None, library, effective, graph, passes)
    if sum(chosen) > 1:
        raise click.UsageError(
            "choose one of --json, --defaults, --operations, --library, --effective, --graph and "
            "--passes"
        )
    if after is not None and not graph:
        raise click.UsageError("--after needs --graph: it says behind which pass")
    text = _of_no_spec(defaults, operations, library)
    if text is not None:
        click.echo(text, nl=False)
        return
    if spec is None:
        raise click.UsageError(
            "give a SPEC, --defaults for all settings, --operations for all operations, or "
            "--library for all that has a name"
        )
    if isdir(spec):
        _show_run(spec, asks_more=any(chosen) or bool(overrides))
        return
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
        say(summary_text(compiled))


def _show_run(run: Path, *, asks_more: bool) -> None:
    from dslnas.cli.render.run import run_text
    from dslnas.runs.folder import SPEC

    if asks_more:
        spec, status = command("show", run / SPEC), command("status", run, "--json")
        raise click.UsageError(f"of a run there is one view; see `{spec}`, or `{status}`")
    say(run_text(run))


def _of_no_spec(defaults: bool, operations: str | None, library: bool) -> str | None:
    """Return what is asked for that is the same for all specs, if anything is."""
    if defaults:
        return defaults_text()
    if operations is not None:
        return operations_text(find_operations(operations))
    return f"{library_text()}\n" if library else None
