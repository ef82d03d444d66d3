"""Arguments and options that several commands share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from dslnas.app.arguments import LARGEST_SEED

_Command = TypeVar("_Command", bound=Callable[..., Any])


def spec_argument(command: _Command) -> _Command:
    """Add SPEC."""
    return click.argument("spec", type=click.Path(path_type=Path))(command)


def set_option(command: _Command) -> _Command:
    """Add --set, which may be given many times."""
    return click.option(
        "--set",
        "overrides",
        metavar="PATH=VALUE",
        multiple=True,
        help="Override a value of the spec, as in search.epochs=5 or search=nasp. Repeatable.",
    )(command)


def json_option(command: _Command) -> _Command:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(command)


def seed_option(command: _Command) -> _Command:
    """Add --seed."""
    return click.option(
        "--seed",
        type=click.IntRange(0, LARGEST_SEED),
        default=0,
        show_default=True,
        help="Seed of everything random: same seed, same machine, same result.",
    )(command)


def device_option(command: _Command) -> _Command:
    """Add --device."""
    return click.option("--device", default="cpu", show_default=True, help="cpu, cuda or cuda:N.")(
        command
    )


def out_option(command: _Command) -> _Command:
    """Add --out."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder for the results; by default a new one below exported/.",
    )(command)


def resume_option(command: _Command) -> _Command:
    """Add --resume."""
    return click.option(
        "--resume",
        is_flag=True,
        help="Continue the interrupted run in --out, after its last whole epoch of training.",
    )(command)


def check_resume(resume: bool, out: Path | None) -> None:
    """Refuse to go on with a run that is not named."""
    if resume and out is None:
        raise click.UsageError("--resume needs --out: the folder of the run to continue")


def print_json(value: object) -> None:
    """Print a value as JSON on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
