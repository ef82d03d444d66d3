"""Tables of several runs of one spec, for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from dslnas.app.show import big
from dslnas.cli.render.precisions import precisions_of_runs
from dslnas.cli.render.summary import many
from dslnas.cli.render.tables import aligned
from dslnas.runs.manifest import SUMMARY
from dslnas.runs.repeats import run_name
from dslnas.runs.summary import BASELINE, Outcome, Sample, Summary, best_run
from dslnas.tasks.task import Task

_Format: TypeAlias = Callable[[float], str]


def _whole(value: float) -> str:
    return big(round(value))


def _seconds(value: float) -> str:
    return f"{value:.0f} s"


_Column: TypeAlias = tuple[str, str, _Format]
"""Heading, quantity and how it is written."""

OF_ALL: tuple[_Column, ...] = (
    ("parameters", "params", _whole),
    ("multiply-adds", "flops", _whole),
    ("search", "search_seconds", _seconds),
    ("training", "retrain_seconds", _seconds),
)


def comparison_text(summary: Summary, folder: Path, task: Task) -> str:
    """Return tables of all runs, their cells, and the files in their folder."""
    lines = ["", f"{summary.spec} on {summary.data}, {_seeds(summary.seeds)}"]
    for sample in summary.samples:
        lines += ["", *_table(sample, len(summary.seeds), task)]
    if any(len(sample.runs) > 1 for sample in summary.samples):
        which = f"Test {task.metrics[0].plural}"
        lines += ["", f"sd: standard deviation of the sample (n - 1). {which} chose nothing."]
        if task.metrics[0].about:
            lines.append(task.metrics[0].about)
    if summary.paired is not None:
        lines += ["", summary.paired.text]
    for sample in summary.samples:
        lines += _precisions(sample, task)
    for sample in summary.samples:
        if sample.runs:
            lines += ["", f"Cells of {_title(sample.method)}:"]
            for outcome in sample.runs:
                lines += _cell_lines(outcome)
    lines += ["", f"Files in {folder}:"]
    lines.append(f"  {SUMMARY:<20} all of this for machines")
    for sample in summary.samples:
        name = f"{run_name(sample.method, 'N')}/"
        lines.append(f"  {name:<20} {_title(sample.method)}, the run of seed N")
    return "\n".join(lines)


def _seeds(seeds: tuple[int, ...]) -> str:
    return f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"


def _title(method: str) -> str:
    return "random architectures" if method == BASELINE else method


def _table(sample: Sample, wanted: int, task: Task) -> list[str]:
    remark = " (drawn from the same space, trained alike)" if sample.method == BASELINE else ""
    head = _title(sample.method) + remark
    if not sample.runs:
        return [f"{head}: no run has finished"]
    of_task = [(c.heading, c.quantity, c.shown) for c in task.columns]
    columns = [column for column in (*of_task, *OF_ALL) if column[1] in sample.mean]
    rows = [["seed", *(heading for heading, _, _ in columns)]]
    rows += [_row(outcome, columns) for outcome in sample.runs]
    rows.append(["mean", *(_shown(f, sample.mean[quantity]) for _, quantity, f in columns)])
    rows.append(["sd", *(_shown(f, sample.deviation[quantity]) for _, quantity, f in columns)])
    return [head, *(f"  {line}" for line in aligned(rows)), f"  {_remark(sample, wanted, task)}"]


def _precisions(sample: Sample, task: Task) -> list[str]:
    lines = [f"  {line}" for line in precisions_of_runs(sample.runs, task.metrics[0])]
    head = f"Precisions of the ONNX models of {_title(sample.method)}:"
    return ["", head, *lines] if lines else []


def _row(outcome: Outcome, columns: Sequence[_Column]) -> list[str]:
    shown = (format_(outcome.values[quantity]) for _, quantity, format_ in columns)
    return [str(outcome.seed), *shown]


def _shown(format_: _Format, value: float | None) -> str:
    return "-" if value is None else format_(value)


def _remark(sample: Sample, wanted: int, task: Task) -> str:
    n, best = sample.n, best_run(sample.runs, task)
    runs = many(n, "run") if n == wanted else f"only {n} of {wanted} runs finished"
    return (
        f"{runs}, {many(sample.distinct_architectures, 'different architecture')}; "
        f"best by {task.criterion.replace('_', ' ')}: seed {best.seed}"
    )


def _cell_lines(outcome: Outcome) -> list[str]:
    """Return the cells of a run, and what was chosen around them."""
    lines = []
    for name, nodes in outcome.cells.items():
        terms = "; ".join(f"{node} = {text}" for node, text in nodes.items())
        lines.append(f"  seed {outcome.seed}   {name}: {terms}")
    if outcome.network:
        chosen = "; ".join(f"{name} {text}" for name, text in outcome.network.items())
        lines.append(f"  seed {outcome.seed}   the network around them: {chosen}")
    return lines
