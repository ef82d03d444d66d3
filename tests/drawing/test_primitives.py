from __future__ import annotations

from dslnas.drawing.primitives import primitives_figure
from dslnas.graph.lower.network import build_derived_graph
from tests.spaces import architecture_of


def test_all_primitives_of_the_first_cell_are_drawn_with_what_they_read() -> None:
    graph = build_derived_graph(architecture_of("use cnn.darts_v2\ndata cifar10\n", (3, 32, 32)))
    figure = primitives_figure(graph, "reduction")
    own = {node.name: node for node in graph.under("cell6")}
    assert {*own} < {*figure.graph}
    lines = {(source, name) for name, node in own.items() for source in node.inputs}
    assert {*figure.graph.edges} == lines
    read = [figure.boxes[name].text for name in figure.graph if name not in own]
    assert read == ["cell4", "cell5"]
    assert figure.title == f"reduction: {len(own)} primitives of cell6"
