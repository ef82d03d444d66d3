"""Options of commands that make a run, and running inside of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dslnas.app.runtime import RuntimeOptions
from dslnas.cli.options import (
    checkpoint_option,
    given_arguments,
    out_option,
    resume_option,
    seed_option,
)
from dslnas.cli.render.summary import many
from dslnas.cli.runtime import runtime_options
from dslnas.launch import launched

if TYPE_CHECKING:
    from dslnas.app.compiled import Compiled, CompiledArchitecture
    from dslnas.app.run import LoopOptions

OPTIONS = (out_option, resume_option, checkpoint_option, seed_option)


@dataclass(frozen=True)
class RunOptions:
    """Where a run goes, whether it goes on, its seed, and how its networks run."""

    out: Path | None
    resume: bool
    checkpoint_minutes: float | None
    seed: int
    how: RuntimeOptions

    @contextmanager
    def running(self, spec: Compiled, *, quiet: bool) -> Iterator[LoopOptions]:
        """Show the progress of a run of a spec that is made inside, and end it on signals."""
        from dslnas.app.run import LoopOptions
        from dslnas.cli.interruption import ending_on_signals
        from dslnas.cli.render.progress import progress

        quiet = quiet or not launched().writes
        with progress(quiet=quiet) as report, ending_on_signals(given_arguments()) as stop:
            yield LoopOptions(
                resume=self.resume,
                report=report,
                checkpoint_minutes=self.checkpoint_minutes,
                stop=stop,
                **self.how,
            )


def run_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options; the command gets them as one argument, `options`."""

    @wraps(command)
    def gathering(**given: Any) -> object:
        own = {name: given.pop(name) for name in RunOptions.__annotations__}
        if own["resume"] and own["out"] is None:
            raise click.UsageError("--resume needs --out: the folder of the run to continue")
        return command(options=RunOptions(**own), **given)

    whole: Callable[..., object] = runtime_options(gathering)
    for option in reversed(OPTIONS):
        whole = option(whole)
    return whole


def check_index(name: str, index: int | None, number: int, options: RunOptions) -> None:
    """Refuse the index of one of so many runs that there is not, or that has no folder for all."""
    if index is None:
        return
    if options.out is None:
        raise click.UsageError(f"--{name} needs --out: the folder of all the runs")
    if index >= number:
        message = f"--{name} goes from 0 to {number - 1}: {many(number, 'run')} in all"
        raise click.UsageError(message)


def train_and_print(spec: CompiledArchitecture, options: RunOptions, *, as_json: bool) -> None:
    """Train and export an architecture, and print what it came to."""
    from dslnas.app.pipeline import run_pipeline
    from dslnas.cli.render.report import print_run

    with options.running(spec, quiet=as_json) as loop:
        run = run_pipeline(spec, options.out, seed=options.seed, **loop)
    if launched().writes:
        print_run(run, as_json=as_json)
