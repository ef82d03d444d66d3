"""Arguments and options that several commands share."""

from __future__ import annotations

import json
from pathlib import Path

import click

from dslnas.app.arguments import LARGEST_SEED

spec_argument = click.argument("spec", type=click.Path(path_type=Path))

set_option = click.option(
    "--set",
    "overrides",
    metavar="PATH=VALUE",
    multiple=True,
    help="Override a value of the spec, as in search.epochs=5 or search=nasp. Repeatable.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")

seed_option = click.option(
    "--seed",
    type=click.IntRange(0, LARGEST_SEED),
    default=0,
    show_default=True,
    help="Seed of everything random: same seed, same machine, same result.",
)

out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the results; by default a new one below exported/.",
)

resume_option = click.option(
    "--resume",
    is_flag=True,
    help="Continue the interrupted run in --out, after its last whole epoch of training.",
)


def check_resume(resume: bool, out: Path | None) -> None:
    """Refuse to go on with a run that is not named."""
    if resume and out is None:
        raise click.UsageError("--resume needs --out: the folder of the run to continue")


def print_json(value: object) -> None:
    """Print a value as JSON on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
