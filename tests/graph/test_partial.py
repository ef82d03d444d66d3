"""The supernet of PC-DARTS: what stands around the operations of an edge, and what weighs edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import given, settings

from dslnas.diagnostics import UserError
from dslnas.graph.analysis.size import check_final, check_search
from dslnas.graph.graph import Mix, Node, PrimitiveGraph, edges_of
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.graph.text import print_graph
from dslnas.graph.verify import verify_graph
from dslnas.ops.primitive import Shape
from dslnas.space.derive.derive import derive
from dslnas.space.network import Partial
from dslnas.space.search_space import SearchSpace
from tests.examples import examples
from tests.graph_text import parse_graph
from tests.spaces import CIFAR, random_scores, space_of
from tests.strategies import SpaceText, spaces

Result = TypeVar("Result")

IMAGES: Shape = (3, 8, 8)
ONE = """use std.cnn
cell one {
    inputs 2
    preprocess preprocess
    stride 2
    node n1 = {skip_connect, conv(3)}(in1) + conv(5)(in2) + {conv(1), conv(3), max_pool(3)}(in2)
    node n2 = tanh(n1)
    node n3 = {skip_connect, relu}(n1)
    output concat
}
network { channels 8; cells one; stem conv(3, out = C) }
"""
UNFIT = ONE.replace("preprocess preprocess", "").replace("out = C", "out = 16")


def space(text: str, parts: int = 4, shape: Shape = IMAGES) -> SearchSpace:
    return space_of(text, shape, ("search=pc_darts", f"search.partial={parts}"))


def supernet(text: str, parts: int = 4, shape: Shape = IMAGES) -> PrimitiveGraph:
    graph = build_supernet_graph(space(text, parts, shape))
    verify_graph(graph)
    return graph


def reads(graph: PrimitiveGraph, name: str) -> list[Node]:
    return [graph.by_name[source] for source in graph.by_name[name].inputs]


# ---- an edge ------------------------------------------------------------------------------------


def test_one_part_goes_through_the_operations_and_the_others_past_them() -> None:
    graph = supernet(ONE)
    shuffled = graph.by_name["cell0/n1_in1/shuffle/0_shuffle"]
    assert shuffled.attributes == (("groups", 4),)
    assert shuffled.shape == (8, 4, 4)
    (joined,) = reads(graph, shuffled.name)
    assert joined.primitive == "concat"
    mixed, *others = reads(graph, joined.name)
    assert mixed.mix == Mix("one", 0)
    assert mixed.shape == (2, 4, 4)
    assert [dict(other.attributes) for other in others] == [
        {"parts": 4, "index": index} for index in (1, 2, 3)
    ]
    (pooled,) = {name for other in others for name in other.inputs}
    assert graph.by_name[pooled].attributes == (
        ("kernel", (2, 2)),
        ("stride", (2, 2)),
        ("padding", (0, 0)),
    )
    (source,) = graph.by_name[pooled].inputs
    first = graph.by_name["cell0/n1_in1/part0/0_split"]
    assert first.inputs == (source,)
    assert dict(first.attributes) == {"parts": 4, "index": 0}
    operations = {node.name for node in graph.under("cell0/n1_in1/conv_3")}
    assert {n for node in graph.nodes if node.name in operations for n in node.inputs} == {
        first.name
    }


def test_operations_have_the_channels_of_their_part() -> None:
    whole, part = supernet(ONE, 1), supernet(ONE, 4)
    name = "cell0/n1_in1/conv_3/0_conv/weight"
    sizes = [
        {f"{n.name}/{w.name}": w.shape for n in graph.nodes for w in n.weights}[name]
        for graph in (whole, part)
    ]
    assert sizes == [(8, 8, 3, 3), (2, 2, 3, 3)]


def test_at_stride_1_nothing_is_pooled() -> None:
    graph = supernet(ONE)
    _, *others = reads(graph, "cell0/n3_n1/concat")
    assert {other.inputs for other in others} == {("cell0/n1",)}


@pytest.mark.parametrize("stride", [2, 3, 4, 5])
def test_what_goes_past_is_pooled_to_the_size_of_the_operations(stride: int) -> None:
    text = ONE.replace("stride 2", f"stride {stride}").replace("{skip_connect, conv", "{none, conv")
    for size in ((12, 13), (7, 5), (9, 11), (1, 8), (2, 3)):
        graph = supernet(text, 4, (3, *size))
        expected = tuple(-(-n // stride) for n in size)
        assert graph.by_name["cell0/n1_in1/past/0_max_pool2d"].shape == (8, *expected)


def test_fixed_edges_and_preprocessing_are_as_without_parts() -> None:
    plain = build_supernet_graph(space_of(ONE, IMAGES))
    graph = supernet(ONE)
    for path in ("stem", "cell0/in1", "cell0/in2", "cell0/n1_in2/conv_5", "cell0/n2_n1"):
        assert list(graph.under(path)) == list(plain.under(path))
        assert list(graph.under(path))


def test_one_part_is_all_channels_and_only_edges_are_weighed() -> None:
    graph, plain = supernet(ONE, 1), build_supernet_graph(space_of(ONE, IMAGES))
    added = {node.name for node in graph.nodes} - {node.name for node in plain.nodes}
    assert added == {"cell0/n1_edges", "cell0/n3"}
    assert graph.by_name["cell0/n1_in1"] == plain.by_name["cell0/n1_in1"]
    assert graph.params() == plain.params()


# ---- a node -------------------------------------------------------------------------------------


def test_choosing_edges_are_weighed_and_fixed_edges_are_added() -> None:
    graph = supernet(ONE)
    assert graph.alphas == {"one": (3, 3), "one.edges": (2, 2)}
    weighed, fixed = reads(graph, "cell0/n1")
    assert weighed.name == "cell0/n1_edges"
    assert weighed.mix == Mix(edges_of("one"), 0)
    assert weighed.inputs == (
        "cell0/n1_in1/shuffle/0_shuffle",
        "cell0/n1_in2_2/shuffle/0_shuffle",
    )
    assert fixed.name == "cell0/n1_in2/conv_5/0_conv"
    assert graph.by_name["cell0/n3"].mix == Mix(edges_of("one"), 1)


def test_a_row_of_beta_is_shared_by_all_cells_of_the_type() -> None:
    graph = supernet("use papers.darts", shape=CIFAR)
    assert graph.alphas["normal"] == (14, 8)
    assert graph.alphas["normal.edges"] == graph.alphas["reduction.edges"] == (4, 5)
    for row in range(4):
        weighed = [n for n in graph.nodes if n.mix == Mix("normal.edges", row)]
        assert len(weighed) == 6
        assert {len(node.inputs) for node in weighed} == {row + 2}


# ---- other networks of the space ----------------------------------------------------------------


def test_the_networks_of_other_methods_and_derived_networks_are_untouched() -> None:
    partial, plain = space("use papers.darts", 4, CIFAR), space_of("use papers.darts", CIFAR)
    back = replace(partial, network=replace(partial.network, partial=None))
    assert print_graph(build_supernet_graph(back)) == print_graph(build_supernet_graph(plain))
    scores = random_scores(plain, 0)
    derived = [build_derived_graph(derive(s, scores), training=True) for s in (partial, plain)]
    assert derived[0] == derived[1]
    assert check_final(partial) == check_final(plain)


def test_the_supernet_of_a_quarter_has_fewer_weights_and_is_counted_exactly() -> None:
    searched = space("use papers.darts", 4, CIFAR)
    graph = build_supernet_graph(searched)
    assert check_search(searched) == graph.params()
    assert graph.params() < 0.2 * build_supernet_graph(space_of("use papers.darts", CIFAR)).params()


@settings(max_examples=examples(12))
@given(spaces())
def test_random_spaces_are_lowered_as_they_are_checked(text: SpaceText) -> None:
    plain = text.space()
    searched = replace(plain, network=replace(plain.network, partial=Partial(2)))
    found, wrong = result_of(check_search, searched)
    graph, wrong_again = result_of(build_supernet_graph, searched)
    assert wrong == wrong_again
    if graph is not None:
        verify_graph(graph)
        assert parse_graph(print_graph(graph)) == graph
        assert found is not None
        assert found >= graph.params()


def result_of(
    function: Callable[[SearchSpace], Result], searched: SearchSpace
) -> tuple[Result | None, str]:
    try:
        return function(searched), ""
    except UserError as error:
        return None, error.render()


# ---- mistakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "text", "message"),
    [
        (3, ONE, "8 channels of edge in1 -> n1 of cell `one` cannot be split into 3 equal parts"),
        (16, ONE, "cannot be split into 16 equal parts"),
        (4, UNFIT, "edge in1 -> n1 of cell `one` reads 16 x 8 x 8"),
    ],
)
def test_channels_that_cannot_be_divided_are_a_mistake(parts: int, text: str, message: str) -> None:
    with pytest.raises(UserError, match="NAS409") as caught:
        check_search(space(text, parts))
    assert message in caught.value.render()
