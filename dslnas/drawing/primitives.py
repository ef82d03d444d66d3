"""The primitives that a cell of a network is made of, as a figure."""

from __future__ import annotations

import networkx as nx

from dslnas.drawing.figure import Box, Figure, Role
from dslnas.drawing.words import SIGN_OF, Word
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.graph.text import node_line
from dslnas.ops.shapes import show_shape


def primitives_figure(graph: PrimitiveGraph, cell: str) -> Figure:
    """Return the primitives of the first cell of a name in its network, which has one."""
    path = next(s.path for s in graph.scopes if s.kind == "cell" and s.label == cell)
    own = {node.name: node for node in graph.under(path)}
    drawn: nx.DiGraph[str] = nx.DiGraph()
    for name, node in own.items():
        for source in node.inputs:
            if source not in own:
                text = source.partition("/")[0]
                box = Box(Role.INPUT, (Word(text),), tip=f"reads {source}")
                drawn.add_node(source, box=box)
        drawn.add_node(name, box=_box(node))
    drawn.add_edges_from((source, name) for name, node in own.items() for source in node.inputs)
    many = f"{len(own)} primitives"
    return Figure(f"{cell}: {many} of {path}", drawn, (), f"Cell {cell} as {many}.")


def _box(node: Node) -> Box:
    text = SIGN_OF.get(node.primitive, node.primitive)
    role = Role.JOIN if node.primitive in SIGN_OF else Role.BLOCK
    note = "" if role is Role.JOIN else show_shape(node.shape)
    return Box(role, (Word(text),), note, node_line(node), tone=node.primitive)
