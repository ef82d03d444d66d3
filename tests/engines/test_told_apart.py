"""Two data that want different operations: which of them a method of gradients listens to."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.engines.catalogue import make_engine
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ranks import ALONE
from dslnas.settings.search import SEARCH
from dslnas.settings.search_parts import PerturbAdversarially, PerturbRandomly, ZeroOne
from dslnas.settings.values import Adam
from dslnas.space.choice_table import ChoiceTable

CELL, EDGES, OPERATIONS = "toy", 3, 3
EPOCHS, STEPS = 4, 12
OF_TRAINING, OF_ARCHITECTURE = (0, 1, 2), (1, 2, 0)
"""Best operation of every edge by either data."""


def costs(best: tuple[int, ...], size: float) -> Batch:
    """Return a batch on which the best operation of an edge gains `size`, and others lose it."""
    found = torch.full((EDGES, OPERATIONS), size, dtype=torch.float64)
    found[range(EDGES), best] = -size
    return Batch({"costs": found}, torch.zeros(1))


TRAIN, ARCHITECTURE = costs(OF_TRAINING, 1.0), costs(OF_ARCHITECTURE, 0.6)


class Costs(Supernet):
    """The sum of what operations cost, each by its weight."""

    def __init__(self) -> None:
        rows = (OPERATIONS,) * EDGES
        columns = (tuple(range(OPERATIONS)),) * EDGES
        self.tables = {CELL: ChoiceTable(CELL, rows, columns, tuple((n,) for n in range(3)), None)}
        self.device = torch.device("cpu")
        self.dtype = torch.float64
        self.accumulate, self.ranks = 1, ALONE
        self.network = TorchNetwork(PrimitiveGraph((), ""), torch.Generator())
        self.weight = nn.Parameter(torch.zeros(1, dtype=self.dtype))

    def weights(self) -> list[nn.Parameter]:
        return [self.weight]

    def loss(self, batch: Batch, mixing: Mixing, *, regularised: bool = False) -> Tensor:
        assert mixing.weights is not None
        weights = mixing.weights[CELL]
        if mixing.chosen is not None and not mixing.observe:
            runs = torch.zeros_like(weights)
            runs[range(EDGES), list(mixing.chosen[CELL])] = 1.0
            weights = weights * runs
        return (weights * batch.inputs["costs"]).sum() + ((self.weight - 1) ** 2).sum()


def preferred(method: str, **given: Any) -> tuple[int, ...]:
    """Return the operations that score best at the end of a search."""
    settings = SEARCH[method](**{"epochs": EPOCHS, "arch": Adam(lr=0.3), **given})
    engine = make_engine(Costs(), settings, torch.Generator().manual_seed(0))
    for epoch in range(EPOCHS):
        engine.start_epoch(epoch)
        for _ in range(STEPS):
            engine.step(TRAIN, ARCHITECTURE)
    return tuple(max(range(OPERATIONS), key=row.__getitem__) for row in engine.scores()[CELL])


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("darts", {}),
        ("drnas", {}),
        ("sdarts", {}),
        ("sdarts", {"perturb": PerturbAdversarially(steps=2)}),
        ("darts_minus", {}),
        ("fair_darts", {}),
        ("beta_darts", {}),
        ("asap", {}),
        ("gdas", {}),
        ("gdas", {"sampler": "reinmax"}),
        ("snas", {"level": "bilevel", "perturb": PerturbRandomly()}),
        ("milenas", {"lambda_": 3.0, "relax": "drnas"}),
        ("milenas", {"lambda_": 3.0, "relax": "fair_darts", "regularise": ZeroOne(weight=0.1)}),
    ],
)
def test_bilevel_methods_listen_to_the_data_of_alpha(method: str, given: dict[str, Any]) -> None:
    assert preferred(method, **given) == OF_ARCHITECTURE


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("single_level", {}),
        ("single_level", {"relax": "drnas"}),
        ("single_level", {"relax": "fair_darts"}),
        ("snas", {}),
        ("milenas", {}),
        ("milenas", {"relax": "drnas"}),
        ("gdas", {"level": "mixed", "sampler": "reinmax"}),
    ],
)
def test_methods_of_one_level_listen_to_whichever_says_more(
    method: str, given: dict[str, Any]
) -> None:
    assert preferred(method, **given) == OF_TRAINING
