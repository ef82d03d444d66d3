"""`dslnas export`: an architecture or a run to files for deployment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from click.core import ParameterSource

from dslnas.app.compile import compile_spec
from dslnas.app.export import export_run, export_untrained
from dslnas.cli.options import (
    json_option,
    out_option,
    print_json,
    resume_option,
    seed_option,
    set_option,
)
from dslnas.cli.render.report import BACKENDS, report_text
from dslnas.cli.runs import finish_run
from dslnas.cli.runtime import RuntimeOptions, given_runtime_options, runtime_options
from dslnas.diagnostics import user_error


@click.command()
@click.argument("target", metavar="ARCHITECTURE_OR_RUN", type=click.Path(path_type=Path))
@out_option
@resume_option
@seed_option
@set_option
@runtime_options
@json_option
@click.option("--untrained", is_flag=True, help="Do not train: export random weights.")
def export(
    target: Path,
    out: Path | None,
    resume: bool,
    seed: int,
    overrides: tuple[str, ...],
    how: RuntimeOptions,
    as_json: bool,
    untrained: bool,
) -> None:
    """Export an architecture (a .nas file without choices) or the folder of a run.

    An architecture is trained as its `evaluate` says, then exported. A run is exported again from
    its weights, into its own folder or into --out.
    """
    if target.is_dir():
        _check_run_options(overrides, untrained or resume)
        exported = export_run(target, out or target, overrides)
        _print(exported.files, out or target, exported.differences, as_json)
        return
    compiled = compile_spec(target, overrides)
    if not compiled.space.is_architecture:
        raise user_error(
            "NAS310",
            "cannot be exported: it still has choices",
            where=str(target),
            help=f"`dslnas compile {target} --search` makes them",
        )
    if untrained:
        if resume:
            raise click.UsageError("--resume does not go with --untrained: nothing is trained")
        folder = out or Path("exported") / f"{compiled.name}-untrained"
        exported = export_untrained(compiled, folder, seed)
        _print(exported.files, folder, exported.differences, as_json)
        return
    if resume and out is None:
        raise click.UsageError("--resume needs --out: the folder of the run that is gone on with")
    runtime = how.runtime(compiled)
    run = finish_run(compiled, out, seed, runtime, quiet=as_json, resume=resume)
    if as_json:
        print_json(run.manifest.model_dump())
    else:
        click.echo(report_text(run))


def _check_run_options(overrides: Sequence[str], others: bool) -> None:
    """Refuse options that would make another network than that of the run."""
    given = click.get_current_context().get_parameter_source
    trains = given("seed") is ParameterSource.COMMANDLINE or given_runtime_options()
    if others or trains or not all(o.startswith("export.") for o in overrides):
        raise click.UsageError(
            "a run is exported as it was trained: only --out, --json and --set export.* apply"
        )


def _print(
    files: Sequence[str], folder: Path, differences: Mapping[str, float], as_json: bool
) -> None:
    if as_json:
        facts = {"folder": str(folder), "files": files, "largest_difference": dict(differences)}
        print_json(facts)
        return
    for name in files:
        click.echo(folder / name)
    for backend, difference in differences.items():
        click.echo(f"{BACKENDS[backend]} agrees with PyTorch to {difference:.0e}", err=True)
