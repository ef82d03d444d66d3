"""The table of costs against the graph of every architecture that it prices."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dslnas.graph.analysis.costs import COUNTED, CostTable, cost_table, operation_costs
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph, lower_network
from dslnas.graph.lower.subgraph import Applied
from dslnas.language.check.cell import Cell
from dslnas.space.architecture import Architecture
from dslnas.space.derive.derive import Scores, chosen_columns, derive
from dslnas.space.search_space import SearchSpace
from tests.examples import examples
from tests.graph.recurrent import recurrent_spaces
from tests.spaces import CIFAR, random_scores, space_of
from tests.strategies import SpaceText, spaces

# One edge with a choice, one without; the cell stands twice, with 4 and with 8 channels.
BY_HAND = """use std.cnn
op block = conv(3)
cell only {
    inputs  1
    node n1 = {skip_connect, block}(in1) + block(in1)
    output  last
    preprocess  pointwise
    stride  2
    widen   2
}
network { channels 2; cells only * 2; stem conv(3); head global_avg_pool -> linear(classes) }
evaluate { channels 2 }
"""


def price(table: CostTable, space: SearchSpace, scores: Scores) -> float:
    """Return fixed costs and those of the operations that `derive` keeps, alone and jointly."""
    architecture, chosen = derive(space, scores), chosen_columns(space, scores)
    kept = {
        (name, row, column)
        for name, columns in chosen.items()
        for row, column in columns.items()
        if name not in space.searched or _is_needed(architecture, space.cells[name], row)
    }
    total = table.fixed + sum(cost.cost for cost in table.joint if kept.issuperset(cost.where))
    alone = ((name, row, column) for name, row, column in kept if name in table.by_cell)
    total += sum(table.by_cell[name][row][column] for name, row, column in alone)
    return round(total, 6)  # means of three forms are no whole numbers


def _is_needed(architecture: Architecture, cell: Cell, row: int) -> bool:
    """Whether the node that an edge leads to is left, where the cell stands at all."""
    found = architecture.cells.get(cell.name)
    return found is None or cell.choices[row].target in found.nodes


def unpruned(architecture: Architecture) -> PrimitiveGraph:
    """Return the graph of an architecture with what no output reads."""
    return lower_network(architecture, architecture.network, derived=True).graph()


@given(spaces(), st.integers(0, 9))
@settings(max_examples=examples(15))
def test_every_architecture_costs_what_its_graph_costs(text: SpaceText, seed: int) -> None:
    space = text.space()
    scores = random_scores(space, seed)
    architecture = derive(space, scores)
    # What is not chosen counts even where derivation drops its node.
    dropped = (
        e
        for n in space.searched
        if n in architecture.cells
        for e in space.cells[n].edges
        if e.is_fixed and e.target not in architecture.cells[n].nodes
    )
    assume(not any(dropped))
    whole, pruned = unpruned(architecture), build_derived_graph(architecture)
    params, flops = (cost_table(space, COUNTED[of]) for of in ("params", "flops"))
    assert price(params, space, scores) == whole.params() >= pruned.params()
    assert price(flops, space, scores) == whole.flops() >= pruned.flops()
    assert cost_table(architecture, COUNTED["flops"]) == CostTable(whole.flops(), {})


@pytest.mark.parametrize("library", ["darts", "nasp", "nas_bench_201"])
def test_published_spaces_are_priced_exactly(library: str) -> None:
    space = space_of(f"use papers.{library}", CIFAR)
    scores = random_scores(space, 1)
    graph = build_derived_graph(derive(space, scores))
    assert price(cost_table(space, COUNTED["params"]), space, scores) == graph.params()
    assert price(cost_table(space, COUNTED["flops"]), space, scores) == graph.flops()


def test_costs_by_hand() -> None:
    space = space_of(BY_HAND, (3, 8, 8))
    stem, head = 3 * 2 * 9, 8 * 10 + 10
    # Channels 2 -> 4 -> 8; preprocessing is 1 x 1, the fixed edge 3 x 3, a skip two halves of 1 x 1
    # and a batch norm.
    fixed = stem + head + (2 * 4 + 4 * 4 * 9) + (4 * 8 + 8 * 8 * 9)
    skips = (4 * 4 + 2 * 4) + (8 * 8 + 2 * 8)
    assert cost_table(space, COUNTED["params"]) == CostTable(
        fixed, {"only": ((skips, 4 * 4 * 9 + 8 * 8 * 9),)}
    )
    # Sizes 8 -> 4 -> 2; the preprocessing reads, the edges give.
    fixed = 64 * stem + 8 * 10 + (64 * 8 + 16 * 4 * 4 * 9) + (16 * 32 + 4 * 8 * 8 * 9)
    assert cost_table(space, COUNTED["flops"]) == CostTable(
        fixed, {"only": ((16 * 4 * 4 + 4 * 8 * 8, 16 * 4 * 4 * 9 + 4 * 8 * 8 * 9),)}
    )


def test_a_cell_without_a_place_costs_nothing() -> None:
    text = "use papers.darts\nnetwork { cells normal * N, reduction }\nevaluate { repeat 0 }"
    table = cost_table(space_of(text), COUNTED["params"])
    assert {cost for row in table.by_cell["normal"] for cost in row} == {0.0}
    assert {cost for row in table.by_cell["reduction"] for cost in row} > {0.0}
    rows = operation_costs(space_of(text), "normal", COUNTED["params"])
    assert rows == table.by_cell["normal"]


def test_rows_of_unequal_length_keep_their_columns() -> None:
    text = """use std.cnn
    cell wide {
        inputs  1
        node n1 = {skip_connect, sep_conv(3), relu_conv_bn(3)}(in1) + relu_conv_bn(1)(in1)
        node n2 = {relu_conv_bn(1), none}(n1)
        output  last
        preprocess  preprocess
    }
    network { channels 4; cells wide }
    evaluate { channels 4 }
    """
    table = cost_table(space_of(text), COUNTED["params"])
    separable, full, point = 2 * (4 * 9 + 4 * 4 + 8), 4 * 4 * 9 + 8, 4 * 4 + 8
    assert table.by_cell == {"wide": ((0, separable, full), (point, 0))}


def test_the_operations_of_nasp_cost_what_its_authors_count() -> None:
    space = space_of("use papers.nasp\nevaluate { channels 12 }", CIFAR)
    rows = operation_costs(space, "normal", COUNTED["params"])
    # skip, 1x3 + 3x1, dilated 3x3, 1x1, 3x3, separable 3x3, 5x5, 7x7; no weights of batch norms
    assert set(rows) == {(0, 864, 252, 144, 1296, 504, 888, 1464)}
    assert len(rows) == 14
    assert sum(rows[0]) == 5412


def test_operations_are_priced_where_the_cell_first_stands() -> None:
    space = space_of("use papers.nasp\nevaluate { channels 4 }", (3, 8, 8))
    rows = operation_costs(space, "reduction", COUNTED["params"])
    choices = space.cells["reduction"].choices
    halves = 8 * 8  # a strided skip is a factorised reduction of 2 * 4 channels
    for edge, row in zip(choices, rows, strict=True):
        assert row == ((halves if edge.source in ("in1", "in2") else 0), 0, 0, 0, 0)


def test_equal_cells_are_priced_once() -> None:
    asked: list[Applied] = []

    def cost(item: Applied) -> float:
        asked.append(item)
        return 1.0

    def table(repeat: int) -> CostTable:
        asked.clear()
        return cost_table(space_of(f"use papers.darts\nevaluate {{ repeat {repeat} }}"), cost)

    few = table(10)
    number = len(asked)
    many = table(200)
    assert len(asked) == number
    assert few.by_cell["normal"][0][0] == 3 * 10
    assert many.by_cell["normal"][0][0] == 3 * 200
    assert many.fixed == 2 + 2 * (3 * 200 + 2)  # stem, head, two inputs of every cell


# ---- recurrent cells ----------------------------------------------------------------------------

GATED = """use std.rnn
op mapped = linear(C) -> tanh
cell one {
    inputs     x
    states     h
    first      tanh(linear(C)(concat(x, h)))
    nodes      2
    choose     none, tanh, mapped
    edge       highway
    keep       1
    output     mean
}
network { channels 4; cells one }
evaluate { channels 4 }
"""


def test_a_gates_weights_are_fixed_and_counted_once_for_each_node() -> None:
    space = space_of(GATED, (), classes=5)
    table = cost_table(space, COUNTED["params"])
    mapped = 4 * 4 + 4
    assert table.by_cell == {"one": ((0, 0, mapped),) * 3}
    embedding, first, gate = 5 * 4 + 5, 8 * 4 + 4, 4 * 8
    assert table.fixed == embedding + first + 2 * gate
    for seed in range(5):
        scores = random_scores(space, seed)
        graph = build_derived_graph(derive(space, scores))
        assert price(table, space, scores) == graph.params()


def test_what_a_gate_computes_belongs_to_the_operations_of_its_edge() -> None:
    space = space_of(GATED, (), classes=5)
    table = cost_table(space, COUNTED["flops"])
    gate, mapped = 4 * 8, 4 * 4
    assert table.by_cell == {"one": ((0, gate, gate + mapped),) * 3}
    for seed in range(5):
        scores = random_scores(space, seed)
        graph = build_derived_graph(derive(space, scores))
        assert price(table, space, scores) == graph.flops()


@given(recurrent_spaces(), st.integers(0, 9))
@settings(max_examples=examples(12))
def test_every_recurrent_architecture_costs_what_its_graph_costs(text: str, seed: int) -> None:
    space = space_of(text, (), classes=5)
    scores = random_scores(space, seed)
    graph = build_derived_graph(derive(space, scores))
    # Where a zero is chosen its gate is gone, and with it the gate's weights if it was the last.
    params, flops = (cost_table(space, COUNTED[of]) for of in ("params", "flops"))
    assert price(params, space, scores) >= graph.params()
    assert price(flops, space, scores) == graph.flops()
