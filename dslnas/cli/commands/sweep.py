"""`dslnas sweep`: a spec with every combination of some values."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from pathlib import Path

import click

from dslnas.app.arguments import LARGEST_SEED
from dslnas.cli.options import completed, json_option, print_json, set_option, spec_argument
from dslnas.cli.place_options import PlaceOptions, place_options
from dslnas.cli.printing import say
from dslnas.cli.run_options import RunOptions, check_index, run_options
from dslnas.language.link.overrides import parse_variation
from dslnas.launch import launched

MOST = 1000
"""Runs of a sweep; each is a folder."""


@click.command()
@spec_argument
@click.option(
    "--vary",
    "variations",
    metavar="PATH=A,B,...",
    multiple=True,
    required=True,
    shell_complete=completed("settings"),
    help="Values of a setting, as in search=darts,nasp or search.epochs=5,50. Repeatable: every "
    "value of one with every value of the others.",
)
@click.option(
    "--repeats",
    metavar="K",
    type=click.IntRange(1, MOST),
    help="Run every combination with K seeds, from --seed on.",
)
@click.option(
    "--run-index",
    metavar="I",
    type=click.IntRange(0, MOST - 1),
    help="With --out: only run I of them, counted from 0, as a job of an array does.",
)
@click.option(
    "--leave-out", is_flag=True, help="Leave out combinations that the spec does not take."
)
@place_options
@run_options
@set_option
@json_option
def sweep(
    spec: Path,
    variations: tuple[str, ...],
    repeats: int | None,
    run_index: int | None,
    leave_out: bool,
    where: PlaceOptions,
    options: RunOptions,
    overrides: tuple[str, ...],
    as_json: bool,
) -> None:
    """Search SPEC with every combination of some values, and put the results into one table.

    Every combination is a run in a folder of its own, with --repeats several, below one folder that
    has the table as sweep.json. The same command with the same --out goes on with the runs that are
    missing, and with --resume amid those that were interrupted or killed; values may be added.
    Combinations that `dslnas check` refuses are told before anything runs.
    """
    varied = _varied(variations)
    seeds = range(options.seed, options.seed + (repeats or 1))
    _check_usage(prod(map(len, varied.values())) * len(seeds), seeds, run_index, options)
    from dslnas.app.sweep import Sweep, points_of
    from dslnas.cli.render.sweep import sweep_text

    points, left_out = points_of(spec, varied, overrides, leave_out=leave_out)
    for mistake in left_out:
        say(f"Left out, {mistake.where}: {mistake.message}", err=True)
    with options.running(points[0].spec, quiet=as_json) as loop:
        only = None if run_index is None else (run_index,)
        runs = Sweep(
            points,
            seeds,
            options.out,
            repeated=repeats is not None,
            only=only,
            where=where.place(options.how),
            **loop,
        )
        try:
            runs.run()
        finally:  # what there is is printed when it is interrupted, too
            if as_json:
                print_json(runs.result.model_dump())
            else:
                say(sweep_text(runs.result, runs.path, runs.task))


def _varied(variations: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the values of every setting; refuse what is said twice."""
    varied: dict[str, tuple[str, ...]] = {}
    for path, values in map(parse_variation, variations):
        if path in varied:
            raise click.UsageError(f"--vary {path} is given twice: write all of its values in one")
        twice = next((value for n, value in enumerate(values) if value in values[:n]), None)
        if twice is not None:
            raise click.UsageError(f"--vary {path} has the value {twice} twice")
        varied[path] = values
    return varied


def _check_usage(
    number: int, seeds: Sequence[int], run_index: int | None, options: RunOptions
) -> None:
    """Refuse too many runs, seeds that are too large, and an index that no run has."""
    if not launched().is_alone:
        raise click.UsageError("a sweep is for one process: leave torchrun out")
    if number > MOST:
        raise click.UsageError(f"{number:,} runs are too many for one sweep, which has {MOST:,}")
    if seeds[-1] > LARGEST_SEED:
        raise click.UsageError(f"seeds go up to {LARGEST_SEED}: choose a smaller --seed")
    check_index("run-index", run_index, number, options)
