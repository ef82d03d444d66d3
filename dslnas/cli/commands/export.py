"""`dslnas export`: an architecture or a run to files for deployment."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from dslnas.app.compile import compile_spec, without_choices
from dslnas.app.export import export as export_files
from dslnas.app.export import export_untrained
from dslnas.app.open_run import EXPORTED, load_run
from dslnas.app.pipeline import run_pipeline
from dslnas.app.run import LoopOptions
from dslnas.app.runtime import RuntimeOptions
from dslnas.cli.interruption import ending_on_signals
from dslnas.cli.options import (
    check_resume,
    checkpoint_option,
    given_arguments,
    json_option,
    out_option,
    print_json,
    resume_option,
    seed_option,
    set_option,
)
from dslnas.cli.render.precisions import precision_lines
from dslnas.cli.render.progress import progress
from dslnas.cli.render.report import name_of, print_run
from dslnas.cli.runtime import check_compile, given_runtime_options, runtime_options
from dslnas.tasks.catalogue import task_of

if TYPE_CHECKING:
    from dslnas.exporters.export import Exported
    from dslnas.tasks.metric import Metric


@click.command()
@click.argument("target", metavar="ARCHITECTURE_OR_RUN", type=click.Path(path_type=Path))
@out_option
@resume_option
@checkpoint_option
@seed_option
@set_option
@runtime_options
@json_option
@click.option("--untrained", is_flag=True, help="Do not train: export random weights.")
def export(
    target: Path,
    out: Path | None,
    resume: bool,
    checkpoint_minutes: float | None,
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
        _check_run_options(overrides, untrained or resume or checkpoint_minutes is not None)
        run = load_run(target)
        exported = export_files(run, out, overrides)
        _print(exported, out or target, as_json)
        if not as_json:
            metric = task_of(run.manifest.settings.data).metrics[0]
            _print_precisions(exported, metric)
        return
    compiled = without_choices(compile_spec(target, overrides), "exported")
    if untrained:
        if resume:
            raise click.UsageError("--resume does not go with --untrained: nothing is trained")
        folder = out or EXPORTED / f"{compiled.name}-untrained"
        exported = export_untrained(compiled, folder, seed)
        _print(exported, folder, as_json)
        return
    check_resume(resume, out)
    check_compile(how, compiled)
    with progress(quiet=as_json) as report, ending_on_signals(given_arguments()) as stop:
        options = LoopOptions(
            resume=resume, report=report, checkpoint_minutes=checkpoint_minutes, stop=stop, **how
        )
        run = run_pipeline(compiled, out, seed=seed, **options)
    print_run(run, as_json=as_json)


def _check_run_options(overrides: Sequence[str], others: bool) -> None:
    """Refuse options that would make another network than that of the run."""
    given = click.get_current_context().get_parameter_source
    trains = given("seed") is ParameterSource.COMMANDLINE or given_runtime_options()
    if others or trains or not all(o.startswith("export.") for o in overrides):
        raise click.UsageError(
            "a run is exported as it was trained: only --out, --json and --set export.* apply"
        )


def _print(exported: Exported, folder: Path, as_json: bool) -> None:
    if as_json:
        facts: dict[str, object] = {
            "folder": str(folder),
            "files": exported.files,
            "largest_difference": dict(exported.differences),
        }
        if exported.precisions:
            facts["precisions"] = {n: r.model_dump() for n, r in exported.precisions.items()}
        print_json(facts)
        return
    for name in exported.files:
        click.echo(folder / name)
    for backend, difference in exported.differences.items():
        click.echo(f"{name_of(backend)} agrees with PyTorch to {difference:.0e}", err=True)


def _print_precisions(exported: Exported, metric: Metric) -> None:
    for line in precision_lines(exported.precisions, metric):
        click.echo(line, err=True)
