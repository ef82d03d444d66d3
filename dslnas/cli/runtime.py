"""Options that say how networks run: --device, --passes, --compile and --precision."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, get_args

import click
from click.core import ParameterSource

from dslnas.app.compile import Compiled
from dslnas.app.runtime import RuntimeOptions
from dslnas.settings.precision import Precision

PRECISIONS = get_args(Precision)

OPTIONS = tuple(RuntimeOptions.__annotations__)

CHOICES = (
    click.option("--device", default="cpu", show_default=True, help="cpu, cuda or cuda:N."),
    click.option(
        "--passes",
        metavar="NAMES",
        default="all",
        show_default=True,
        help="Passes that rewrite networks before they run, with commas: all, none, or some "
        "of those for which `dslnas show SPEC --passes` counts nodes.",
    ),
    click.option(
        "--compile", is_flag=True, help="Run cells by torch.compile; takes minutes to start."
    ),
    click.option(
        "--precision",
        type=click.Choice(PRECISIONS),
        default=PRECISIONS[0],
        show_default=True,
        help="Precision of training; bfloat16 is mixed with float32. Exports are float32.",
    ),
)


def runtime_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add the four options; the command gets them as one argument, `how`."""

    @wraps(command)
    def gathering(**given: Any) -> object:
        how = {name: given.pop(name) for name in OPTIONS}
        return command(how=how, **given)

    whole: Callable[..., object] = gathering
    for option in reversed(CHOICES):
        whole = option(whole)
    return whole


def check_compile(how: RuntimeOptions, spec: Compiled) -> None:
    """Refuse --compile where nothing would be compiled."""
    if how.get("compile") and spec.graph.is_sequence:
        raise click.UsageError("--compile is for cells of images: recurrent ones run as always")


def given_runtime_options() -> list[str]:
    """Return the names of those of the options that are on the command line."""
    source = click.get_current_context().get_parameter_source
    return [name for name in OPTIONS if source(name) is ParameterSource.COMMANDLINE]
