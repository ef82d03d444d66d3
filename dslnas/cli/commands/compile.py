"""`dslnas compile`: a spec, and with --search what is found in it."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from dslnas.app.arguments import LARGEST_SEED
from dslnas.app.compile import compile_spec, with_search
from dslnas.app.runtime import RuntimeOptions
from dslnas.app.show import summary
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
    spec_argument,
)
from dslnas.cli.render.summary import summary_text
from dslnas.cli.runtime import check_compile, given_runtime_options, runtime_options


@click.command("compile")
@spec_argument
@click.option("--search", "do_search", is_flag=True, help="Search, retrain and export.")
@click.option(
    "--repeats",
    metavar="N",
    type=click.IntRange(1, 1000),
    help="Search with N seeds, from --seed on, and compare the results.",
)
@click.option(
    "--baseline/--no-baseline",
    default=True,
    show_default=True,
    help="With --repeats: train a random architecture beside every search.",
)
@out_option
@resume_option
@checkpoint_option
@seed_option
@set_option
@runtime_options
@json_option
def compile_(
    spec: Path,
    do_search: bool,
    repeats: int | None,
    baseline: bool,
    out: Path | None,
    resume: bool,
    checkpoint_minutes: float | None,
    seed: int,
    overrides: tuple[str, ...],
    how: RuntimeOptions,
    as_json: bool,
) -> None:
    """Compile SPEC and say what it is; with --search also search, retrain and export.

    The run folder then holds manifest.json, spec.nas, metrics.jsonl, architecture.nas, model.onnx,
    model.py and model.safetensors. With --repeats there is one such folder per seed, and
    summary.json with mean, deviation and best; the same command with the same --out goes on with
    the runs that are missing, and with --resume amid the one that was interrupted or killed.

    Searches and trainings are stored after every epoch, and when Ctrl-C, SIGTERM, SIGHUP or
    SIGUSR1 ends them after a step. With --resume an interrupted run goes on from there, and comes
    to the same result as without the interruption.
    """
    _check_usage(do_search, repeats, seed)
    check_resume(resume, out)
    compiled = compile_spec(spec, overrides)
    if not do_search:
        if as_json:
            print_json(summary(compiled))
        else:
            click.echo(summary_text(compiled))
        return
    searched = with_search(compiled)
    check_compile(how, searched)
    from dslnas.app.pipeline import run_pipeline
    from dslnas.app.repeat import Repeats
    from dslnas.app.run import LoopOptions
    from dslnas.cli.interruption import ending_on_signals
    from dslnas.cli.render.comparison import comparison_text
    from dslnas.cli.render.progress import progress
    from dslnas.cli.render.report import print_run

    with progress(quiet=as_json) as report, ending_on_signals(given_arguments()) as stop:
        options = LoopOptions(
            resume=resume, report=report, checkpoint_minutes=checkpoint_minutes, stop=stop, **how
        )
        if repeats is None:
            print_run(run_pipeline(searched, out, seed=seed, **options), as_json=as_json)
            return
        seeds = range(seed, seed + repeats)
        runs = Repeats(searched, seeds, out, baseline=baseline, **options)
        try:
            runs.run()
        finally:  # what there is is printed when it is interrupted, too
            if as_json:
                print_json(runs.summary.model_dump())
            else:
                click.echo(comparison_text(runs.summary, runs.folder.path, runs.task))


def _check_usage(do_search: bool, repeats: int | None, seed: int) -> None:
    """Refuse options that would do nothing, and seeds that are too large."""
    given = click.get_current_context().get_parameter_source
    if not do_search:
        names = ("repeats", "baseline", "out", "resume", "checkpoint_minutes", "seed")
        found = [name for name in names if given(name) is ParameterSource.COMMANDLINE]
        for name in (*found, *given_runtime_options()):
            option = f"--{name.replace('_', '-')}"
            raise click.UsageError(f"{option} needs --search; without it nothing is trained")
    if repeats is None:
        if given("baseline") is ParameterSource.COMMANDLINE:
            raise click.UsageError("--baseline needs --repeats: it is what many runs are held to")
    elif seed + repeats - 1 > LARGEST_SEED:
        raise click.UsageError(f"seeds go up to {LARGEST_SEED}: choose a smaller --seed")
