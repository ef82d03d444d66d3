"""Search spaces to graphs: names, sizes, channels, scopes, and what does not fit together."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from dslnas.diagnostics import UserError
from dslnas.graph.analysis.costs import COUNTED, cost_table
from dslnas.graph.analysis.size import check_final, check_search
from dslnas.graph.graph import Mix, PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.graph.text import print_graph
from dslnas.graph.verify import verify_graph
from dslnas.ops.primitive import Shape
from dslnas.space.derive.derive import derive
from dslnas.space.search_space import SearchSpace
from tests.graph_text import parse_graph
from tests.spaces import architecture_of, space_of

THREE_REDUCTIONS = """use papers.darts
cell normal { nodes 1; choose skip_connect, max_pool(3) }
network { channels 4; cells normal, reduction, reduction, reduction, normal }
"""


def supernet(text: str, shape: Shape = (3, 8, 8)) -> PrimitiveGraph:
    graph = build_supernet_graph(space_of(text, shape))
    verify_graph(graph)
    return graph


def one_cell(body: str, more: str = "", network: str = "stem conv(3, out = C)") -> str:
    sections = f"network {{ channels 4; cells one; {network} }}\nevaluate {{ channels 4 }}"
    return f"use std.cnn\n{more}\ncell one {{\n{body}\n}}\n{sections}\n"


def mistake(text: str, shape: Shape = (3, 8, 8)) -> str:
    with pytest.raises(UserError) as caught:
        supernet(text, shape)
    return caught.value.render()


# ---- the supernet -------------------------------------------------------------------------------


def test_the_supernet_of_darts_holds_every_candidate_of_every_edge() -> None:
    graph = supernet("use papers.darts", (3, 32, 32))
    mixes = [node for node in graph.nodes if node.primitive == "mix"]
    assert len(mixes) == 8 * 14
    assert all(len(node.inputs) == 8 for node in mixes)
    assert graph.alphas == {"normal": (14, 8), "reduction": (14, 8)}
    per_row = Counter(node.mix for node in mixes)
    assert per_row[Mix("normal", 0)] == 6
    assert per_row[Mix("reduction", 13)] == 2
    assert len(per_row) == 28


def test_mixes_read_the_operations_in_the_order_of_the_columns() -> None:
    graph = supernet(one_cell("inputs 1\nnodes 1\nchoose none, relu, conv(3)\noutput last"))
    mix = graph.by_name["cell0/n1_in1"]
    assert [name.split("/")[2] for name in mix.inputs] == ["none", "relu", "conv_3"]
    assert mix.mix == Mix("one", 0)


def test_rows_of_unequal_length_share_an_alpha_as_wide_as_the_widest() -> None:
    graph = supernet(
        one_cell(
            "inputs 1\n"
            "node n1 = conv(3)(in1) + {conv(3), relu}(in1) + {conv(3), relu, none}(in1)\n"
            "output last"
        )
    )
    assert graph.alphas == {"one": (2, 3)}
    rows = {n.mix.row: len(n.inputs) for n in graph.nodes if n.mix is not None}
    assert rows == {0: 2, 1: 3}


def test_cells_without_a_choice_have_no_alpha() -> None:
    graph = supernet("use papers.nas_bench_201", (3, 32, 32))
    assert graph.alphas == {"cell201": (6, 5)}
    blocks = [scope.path for scope in graph.scopes if scope.label == "residual"]
    assert blocks == ["cell5", "cell11"]


def test_scopes_say_what_the_nodes_are() -> None:
    graph = supernet(THREE_REDUCTIONS)
    assert [s.path for s in graph.scopes if s.kind in ("stem", "head", "cell")] == [
        "stem",
        *(f"cell{index}" for index in range(5)),
        "head",
    ]
    labels = {scope.label for scope in graph.scopes if scope.kind == "operation"}
    assert labels == {"skip_connect", "max_pool(3)"}
    for scope in graph.scopes:
        assert list(graph.under(scope.path))
    paths = [scope.path for scope in graph.scopes]
    assert len(set(paths)) == len(paths)


def test_scopes_tell_the_ends_of_edges_whose_paths_could_be_divided_in_two_ways() -> None:
    graph = supernet(
        one_cell(
            "inputs a, b_a\n"
            "node n = {relu, tanh}(a) + {relu, tanh}(b_a)\n"
            "node n_b = {relu, tanh}(a) + {relu, tanh}(n)\n"
            "output concat(n, n_b)",
        )
    )
    edges = {scope.path: scope.label for scope in graph.scopes if scope.kind == "edge"}
    assert edges == {
        "cell0/n_a": "a -> n",
        "cell0/n_b_a": "b_a -> n",
        "cell0/n_b_a_2": "a -> n_b",
        "cell0/n_b_n": "n -> n_b",
    }


def test_names_stay_unique_where_paths_would_meet() -> None:
    graph = supernet(
        one_cell(
            "inputs a, b_c\n"
            "node a_b = {relu, tanh}(a) + {relu, tanh}(b_c)\n"
            "node a_b_b = {relu, tanh}(a) + {relu, tanh}(a)\n"
            "node c = {foo(1), foo_1}(a_b_b) + {relu, tanh}(a_b)\n"
            "node output = {relu, tanh}(c) + relu(a_b)\n"
            "output concat(output, c)",
            more="op foo(k) = conv(k)\nop foo_1 = conv(3)",
        )
    )
    names = [node.name for node in graph.nodes]
    assert len(set(names)) == len(names)
    assert {"cell0/c_a_b", "cell0/c_a_b_b", "cell0/c_a_b_b/foo_1_2/0_conv"} <= set(names)
    assert {"cell0/output", "cell0/output_2"} <= set(names)


def test_a_node_may_be_called_like_an_edge_whose_operation_is_called_like_its_layer() -> None:
    text = """use std.rnn
    op normalise = linear(C) -> tanh
    cell one {
        inputs     x
        states     h
        node a     = {normalise, tanh}(x) + {normalise, tanh}(h)
        node a_h   = {tanh, normalise}(a)
        node a_x   = {tanh, normalise}(a_h)
        normalise  batch_norm
        output     mean(a_h, a_x)
    }
    network { channels 4; cells one }
    """
    graph = build_supernet_graph(space_of(text, (), classes=5))
    verify_graph(graph)
    assert "cell0/a_h/normalise/0_linear" in graph.by_name


# ---- several inputs -----------------------------------------------------------------------------

TWO_INPUTS = """use std.cnn
cell both {
    inputs  user, item
    node n1 = {skip_connect, tanh}(user) + relu(item)
    output  last
}
MORE
network {
    input     user: 3, item: token
    stem      item: embedding(C, words = 7), user: linear(C) -> relu
    channels  4
    cells     CELLS
    head      linear(classes)
}
"""


def two_inputs(cells: str, more: str = "") -> SearchSpace:
    text = TWO_INPUTS.replace("CELLS", cells).replace("MORE", more)
    return space_of(text, classes=5)


def test_the_first_cells_read_the_stems_of_all_inputs_in_order() -> None:
    graph = build_supernet_graph(two_inputs("both, both"))
    verify_graph(graph)
    assert parse_graph(print_graph(graph)) == graph
    assert [(name, node.shape) for name, node in graph.inputs.items()] == [
        ("user", (3,)),
        ("item", ()),
    ]
    user, item = "stem/user/1_relu", "stem/item/0_embedding"
    assert graph.by_name[user].inputs == ("stem/user/0_linear",)
    assert graph.by_name["cell0/n1_item/relu/0_relu"].inputs == (item,)
    assert graph.by_name["cell0/n1_user/tanh/0_tanh"].inputs == (user,)
    assert graph.by_name["cell1/n1_user/tanh/0_tanh"].inputs == (item,)
    assert graph.by_name["cell1/n1_item/relu/0_relu"].inputs == ("cell0/n1",)
    labels = [(s.path, s.label) for s in graph.scopes if s.kind == "stem"]
    assert labels == [("stem/user", "user"), ("stem/item", "item")]


def test_sizes_and_costs_count_every_stem() -> None:
    deep = "cell deep { inputs 1; nodes 1; choose skip_connect, tanh; output last }"
    space = two_inputs("both, deep", deep)
    params = (3 * 4 + 4) + 7 * 4 + (4 * 5 + 5)
    assert check_search(space) == build_supernet_graph(space).params() == params
    channels = 8  # of a final network on users and items
    assert cost_table(space, COUNTED["flops"]).fixed == channels * 3 + channels * 5


# ---- sizes and channels -------------------------------------------------------------------------


def sizes(graph: PrimitiveGraph) -> list[Shape]:
    return [graph.by_name[f"cell{index}/n1"].shape for index in range(5)]


def test_reductions_halve_odd_sizes_upwards_and_widen() -> None:
    assert sizes(supernet(THREE_REDUCTIONS, (1, 28, 28))) == [
        (4, 28, 28),
        (8, 14, 14),
        (16, 7, 7),
        (32, 4, 4),
        (32, 4, 4),
    ]
    assert sizes(supernet(THREE_REDUCTIONS, (3, 9, 5)))[1:4] == [(8, 5, 3), (16, 3, 2), (32, 2, 1)]


def test_inputs_of_different_sizes_are_brought_to_the_last_one() -> None:
    graph = supernet(THREE_REDUCTIONS, (1, 28, 28))
    # The input before last of cell 2 is cell 0, twice as large; that of cell 4 is cell 2.
    for cell, size in (("cell2", 14), ("cell3", 7), ("cell4", 4)):
        last = [list(graph.under(f"{cell}/{name}"))[-1] for name in ("in1", "in2")]
        assert [node.shape[1:] for node in last] == [(size, size)] * 2
        assert last[0].shape == last[1].shape
        assert any(node.primitive == "shift" for node in graph.under(f"{cell}/in1"))
        assert not any(node.primitive == "shift" for node in graph.under(f"{cell}/in2"))


def test_an_input_three_cells_back_may_be_four_times_as_large() -> None:
    text = """use std.cnn
