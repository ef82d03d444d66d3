"""Text for people, printed so that names from data cannot garble it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dslnas.visible import visible_lines

if TYPE_CHECKING:
    from dslnas.app.run import Notice
    from dslnas.training.records import Line, StepRecord


def say(text: object, *, nl: bool = True, err: bool = False) -> None:
    """Print text with controls in it as escapes, on stdout or with `err` on stderr."""
    click.echo(visible_lines(str(text)), nl=nl, err=err)


def say_notice(record: Line | StepRecord | Notice) -> None:
    """Print a notice on stderr, and nothing else that a run reports."""
    from dslnas.app.run import Notice

    if isinstance(record, Notice):
        say(record.text, err=True)
