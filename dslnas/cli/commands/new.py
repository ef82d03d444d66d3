"""`dslnas new`: a first spec for somebody's data."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from os.path import exists
from pathlib import Path
from typing import Any

import click

from dslnas.app.new import (
    EFFORTS,
    SIDE,
    Answers,
    check_free,
    check_method,
    columns_of,
    has_many_numbers,
    next_commands,
    sources_at,
    without_numbers,
    write_spec,
)
from dslnas.cli.printing import say
from dslnas.cli.render.summary import many
from dslnas.diagnostics import UserError
from dslnas.ops.shapes import show_example

ABOUT = "quick takes minutes, thorough what the papers took"


@click.command()
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--data", metavar="DATA", help="Folder or file of the data, or a source as digits.")
@click.option("--source", metavar="SOURCE", help="Source that reads it, where several could.")
@click.option("--task", metavar="TASK", help="classification, multilabel or regression.")
@click.option("--target", metavar="COLUMN", help="Column of a table that is predicted.")
@click.option("--size", type=click.IntRange(4, 1024), help="Height and width of pictures.")
@click.option("--method", metavar="METHOD", default="", help="Search method, such as nasp.")
@click.option("--effort", type=click.Choice(EFFORTS), help=f"How much: {ABOUT}.")
def new(spec: Path, data: str | None, method: str, **given: Any) -> None:
    """Write a first SPEC for your data: look at them, and ask what they leave open.

    What the options leave open is asked in a terminal; elsewhere it is what is usual. The data
    are looked at: what reads them, columns, and how large a batch may be.
    """
    check_free(spec)
    check_method(method)
    asks = sys.stdin.isatty()
    if data is None:
        data = click.prompt("Data (a folder, a file, or digits)", "digits") if asks else "digits"
    if not data:
        raise click.UsageError("--data is empty: name a folder, a file or a source")
    known = sources_at(data)
    source = _chosen("source", "Data of", given["source"], known, known[0], asks=asks)
    path = "" if data == source and not exists(data) else data
    answers = Answers(source, path, method=method)
    _check_usage(answers, given)
    target, task, ignore = _predicted(answers, given["target"], given["task"], asks=asks)
    size = given["size"] or SIDE
    if given["size"] is None and asks and answers.model().is_resized:
        size = click.prompt("Height and width of pictures", SIDE, type=click.IntRange(4, 1024))
    effort = _chosen("effort", f"Effort ({ABOUT})", given["effort"], EFFORTS, "usual", asks=asks)
    answers = Answers(source, path, task, target, ignore, size, method, effort)  # type: ignore[arg-type]
    try:
        compiled = write_spec(spec, answers)
    except UserError:
        if exists(spec):
            say(f"{spec} is written, and does not run yet: mend it, or remove it", err=True)
        raise
    reads, outputs = show_example(compiled.network.example), compiled.network.classes
    say(f"{spec} is written: {source}, {reads or 'tokens'}, {many(outputs, 'output')}")
    for name in ignore:
        say(f"left out: column `{name}`, which holds texts; write classes in it as numbers")
    say("Next:")
    for line in next_commands(spec):
        say(f"  {line}")


def _check_usage(answers: Answers, given: Mapping[str, Any]) -> None:
    """Refuse options that mean nothing for these data."""
    meant = {
        "target": answers.has_target,
        "task": bool(answers.goals),
        "size": answers.model().is_resized,
    }
    for name, has in meant.items():
        if given[name] is not None and not has:
            raise click.UsageError(f"--{name} means nothing for data `{answers.source}`")


def _predicted(
    answers: Answers, target: str | None, task: str | None, *, asks: bool
) -> tuple[str, str, tuple[str, ...]]:
    """Return the column that is predicted and the task, "" for the usual; and what is not read."""
    usual, ignore = "", tuple[str, ...]()
    if answers.has_target:
        columns = columns_of(answers.path)
        names = list(columns)
        target = _chosen("target", "Column to predict", target, names, names[-1], asks=asks)
        usual = "regression" if has_many_numbers(columns[target]) else "classification"
        ignore = without_numbers(columns, target)
        target = "" if target == names[-1] else target
    if answers.goals:
        task = _chosen("task", "Task", task, answers.goals, usual or answers.goals[0], asks=asks)
    return target or "", task or "", ignore


def _chosen(
    option: str, what: str, given: str | None, known: Sequence[str], usual: str, *, asks: bool
) -> str:
    """Return what is given, else what is asked for where there is a choice, else the usual."""
    if given is None and asks and len(known) > 1:
        answer: str = click.prompt(what, usual, type=click.Choice(known))
        return answer
    if given is not None and given not in known:
        raise click.UsageError(f"--{option}: `{given}` is none of {', '.join(known)}")
    return given or usual
