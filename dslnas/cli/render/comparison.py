"""What several runs of one spec come to, for people and for machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from dslnas.cli.render.summary import big, many
from dslnas.cli.render.tables import aligned
from dslnas.runs.architecture import Cells
from dslnas.runs.repeats import BASELINE, Outcome, Sample
from dslnas.runs.series import SUMMARY, run_name

Status: TypeAlias = Literal["running", "finished", "interrupted", "failed"]


@dataclass(frozen=True)
class Comparison:
    """The runs of one spec.

    Attributes:
        spec: Its name.
        spec_hash: Of its effective text.
        data: The source of the examples.
        path: The folder of all runs.
        seeds: Those that are wanted.
        status: How far it is.
        samples: What has been found: by the search, and by the baseline if there is one.
        errors: What went wrong in runs that failed.
    """

    spec: str
    spec_hash: str
    data: str
    path: Path
    seeds: tuple[int, ...]
    status: Status
    samples: tuple[Sample, ...]
    errors: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return the comparison as plain values."""
        return {
            "spec": self.spec,
            "spec_hash": self.spec_hash,
            "data": self.data,
            "status": self.status,
            "seeds": list(self.seeds),
            **dict(zip(("search", "baseline"), (s.as_json() for s in self.samples), strict=False)),
            "errors": list(self.errors),
        }


_Format: TypeAlias = Callable[[float], str]


def _share(value: float) -> str:
    return f"{value:.2%}"


def _whole(value: float) -> str:
    return big(round(value))


def _seconds(value: float) -> str:
    return f"{value:.0f} s"


def _number(value: float) -> str:
    return f"{value:.2f}"


_Column: TypeAlias = tuple[str, str, _Format]
"""Heading, quantity and how it is written."""

OF_IMAGES: tuple[_Column, ...] = (
    ("test", "test_accuracy", _share),
    ("validation", "validation_accuracy", _share),
)
OF_TEXT: tuple[_Column, ...] = (
    ("test ppl", "test_perplexity", _number),
    ("validation ppl", "validation_perplexity", _number),
    ("bits/char", "test_bits_per_character", _number),
)
OF_ALL: tuple[_Column, ...] = (
    ("parameters", "params", _whole),
    ("multiply-adds", "flops", _whole),
    ("search", "search_seconds", _seconds),
    ("training", "retrain_seconds", _seconds),
)


def comparison_text(comparison: Comparison) -> str:
    """Return tables of all runs, their cells, and where everything lies."""
    lines = ["", f"{comparison.spec} on {comparison.data}, {_seeds(comparison.seeds)}"]
    for sample in comparison.samples:
        lines += ["", *_table(sample, len(comparison.seeds))]
    if any(len(sample.outcomes) > 1 for sample in comparison.samples):
        is_text = any(sample.is_text for sample in comparison.samples)
        which = "Test perplexities" if is_text else "Test accuracies"
        lines += ["", f"sd: standard deviation of the sample (n - 1). {which} chose nothing."]
        if is_text:
            lines.append("ppl: perplexity, lower is better.")
    for sample in comparison.samples:
        if sample.outcomes:
            lines += ["", f"Cells of {_title(sample.method)}:"]
            for outcome in sample.outcomes:
                lines += _cell_lines(outcome.seed, outcome.cells)
    lines += ["", f"Files in {comparison.path}:"]
    lines.append(f"  {SUMMARY:<20} all of this for machines")
    for sample in comparison.samples:
        name = f"{run_name(sample.method, 'N')}/"
        lines.append(f"  {name:<20} {_title(sample.method)}, the run of seed N")
    return "\n".join(lines)


def _seeds(seeds: tuple[int, ...]) -> str:
    return f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"


def _title(method: str) -> str:
    return "random architectures" if method == BASELINE else method


def _table(sample: Sample, wanted: int) -> list[str]:
    remark = " (drawn from the same space, trained alike)" if sample.method == BASELINE else ""
    head = _title(sample.method) + remark
    if not sample.outcomes:
        return [f"{head}: no run has finished"]
    columns = (*(OF_TEXT if sample.is_text else OF_IMAGES), *OF_ALL)
    rows = [["seed", *(heading for heading, _, _ in columns)]]
    rows += [_row(outcome, columns) for outcome in sample.outcomes]
    rows.append(["mean", *(_shown(f, sample.mean(quantity)) for _, quantity, f in columns)])
    rows.append(["sd", *(_shown(f, sample.deviation(quantity)) for _, quantity, f in columns)])
    return [head, *(f"  {line}" for line in aligned(rows)), f"  {_remark(sample, wanted)}"]


def _row(outcome: Outcome, columns: Sequence[_Column]) -> list[str]:
    shown = (format_(outcome.values[quantity]) for _, quantity, format_ in columns)
    return [str(outcome.seed), *shown]


def _shown(format_: _Format, value: float | None) -> str:
    return "-" if value is None else format_(value)


def _remark(sample: Sample, wanted: int) -> str:
    n, best = len(sample.outcomes), sample.best
    assert best is not None, "of a sample with runs"
    runs = many(n, "run") if n == wanted else f"only {n} of {wanted} runs finished"
    return (
        f"{runs}, {many(sample.distinct, 'different architecture')}; "
        f"best by {sample.criterion.replace('_', ' ')}: seed {best.seed}"
    )


def _cell_lines(seed: int, cells: Cells) -> list[str]:
    lines = []
    for name, nodes in cells.items():
        terms = "; ".join(f"{node} = {text}" for node, text in nodes.items())
        lines.append(f"  seed {seed}   {name}: {terms}")
    return lines
