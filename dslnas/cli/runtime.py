"""Options that say how networks run: --device, --passes, --compile and --precision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
from click.core import ParameterSource

from dslnas.app.compile import Compiled
from dslnas.cli.options import device_option, torch_device

if TYPE_CHECKING:
    from dslnas.backends.torch.runtime import Precision, Runtime

PRECISIONS = ("float32", "bfloat16", "float64")
"""As `dslnas.backends.torch.runtime.Precision`."""

OPTIONS = ("device", "passes", "compile", "precision")

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class RuntimeOptions:
    """What the user says of how networks run, not yet looked at."""

    device: str
    passes: str
    compile: bool
    precision: str

    def runtime(self, compiled: Compiled) -> Runtime:
        """Return how the networks of a spec run.

        Raises:
            UsageError: Compiling is asked for, but cells are recurrent.
            UserError: NAS806 for an unknown pass, NAS012 if the device is not there, NAS013 if
                nothing can be compiled for it.
        """
        from dslnas.passes.manager import passes_named

        passes = passes_named(self.passes)
        if self.compile and compiled.graph.is_sequence:
            raise click.UsageError("--compile is for cells of images: recurrent ones run as always")
        device = torch_device(self.device)
        from dslnas.backends.torch.compiled import check_compiler
        from dslnas.backends.torch.runtime import Runtime

        if self.compile:
            check_compiler(device)
        return Runtime(device, passes, self.compile, cast("Precision", self.precision))


def runtime_options(command: _Command) -> _Command:
    """Add the four options; the command gets them as one argument, `how`."""

    @wraps(command)
    def gathering(**given: Any) -> object:
        how = RuntimeOptions(**{name: given.pop(name) for name in OPTIONS})
        return command(how=how, **given)

    options = (
        device_option,
        click.option(
            "--passes",
            metavar="NAMES",
            default="all",
            show_default=True,
            help="Passes that rewrite networks before they run, with commas: all, none, or some "
            "of those that `dslnas show SPEC --passes` lists.",
        ),
        click.option(
            "--compile", is_flag=True, help="Run cells by torch.compile; takes minutes to start."
        ),
        click.option(
            "--precision",
            type=click.Choice(PRECISIONS),
            default=PRECISIONS[0],
            show_default=True,
            help="Of training; bfloat16 is mixed with float32. Exports are float32.",
        ),
    )
    whole: Callable[..., Any] = gathering
    for option in reversed(options):
        whole = option(whole)
    return cast("_Command", whole)


def given_runtime_options() -> list[str]:
    """Return the names of those of the options that are on the command line."""
    source = click.get_current_context().get_parameter_source
    return [name for name in OPTIONS if source(name) is ParameterSource.COMMANDLINE]
