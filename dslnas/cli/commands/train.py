"""`dslnas train`: an architecture that was found or written elsewhere, trained from scratch."""

from __future__ import annotations

from pathlib import Path

import click

from dslnas.app.compile import compile_spec, without_choices
from dslnas.app.compiled import Compiled
from dslnas.app.open_run import architecture_at
from dslnas.cli.options import completed, json_option, set_option
from dslnas.cli.run_options import RunOptions, run_options, train_and_print
from dslnas.language.link.used_names import mentioned


@click.command()
@click.argument(
    "architecture", type=click.Path(path_type=Path), shell_complete=completed("architectures")
)
@click.option(
    "--data",
    metavar="DATA",
    help="Folder or file of other data, a source such as digits, or a spec with a data section.",
)
@click.option("--channels", metavar="N", help="C, how wide the network is: evaluate.channels.")
@click.option("--repeat", metavar="N", help="N, how deep it is: evaluate.repeat.")
@click.option("--epochs", metavar="N", help="Passes over the training data: evaluate.epochs.")
@click.option("--batch", metavar="N", help="Examples in a step: evaluate.batch.")
@run_options
@set_option
@json_option
def train(
    architecture: Path,
    data: str | None,
    options: RunOptions,
    overrides: tuple[str, ...],
    as_json: bool,
    **sizes: str | None,
) -> None:
    """Train an ARCHITECTURE from scratch, measure and export it, on its data or on others.

    ARCHITECTURE is a .nas file without choices, the folder of a run, or the name of one in the
    library, such as cnn.darts_v2. It is trained as its `evaluate` says, in a new run; sizes of
    examples and the number of classes are those of the data.
    """
    given = [f"evaluate.{name}={value}" for name, value in sizes.items() if value is not None]
    spec = compile_spec(architecture_at(architecture), [*given, *overrides], data=data)
    if sizes["repeat"] is not None and not _repeats(spec):
        raise click.UsageError("--repeat changes nothing: `cells` of the network have no N")
    train_and_print(without_choices(spec, "trained"), options, as_json=as_json)


def _repeats(spec: Compiled) -> bool:
    """Whether the number of cells depends on N."""
    cells = spec.linked.given("network").get("cells")
    return cells is not None and "N" in mentioned(cells)
