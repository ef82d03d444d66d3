"""`dslnas compile`: a spec, and with --search what is found in it."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from dslnas.cli.options import (
    device_option,
    json_option,
    out_option,
    print_json,
    seed_option,
    set_option,
    spec_argument,
    torch_device,
)
from dslnas.cli.report import report_text
from dslnas.cli.runs import finish_run
from dslnas.cli.summary import summary, summary_text
from dslnas.compiler import Compiled, compile_spec
from dslnas.diagnostics import user_error


@click.command("compile")
@spec_argument
@click.option("--search", "do_search", is_flag=True, help="Search, retrain and export.")
@out_option
@seed_option
@set_option
@device_option
@json_option
def compile_(
    spec: Path,
    do_search: bool,
    out: Path | None,
    seed: int,
    overrides: tuple[str, ...],
    device: str,
    as_json: bool,
) -> None:
    """Compile SPEC and say what it is; with --search also search, retrain and export.

    The run folder then holds manifest.json, spec.nas, metrics.jsonl, architecture.nas, model.onnx,
    model.py and model.safetensors.
    """
    if not do_search:
        given = click.get_current_context().get_parameter_source
        for name in ("out", "seed", "device"):
            if given(name) is ParameterSource.COMMANDLINE:
                raise click.UsageError(f"--{name} needs --search: nothing is trained without")
    compiled = compile_spec(spec, overrides)
    if not do_search:
        if as_json:
            print_json(summary(compiled))
        else:
            click.echo(summary_text(compiled))
        return
    _check_searchable(compiled, spec)
    folder = finish_run(compiled, out, seed, torch_device(device), quiet=as_json)
    if as_json:
        print_json(folder.manifest)
    else:
        click.echo(report_text(folder))


def _check_searchable(compiled: Compiled, spec: Path) -> None:
    """Check that there is something to search, and a method.

    Raises:
        UserError: NAS309 if every choice is made, NAS505 if no method is named.
    """
    if compiled.space.is_architecture:
        raise user_error(
            "NAS309",
            "nothing to search: every choice is made",
            where=str(spec),
            help=f"`dslnas export {spec}` trains and exports an architecture",
        )
    if compiled.program.engine is None:
        raise user_error(
            "NAS505",
            "spec names no search method",
            where=str(spec),
            help="add `search darts` to it, or pass `--set search=darts`",
        )
