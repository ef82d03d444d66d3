"""On a space where most architectures are dead, no method runs, draws or derives one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest.mock import patch

import pytest
import torch

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.engines.catalogue import make_engine
from dslnas.engines.discretise import is_connected
from dslnas.graph.analysis.dependence import check_dependence
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.search import SEARCH
from dslnas.settings.values import Adam
from dslnas.space.derive.derive import derive
from tests.engines.kinds import one_of_each_base
from tests.engines.methods import FEW
from tests.engines.small import batch, space, supernet_of

# 4 of 54 architectures are connected.
DEADLY = """use std.cnn
cell chain {
    inputs      1
    preprocess  preprocess
    node n1 = {none, relu_conv_bn(1), zero}(in1)
    node n2 = {none, zero, skip_connect}(n1)
    node n3 = {zero, none}(in1) + {none, relu_conv_bn(1), skip_connect}(n2)
    output      last
    none        allowed
}
network { channels 8; cells chain, chain }
evaluate { channels 8 }
"""


@contextmanager
def watching(supernet: Supernet, seen: list[Mapping[str, tuple[int, ...]]]) -> Iterator[None]:
    """Note the architectures that run."""
    run = supernet.loss

    def loss(batch: Batch, mixing: Mixing, *, regularised: bool = False) -> torch.Tensor:
        if mixing.chosen is not None:
            seen.append(mixing.chosen)
        return run(batch, mixing, regularised=regularised)

    with patch.object(supernet, "loss", loss):
        yield


@pytest.mark.parametrize("method", one_of_each_base())
def test_no_method_runs_or_derives_a_dead_network(method: str) -> None:
    searched = space(DEADLY, method)
    supernet = supernet_of(searched)
    settings = SEARCH[method](epochs=2, warmup=0, **FEW.get(method, {}))
    if "arch" in settings.settings():
        settings = settings.replace(arch=Adam(lr=0.3, weight_decay=0.0))
    engine = make_engine(supernet, settings, torch.Generator().manual_seed(3))
    ran: list[Mapping[str, tuple[int, ...]]] = []
    with watching(supernet, ran):
        for epoch in range(2):
            engine.start_epoch(epoch)
            for number in range(3):
                engine.step(batch(number), batch(50 + number))
            engine.end_epoch((batch(70 + number) for number in range(99)), lambda *_: None)
            check_dependence(build_derived_graph(derive(searched, engine.scores(), seed=3)), method)
        found = engine.finish([batch(90), batch(91)], lambda *_: None)
    check_dependence(build_derived_graph(derive(searched, found, seed=3)), method)
    if engine.largest_pass.running == "kept":
        assert ran
        assert all(is_connected(supernet.tables["chain"], choice["chain"]) for choice in ran)
