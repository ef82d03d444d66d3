"""Weights of narrower networks are slices of the widest one's; what is written to stays shared."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.network import TorchNetwork
from dslnas.graph.lower.network import build_supernet_graph
from tests.spaces import space_of

WIDTHS = (4, 8, 6)
SPACE = """use std.cnn
cell one { inputs 1; node n1 = (conv(3) -> batch_norm)(in1); output n1 }
network { channels {4, 8, 6}; stem conv(3, out = C); cells one }
"""
MOMENTUM = 0.1


def supernet(*, plain: bool) -> TorchNetwork:
    graph = build_supernet_graph(space_of(SPACE))
    network = TorchNetwork(graph, torch.Generator().manual_seed(0))
    network.plain = plain
    return network.train()


def images() -> Tensor:
    return torch.randn((5, 3, 8, 8), generator=torch.Generator().manual_seed(1))


def tensor(network: TorchNetwork, end: str) -> Tensor:
    (found,) = (t for name, t in network.state_dict().items() if name.endswith(end))
    assert isinstance(found, Tensor)
    return found


def statistics(network: TorchNetwork) -> tuple[Tensor, Tensor]:
    return tensor(network, "running_mean"), tensor(network, "running_var")


def moved(network: TorchNetwork, width: int, before: tuple[Tensor, Tensor]) -> None:
    """Move the first channels of running statistics as a network of a width does, on its own."""
    stem, *_, layer = (w.detach() for w in network.parameters() if w.ndim == 4)
    hidden = functional.conv2d(images(), stem[:width], padding=1)
    given = functional.conv2d(hidden, layer[:width, :width], padding=1)
    mean, variance = (one[:width] for one in before)
    functional.batch_norm(given, mean, variance, training=True, momentum=MOMENTUM)


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "fast"])
@pytest.mark.parametrize("column", range(3))
def test_a_width_moves_the_first_running_statistics_of_the_widest(column: int, plain: bool) -> None:
    network = supernet(plain=plain)
    mean, variance = (one.clone() for one in statistics(network))
    network(images(), None, {"network": (column,)})
    moved(network, WIDTHS[column], (mean, variance))
    assert mean[: WIDTHS[column]].abs().min() > 0
    assert not mean[WIDTHS[column] :].any()
    torch.testing.assert_close(statistics(network), (mean, variance), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("plain", [True, False], ids=["plain", "fast"])
def test_widths_that_run_together_all_move_the_same_statistics(plain: bool) -> None:
    network = supernet(plain=plain)
    mean, variance = (one.clone() for one in statistics(network))
    network(images(), {"network": torch.tensor([[0.2, 0.3, 0.5]])})
    for width in (8, 4, 6):  # as they stand in the graph
        moved(network, width, (mean, variance))
    torch.testing.assert_close(statistics(network), (mean, variance), rtol=1e-4, atol=1e-6)
