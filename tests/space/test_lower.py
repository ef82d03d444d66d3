"""Checked program to DAGs: order, choices, zeros, layouts, and the mistakes only a DAG can have."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given, settings

from dslnas.diagnostics import UserError
from dslnas.language.check.cell import Cell, Edge
from dslnas.space.network import network_graph
from tests.examples import examples
from tests.spaces import space_of
from tests.strategies import SpaceText, spaces


def cell_of(body: str, operations: str = "") -> Cell:
    text = f"use std.cnn\n{operations}\ncell one {{\n{body}\n}}\nnetwork {{ cells one }}"
    return space_of(text).cells["one"]


def message_of(text: str) -> str:
    with pytest.raises(UserError) as caught:
        space_of(text)
    return caught.value.render()


# ---- cells --------------------------------------------------------------------------------------


def test_every_node_reads_inputs_and_earlier_nodes() -> None:
    cell = cell_of("nodes 3\nchoose {conv(3), skip_connect}")
    assert [(edge.source, edge.target, edge.row) for edge in cell.edges] == [
        ("in1", "n1", 0),
        ("in2", "n1", 1),
        ("in1", "n2", 2),
        ("in2", "n2", 3),
        ("n1", "n2", 4),
        ("in1", "n3", 5),
        ("in2", "n3", 6),
        ("n1", "n3", 7),
        ("n2", "n3", 8),
    ]


def test_nodes_may_be_written_in_any_order() -> None:
    cell = cell_of(
        "inputs left, right\n"
        "node late = conv(3)(early) + conv(5)(left)\n"
        "node early = conv(1)(right)\n"
        "output concat(late)"
    )
    assert cell.nodes == ("early", "late")
    assert [edge.source for edge in cell.edges] == ["right", "early", "left"]


def test_rows_of_alpha_skip_fixed_edges_and_width_is_the_widest_choice() -> None:
    cell = cell_of(
        "node n1 = conv(3)(in1) + {conv(1), conv(3), conv(5)}(in2)\n"
        "node n2 = {skip_connect, conv(3)}(n1) + skip_connect(in1)"
    )
    assert [edge.row for edge in cell.edges] == [None, 0, 1, None]
    assert [len(edge.operations) for edge in cell.choices] == [3, 2]
    assert cell.width == 3


def test_a_source_may_be_read_twice() -> None:
    cell = cell_of("node n1 = {conv(3), conv(5)}(in1) + {conv(3), conv(5)}(in1)")
    assert cell.graph.number_of_edges("in1", "n1") == 2
    assert len(cell.choices) == 2


def test_the_dag_of_a_cell_carries_its_edges() -> None:
    cell = cell_of("nodes 2\nchoose {conv(3), skip_connect}")
    assert nx.is_directed_acyclic_graph(cell.graph)
    carried: list[Edge] = [data["choice"] for _, _, data in cell.graph.edges(data=True)]
    assert set(carried) == set(cell.edges)
    assert len(carried) == len(cell.edges) == 5


@pytest.mark.parametrize(
    ("operation", "is_zero", "is_constant"),
    [
        ("op gone = zero", True, True),
        ("op gone = zero()", True, True),
        ("op gone = none", True, True),
        ("op half = none\nop gone = half()", True, True),
        ("op gone = zero(stride = 1)", True, True),
        ("op gone = zero -> relu", False, True),
        ("op gone = add(zero, relu -> zero)", False, True),
        ("op gone = add(zero, relu)", False, False),
        ("op gone = multiply(zero, relu)", False, True),
        ("op gone = zero | when derived: conv(3)", False, False),
        ("op gone = identity", False, False),
    ],
)
def test_an_operation_is_zero_or_constant_under_any_name(
    operation: str, is_zero: bool, is_constant: bool
) -> None:
    cell = cell_of("nodes 1\nchoose {conv(3), gone}", operation)
    assert [operation.is_zero for operation in cell.edges[0].operations] == [False, is_zero]
    assert [operation.is_constant for operation in cell.edges[0].operations] == [False, is_constant]
    assert cell.candidates(cell.edges[0]) == ((0,) if is_constant else (0, 1))


@pytest.mark.parametrize(
    ("operation", "is_identity", "is_convolution"),
    [
        ("op some = identity", True, False),
        ("op some = 2 * (identity -> identity)", True, False),
        ("op some = skip_connect", True, False),
        ("op some = identity | when stride 2: conv(3)", True, False),
        ("op some = identity | when derived: conv(3)", False, True),
        ("op some = conv(3) | when searching: identity", False, True),
        ("op some = conv(3) | when stride 1: identity", True, False),
        ("op some = add(identity, relu -> depthwise(3))", False, True),
        ("op some = add(identity, identity)", False, False),
        ("op some(k) = relu -> sep_conv(k)\nop some_3 = some(3)", False, True),
        ("op some = factorized_reduce", False, True),
        ("op some = max_pool(3)", False, False),
    ],
)
def test_identities_and_convolutions_are_known_under_any_name(
    operation: str, is_identity: bool, is_convolution: bool
) -> None:
    name = "some(3)" if "(k)" in operation else "some"
    cell = cell_of(f"nodes 1\nchoose {{max_pool(3), {name}}}", operation)
    found = cell.edges[0].operations[1]
    assert (found.is_identity, found.is_convolution) == (is_identity, is_convolution)


# ---- networks -----------------------------------------------------------------------------------


def test_layouts_follow_the_number_of_repeats() -> None:
    space = space_of("use papers.darts", overrides=("network.repeat=1", "evaluate.repeat=2"))
    assert space.network.layout == ("normal", "reduction", "normal", "reduction", "normal")
    assert len(space.final.layout) == 8
    assert space.final.layout.index("reduction") == 2
    assert (space.network.channels, space.final.channels) == (16, 36)


def test_a_network_may_have_no_normal_cells() -> None:
    overrides = ("network.repeat=0", "evaluate.repeat=0")
    space = space_of("use papers.darts", overrides=overrides)
    assert space.network.layout == ("reduction", "reduction")
    assert space.searched == ("reduction",)


def test_cell_that_only_the_final_network_has_is_a_mistake() -> None:
    with pytest.raises(
        UserError, match="cell `normal` of the final network is not in the supernet"
    ):
        space_of("use papers.darts", overrides=("network.repeat=0",))


def test_the_dag_of_a_network_says_who_reads_whom() -> None:
    space = space_of("use papers.darts", overrides=("network.repeat=1",))
    graph = network_graph(space.network, space.cells)
    assert list(graph.in_edges("cell0")) == [("stem", "cell0"), ("stem", "cell0")]
    assert list(graph.in_edges("cell1")) == [("stem", "cell1"), ("cell0", "cell1")]
    assert set(graph.predecessors("cell4")) == {"cell2", "cell3"}
    assert set(graph.predecessors("head")) == {"cell4"}
    assert graph.nodes["cell1"]["cell"] == "reduction"
    assert nx.is_directed_acyclic_graph(graph)


@settings(max_examples=examples(10))
@given(spaces())
def test_random_cells_are_sound_dags(text: SpaceText) -> None:
    for cell in text.space().cells.values():
        assert nx.is_directed_acyclic_graph(cell.graph)
        order = {name: place for place, name in enumerate((*cell.inputs, *cell.nodes))}
        assert all(order[edge.source] < order[edge.target] for edge in cell.edges)
        assert [edge.row for edge in cell.choices] == list(range(len(cell.choices)))
        assert all(cell.candidates(edge) for edge in cell.choices)
        for node in cell.nodes:
            assert node in cell.output_of or any(e.source == node for e in cell.edges)


# ---- mistakes -----------------------------------------------------------------------------------


def test_a_cycle_is_shown_with_both_its_ends() -> None:
    text = """use std.cnn
