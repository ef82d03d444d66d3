"""Equal cells are told and have equal hashes; networkx on directed graphs is a second opinion."""

from __future__ import annotations

from itertools import combinations

import pytest

from dslnas.language.check.cell import Cell
from dslnas.space.canonical import are_same, cell_hash, form_hash, form_of, graph_of
from dslnas.space.count import count_cells, count_distinct, count_distinct_cells, derivable
from tests.space.isomorphism import are_isomorphic
from tests.spaces import architecture_of, space_of

STEM = "stem conv(3, out = C)"


def cell_of(body: str, settings: str = "inputs 1") -> Cell:
    text = f"use std.cnn\ncell one {{\n{settings}\n{body}\n}}\nnetwork {{ cells one; {STEM} }}"
    return space_of(text).cells["one"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("node n1 = conv(3)(in1) + none(in1)\noutput n1", "node n1 = conv(3)(in1)\noutput n1"),
        (
            "node n1 = skip_connect(in1)\nnode n2 = conv(3)(n1)\noutput n2",
            "node n2 = conv(3)(in1)\noutput n2",
        ),
        (
            "node a = conv(3)(in1) + relu(in1)\nnode b = skip_connect(a) + tanh(in1)\noutput b",
            "node b = tanh(in1) + relu(in1) + conv(3)(in1)\noutput b",
        ),
        (
            "node a = conv(3)(in1)\nnode b = relu(a)\noutput sum(a, b)",
            "node z = conv(3)(in1)\nnode y = relu(z)\nnode x = skip_connect(y) + skip_connect(z)\n"
            "output last(x)",
        ),
        (
            "node a = conv(3)(in1)\nnode b = none(a) + relu(in1)\noutput b",
            "node b = relu(in1)\noutput b",
        ),
    ],
)
def test_the_same_network_has_the_same_hash(one: str, other: str) -> None:
    assert cell_hash(cell_of(one)) == cell_hash(cell_of(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("node n1 = conv(3)(in1)\noutput n1", "node n1 = conv(5)(in1)\noutput n1"),
        ("node n1 = relu(in1)\noutput n1", "node n1 = relu(in1) + relu(in1)\noutput n1"),
        (
            "node a = conv(3)(in1)\nnode b = skip_connect(a) + skip_connect(a)\noutput b",
            "node b = conv(3)(in1) + conv(3)(in1)\noutput b",
        ),
        (
            "node a = relu(in1)\nnode b = tanh(in1)\noutput concat(a, b)",
            "node a = relu(in1)\nnode b = tanh(in1)\noutput concat(b, a)",
        ),
        (
            "node a = relu(in1)\nnode b = tanh(in1)\noutput sum(a, b)",
            "node a = relu(in1)\nnode b = tanh(in1)\noutput mean(a, b)",
        ),
        (
            "node a = none(in1)\nnode b = conv(3)(a) + relu(in1)\noutput b",
            "node b = relu(in1)\noutput b",
        ),
    ],
)
def test_other_networks_have_other_hashes(one: str, other: str) -> None:
    assert cell_hash(cell_of(one)) != cell_hash(cell_of(other))


def test_a_skip_connection_that_strides_is_an_operation() -> None:
    skips = "node n1 = skip_connect(in1)\nnode n2 = relu(n1)\noutput n2"
    plain = "node n2 = relu(in1)\noutput n2"
    strided = "inputs 1\nstride 2"
    assert cell_hash(cell_of(skips)) == cell_hash(cell_of(plain))
    assert cell_hash(cell_of(skips, strided)) != cell_hash(cell_of(plain, strided))


def test_a_zero_behind_a_gate_is_an_operation() -> None:
    def cell(terms: str) -> Cell:
        gate = "gate residual(f, x) { output x + f(x) }"
        one = f"cell one {{ inputs 1; edge residual; node n1 = {terms}; output n1 }}"
        text = f"use std.cnn\n{gate}\n{one}\nnetwork {{ cells one; {STEM} }}"
        return space_of(text).cells["one"]

    hashes = {cell_hash(cell(terms)) for terms in ("relu(in1) + none(in1)", "relu(in1)")}
    assert len(hashes) == 2


