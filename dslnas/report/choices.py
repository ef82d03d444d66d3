"""The choices of a search over its epochs: scores, what they led to, and close calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import isfinite

from dslnas.language.check.cell import Cell, Edge
from dslnas.report.figures.heat import Choice, HeatMap, Strip
from dslnas.report.numbers import Number, in_metrics
from dslnas.report.reading import RunRecord
from dslnas.space.architecture import Architecture
from dslnas.space.choice_table import ChoiceTable
from dslnas.space.derive.derive import with_chosen
from dslnas.space.search_space import SearchSpace
from dslnas.space.text import layout_text, node_text
from dslnas.training.records import EpochRecord

Scored = tuple[int, EpochRecord]
"""A line of the metrics with its number; its record has scores."""


@dataclass(frozen=True)
class Phase:
    """An architecture that would have been derived after some epochs.

    Attributes:
        epochs: Those epochs, ascending.
        architecture: The architecture.
        lines: By cell, and by `network` for what is around cells, its lines as text, each with
            whether it is another one than in the epoch before the first of these.
        marked: By cell the places of the edges that are others than in that epoch.
    """

    epochs: tuple[int, ...]
    architecture: Architecture
    lines: Mapping[str, tuple[tuple[str, bool], ...]]
    marked: Mapping[str, tuple[int, ...]]

    @property
    def when(self) -> str:
        """The epochs in words: `epochs 1 to 3, 7`."""
        places = groupby(enumerate(self.epochs), key=lambda pair: pair[1] - pair[0])
        runs = [[epoch for _, epoch in run] for _, run in places]
        told = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
        return f"epoch{'s' if len(self.epochs) > 1 else ''} {', '.join(told)}"


@dataclass(frozen=True)
class CloseCall:
    """A choice with its best alternative and the one behind it.

    Attributes:
        table: The cell it is in.
        name: The edge, or the words for another choice.
        best: The best alternative and its score.
        second: The one behind it.
        margin: How much lower that is.
        is_kept: Whether the architecture has the edge.
    """

    table: str
    name: str
    best: tuple[str, Number]
    second: tuple[str, Number]
    margin: Number
    is_kept: bool


@dataclass(frozen=True)
class Choices:
    """The choices of a search.

    Attributes:
        epochs: How many epochs there are.
        phases: Architectures that would have been derived, in the order of their first epochs.
        heat: Scores over the epochs.
        close: All choices, the closest first, after `epoch`.
        epoch: The epoch whose architecture was taken, or the last one so far.
        tones: All operations, in the order in which they take colours.
        is_result: Whether that architecture is the one that was found: methods that compare
            architectures in the end may find another.
    """

    epochs: int
    phases: tuple[Phase, ...]
    heat: tuple[HeatMap, ...]
    close: tuple[CloseCall, ...]
    epoch: int
    tones: tuple[str, ...]
    is_result: bool


def choices_of(run: RunRecord, space: SearchSpace) -> Choices | None:
    """Return the choices of a search; None where its metrics have none that are of this space."""
    scored = [(number, record) for number, record in run.epochs("search") if record.scores]
    if not scored or not all(_fits(record, space.tables) for _, record in scored):
        return None
    taken = run.manifest.results.search_epoch
    last = next((pair for pair in scored if pair[1].epoch == taken), scored[-1])
    phases = _phases([record for _, record in scored], space)
    final = next(phase for phase in phases if last[1].epoch in phase.epochs)
    found = {name: dict(nodes) for name, nodes in run.cells.items()}
    return Choices(
        len(scored),
        phases,
        tuple(_heat_maps(scored, last, space.tables)),
        tuple(sorted(_close_calls(last, space.tables), key=lambda call: call.margin.value)),
        last[1].epoch,
        tuple(
            dict.fromkeys(op for t in space.tables.values() for ops in t.operations for op in ops)
        ),
        not found or _nodes(final.architecture) == found,
    )


def _fits(record: EpochRecord, tables: Mapping[str, ChoiceTable]) -> bool:
    """Whether an epoch has a score for every alternative, and a column for every choice."""
    scores, chosen = record.scores or {}, record.chosen or {}
    return all(
        tuple(map(len, scores.get(name, ()))) == table.rows
        and len(chosen.get(name, ())) == len(table.rows)
        and all(column < size for column, size in zip(chosen[name], table.rows, strict=True))
        for name, table in tables.items()
    )


def _nodes(architecture: Architecture) -> dict[str, dict[str, str]]:
    return {
        name: {node: node_text(cell, node) for node in cell.nodes}
        for name, cell in architecture.cells.items()
    }


def _phases(records: Sequence[EpochRecord], space: SearchSpace) -> tuple[Phase, ...]:
    """Return the architectures, each once."""
    made: dict[object, Phase] = {}
    before: Phase | None = None
    for record in records:
        key = tuple(sorted((record.chosen or {}).items()))
        if key in made:
            now = made[key]
            made[key] = replace(now, epochs=(*now.epochs, record.epoch))
        else:
            made[key] = _phase(record, space, before)
        before = made[key]
    return tuple(made.values())


def _phase(record: EpochRecord, space: SearchSpace, before: Phase | None) -> Phase:
    """Return the architecture of an epoch, and what is other than in the one before."""
    architecture = with_chosen(space, _by_row(record))
    told = _lines(architecture, space)
    if before is None:
        lines = {name: tuple((line, False) for line in of) for name, of in told.items()}
        return Phase((record.epoch,), architecture, lines, {})
    known = {name: {line for line, _ in lines} for name, lines in before.lines.items()}
    lines = {
        name: tuple((line, line not in known.get(name, ())) for line in of)
        for name, of in told.items()
    }
    marked = {
        name: tuple(_new_edges(cell, before.architecture.cells.get(name)))
        for name, cell in architecture.cells.items()
    }
    return Phase((record.epoch,), architecture, lines, marked)


def _new_edges(cell: Cell, before: Cell | None) -> Iterator[int]:
    """Yield the places of the edges that a cell did not have before, with their operation."""
    known = set() if before is None else set(map(_edge, before.edges))
    return (place for place, edge in enumerate(cell.edges) if _edge(edge) not in known)


def _edge(edge: Edge) -> tuple[str, str, tuple[str, ...]]:
    return edge.source, edge.target, tuple(operation.text for operation in edge.operations)


def _by_row(record: EpochRecord) -> dict[str, dict[int, int]]:
    return {
        name: {row: column for row, column in enumerate(columns) if column >= 0}
        for name, columns in (record.chosen or {}).items()
    }


def _lines(architecture: Architecture, space: SearchSpace) -> dict[str, list[str]]:
    """Return the lines that say what was chosen."""
    told = {
        name: [f"{node} = {terms}" for node, terms in nodes.items()]
        for name, nodes in _nodes(architecture).items()
        if space.cells[name].is_searched
    }
    if space.final.decisions:
        network = architecture.network
        told["network"] = [f"cells {layout_text(network)}", f"channels {network.channels}"]
    return told


def _heat_maps(
    scored: Sequence[Scored], last: Scored, tables: Mapping[str, ChoiceTable]
) -> Iterator[HeatMap]:
    """Yield a heat map for the choices of every table that have the same alternatives."""
    for name, table in tables.items():
        rows = list(_rows(table))
        for operations in dict.fromkeys(table.operations):
            of = [row for row in rows if table.operations[row[0]] == operations]
            found = [
                Choice(what, node, tuple(_strips(row, name, operations, scored, last)))
                for row, node, what in of
            ]
            scores = (score for c in found for strip in c.strips for score in strip.scores)
            values = [score for score in scores if score is not None and isfinite(score)]
            yield HeatMap(name, tuple(found), min(values, default=0.0), max(values, default=1.0))


def _strips(
    row: int, table: str, operations: Sequence[str], scored: Sequence[Scored], last: Scored
) -> Iterator[Strip]:
    number, record = last
    chosen = (record.chosen or {})[table][row]
    for column, operation in enumerate(operations):
        history = tuple((each.scores or {})[table][row][column] for _, each in scored)
        value = (record.scores or {})[table][row][column]
        told = None if value is None else _score(value, number, table, row, column)
        yield Strip(operation, history, told, chosen == column)


def _rows(table: ChoiceTable) -> Iterator[tuple[int, str, str]]:
    """Yield every row with the node it belongs to and what it is called, node by node."""
    for node, rows in zip(table.names, table.nodes, strict=True):
        for row in rows:
            source = table.sources[row]
            yield row, node, f"{source} → {node}" if source else node


def _close_calls(last: Scored, tables: Mapping[str, ChoiceTable]) -> Iterator[CloseCall]:
    number, record = last
    for name, table in tables.items():
        for row, _, what in _rows(table):
            scores = (record.scores or {})[name][row]
            known = [(scores[c], c) for c in table.candidates[row] if scores[c] is not None]
            ranked = sorted(known, key=lambda pair: (-(pair[0] or 0.0), pair[1]))[:2]
            if len(ranked) < 2:
                continue
            best, second = (
                (table.operations[row][column], _score(value or 0.0, number, name, row, column))
                for value, column in ranked
            )
            margin = best[1].value - second[1].value
            kept = (record.chosen or {})[name][row] >= 0
            yield CloseCall(name, what, best, second, Number(margin, f"{margin:.3g}"), kept)


def _score(value: float, line: int, table: str, row: int, column: int) -> Number:
    return Number(value, f"{value:.4g}", in_metrics(line, "scores", table, row, column))