cell one {
    node n1 = conv(3)(in1) + conv(3)(n3)
    node n2 = conv(3)(n1)
    node n3 = conv(3)(n2)
}
network { cells one }
"""
    assert (
        message_of(text)
        == """test.nas:3:10: error[NAS301]: cell `one` contains a cycle: n1 -> n2 -> n3 -> n1
  |
3 |     node n1 = conv(3)(in1) + conv(3)(n3)
  |          ^^
test.nas:5:10: note: the cycle closes here
  |
5 |     node n3 = conv(3)(n2)
  |          ^^
  = help: a node may read only inputs and nodes that do not depend on it"""
    )


def test_a_node_that_reads_itself_is_a_cycle() -> None:
    text = "use std.cnn\ncell one { node n1 = conv(3)(n1) }\nnetwork { cells one }"
    assert "cell `one` contains a cycle: n1 -> n1" in message_of(text)


def test_a_dead_node_is_an_error() -> None:
    text = """use std.cnn
cell one {
    node n1 = conv(3)(in1)
    node n2 = conv(3)(in1)
    output concat(n2)
}
network { cells one }
"""
    assert (
        message_of(text)
        == """test.nas:3:10: error[NAS302]: node `n1` of cell `one` does not reach the output
  |
3 |     node n1 = conv(3)(in1)
  |          ^^
  = help: read it in another node, add it to `output`, or remove it"""
    )


def test_mistakes_of_all_cells_come_together() -> None:
    text = """use std.cnn
cell one {
    node n1 = conv(3)(n1)
}
cell two {
    node n1 = conv(3)(in1)
    node n2 = conv(3)(in1)
    output last
}
network { cells one * 0, two * (N - 2) }
"""
    with pytest.raises(UserError) as caught:
        space_of(text)
    codes = [diagnostic.code for diagnostic in caught.value.diagnostics]
    assert codes == ["NAS301", "NAS302", "NAS303"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("nodes 1\nchoose conv(3), relu\nkeep 3", "keeps 3 edges, but no node has more than 2"),
        ("nodes 1\nchoose {none, zero}", "edge in1 -> n1 of cell `one` can only be zero"),
    ],
)
def test_a_cell_that_cannot_be_derived_is_an_error(body: str, message: str) -> None:
    text = f"use std.cnn\ncell one {{\n{body}\n}}\nnetwork {{ cells one }}"
    assert message in message_of(text)


@pytest.mark.parametrize("count", ["-1", "0.5", "1001", "N/4"])
def test_a_number_of_cells_is_whole_and_bounded(count: str) -> None:
    text = f"use std.cnn\ncell one {{ nodes 1\nchoose relu }}\nnetwork {{ cells one * ({count}) }}"
    assert "number of cells must be a whole number from 0 to 1000" in message_of(text)


def test_a_network_without_cells_is_an_error() -> None:
    text = "use std.cnn\ncell one { nodes 1\nchoose relu }\nnetwork { cells one * 0 }"
    assert "network has 0 cells, must be 1 to 1000" in message_of(text)
