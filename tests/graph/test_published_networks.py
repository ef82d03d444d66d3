"""Sizes of supernets and channels of cells as published, and FLOPs counted by hand."""

from __future__ import annotations

import pytest

from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.graph.verify import verify_graph
from dslnas.space.architecture import Architecture
from dslnas.space.derive.derive import derive
from tests.spaces import CIFAR, architecture_of, random_scores, space_of


def published(name: str) -> Architecture:
    return architecture_of(f"use cnn.{name}", CIFAR)


@pytest.mark.parametrize(
    ("library", "params"), [("papers.darts", 1_930_618), ("papers.nasp", 4_151_354)]
)
def test_supernets_have_the_parameters_of_the_original_programs(library: str, params: int) -> None:
    graph = build_supernet_graph(space_of(f"use {library}", CIFAR))
    verify_graph(graph)
    assert graph.params() == params


@pytest.mark.parametrize(
    ("name", "outputs"),
    [("nasnet_a", {"normal": 5, "reduction": 3}), ("amoebanet_a", {"normal": 3})],
)
def test_channels_of_a_cell_follow_its_concatenation(name: str, outputs: dict[str, int]) -> None:
    architecture = published(name)
    graph = build_derived_graph(architecture)
    channels = architecture.network.channels
    for index, cell in enumerate(architecture.network.layout):
        channels *= architecture.cells[cell].widen
        shape = graph.by_name[f"cell{index}/output"].shape
        assert shape[0] == outputs.get(cell, 3) * channels


def test_a_cell_may_sum_the_same_operation_on_the_same_source_twice() -> None:
    graph = build_derived_graph(published("nasnet_a"))
    assert graph.by_name["cell0/n4"].inputs == (
        "cell0/n4_in1/avg_pool_3/0_avg_pool2d",
        "cell0/n4_in1_2/avg_pool_3/0_avg_pool2d",
    )


# ---- FLOPs --------------------------------------------------------------------------------------


def test_flops_are_the_multiply_adds_of_convolutions_and_linear_maps() -> None:
    text = """use std.cnn
cell one {
    inputs  1
    node n1 = sep_conv(3)(in1) + max_pool(3)(in1)
    output  last
    stride  2
}
network {
    stem  conv(3, out = C) -> batch_norm
    cells one
}
evaluate { channels 4 }
"""
    graph = build_derived_graph(architecture_of(text, (3, 8, 6)))
    stem = 8 * 6 * 4 * 3 * 3 * 3
    depthwise, pointwise = 4 * 3 * 4 * 3 * 3, 4 * 3 * 4 * 4
    assert graph.flops() == stem + 2 * (depthwise + pointwise) + 4 * 10
    weights = 4 * 3 * 9 + 2 * 4 + 2 * (4 * 9 + 4 * 4 + 2 * 4) + 4 * 10 + 10
    assert graph.params() == weights


def test_flops_of_a_supernet_are_those_of_all_candidates() -> None:
    graph = build_supernet_graph(space_of("use papers.nas_bench_201", CIFAR))
    # (pixels, channels) of the three stages of 5 cells; a cell has 6 edges with a 1x1 and a 3x3.
    stages = [(32 * 32, 16), (16 * 16, 32), (8 * 8, 64)]
    cells = sum(5 * 6 * pixels * c * c * (1 + 9) for pixels, c in stages)
    # Two 3x3 convolutions, the first from half the channels, and a 1x1 on the pooled input.
    blocks = sum(pixels * c * (c // 2 * 9 + c * 9 + c // 2) for pixels, c in stages[1:])
    assert graph.flops() == 32 * 32 * 16 * 3 * 9 + cells + blocks + 64 * 10


def test_an_architecture_costs_less_than_its_supernet() -> None:
    space = space_of("use papers.darts", CIFAR, ("evaluate.channels=16", "evaluate.repeat=2"))
    supernet = build_supernet_graph(space)
    derived = build_derived_graph(derive(space, random_scores(space, 0)))
    assert derived.flops() < supernet.flops()
    assert derived.params() < supernet.params()
