"""Runs side by side, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dslnas.cli.render.tables import aligned
from dslnas.report.comparison import ABSENT, Compared, Comparison, Difference

BEST = "*"


def side_by_side(comparison: Comparison) -> str:
    """Return what differs between runs, then what they came to, the best of it marked."""
    names = comparison.names
    lines = [
        *_differences("Spec", comparison.spec, names),
        *_differences("How they were made", comparison.making, names),
        *_differences("Cells", comparison.cells, names),
    ]
    if comparison.results:
        rows = [("", *names), *(_row(line) for line in comparison.results)]
        lines += [f"Results, the best marked {BEST}", *aligned(rows, left=("",))]
    return "\n".join(lines)


def _differences(heading: str, all_: Sequence[Difference], names: Sequence[str]) -> Iterator[str]:
    if not all_:
        yield from (f"{heading}: nothing differs", "")
        return
    width = max(map(len, names))
    yield heading
    for difference in all_:
        yield f"  {difference.name}"
        for name, value in zip(names, difference.values, strict=True):
            yield f"    {name:<{width}}  {value}"
    yield ""


def _row(line: Compared) -> tuple[str, ...]:
    values = (
        ABSENT if value is None else f"{value.text}{f' {BEST}' if place in line.best else '  '}"
        for place, value in enumerate(line.values)
    )
    return line.name, *values
