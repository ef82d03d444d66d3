"""A network as a figure: a row of cells between its stems and its head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

import networkx as nx

from dslnas.drawing.figure import Box, Figure, Role
from dslnas.drawing.words import Word
from dslnas.language.check.cell import Cell
from dslnas.language.print.format import format_expression
from dslnas.ops.primitive import Shape
from dslnas.ops.shapes import show_shape
from dslnas.space.network import Input, Network
from dslnas.space.text import layout_text


@dataclass(frozen=True)
class _Stack:
    """Cells of the same name, or of the same choice, that stand one behind the other."""

    names: tuple[str, ...]
    counts: tuple[int, ...]

    @property
    def is_chosen(self) -> bool:
        return len(self.names) > 1 or len(self.counts) > 1

    @property
    def text(self) -> str:
        names = ", ".join(self.names)
        what = f"{{{names}}}" if len(self.names) > 1 else names
        many = ", ".join(map(str, self.counts))
        if len(self.counts) > 1:
            return f"{what} × {{{many}}}"
        return what if many == "1" else f"{what} × {many}"


def network_figure(network: Network, cells: Mapping[str, Cell], title: str) -> Figure:
    """Return a network as a figure: cells that are alike, one behind the other, are one box.

    Below each stands its width in channels, as a factor of C where that is chosen.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    ends = [*_stems(network, graph)]
    width = network.channels
    for number, stack in enumerate(_stacks(network)):
        factors = {cells[name].widen for name in stack.names}
        width *= max(factors) ** (max(stack.counts) if max(factors) > 1 else 1)
        name = f"cells {number}"
        graph.add_node(name, box=_stack_box(stack, width, network))
        graph.add_edges_from((end, name) for end in ends)
        ends = [name]
    tip = f"head: {format_expression(network.head)}"
    words = (Word("head"),)
    outputs = "1 output" if network.classes == 1 else f"{network.classes} outputs"
    graph.add_node("head", box=Box(Role.OUTPUT, words, outputs, tip))
    graph.add_edges_from((end, "head") for end in ends)
    layout = layout_text(network)
    return Figure(title, graph, tuple(_captions(network, cells)), f"{title}: {layout}.")


def _stems(network: Network, graph: nx.DiGraph[str]) -> Iterator[str]:
    for given in network.inputs:
        read, stem = f"input {given.name}", f"stem {given.name}"
        graph.add_node(read, box=Box(Role.INPUT, (Word(given.name or "input"),), _size(given)))
        tip = f"{stem.strip()}: {format_expression(given.stem)}"
        graph.add_node(stem, box=Box(Role.NODE, (Word("stem"),), tip=tip))
        graph.add_edge(read, stem)
        yield stem


def _size(given: Input) -> str:
    shape: Shape = given.shape
    if given.words is not None:
        return f"one of {given.words}"
    return show_shape(shape) if shape else "token"


def _stacks(network: Network) -> Iterator[_Stack]:
    for (names, counts), places in groupby(network.places, lambda p: (p.cells, p.counts)):
        many = len([*places])
        if len(counts) > 1:
            yield from [_Stack(names, counts)] * many
        elif counts[0]:
            yield _Stack(names, (many * counts[0],))


def _stack_box(stack: _Stack, width: int, network: Network) -> Box:
    factor = width // network.channels
    channels = f"{factor if factor > 1 else ''}C" if network.widths else str(width)
    return Box(
        Role.BLOCK,
        (Word(stack.text),),
        note=f"{channels} channels",
        tip=f"cells {stack.text}",
        tone="" if stack.is_chosen else f"cell {stack.names[0]}",
    )


def _captions(network: Network, cells: Mapping[str, Cell]) -> Iterator[str]:
    for given in network.inputs:
        whose = f" of {given.name}" if given.name else ""
        yield f"Stem{whose}: {format_expression(given.stem)}"
    yield f"Head: {format_expression(network.head)}"
    if network.auxiliary is not None:
        yield f"Second head while training: {format_expression(network.auxiliary)}"
    if network.widths:
        yield f"C is one of {', '.join(map(str, network.widths))}"
    read = {len(cells[name].inputs) for name in network.layout}
    if max(read, default=1) > 1 and len(network.inputs) == 1:
        yield f"Each cell reads the {max(read)} before it"