cell one { inputs 3; preprocess preprocess; nodes 1; choose relu, tanh }
cell two { inputs 1; preprocess preprocess; nodes 1; choose max_pool(3), conv(3); stride 2 }
network { cells two, two, one; channels 4 }
"""
    graph = supernet(text, (3, 10, 10))
    assert graph.by_name["stem/1_batch_norm"].shape[1:] == (10, 10)
    assert graph.by_name["cell2/in1/1_conv"].attribute("stride") == (4, 4)
    assert graph.by_name["cell2/n1"].shape == (4, 3, 3)


def test_the_first_cells_read_the_stem_for_what_is_missing() -> None:
    graph = supernet(THREE_REDUCTIONS)
    stem = "stem/1_batch_norm"
    assert graph.by_name["cell0/in1/0_relu"].inputs == (stem,)
    assert graph.by_name["cell0/in2/0_relu"].inputs == (stem,)
    assert graph.by_name["cell1/in1/0_relu"].inputs == (stem,)
    assert graph.by_name["cell1/in2/0_relu"].inputs == ("cell0/n1",)


def test_only_edges_from_the_inputs_are_strided() -> None:
    graph = supernet("use papers.darts", (3, 32, 32))
    pool = "max_pool_3/0_max_pool2d"
    for edge, stride in (("n1_in1", 2), ("n4_in2", 2), ("n2_n1", 1), ("n4_n3", 1)):
        assert graph.by_name[f"cell2/{edge}/{pool}"].attribute("stride") == (stride, stride)
        assert graph.by_name[f"cell1/{edge}/{pool}"].attribute("stride") == (1, 1)


@pytest.mark.parametrize(
    ("output", "primitive", "channels"),
    [
        ("concat", "concat", 8),
        ("sum", "add", 4),
        ("mean", "mean", 4),
        ("concat(n2, n1)", "concat", 8),
    ],
)
def test_the_output_joins_nodes(output: str, primitive: str, channels: int) -> None:
    text = one_cell(f"preprocess preprocess\nnodes 2\nchoose relu, tanh\noutput {output}")
    end = supernet(text).by_name["cell0/output"]
    assert end.primitive == primitive
    assert end.shape == (channels, 8, 8)
    order = ("cell0/n2", "cell0/n1") if "(" in output else ("cell0/n1", "cell0/n2")
    assert end.inputs == order


def test_the_last_node_is_the_output_without_a_join() -> None:
    text = one_cell("preprocess preprocess\nnodes 2\nchoose relu, tanh\noutput last")
    graph = supernet(text)
    assert graph.by_name["head/0_global_avg_pool"].inputs == ("cell0/n2",)


# ---- the derived network ------------------------------------------------------------------------

ARCHITECTURE = """use papers.darts
cell normal { node n1 = sep_conv(3)(in1) + skip_connect(in2) }
cell reduction { node n1 = max_pool(3)(in2) + none(in2) }
network { cells normal * N, reduction, normal * N }
evaluate { channels 4; repeat 1; auxiliary 0.4 }
"""


def test_the_derived_network_has_the_channels_and_cells_of_evaluate() -> None:
    graph = build_derived_graph(architecture_of(ARCHITECTURE, (3, 32, 32)))
    assert [s.label for s in graph.scopes if s.kind == "cell"] == ["normal", "reduction", "normal"]
    assert graph.by_name["cell0/n1"].shape == (4, 32, 32)
    assert graph.alphas == {}
    assert graph.auxiliary is None
    assert not any(node.primitive in ("mix", "drop_path") for node in graph.nodes)


def test_batch_norm_is_affine_in_the_derived_network_alone() -> None:
    space = space_of(ARCHITECTURE, (3, 32, 32))
    for graph, affine in (
        (build_supernet_graph(space), False),
        (build_derived_graph(derive(space, {})), True),
    ):
        norms = [n for n in graph.nodes if n.primitive == "batch_norm"]
        assert {n.attribute("affine") for n in norms if n.name.startswith("cell")} == {affine}
        assert graph.by_name["stem/1_batch_norm"].attribute("affine") is True


def test_a_pool_loses_its_batch_norm_in_the_derived_network() -> None:
    graph = build_derived_graph(architecture_of(ARCHITECTURE, (3, 32, 32)))
    pooled = [n.primitive for n in graph.under("cell1/n1_in2/max_pool_3")]
    assert pooled == ["max_pool2d"]


def test_graphs_of_an_architecture_are_built_once() -> None:
    architecture = architecture_of(ARCHITECTURE, (3, 32, 32))
    graph, training = (build_derived_graph(architecture, training=t) for t in (False, True))
    equal = replace(architecture)
    assert equal is not architecture
    assert build_derived_graph(equal) is graph
    assert build_derived_graph(equal, training=True) is training
    other = architecture_of(ARCHITECTURE, (3, 16, 16))
    assert build_derived_graph(other) != graph


def test_training_adds_drop_path_behind_all_but_identities_and_the_second_head() -> None:
    architecture = architecture_of(ARCHITECTURE, (3, 32, 32))
    graph = build_derived_graph(architecture, training=True)
    plain = build_derived_graph(architecture)
    dropped = {n.inputs[0] for n in graph.nodes if n.primitive == "drop_path"}
    assert dropped == {
        "cell0/n1_in1/sep_conv_3/7_batch_norm",
        "cell1/n1_in2/max_pool_3/0_max_pool2d",
        "cell1/n1_in2_2/none/0_zero",
        "cell2/n1_in1/sep_conv_3/7_batch_norm",
    }
    assert graph.auxiliary is not None
    assert graph.by_name[graph.auxiliary].shape == (10,)
    # The second head reads the last cell that reduces.
    assert graph.by_name["auxiliary/0_relu"].inputs == ("cell1/n1",)
    assert graph.params() > plain.params()
    shared = {n.name: n.weights for n in graph.nodes if not n.name.startswith("auxiliary")}
    assert all(shared[n.name] == n.weights for n in plain.nodes)


def test_what_no_output_needs_is_left_out() -> None:
    graph = build_derived_graph(architecture_of(ARCHITECTURE, (3, 32, 32)))
    verify_graph(graph)
    # The reduction cell reads its second input alone.
    assert not list(graph.under("cell1/in1"))
    assert not any(scope.path == "cell1/in1" for scope in graph.scopes)
    text = ARCHITECTURE.replace("skip_connect(in2)", "skip_connect(in1)")
    skipping = build_derived_graph(architecture_of(text, (3, 32, 32)))
    # Now cell 2 reads cell 0 alone, so nothing needs cell 1.
    assert not list(skipping.under("cell1"))
    assert {s.label for s in skipping.scopes if s.kind == "cell"} == {"normal"}


def test_a_network_that_never_reduces_has_no_place_for_a_second_head() -> None:
    text = ARCHITECTURE.replace("normal * N, reduction, normal * N", "normal * N, reduction * 0")
    with pytest.raises(UserError, match="auxiliary head has no place"):
        build_derived_graph(architecture_of(text), training=True)


# ---- mistakes -----------------------------------------------------------------------------------


def test_operations_of_an_edge_must_give_the_same_shape() -> None:
    text = one_cell(
        "inputs 1\npreprocess preprocess\nnodes 1\nchoose relu, wide",
        more="op wide = conv(3, out = 8)",
    )
    assert (
        mistake(text)
        == """test.nas:7:14: error[NAS404]: `wide` gives 8 x 8 x 8 on edge in1 -> n1 of cell \
