"""`dslnas data`: what a spec reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dslnas.cli.options import json_option, print_json, set_option, spec_argument
from dslnas.cli.printing import say
from dslnas.cli.render.tables import aligned

if TYPE_CHECKING:
    from dslnas.app.data_report import DataReport
    from dslnas.data.pictures import PictureFacts

SHOWN, MEMBERS = 20, 6
"""Groups of equal examples that are printed, and examples of each."""


@click.command()
@spec_argument
@set_option
@json_option
def data(spec: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Count what the data of SPEC hold: classes by part, sizes, what is damaged or there twice.

    All is read as runs will see it. What is done to pictures, what is left out and what is in two
    parts is told, too.
    """
    from dslnas.app.data_report import report_data

    report = report_data(spec, overrides)
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        say("\n".join(_lines(report)))


def _lines(report: DataReport) -> Iterator[str]:
    """Yield the report for people."""
    of = f" of {report.path}" if report.path else ""
    yield f"{report.spec}: data {report.source}{of}"
    yield f"{report.example}: {report.reads}"
    yield ""
    yield from aligned([*_table(report)], left=("",))
    yield ""
    if report.majority is not None:
        yield f"always the most frequent class: {report.majority:.1%} of those that train"
    if report.pictures is not None:
        yield from _pictures(report.pictures, leaves_out=report.leaves_out)
    for name, part in report.parts.items():
        if part.doubled:
            yield f"{part.doubled} of {part.examples} of {name} read the same as others of it"
    for names, count in report.common.items():
        first, second = names.split(", ")
        yield f"{count} of {second} read the same as some of {first}"
    yield from _equal(report)
    for note in report.notes:
        yield f"note: {note}"


def _equal(report: DataReport) -> Iterator[str]:
    """Yield the first examples that are the same."""
    for group in report.equal[:SHOWN]:
        named = [f"{one.name} ({one.part})" for one in group[:MEMBERS]]
        more = f" and {len(group) - MEMBERS:,} more" if len(group) > MEMBERS else ""
        yield f"equal: {', '.join(named)}{more}"
    if len(report.equal) > SHOWN:
        yield f"equal: {len(report.equal) - SHOWN:,} more groups, which `--json` lists"


def _table(report: DataReport) -> Iterator[tuple[str, ...]]:
    """Yield the counts, a column for each part and one for all."""
    parts = report.parts.values()
    yield ("", *report.parts, "all")
    for name in report.parts["weights"].counts:
        numbers = [part.counts[name] for part in parts]
        yield (name, *(f"{number:,}" for number in (*numbers, sum(numbers))))
    numbers = [part.examples for part in parts]
    yield ("examples", *(f"{number:,}" for number in (*numbers, sum(numbers))))


def _pictures(facts: PictureFacts, *, leaves_out: bool) -> Iterator[str]:
    """Yield the sizes of the files of pictures, and the files that cannot be read."""
    found = (facts.smallest, facts.median, facts.largest)
    shown = [f"{height} x {width}" for height, width in found]
    sizes = f"{shown[0]} to {shown[2]}, {shown[1]} in the middle" if len({*shown}) > 1 else shown[0]
    yield f"pictures, height x width: {sizes}"
    for name, why in facts.damaged.items():
        yield f"cannot be read: {name} {why}"
    if facts.damaged:
        yield (
            "  runs leave them out, as `skip damaged` says"
            if leaves_out
            else "  a run refuses them, or leaves them out with `skip damaged`"
        )
