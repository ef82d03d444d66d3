"""`dslnas compile`: a spec, and with --search what is found in it."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from dslnas.app.arguments import LARGEST_SEED
from dslnas.app.compile import compile_spec, with_search
from dslnas.app.show import summary
from dslnas.cli.options import json_option, print_json, set_option, spec_argument
from dslnas.cli.place_options import PlaceOptions, place_options
from dslnas.cli.printing import say
from dslnas.cli.render.summary import summary_text
from dslnas.cli.run_options import RunOptions, check_index, run_options
from dslnas.cli.runtime import given_runtime_options
from dslnas.launch import launched


@click.command("compile")
@spec_argument
@click.option(
    "--search", "do_search", is_flag=True, help="Search, train what is found, and export it."
)
@click.option(
    "--repeats",
    metavar="N",
    type=click.IntRange(1, 1000),
    help="Search with N seeds, from --seed on, and compare the results.",
)
@click.option(
    "--repeat-index",
    metavar="I",
    type=click.IntRange(0, 999),
    help="With --repeats and --out: only run I of them, counted from 0, as a job of an array does.",
)
@click.option(
    "--baseline/--no-baseline",
    default=True,
    show_default=True,
    help="With --repeats: train a random architecture beside every search.",
)
@place_options
@run_options
@set_option
@json_option
def compile_(
    spec: Path,
    do_search: bool,
    repeats: int | None,
    repeat_index: int | None,
    baseline: bool,
    where: PlaceOptions,
    options: RunOptions,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Compile SPEC and say what it is; --search searches, trains what it found and exports it.

    The run folder then holds manifest.json, spec.nas, metrics.jsonl, architecture.nas, model.onnx,
    model.py and model.safetensors. With --repeats there is one such folder per seed, and
    summary.json with mean, deviation and best; the same command with the same --out goes on with
    the runs that are missing, and with --resume amid those that were interrupted or killed. Several
    such commands may work on one folder, each on one run with --repeat-index.

    Searches and trainings are stored after every epoch, and when Ctrl-C, SIGTERM, SIGHUP,
    SIGUSR1 or SIGXCPU ends them after a step. With --resume an interrupted run goes on from there,
    and comes to the same result as without the interruption.
    """
    _check_usage(do_search, repeats, repeat_index, options)
    compiled = compile_spec(spec, overrides)
    if not do_search:
        if as_json:
            print_json(summary(compiled))
        else:
            say(summary_text(compiled))
        return
    searched = with_search(compiled)
    from dslnas.app.pipeline import run_pipeline
    from dslnas.app.repeat import Repeats
    from dslnas.cli.render.comparison import comparison_text
    from dslnas.cli.render.report import print_run

    with options.running(searched, quiet=as_json) as loop:
        if repeats is None:
            run = run_pipeline(searched, options.out, seed=options.seed, **loop)
            if launched().writes:
                print_run(run, as_json=as_json)
            return
        seeds = range(options.seed, options.seed + repeats)
        only = None if repeat_index is None else (seeds[repeat_index],)
        place = where.place(options.how)
        runs = Repeats(
            searched, seeds, options.out, baseline=baseline, only=only, where=place, **loop
        )
        try:
            runs.run()
        finally:  # what there is is printed when it is interrupted, too
            if as_json:
                print_json(runs.summary.model_dump())
            else:
                say(comparison_text(runs.summary, runs.folder.path, runs.task))


def _check_usage(
    do_search: bool, repeats: int | None, repeat_index: int | None, options: RunOptions
) -> None:
    """Refuse options that would do nothing, and seeds that are too large."""
    given = click.get_current_context().get_parameter_source
    if not do_search:
        names = ("repeats", "repeat_index", "baseline", *PlaceOptions.__annotations__)
        names += ("out", "resume", "checkpoint_minutes", "seed")
        found = [name for name in names if given(name) is ParameterSource.COMMANDLINE]
        for name in (*found, *given_runtime_options()):
            option = f"--{name.replace('_', '-')}"
            raise click.UsageError(f"{option} needs --search; without it nothing is trained")
    if repeats is None:
        if given("baseline") is ParameterSource.COMMANDLINE:
            raise click.UsageError("--baseline needs --repeats: it is what many runs are held to")
        if repeat_index is not None:
            raise click.UsageError("--repeat-index needs --repeats: it is one of so many runs")
        if given("on") is ParameterSource.COMMANDLINE:
            raise click.UsageError("--on needs --repeats: a cluster is for many runs")
        return
    if not launched().is_alone:
        raise click.UsageError(
            "--repeats is for one process: start one run for each seed, `torchrun ... --seed N`"
        )
    if options.seed + repeats - 1 > LARGEST_SEED:
        raise click.UsageError(f"seeds go up to {LARGEST_SEED}: choose a smaller --seed")
    check_index("repeat-index", repeat_index, repeats, options)
