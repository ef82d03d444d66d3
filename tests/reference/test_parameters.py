"""Sizes of networks that are published: those for ImageNet, and the supernet of MiLeNAS.

`tests/graph/test_published_networks.py` has those for CIFAR-10.
"""

from __future__ import annotations

import pytest

from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from tests.reference.load import facts
from tests.reference.test_derived import text_of
from tests.spaces import CIFAR, architecture_of, space_of

# The stem has two outputs, the second half the size of the first: the first cell reads both. So the
# second part of the stem is a cell that is not searched.
IMAGENET = """
op second_half = relu -> conv(3, out = C, stride = 2) -> batch_norm

cell halve {
    inputs  1
    stride  2
    node n1 = second_half(in1)
    output  last
}

network {
    stem       conv(3, out = C / 2, stride = 2) -> batch_norm -> relu
        -> conv(3, out = C, stride = 2) -> batch_norm
    cells      halve, normal * N, reduction, normal * N, reduction, normal * N
    auxiliary  relu -> avg_pool2d(5, stride = 2, padding = 0) -> conv(1, out = 128) -> batch_norm
        -> relu -> conv(2, out = 768, padding = 0) -> relu -> linear(classes)
}
evaluate { channels 48; repeat 4; auxiliary 0.4 }
"""


@pytest.mark.parametrize("auxiliary", [False, True])
@pytest.mark.parametrize("cells", ["DARTS_V1", "DARTS_V2", "NASNet", "AmoebaNet"])
def test_networks_for_imagenet(cells: str, auxiliary: bool) -> None:
    architecture = architecture_of(text_of(cells.lower()) + IMAGENET, (3, 224, 224), classes=1000)
    graph = build_derived_graph(architecture, training=auxiliary)
    counts = facts("darts_cnn_eval_darts_v2")["parameter_counts"]
    key = f"NetworkImageNet C=48 classes=1000 layers=14 auxiliary={auxiliary} {cells}"
    assert graph.params() == counts[key]["total"]


def test_the_program_of_milenas_counts_its_alphas_as_parameters() -> None:
    graph = build_supernet_graph(space_of("use papers.darts", CIFAR))
    alphas = sum(rows * columns for rows, columns in graph.alphas.values())
    counts = facts("darts_cnn_eval_darts_v2")["parameter_counts"]
    (found,) = (count for name, count in counts.items() if name.startswith("MiLeNAS"))
    assert graph.params() + alphas == found["total"]
