"""A report on a run as data: what it shows, in order, each part only where it is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dslnas.report.choices import Choices, choices_of
from dslnas.report.curves import monitor_charts, search_charts, training_charts
from dslnas.report.deployment import Table, exported, precisions
from dslnas.report.figures.dots import Among, Dots
from dslnas.report.figures.lines import Chart
from dslnas.report.figures.matrix import MOST_CLASSES, Matrix
from dslnas.report.numbers import (
    Number,
    Pieces,
    in_manifest,
    in_metrics,
    rows_filled,
)
from dslnas.report.overview import Tile, environment, in_short, tiles
from dslnas.report.reading import RunRecord
from dslnas.report.search_result import check_of, family_of
from dslnas.space.architecture import Architecture
from dslnas.space.search_space import SearchSpace
from dslnas.tasks.mistakes import MOST, Mistake


@dataclass(frozen=True)
class Report:
    """A report.

    Attributes:
        name: Name of the spec.
        told: Sentences on the run.
        tiles: The numbers that matter most.
        doubts: Sentences on doubts.
        left_out: Files that are damaged, a line for each.
        choices: The choices of the search.
        cells: The cells that were found, by name the lines of their nodes.
        architecture: The architecture that was found; None where it cannot be drawn.
        search: Curves of the search.
        monitor: Curves that say how the search stood.
        check: The result of the search beside random architectures, with a sentence.
        family: Quality against size of a family, and its table.
        training: Curves of the training.
        results: Label, value and remark of every result of the trained network.
        confusion: Counts of which class was taken for which.
        confused: The pairs of classes that are confused most, of classes too many to draw.
        mistake_title: Heading of the mistakes.
        mistakes: The worst of them.
        mistake_count: How many there are.
        pictures: Pictures of them as PNG, by the rows of the predictions.
        precisions: The precisions of the model, with remarks.
        exported: Tables on the exported files, each with its heading.
        environment: Names and values of everything that the run was made with.
        spec: The effective spec.
        epochs: By stage, all numbers of all epochs.
    """

    name: str
    told: str
    tiles: tuple[Tile, ...]
    doubts: tuple[str, ...]
    left_out: tuple[str, ...]
    choices: Choices | None
    cells: Mapping[str, tuple[str, ...]]
    architecture: Architecture | None
    search: tuple[Chart, ...]
    monitor: tuple[Chart, ...]
    check: tuple[Among, str] | None
    family: tuple[Dots | None, Table] | None
    training: tuple[Chart, ...]
    results: tuple[tuple[str, Pieces, Pieces], ...]
    confusion: Matrix | None
    confused: Table | None
    mistake_title: str
    mistakes: tuple[Mistake, ...]
    mistake_count: int
    pictures: Mapping[int, bytes]
    precisions: tuple[Table | None, tuple[str, ...]]
    exported: tuple[tuple[str, Table], ...]
    environment: tuple[tuple[str, str], ...]
    spec: str
    epochs: Mapping[str, Table]

    @property
    def sections(self) -> tuple[tuple[str, str], ...]:
        """The parts that are there: name and heading of each."""
        parts = (
            ("cells", "Cells", self.choices or self.cells),
            ("choices", "How they were chosen", self.choices),
            ("search", "Search", self.search),
            ("monitor", "Collapse monitor", self.monitor),
            ("family", "Quality against size", self.family),
            ("training", "Final training", self.training),
            ("results", "Results", self.results or self.confusion or self.mistakes),
            ("deployment", "Deployment", self.exported),
            ("making", "Spec and environment", True),
            ("numbers", "All numbers", self.epochs),
        )
        return tuple((name, heading) for name, heading, what in parts if what)


def report_of(
    run: RunRecord, space: SearchSpace | None = None, found: Architecture | None = None
) -> Report:
    """Return the report on a run.

    Args:
        run: The run.
        space: That of its spec, where it searches one.
        found: The architecture that it found, to draw it.
    """
    manifest, counts = run.manifest, _confusion(run)
    is_small = counts is not None and len(counts.names) <= MOST_CLASSES
    report = Report(
        name=manifest.spec,
        told=in_short(run),
        tiles=tuple(tiles(run)),
        doubts=(*manifest.results.doubts, *manifest.warnings),
        left_out=(),
        choices=None if space is None else choices_of(run, space),
        cells={
            name: tuple(f"{node} = {terms}" for node, terms in nodes.items())
            for name, nodes in run.cells.items()
        },
        architecture=found,
        search=search_charts(run),
        monitor=monitor_charts(run),
        check=None if run.check is None else check_of(*run.check),
        family=family_of(run),
        training=training_charts(run),
        results=tuple(rows_filled(run.task.rows, manifest.results.measures)),
        confusion=counts if is_small else None,
        confused=None if counts is None or is_small else _confused(counts),
        mistake_title=run.task.mistake_title,
        mistakes=tuple(run.mistakes[:MOST]),
        mistake_count=len(run.mistakes),
        pictures=run.pictures,
        precisions=precisions(run),
        exported=exported(run),
        environment=tuple(environment(run)),
        spec=run.spec,
        epochs={stage: table for stage in ("search", "retrain") if (table := _epochs(run, stage))},
    )
    return replace(report, left_out=run.left_out)  # known when all is read


def _confusion(run: RunRecord) -> Matrix | None:
    """Return which class was taken for which, if the task counts that."""
    name = run.task.confusion
    counts = run.manifest.results.measures.get(name)
    if not isinstance(counts, dict) or not counts:
        return None
    pairs = {
        (true, said): Number(count, str(count), in_manifest("results", name, true, said))
        for true, row in counts.items()
        if isinstance(row, dict)
        for said, count in row.items()
    }
    return Matrix(tuple(counts), pairs)


def _confused(counts: Matrix) -> Table:
    """Return the pairs of classes that are confused most."""
    wrong = [(pair, count) for pair, count in counts.counts.items() if pair[0] != pair[1]]
    wrong.sort(key=lambda each: (-each[1].value, each[0]))
    rows = tuple(((true,), (said,), (count,)) for (true, said), count in wrong[:20])
    return Table(("true class", "taken for", "examples"), rows, words=2)


def _epochs(run: RunRecord, stage: str) -> Table | None:
    """Return all single numbers of the epochs of a stage, and what is or is not so."""
    lines = run.epochs(stage)
    entries = dict.fromkeys(
        name
        for _, record in lines
        for name, value in record.as_json().items()
        if isinstance(value, int | float) and name not in ("epoch", "epochs")
    )
    if not lines:
        return None
    rows = tuple(
        (
            (Number(record.epoch, str(record.epoch), in_metrics(number, "epoch")),),
            *(_entry(record.as_json().get(name), number, name) for name in entries),
        )
        for number, record in lines
    )
    return Table(("epoch", *(name.replace("_", " ") for name in entries)), rows)


def _entry(value: object, line: int, name: str) -> Pieces:
    if isinstance(value, bool):
        return ("yes" if value else "no",)
    if not isinstance(value, int | float):
        return ()
    return (Number(value, f"{value:.5g}", in_metrics(line, name)),)