`one`, but `relu` gives 4 x 8 x 8
  |
7 | choose relu, wide
  |              ^^^^
  = help: all operations of an edge must give the same shape"""
    )


def test_an_operation_must_give_the_channels_of_the_cell() -> None:
    text = one_cell("inputs 1\nnodes 1\nchoose relu", network="stem conv(3, out = 3*C)")
    assert (
        mistake(text)
        == """test.nas:6:8: error[NAS404]: `relu` gives 12 x 8 x 8 on edge in1 -> n1 of cell \
`one`, which needs 4 x 8 x 8
  |
6 | choose relu
  |        ^^^^
  = help: an operation must give C channels and reduce the size by the stride only"""
    )


def test_nodes_that_are_spelt_out_may_have_any_width_on_which_their_edges_agree() -> None:
    text = one_cell(
        "inputs 1\nnode wide = conv(1, out = 3 * C)(in1)\n"
        "node same = {depthwise(3), depthwise(5)}(wide) + wide\nnode n1 = conv(1)(same)\noutput n1"
    )
    shapes = {node.name: node.shape for node in build_supernet_graph(space_of(text)).nodes}
    assert shapes["cell0/same"] == (12, 8, 8)
    assert shapes["cell0/n1_same/conv_1/0_conv"] == (4, 8, 8)
    misfit = text.replace("+ wide", "+ conv(1)(wide)")
    assert "`conv(1)` gives 4 x 8 x 8 on edge wide -> same" in mistake(misfit)


def test_a_misfit_inside_of_an_operation_is_shown_with_its_use() -> None:
    text = one_cell(
        "inputs 1\npreprocess preprocess\nnode n1 = thin(in1)\nstride 2",
        more="op thin = conv(3) -> conv(7, padding = 0)",
    )
    assert (
        mistake(text, (3, 8, 9))
        == """test.nas:2:22: error[NAS401]: the window of `conv` spans 7 pixels, \
