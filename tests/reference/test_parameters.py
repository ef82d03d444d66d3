"""The size of the supernet of MiLeNAS, whose program counts its alphas as parameters."""

from __future__ import annotations

from dslnas.graph.lower.network import build_supernet_graph
from tests.reference.load import facts
from tests.spaces import CIFAR, space_of


def test_the_program_of_milenas_counts_its_alphas_as_parameters() -> None:
    graph = build_supernet_graph(space_of("use papers.darts", CIFAR))
    alphas = sum(rows * columns for rows, columns in graph.alphas.values())
    counts = facts("darts_cnn_eval_darts_v2")["parameter_counts"]
    (found,) = (count for name, count in counts.items() if name.startswith("MiLeNAS"))
    assert graph.params() + alphas == found["total"]
