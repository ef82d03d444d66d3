"""The `dslnas` command and its exit codes.

0: fine. 1: the user's input is wrong. 2: wrong usage. 3: our fault, with a traceback.
130: interrupted.
"""

from __future__ import annotations

import sys
import traceback

import click

from dslnas.cli.check import check
from dslnas.cli.compile import compile_
from dslnas.cli.explain import explain
from dslnas.cli.export import export
from dslnas.cli.fmt import fmt
from dslnas.cli.show import show
from dslnas.diagnostics import UserError
from dslnas.runs.manifest import dslnas_version

OK, WRONG_INPUT, WRONG_USAGE, OUR_FAULT, INTERRUPTED = 0, 1, 2, 3, 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(dslnas_version(), prog_name="dslnas")
def cli() -> None:
    r"""Search neural architectures that a .nas file describes, and deploy what is found.

    \b
    dslnas compile spec.nas             what the spec means: cells, sizes, parameters
    dslnas compile spec.nas --search    search, retrain, export ONNX and Python
    """


for command in (check, fmt, show, compile_, export, explain):
    cli.add_command(command)


def run(arguments: list[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    try:
        code = cli.main(arguments, prog_name="dslnas", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return WRONG_USAGE
    except UserError as error:
        click.echo(error.render(), err=True)
        return WRONG_INPUT
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted; what was written before stays as it is", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output is gone: nothing is left to say
        return OK
    except Exception:  # the one place that may: everything else is a fault of dslnas
        click.echo("internal error in dslnas; please report it with this traceback:", err=True)
        click.echo(traceback.format_exc(), err=True)
        return OUR_FAULT
    return code if isinstance(code, int) else OK  # `--check` and `--json` exit without a message


def main() -> None:
    """Entry point of the console script."""
    sys.exit(run())
