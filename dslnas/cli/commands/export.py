"""`dslnas export`: an architecture or a run to files for deployment."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import isdir
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from dslnas.app.compile import compile_spec, without_choices
from dslnas.app.export import MOVED, export_untrained
from dslnas.app.export import export as export_files
from dslnas.app.open_run import EXPORTED, architecture_at, load_run, named_by_its_run
from dslnas.app.web import export_with_page
from dslnas.cli.options import json_option, print_json, set_option
from dslnas.cli.printing import say
from dslnas.cli.render.agreement import agreement_rows
from dslnas.cli.render.onnx_models import latency_rows, runtime_rows
from dslnas.cli.render.precisions import precision_lines
from dslnas.cli.run_options import RunOptions, run_options, train_and_print
from dslnas.cli.runtime import given_runtime_options
from dslnas.runs.manifest import Results
from dslnas.tasks.catalogue import task_of

if TYPE_CHECKING:
    from dslnas.exporters.export import Exported
    from dslnas.tasks.metric import Metric
    from dslnas.tasks.task import Task


@click.command()
@click.argument("target", metavar="RUN_OR_ARCHITECTURE", type=click.Path(path_type=Path))
@run_options
@set_option
@json_option
@click.option("--untrained", is_flag=True, help="Do not train: export random weights.")
@click.option("--web", is_flag=True, help="Write a page, too, that labels pictures in browsers.")
@click.option(
    "--web-runtime",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The npm package onnxruntime-web for --web; by default npm fetches it, once.",
)
def export(
    target: Path,
    options: RunOptions,
    overrides: tuple[str, ...],
    as_json: bool,
    untrained: bool,
    web: bool,
    web_runtime: Path | None,
) -> None:
    """Export a run again, or an architecture; --web adds a page that labels pictures.

    A run is exported from its weights, into its own folder or into --out. An architecture, a .nas
    file without choices or one by name, has none: it is trained first, as by `dslnas train`.
    """
    from dslnas.cli.render.progress import Progress

    report = Progress(quiet=as_json)
    if isdir(target):
        goes_on = options.resume or options.checkpoint_minutes is not None
        _check_run_options(overrides, untrained or goes_on)
        run = load_run(target)
        run.listener = report
        if web or web_runtime is not None:
            exported = export_with_page(run, options.out, overrides, web_runtime)
        else:
            exported = export_files(run, options.out, overrides)
        task = task_of(run.manifest.settings.data)
        _print(exported, options.out or target, task, as_json)
        if not as_json:
            _print_precisions(exported, task.metrics[0])
        return
    if web or web_runtime is not None:
        raise click.UsageError("a page is made of a run: train the architecture first")
    spec = compile_spec(architecture_at(target), overrides)
    compiled = named_by_its_run(without_choices(spec, "exported"))
    if not untrained:
        train_and_print(compiled, options, as_json=as_json)
        return
    if options.resume:
        raise click.UsageError("--resume does not go with --untrained: nothing is trained")
    folder = options.out or EXPORTED / f"{compiled.name}-untrained"
    exported = export_untrained(compiled, folder, options.seed, report)
    _print(exported, folder, task_of(compiled.program.data), as_json)


def _check_run_options(overrides: Sequence[str], others: bool) -> None:
    """Refuse options that would make another network than that of the run."""
    given = click.get_current_context().get_parameter_source
    trains = given("seed") is ParameterSource.COMMANDLINE or given_runtime_options()
    if others or trains or not all(o.startswith(("export.", MOVED)) for o in overrides):
        raise click.UsageError(
            "a run is exported as it was trained: only --out, --json, --web, --set export.* and "
            f"--set {MOVED}DIR apply"
        )


def _print(exported: Exported, folder: Path, task: Task, as_json: bool) -> None:
    if as_json:
        print_json({"folder": str(folder), **Results().updated(exported.results).model_dump()})
        return
    for name in exported.files:
        say(folder / name)
    rows = [
        *agreement_rows(exported.shares, exported.tolerance),
        *latency_rows(exported.latency, task.example),
        *runtime_rows(exported.declared),
    ]
    for label, value, remark in rows:
        say(f"{label}: {value}, {remark}", err=True)


def _print_precisions(exported: Exported, metric: Metric) -> None:
    for line in precision_lines(exported.precisions, metric):
        say(line, err=True)
