"""The check without a graph against the graph: the same shapes, the same weights."""

from __future__ import annotations

from hypothesis import given, settings

from dslnas.graph.build import build_derived_graph, build_supernet_graph
from dslnas.graph.shapes import check_final, check_search
from dslnas.space.derive import derive
from tests.graph.recurrent import recurrent_spaces
from tests.spaces import CIFAR, random_scores, space_of
from tests.strategies import SpaceText, spaces


@given(spaces())
@settings(max_examples=60)
def test_what_passes_the_check_can_be_built_and_has_no_more_weights(text: SpaceText) -> None:
    space = text.space()
    params = check_search(space)
    check_final(space)
    graph = build_supernet_graph(space)
    assert params >= graph.params()  # the graph drops what no output reads
    architecture = derive(space, random_scores(space, 0))
    final = build_derived_graph(architecture, training=True)
    assert check_final(architecture) >= final.params()


def test_published_networks_are_counted_exactly() -> None:
    for library in ("papers.darts", "papers.nasp", "papers.nas_bench_201"):
        space = space_of(f"use {library}", CIFAR)
        assert check_search(space) == build_supernet_graph(space).params()
        architecture = derive(space, random_scores(space, 1))
        final = build_derived_graph(architecture, training=True)
        assert check_final(architecture) == final.params()


def test_equal_cells_are_looked_at_once() -> None:
    space = space_of("use papers.darts\nnetwork { cells normal * 3, reduction, normal * 900 }")
    per_cell = check_search(
        space_of("use papers.darts\nnetwork { cells normal * 3, reduction, normal * 11 }")
    ) - check_search(
        space_of("use papers.darts\nnetwork { cells normal * 3, reduction, normal * 10 }")
    )
    shorter = space_of("use papers.darts\nnetwork { cells normal * 3, reduction, normal * 10 }")
    assert check_search(space) == check_search(shorter) + 890 * per_cell


# ---- recurrent cells ----------------------------------------------------------------------------


@given(recurrent_spaces())
@settings(max_examples=25)
def test_shared_weights_are_counted_once(text: str) -> None:
    space = space_of(text, (), classes=5)
    assert check_search(space) == build_supernet_graph(space).params()
    architecture = derive(space, random_scores(space, 0))
    final = build_derived_graph(architecture, training=True)
    assert check_final(architecture) >= final.params()  # the graph drops what no output reads


def test_published_recurrent_cells_are_counted_exactly() -> None:
    for cell in ("papers.darts_rnn", "rnn.lstm", "rnn.gru"):
        space = space_of(f"use {cell}\nnetwork {{ channels 6 }}", ())
        assert check_search(space) == build_supernet_graph(space).params()
    for cell in ("darts_v1", "darts_v2", "enas", "lstm", "gru"):
        space = space_of(f"use rnn.{cell}\nevaluate {{ channels 6 }}", ())
        assert check_final(space) == build_derived_graph(space, training=True).params()
    # The table, its bias, the matrix of the first value and one of each node.
    space = space_of("use rnn.darts_v2\nevaluate { channels 6 }", (), classes=9)
    assert check_final(space) == 9 * 6 + 9 + 12 * 12 + 8 * 6 * 12
