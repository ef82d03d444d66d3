"""The memory that a search is said to need is what its passes and its precision make of it."""

from __future__ import annotations

import pytest
import torch

from dslnas.backends.torch.runtime import Precision, Runtime
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.passes.manager import USUAL
from dslnas.settings.data import Cifar10
from dslnas.settings.search import DartsSettings
from dslnas.training.memory_estimate import search_needs
from dslnas.training.search_plan import SearchPlan
from tests.engines.small import CPU, DARTS_LIKE, batch, space
from tests.graph.keeper import Keeper

BATCH = 16


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float64"])
@pytest.mark.parametrize("passes", [USUAL, ()], ids=["passes", "none"])
def test_a_search_keeps_what_is_said(precision: Precision, passes: tuple[str, ...]) -> None:
    searched, runtime = space(DARTS_LIKE), Runtime(CPU, passes, precision=precision)
    graph = build_supernet_graph(searched)
    plan = SearchPlan(DartsSettings(epochs=1), Cifar10(batch=BATCH))
    needs = search_needs(searched, graph, plan, runtime)
    supernet = Supernet(searched, graph, torch.Generator(), runtime)
    weights = {
        cell: supernet.exists(cell).to(supernet.dtype).requires_grad_() for cell in supernet.tables
    }
    keeper = Keeper(supernet.network)
    with keeper:
        supernet.loss(batch(0, BATCH, supernet.dtype), Mixing(weights))
    assert needs.kept == pytest.approx(keeper.bytes, rel=0.12)
    copies = {"float32": 12, "bfloat16": 14, "float64": 24}[precision]
    assert needs.weights == copies * graph.params()
