"""Searches in stages, between which every edge loses its weakest operations."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.catalogue import make_engine
from dslnas.engines.protocol import Engine
from dslnas.settings.search import SEARCH
from dslnas.settings.search_parts import Stages
from dslnas.settings.values import Adam, Sgd
from dslnas.space.derive.derive import derive
from tests.engines.small import TEXTS, space, supernet_of
from tests.engines.test_contract import batches

EPOCHS, WARM = 9, 1
METHODS = pytest.mark.parametrize(
    ("method", "name"),
    [
        ("drnas", "darts"),
        ("drnas", "recurrent"),
        ("darts", "uneven"),
        ("milenas", "uneven"),
        ("fair_darts", "recurrent"),
        ("darts_minus", "uneven"),
    ],
)


def begin(method: str, name: str, **given: Any) -> tuple[Supernet, Engine]:
    supernet = supernet_of(space(TEXTS[name], method), 0, torch.float32)
    given = {"prune": Stages(number=3, share=0.5), "arch": Adam(lr=0.3), **given}
    settings = SEARCH[method](epochs=EPOCHS, warmup=WARM, weights=Sgd(lr=0.05), **given)
    return supernet, make_engine(supernet, settings, torch.Generator().manual_seed(0))


def running(engine: Engine) -> list[int]:
    """Return how many operations of every edge have a weight."""
    weights = engine.mixing().weights
    assert weights is not None
    return [int(row.count_nonzero()) for of_cell in weights.values() for row in of_cell]


def snapshot(engine: Engine) -> list[Tensor]:
    return [alpha.detach().clone() for alpha in engine.alphas().values()]


@METHODS
@pytest.mark.sample(3)
def test_every_stage_has_a_warm_up_and_the_next_has_half_the_operations(
    method: str, name: str
) -> None:
    supernet, engine = begin(method, name)
    counts = [count for table in supernet.tables.values() for count in table.rows]
    for epoch in range(EPOCHS):
        before = snapshot(engine)
        engine.start_epoch(epoch)
        is_warm = epoch % 3 < WARM
        if epoch in (3, 6):
            counts = [math.ceil(count / 2) for count in counts]
        report = engine.step(*batches(name, epoch))
        assert bool(report.train.isfinite())
        assert (report.architecture is None) == is_warm
        moved = zip(before, snapshot(engine), strict=True)
        assert all(torch.equal(a, b) == is_warm for a, b in moved)
        for here, least in zip(running(engine), counts, strict=True):
            assert least <= here <= least + 1, "an edge keeps one that a derived cell may have"
    derive(space(TEXTS[name]), engine.scores())


def test_what_is_derived_is_among_what_is_left() -> None:
    supernet, engine = begin("drnas", "darts")
    for epoch in range(EPOCHS):
        engine.start_epoch(epoch)
        engine.step(*batches("darts", epoch))
    scores, probabilities = engine.scores(), engine.probabilities()
    assert probabilities is not None
    for cell in supernet.tables:
        for row, left in zip(scores[cell], probabilities[cell].tolist(), strict=True):
            assert [score > 0 for score in row] == [share > 0 for share in left]
