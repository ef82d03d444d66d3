"""Cells inside of cells: what belongs together stands in a frame."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx

from dslnas.drawing.figure import SMALL, Box, Figure, Role
from dslnas.drawing.layout import layout_of
from dslnas.drawing.words import Word, name_words, text_width
from dslnas.language.check.cell import Cell

PADDING, HEADING = 10.0, 20.0
"""Pixels around the inner figure of a frame, and above it for its name."""


def inner_cells(cell: Cell) -> dict[str, frozenset[str]]:
    """Return the outermost cells inside of a cell: by name the nodes and values that belong to it.

    A node `first` that a cell was written at hands on the last of `first_n1`, `first_n2` and so on,
    which nothing else reads.
    """
    found: dict[str, frozenset[str]] = {}
    for name in reversed(cell.nodes):
        members = frozenset(own for own in cell.order if own.startswith(f"{name}_"))
        is_inside = any(name in others for others in found.values())
        if not is_inside and members and _is_cell(cell, name, members):
            found[name] = members
    return dict(reversed(found.items()))


def _is_cell(cell: Cell, name: str, members: frozenset[str]) -> bool:
    outside = {reader for own in members for reader in cell.graph.successors(own)} - members
    handing = [edge for edge in cell.incoming(name) if edge.source in members]
    return outside == {name} and all(
        edge.is_fixed and edge.operations[0].is_identity for edge in handing
    )


def framed(figure: Figure, cell: Cell) -> Figure:
    """Return the figure of a cell with the outermost cells inside of it in frames."""
    graph = figure.graph
    for name, members in inner_cells(cell).items():
        graph = _with_frame(graph, name, _with_labels(graph, members))
    return replace(figure, graph=graph)


def _with_labels(graph: nx.DiGraph[str], members: frozenset[str]) -> set[str]:
    """Return names of boxes with the labels and joins that lead to them only."""
    found = set(members)
    for name in reversed([*nx.topological_sort(graph)]):
        role = graph.nodes[name]["box"].role
        if (role.is_label or role is Role.JOIN) and found.issuperset(graph.successors(name)):
            found.add(name)
    return found


def _with_frame(graph: nx.DiGraph[str], name: str, members: set[str]) -> nx.DiGraph[str]:
    inner: nx.DiGraph[str] = nx.DiGraph()
    frame = f"\0frame {name}"
    outer: nx.DiGraph[str] = nx.DiGraph()
    for own in graph:
        box: Box = graph.nodes[own]["box"]
        if own in members:
            inner.add_node(own, box=_renamed(box, own, name))
            outer.add_node(frame)
        else:
            outer.add_node(own, box=box)
    for source, target in graph.edges:
        if source in members and target in members:
            inner.add_edge(source, target)
        elif target in members:
            inner.add_node(f"\0from {source}", box=_entry(graph, source))
            inner.add_edge(f"\0from {source}", target)
            outer.add_edge(source, frame)
        else:
            outer.add_edge(frame if source in members else source, target)
    outer.nodes[frame]["box"] = _frame(Figure(name, inner, (), ""))
    return outer


def _frame(inner: Figure) -> Box:
    layout = layout_of(inner)
    width = max(layout.width, text_width(inner.title, SMALL + 2)) + 2 * PADDING
    size = (width, layout.height + HEADING + 2 * PADDING)
    return Box(Role.FRAME, (Word(inner.title),), inner=inner, size=size)


def _entry(graph: nx.DiGraph[str], source: str) -> Box:
    box: Box = graph.nodes[source]["box"]
    words = name_words(source) if box.role is Role.FRAME else box.words
    return Box(Role.INPUT, words, tip=f"reads {''.join(word.text for word in words)}")


def _renamed(box: Box, name: str, cell: str) -> Box:
    """Return the box of a node of an inner cell by its name there."""
    own = name.removeprefix(f"{cell}_")
    return replace(box, words=name_words(own)) if box.role is Role.NODE and own != name else box
