"""Arguments and options that several commands share."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from dslnas.app.arguments import LARGEST_SEED
from dslnas.visible import visible_lines

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Completer: TypeAlias = "Callable[[click.Context, click.Parameter, str], list[CompletionItem]]"
"""Returns how an argument may go on that begins like this."""

ARGUMENTS = "dslnas.arguments"
"""Under this name click's `meta` has the arguments of the command line, as they were given."""

COMPLETE = "_DSLNAS_COMPLETE"
"""Set by the scripts of shells when they ask this program for completions."""

spec_argument = click.argument("spec", type=click.Path(path_type=Path))


def completed(what: str) -> Completer:
    """Return what completes an argument in a shell, from `dslnas.cli.completing` by its name."""

    def complete(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        find: Completer = getattr(import_module("dslnas.cli.completing"), what)
        return find(ctx, param, incomplete)

    return complete


set_option = click.option(
    "--set",
    "overrides",
    metavar="PATH=VALUE",
    multiple=True,
    shell_complete=completed("settings"),
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
    help="Continue the interrupted run in --out, where it was stored last.",
)


class _Minutes(click.FloatRange):
    """A number of minutes above 0: click takes NaN, which is not below any bound."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        minutes: float = super().convert(value, param, ctx)
        if math.isnan(minutes):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return minutes


checkpoint_option = click.option(
    "--checkpoint-minutes",
    metavar="MINUTES",
    type=_Minutes(0, min_open=True),
    help="Store searches and trainings so often, besides after every epoch.",
)


def given_arguments() -> Sequence[str]:
    """Return the command line that runs, without the name of the program."""
    arguments: Sequence[str] = click.get_current_context().meta[ARGUMENTS]
    return arguments


def print_json(value: object) -> None:
    """Print a value as JSON on stdout; as JSON escapes them, what its encoding or eyes lack."""
    is_unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    text = json.dumps(value, indent=2, ensure_ascii=not is_unicode)
    click.echo(text if visible_lines(text) == text else json.dumps(value, indent=2))