@pytest.mark.parametrize(
    "body",
    [
        "nodes 3\nchoose none, skip_connect, relu\nkeep all\nnone allowed\noutput last",
        "nodes 3\nchoose skip_connect, relu, conv(3)\nkeep 1\noutput sum",
        "nodes 2\nchoose none, skip_connect, relu\nnone allowed\ninputs 2\noutput concat",
    ],
)
@pytest.mark.sample(1)
def test_hashes_are_equal_where_the_graphs_are_isomorphic(body: str) -> None:
    cell = cell_of(body, "")
    forms = sorted({form_of(cell, chosen) for chosen in derivable(cell)})[:12]
    assert len(forms) > 10
    for one, other in combinations(forms, 2):
        same = are_same(graph_of(one), graph_of(other))
        assert (form_hash(one) == form_hash(other)) == same == are_isomorphic(one, other)


def test_sums_are_vertices_which_all_that_read_them_share() -> None:
    cell = cell_of("nodes 24\nchoose relu, skip_connect\nkeep all\noutput sum")
    chosen = [(edge, edge.operations[number % 2]) for number, edge in enumerate(cell.edges)]
    graph = graph_of(form_of(cell, chosen))
    assert graph.number_of_edges() < 24 * len(cell.edges)  # else by the square of that


def sums_of_pairs(*pairs: str) -> Cell:
    nodes = [f"node b{i} = sep_conv(3)(in1)" for i in range(6)]
    for i, terms in enumerate(pairs):
        nodes += [f"node t{i} = {terms}", f"node u{i} = sep_conv(3)(t{i})"]
    return cell_of("\n".join([*nodes, "keep 1", "output sum(u0, u1, u2, u3, u4, u5)"]))


def pair(one: int, other: int) -> str:
    return f"skip_connect(b{one}) + skip_connect(b{other})"


def test_one_ring_of_sums_is_not_two_though_their_hashes_are_equal() -> None:
    ring = sums_of_pairs(*(pair(i, (i + 1) % 6) for i in range(6)))
    two = sums_of_pairs(*(pair(i, i + 1 if i % 3 < 2 else i - 2) for i in range(6)))
    one, other = (form_of(cell, next(derivable(cell))) for cell in (ring, two))
    assert form_hash(one) == form_hash(other)
    assert are_same(graph_of(one), graph_of(one))
    assert not are_same(graph_of(one), graph_of(other))


def test_distinct_cells_are_counted_though_their_hashes_are_equal() -> None:
    """One ring, two rings, and twice a ring of three with a tail of three."""
    last = "skip_connect(b{}) + {{skip_connect, none}}(b0) + {{skip_connect, none}}(b3)"
    closing = [last.format(2), last.format(5)]
    cell = sums_of_pairs(pair(0, 1), pair(1, 2), closing[0], pair(3, 4), pair(4, 5), closing[1])
    assert (count_cells(cell), count_distinct_cells(cell)) == (4, 3)


@pytest.mark.slow  # the tests of commands compile a spec that says so
def test_distinct_cells_of_nas_bench_201() -> None:
    """The authors count 6,466: to them `x + 0` is not `x`, and equal values are one value."""
    space = space_of("use papers.nas_bench_201")
    assert count_distinct(space) == 6_595


def test_what_is_too_large_is_not_listed() -> None:
    assert count_distinct(space_of("use papers.darts")) is None


def test_there_are_no_more_distinct_cells_than_cells() -> None:
    cell = cell_of("nodes 2\nchoose skip_connect, relu\nkeep 1\noutput last")
    assert (count_cells(cell), count_distinct_cells(cell)) == (8, 3)


def test_names_of_cells_play_no_part_in_the_hash_of_an_architecture() -> None:
    text = "use std.cnn\ncell {0} {{ node n1 = {1}(in1); preprocess preprocess }}\n"
    text += "network {{ cells {0} * 2 }}\nevaluate {{ repeat 2; auxiliary 0 }}"
    one, renamed, other = (
        architecture_of(text.format(*names)).hash
        for names in (("a", "conv(3)"), ("b", "conv(3)"), ("a", "conv(5)"))
    )
    assert one == renamed != other
