from __future__ import annotations

from dslnas.drawing.cells import cell_figure
from dslnas.drawing.dot import dot_text
from dslnas.drawing.draw import figures_of
from tests.spaces import architecture_of, space_of

CELL = "use std.cnn\ncell one { inputs 1; node n1 = relu(in1); output n1 }\nnetwork { cells one }"

DOT = r"""digraph dslnas {
    rankdir=LR;
    node [shape=box, fontname="Helvetica"];
    subgraph "cluster 0" {
        label="a \"b\" \\";
        "0 in1" [label="ck−1"];
        "0 n1" [label="n1", shape="ellipse"];
        "0 edge 0" [label="relu\na note", style="rounded"];
        "0 output" [label="ck"];
        "0 in1" -> "0 edge 0";
        "0 n1" -> "0 output";
        "0 edge 0" -> "0 n1";
    }
}
"""


def test_a_figure_is_a_cluster_of_graphviz() -> None:
    figure = cell_figure(space_of(CELL).cells["one"], title='a "b" \\', notes={0: "a note"})
    assert dot_text([figure]) == DOT


def test_every_box_of_several_figures_has_a_name_of_its_own() -> None:
    figures = [*figures_of(architecture_of("use cnn.darts_v2\ndata cifar10\n", (3, 32, 32)))]
    lines = [line.strip() for line in dot_text(figures).splitlines()]
    names = [line.partition(" [")[0] for line in lines if " [label=" in line]
    assert len(names) == len({*names}) == sum(len(figure.graph) for figure in figures)
