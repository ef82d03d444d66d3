"""The end of a run, told to people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from os.path import exists
from pathlib import Path

from dslnas.app.run import Run
from dslnas.app.show import big
from dslnas.cli.options import print_json
from dslnas.cli.printing import say
from dslnas.cli.render.agreement import agreement_rows
from dslnas.cli.render.onnx_models import latency_rows, runtime_rows
from dslnas.cli.render.precisions import precision_lines
from dslnas.cli.render.search_check import check_text
from dslnas.cli.render.tables import aligned
from dslnas.diagnostics import command
from dslnas.report.reading import RunRecord
from dslnas.runs.described import described_files
from dslnas.runs.family import criterion_of
from dslnas.runs.folder import ARCHITECTURE
from dslnas.runs.manifest import Manifest, Measure, Member, Results
from dslnas.tasks.metric import Row, Shown, ShownEach
from dslnas.tasks.task import Task

MOST_CLASSES = 10
"""Classes up to which it is printed which was taken for which."""


def print_run(run: Run, *, as_json: bool) -> None:
    """Print the end of a run: its manifest for machines, or a report for people."""
    if as_json:
        print_json(run.manifest.model_dump())
    else:
        say(report_text(RunRecord(run.path, run.manifest)))


def report_text(run: RunRecord) -> str:
    """Return what a run found, and where it lies."""
    folder, manifest, task = run.path, run.manifest, run.task
    results = manifest.results
    lines = ["", _times(results)]
    if results.search_stopped is not None:
        lines.append(f"The search ended early: {results.search_stopped}.")
    if results.search_epoch is not None:
        lines.append(f"The architecture is that of epoch {results.search_epoch}.")
    if results.search_check is not None:
        lines.append(check_text(results.search_check))
    lines += results.doubts
    lines += [*(f"warning: {warning}" for warning in manifest.warnings), ""]
    facts = _facts(manifest, task)
    width = max(20, *(len(label) for label, _, _ in facts))
    for label, value, remark in facts:
        lines.append(f"  {label:<{width}} {value:<12} {remark}".rstrip())
    lines += _confusion(results.measures.get(task.confusion))
    precisions = list(precision_lines(results.precisions, task.metrics[0]))
    lines += ["", *precisions] if precisions else []
    lines += _architecture(run)
    if results.family:
        lines += ["", *_family(results.family, folder, task)]
    lines += ["", f"Files in {folder}:"]
    for name, meaning in described_files(folder, task).items():
        lines.append(f"  {name:<20} {meaning}")
    if exists(folder / ARCHITECTURE):
        again = command("train", folder / ARCHITECTURE)
        lines += ["", "The cells can be trained again, as they are or with options:", f"  {again}"]
    return "\n".join(lines)


def _confusion(counts: Measure | None) -> Iterator[str]:
    """Yield which class was taken for which, where the classes are few and some are mistaken."""
    if not isinstance(counts, dict) or not 0 < len(counts) <= MOST_CLASSES:
        return
    rows = [("", *counts)]
    for name, found in counts.items():
        if not isinstance(found, dict):  # somebody changed it
            return
        rows.append((name, *(str(found.get(said, 0)) for said in counts)))
    yield from ("", "Test examples by class (rows) and by what they were taken for (columns):")
    yield from (f"  {line}" for line in aligned(rows, left=("",)))


def _architecture(run: RunRecord) -> Iterator[str]:
    """Yield the cells of a run, and what was chosen around them."""
    is_found = run.manifest.results.search_seconds is not None
    if run.cells:
        yield from ("", "The cells that were found:" if is_found else "The cells:")
    for name, nodes in run.cells.items():
        yield f"  {name}"
        yield from (f"    {node} = {terms}" for node, terms in nodes.items())
    if run.network:
        yield from ("", "The network around them:")
        yield from (f"  {name:<9} {text}" for name, text in run.network.items())


def _times(results: Results) -> str:
    train = results.retrain_seconds
    if results.search_seconds is not None:
        return f"Searched for {results.search_seconds:.0f} s, then trained for {train:.0f} s."
    return f"Trained for {train:.0f} s."


def _family(members: Sequence[Member], folder: Path, task: Task) -> list[str]:
    criterion = criterion_of(task)
    form = next(column.format for column in task.columns if column.quantity == task.criterion)
    rows = [("convolutions", "epoch", "parameters", "validation", "file")]
    for member in members:
        sizes = ", ".join(f"{cell} {size}" for cell, size in member.convolutions.items())
        value = format(member.measures[criterion], form) if criterion in member.measures else ""
        rows.append((sizes, str(member.epoch), f"{member.params:,}", value, member.file))
    return [
        f"The best of every size, with the supernet's {task.metrics[0].name}; "
        f"`{command('train', folder / members[-1].file)}` trains the last:",
        *(f"  {line}" for line in aligned(rows, left=("convolutions", "file"))),
    ]


def _facts(manifest: Manifest, task: Task) -> list[tuple[str, str, str]]:
    results, example = manifest.results, task.example
    facts = [*_rows(task.rows, results.measures)]
    facts += [
        ("parameters", f"{results.params:,}", ""),
        ("multiply-adds", big(results.flops), f"per {example}"),
    ]
    facts += latency_rows(results.latency, example)
    facts += agreement_rows(results.relative_difference, manifest.settings.export.tolerance)
    facts += runtime_rows(results.onnx)
    return facts


def _rows(rows: Sequence[Row], measures: Mapping[str, Measure]) -> Iterator[tuple[str, str, str]]:
    """Fill rows in; those whose measures were not taken are left out."""
    shown = {name: _shown(measure) for name, measure in measures.items()}
    for row in rows:
        with suppress(LookupError, TypeError, ValueError):
            yield row.label, row.value.format(**shown), row.remark.format(**shown)


def _shown(measure: Measure) -> object:
    """Return a measure as people read it; counts stay as they are."""
    if isinstance(measure, float):
        return Shown(measure)
    if not isinstance(measure, dict):
        return measure
    shares = {name: value for name, value in measure.items() if isinstance(value, float)}
    return ShownEach(shares) if shares else measure
