"""The table of a sweep, for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from dslnas.cli.render.comparison import OF_ALL
from dslnas.cli.render.summary import many
from dslnas.cli.render.tables import aligned
from dslnas.runs.summary import best_run
from dslnas.runs.sweep_table import SWEEP, Combination, SweepTable
from dslnas.tasks.task import Task

ABSENT = "-"
TIMES = {"search": "searched", "training": "trained"}
"""Headings of times here, where `search` is that of the method."""

_Column: TypeAlias = tuple[str, str, Callable[[float], str]]


def sweep_text(table: SweepTable, folder: Path, task: Task) -> str:
    """Return a table with a row for every combination, and what its columns are."""
    columns: list[_Column] = [(c.heading, c.quantity, c.shown) for c in task.columns]
    columns += [(TIMES.get(head, head), quantity, shown) for head, quantity, shown in OF_ALL]
    known = {q for one in table.combinations for q in one.sample.mean}
    columns = [column for column in columns if column[1] in known]
    repeated = len(table.seeds) > 1
    heads = (*table.varied, *(("runs",) if repeated else ()), *(head for head, _, _ in columns))
    rows = [heads, *(_row(one, columns, repeated) for one in table.combinations)]
    many_of = f"{many(len(table.combinations), 'combination')}"
    lines = ["", f"{table.spec}, {many_of}, {_seeds(table.seeds)}", ""]
    lines += [f"  {line}" for line in aligned(rows, left=tuple(table.varied))]
    lines += ["", *_remarks(table, task)]
    lines += ["", f"Files in {folder}:", f"  {SWEEP:<20} all of this for machines"]
    named = table.combinations[0].folder
    lines.append(f"  {f'{named}/':<20} the {'runs' if repeated else 'run'} of a combination")
    lines.append("  `dslnas status` and `dslnas compare` take the folder, too")
    return "\n".join(lines)


def _row(one: Combination, columns: Sequence[_Column], repeated: bool) -> tuple[str, ...]:
    counted = (str(one.sample.n),) if repeated else ()
    return (*one.values.values(), *counted, *(_cell(one, column) for column in columns))


def _cell(one: Combination, column: _Column) -> str:
    """Return the mean of a quantity, with its deviation where there are several runs."""
    _, quantity, shown = column
    if quantity not in one.sample.mean:
        return ABSENT
    text = shown(one.sample.mean[quantity])
    deviation = one.sample.deviation[quantity]
    return text if deviation is None else f"{text} ± {shown(deviation)}"


def _remarks(table: SweepTable, task: Task) -> Iterator[str]:
    wanted = len(table.combinations) * len(table.seeds)
    done = sum(one.sample.n for one in table.combinations)
    if done < wanted:
        yield f"only {done} of {many(wanted, 'run')} finished"
    runs = {run.folder: run for one in table.combinations for run in one.sample.runs}
    if len(table.seeds) > 1:
        yield "Means of the runs ± standard deviation of the sample (n - 1)."
    elif runs and not any(path.split(".")[0] == "data" for path in table.varied):
        best = best_run(list(runs.values()), task)
        yield f"Best by {task.criterion.replace('_', ' ')}: {best.folder}"


def _seeds(seeds: Sequence[int]) -> str:
    return f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]} each"
