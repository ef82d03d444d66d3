"""The `dslnas` command and its exit codes.

0: fine. 1: the user's input is wrong. 2: wrong usage. 3: our fault, with a traceback.
130: interrupted by Ctrl-C. 75: by another signal; the same command with --resume goes on.
141: the reader of its output is gone, as in `dslnas show SPEC | head -1`.
"""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

import click

from dslnas.cli.options import ARGUMENTS, COMPLETE
from dslnas.cli.printing import say
from dslnas.cli.streams import drop, has_reader, take_streams
from dslnas.data.progress import telling_of_reading
from dslnas.diagnostics import UserError, user_error
from dslnas.shortage import shortage
from dslnas.spelling import did_you_mean

# Looking for plugins of pydantic reads the metadata of every installed package.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

OK, WRONG_INPUT, OUR_FAULT, INTERRUPTED, STOPPED, UNREAD = 0, 1, 3, 130, 75, 141

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGXCPU")
SIGNALS = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
"""Signals that end a command early, as far as this system has them."""


# Where every command is, in the order in which one needs them; imported when it is called, so that
# each starts as fast as it can.
COMMANDS = {
    "new": "new",
    "check": "check",
    "fmt": "fmt",
    "show": "show",
    "data": "data",
    "estimate": "estimate_",
    "compile": "compile_",
    "sweep": "sweep",
    "status": "status",
    "report": "report",
    "compare": "compare",
    "tensorboard": "tensorboard",
    "train": "train",
    "export": "export",
    "predict": "predict",
    "convert": "convert",
    "draw": "draw",
    "lsp": "lsp",
    "loops": "loops",
    "schema": "schema",
    "completion": "completion",
    "grammar": "grammar",
    "explain": "explain",
}


class Unread(click.ClickException):
    """The reader of our output is gone; a shell has the same exit code of others (SIGPIPE)."""

    exit_code = UNREAD

    def show(self, file: IO[Any] | None = None) -> None:
        """Say nothing: nobody wants to know more."""


@contextmanager
def _ending_with_its_reader() -> Iterator[None]:
    """End a command inside of this if its output has no reader: click would call that a mistake."""
    try:
        yield
    except BrokenPipeError as error:
        if has_reader(sys.stdout):
            raise RuntimeError("the other end of a pipe is closed") from error
        drop(sys.stdout)
        raise Unread("") from None


class LazyGroup(click.Group):
    """Commands by name, each in the module of its name."""

    def make_context(self, *args: Any, **named: Any) -> click.Context:
        """Read the arguments; some of them, such as `--help`, print something."""
        with _ending_with_its_reader():
            return super().make_context(*args, **named)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that the arguments name."""
        with _ending_with_its_reader():
            return super().invoke(ctx)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the arguments as they were given: `ctx.meta` is that of the command, too."""
        if any("\0" in argument for argument in args):  # from Python: no shell passes one on
            ctx.fail("An argument has a NUL character, and no name of a file may.")
        ctx.meta[ARGUMENTS] = tuple(args)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the first sentence of every command, whole: click cuts it at the line's end."""
        found = ((name, self.get_command(ctx, name)) for name in COMMANDS)
        told = [(name, each.get_short_help_str(sys.maxsize)) for name, each in found if each]
        with formatter.section("Commands"):
            formatter.write_dl(told)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name; where there is none, tell the nearest."""
        name = args[0]
        near = "" if name in COMMANDS or name.startswith("-") else did_you_mean(name, COMMANDS)
        if near:
            ctx.fail(f"No such command '{name}'; {near}")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"dslnas.cli.commands.{cmd_name}")
        command: click.Command = getattr(module, COMMANDS[cmd_name])
        return command


def _print_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        from dslnas.cli.render.environment import environment_text

        click.echo(environment_text())
        ctx.exit()


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and what it runs on, and exit.",
)
def cli() -> None:
    """Search neural architectures that a .nas file describes, and deploy what is found.

    \b
    dslnas new spec.nas --data photos          write a first spec for your data
    dslnas compile spec.nas                    what the spec means: cells, sizes, parameters
    dslnas compile spec.nas --search           search, train, export ONNX and Python
    dslnas train cnn.darts_v2 --data photos    train and export a published cell
    dslnas predict RUN photo.jpg               label a picture with what was exported
    """  # noqa: D301 - click must see the mark itself, which keeps the lines apart
    telling = telling_of_reading(partial(say, err=True))
    click.get_current_context().with_resource(telling)


def run(arguments: list[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    if COMPLETE in os.environ:
        importlib.import_module("dslnas.cli.completing")  # Bash has a way of its own
    try:
        code = cli.main(arguments, prog_name="dslnas", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except UserError as error:
        click.echo(f"{_whose()}{error.render()}", err=True)
        return WRONG_INPUT
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted; what was written before stays as it is", err=True)
        return INTERRUPTED
    except Exception as error:  # the one place that may: all else is a fault of dslnas
        told = _full_disk(error) or _no_folder(error) or shortage(error)
        if told is not None:
            click.echo(str(told), err=True)
            return WRONG_INPUT
        click.echo("internal error in dslnas; please report it with this traceback:", err=True)
        click.echo(traceback.format_exc(), err=True)
        return OUR_FAULT
    return code if isinstance(code, int) else OK  # `--check` and `--json` exit without a message


def _whose() -> str:
    """Return what begins a message of one of several processes."""
    from dslnas.launch import launched

    with suppress(UserError):
        launch = launched()
        return "" if launch.is_alone else f"[rank {launch.rank}] "
    return ""


def _full_disk(error: Exception) -> Exception | None:
    """Return the error for output that there is no space for; None for another."""
    from dslnas.files import cannot_write, is_full
    from dslnas.regular import reason_of

    if not isinstance(error, OSError) or not is_full(error):
        return None
    if error.filename:
        return cannot_write(Path(error.filename), error, "write it elsewhere")
    message = f"cannot be written: {reason_of(error)}"
    help = "free some space, or write it elsewhere"
    return user_error("NAS021", message, where="<stdout>", help=help)


def _no_folder(error: Exception) -> Exception | None:
    """Return the error for a folder that was removed under the shell in it; None for another."""
    try:
        os.getcwd()
    except OSError as gone:
        if isinstance(error, type(gone)):
            message, help = "the folder of this shell is gone", "go to another with `cd`"
            return user_error("NAS001", message, where=".", help=help)
    return None


def main() -> None:
    """Entry point of the console script."""
    take_streams()
    # Compiling makes many small objects that all stay: collecting them is a fifth of a short
    # command. `dslnas.cli.render.progress` turns it on again for a training.
    gc.disable()
    code = run()
    if code in (INTERRUPTED, STOPPED):  # all is stored: another signal must not change the code
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
    gc.freeze()  # else Python looks for cycles in everything once more on its way out
    sys.exit(code)
