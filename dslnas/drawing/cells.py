"""A cell as a figure: what it reads at the left, what it gives at the right."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

import networkx as nx

from dslnas.drawing.figure import Box, Figure, Role
from dslnas.drawing.frames import framed
from dslnas.drawing.values import ValueBoxes
from dslnas.drawing.words import Word, name_words, symbol
from dslnas.language.check.cell import Cell, Edge

_SHORT, _LONG = 22, 40
"""Letters of a choice, and of an operation, that are written out on their edge at most."""


def cell_figure(
    cell: Cell,
    *,
    title: str | None = None,
    notes: Mapping[int, str] | None = None,
    marked: Collection[int] = (),
) -> Figure:
    """Return a cell, searched or found, as a figure.

    Args:
        cell: Any cell of a space or an architecture.
        title: Its heading; by default its name.
        notes: Text below the operation of an edge, by the place of the edge in
            `cell.edges`.
        marked: Places of edges that stand out.
    """
    return _CellFigure(cell, notes or {}, marked).figure(cell.name if title is None else title)


class _CellFigure:
    """The boxes of one cell."""

    def __init__(self, cell: Cell, notes: Mapping[int, str], marked: Collection[int]) -> None:
        self._cell = cell
        self._notes = notes
        self._marked = marked
        self._graph: nx.DiGraph[str] = nx.DiGraph()
        self._values = ValueBoxes(cell, self._graph)

    def figure(self, title: str) -> Figure:
        """Return the whole of it."""
        cell = self._cell
        for name, words in zip(cell.inputs, _input_words(cell), strict=True):
            self._add(name, Box(Role.INPUT, words, tip=f"input {name}"))
        for name in cell.states:
            self._add(name, Box(Role.INPUT, _before(name), tip=f"state {name} before the step"))
        for name in cell.order:
            if name in cell.nodes:
                self._add(name, Box(Role.NODE, name_words(name), tip=f"node {name}"))
                for edge in cell.incoming(name):
                    self._edge(edge)
            else:
                self._values.add(name)
        self._ends()
        flat = Figure(title, self._graph, tuple(self._captions()), self._description)
        return framed(flat, cell)

    def _add(self, name: str, box: Box) -> None:
        self._graph.add_node(name, box=box)

    def _edge(self, edge: Edge) -> None:
        """Add the label of an edge, on the lines from what it reads to its node."""
        place = self._cell.place_of(edge)
        label, text = f"edge {place}", _choice_text(edge)
        told = "".join(f", {note}" for note in (self._notes.get(place, ""),) if note)
        box = Box(
            Role.OPERATION if edge.is_fixed else Role.CHOICE,
            (Word(self._labels.get(text, text)),),
            note=self._notes.get(place, ""),
            tip=f"{self._cell.shown(edge)}: {text}{told}",
            tone=edge.operations[0].text if edge.is_fixed else "",
            is_marked=place in self._marked,
        )
        self._add(label, box)
        self._lead((edge.source,), label)
        self._graph.add_edge(label, edge.target)

    def _lead(self, sources: Iterable[str], target: str) -> None:
        for name in sources:
            self._graph.add_edges_from((box, target) for box in self._values.boxes_of(name))

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        """Labels of edges by their operations, where those are told in full below the figure.

        Where there are several, each has a letter.
        """
        long = {
            _choice_text(edge): _shortened(edge)
            for edge in self._cell.edges
            if len(_choice_text(edge)) > (_LONG if edge.is_fixed else _SHORT)
        }
        if len(long) == 1:
            return long
        pairs = enumerate(long.items())
        return {text: f"{_letter(number)}: {short}" for number, (text, short) in pairs}

    def _ends(self) -> None:
        """Add what the cell gives, and its states after the step."""
        cell = self._cell
        output = "\0output"
        after = cell.next_states or cell.output_of
        is_state = bool(cell.states) and after[0] in cell.output_of
        words = _after(cell.states[0]) if is_state else _output_words(cell)
        note = cell.output if len(cell.output_of) > 1 or cell.output != "last" else ""
        self._add(output, Box(Role.OUTPUT, words, note=note, tip=f"output {note}".strip()))
        self._lead(cell.output_of, output)
        for state, name in zip(cell.states, cell.next_states, strict=False):
            if is_state and state == cell.states[0]:
                continue
            end = f"\0next {state}"
            self._add(end, Box(Role.OUTPUT, _after(state), tip=f"state {state} after the step"))
            self._lead((name,), end)

    def _captions(self) -> Iterator[str]:
        cell = self._cell
        for text, label in self._labels.items():
            yield f"{label}: {text}"
        parts = [
            cell.keep is not None and cell.choices and f"each node keeps {cell.keep} of its edges",
            cell.preprocess and f"every input through {cell.preprocess.text}",
            cell.stride > 1 and f"stride {cell.stride} at the inputs",
            cell.widen > 1 and f"{cell.widen} times as wide as the cell before",
            cell.gate and f"gate {cell.gate.name} around every operation",
            cell.normalise and f"{cell.normalise.text} behind every node",
        ]
        text = "; ".join(part for part in parts if part)
        if text:
            yield text[0].upper() + text[1:]
        yield from self._values.captions()

    @property
    def _description(self) -> str:
        cell = self._cell
        edges = "; ".join(f"{cell.shown(edge)}: {_choice_text(edge)}" for edge in cell.edges)
        joined = ", ".join(cell.output_of)
        return f"Cell {cell.name}. {edges}{'. ' if edges else ''}Output: {cell.output} of {joined}."


def _choice_text(edge: Edge) -> str:
    return ", ".join(operation.text for operation in edge.operations)


def _shortened(edge: Edge) -> str:
    if not edge.is_fixed:
        return f"{len(edge.operations)} operations"
    return f"{edge.operations[0].text.partition('(')[0]}(…)"


def _letter(number: int) -> str:
    return chr(ord("A") + number % 26) + (str(number // 26) if number >= 26 else "")


def _input_words(cell: Cell) -> Iterator[tuple[Word, ...]]:
    """Yield the inputs as papers call them: the outputs of cells before, or values of this step."""
    number = len(cell.inputs)
    for place, name in enumerate(cell.inputs):
        if cell.states:
            yield symbol(name, "t") if len(name) == 1 else (Word(name),)
        elif name == f"in{place + 1}":
            yield symbol("c", f"k−{number - place}")
        else:
            yield name_words(name)


def _output_words(cell: Cell) -> tuple[Word, ...]:
    is_counted = cell.inputs == tuple(f"in{n}" for n in range(1, len(cell.inputs) + 1))
    return symbol("c", "k") if is_counted and not cell.states else (Word("output"),)


def _before(state: str) -> tuple[Word, ...]:
    return symbol(state, "t−1") if len(state) == 1 else (Word(state), Word("t−1", True))


def _after(state: str) -> tuple[Word, ...]:
    return symbol(state, "t") if len(state) == 1 else (Word(state), Word("t", True))