but its input has 4 and padding 0
  |
2 | op thin = conv(3) -> conv(7, padding = 0)
  |                      ^^^^
test.nas:6:11: note: `thin` is chosen here, reading 4 x 8 x 9 at stride 2 on edge in1 -> n1 of \
cell `one`
  |
6 | node n1 = thin(in1)
  |           ^^^^
  = help: use a smaller kernel, or more padding"""
    )


def test_preprocessing_must_be_able_to_reduce() -> None:
    text = """use std.cnn
op unstrided = relu -> conv(1, stride = 1)
cell one { inputs 2; preprocess unstrided; nodes 1; choose relu, tanh }
cell two { inputs 1; preprocess unstrided; nodes 1; choose none, conv(3); stride 2 }
network { cells two, one; channels 4 }
"""
    first = "test.nas:3:33: error[NAS404]: `unstrided` gives 4 x 8 x 8 on input `in1` of cell `one`"
    assert mistake(text).startswith(f"{first}, which needs 4 x 4 x 4\n")


@pytest.mark.parametrize("layer", ["tied_linear", "tied_linear(4)"])
def test_a_cell_cannot_use_the_table_of_the_stem(layer: str) -> None:
    text = one_cell("inputs 1\nnode n1 = tied(in1)", more=f"op tied = {layer}")
    assert "error[NAS401]: `tied_linear` belongs into the stem or the head" in mistake(text)


@pytest.mark.parametrize("head", ["linear(9)", "global_avg_pool", "linear(2*classes)"])
def test_a_head_gives_one_number_per_class(head: str) -> None:
    text = one_cell("nodes 1\nchoose relu\npreprocess preprocess", network=f"head {head}")
    assert "error[NAS405]: head gives" in mistake(text)
    assert "not 10 classes" in mistake(text)


def test_a_second_head_is_shown_where_it_is_written() -> None:
    text = ARCHITECTURE.replace("network {", "network { auxiliary linear(7);")
    with pytest.raises(UserError, match=r"head gives 7, not 10 classes") as caught:
        check_final(space_of(text))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.span is not None
    assert diagnostic.span.text == "linear(7)"


def test_operations_are_checked_for_the_derived_network_too() -> None:
    text = one_cell(
        "inputs 1\npreprocess preprocess\nnodes 1\nchoose relu, later\noutput last",
        more="op later = conv(3) | when derived: conv(3, groups = 5)",
    )
    space = space_of(text)
    build_supernet_graph(space)
    with pytest.raises(UserError, match="has 5 groups"):
        check_final(space)
