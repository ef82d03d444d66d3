"""Options that say how networks run, from --device to --batch-norm."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, get_args

import click
from click.core import ParameterSource

from dslnas.app.runtime import RuntimeOptions
from dslnas.settings.precision import AnyExecution, AnyPrecision, BatchNorm

PRECISIONS, EXECUTIONS = get_args(AnyPrecision), get_args(AnyExecution)
NORMS = get_args(BatchNorm)

OPTIONS = tuple(RuntimeOptions.__annotations__)

CHOICES = (
    click.option(
        "--device",
        metavar="DEVICE",
        default="cpu",
        show_default=True,
        help="Where networks run: cpu, cuda or cuda:N.",
    ),
    click.option(
        "--passes",
        metavar="NAMES",
        default="all",
        show_default=True,
        help="Passes that rewrite networks before they run, without changing what they compute: "
        "all, none, all - NAME, or with commas some of those for which `dslnas show SPEC --passes` "
        "counts nodes.",
    ),
    click.option(
        "--execution",
        type=click.Choice(EXECUTIONS),
        default=EXECUTIONS[0],
        show_default=True,
        help="How training steps run: primitive by primitive, cells by torch.compile, which takes "
        "minutes to start, as CUDA graphs, or both; auto measures what is best.",
    ),
    click.option(
        "--precision",
        type=click.Choice(PRECISIONS),
        default=PRECISIONS[0],
        show_default=True,
        help="Precision of training; bfloat16 is mixed with float32, and tf32 rounds what a GPU "
        "multiplies. Exports are float32.",
    ),
    click.option(
        "--batch-norm",
        type=click.Choice(NORMS),
        default=NORMS[0],
        show_default=True,
        help="Where several processes (torchrun) train a network, whether batch norm takes its "
        "statistics from the whole batch, as one process would, or each from its part, faster.",
    ),
)


def runtime_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options; the command gets them as one argument, `how`."""

    @wraps(command)
    def gathering(**given: Any) -> object:
        how = {name: given.pop(name) for name in OPTIONS}
        return command(how=how, **given)

    whole: Callable[..., object] = gathering
    for option in reversed(CHOICES):
        whole = option(whole)
    return whole


def given_runtime_options() -> list[str]:
    """Return the names of those of the options that are on the command line."""
    source = click.get_current_context().get_parameter_source
    return [name for name in OPTIONS if source(name) is ParameterSource.COMMANDLINE]
