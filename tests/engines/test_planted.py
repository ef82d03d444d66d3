"""Methods that are told losses find the best architecture, with fewer than there are."""

from __future__ import annotations

from itertools import repeat
from typing import Any

import pytest
import torch

from dslnas.engines.catalogue import make_engine
from dslnas.settings.search import SEARCH
from tests.engines.planted import BATCH, Planted

EPOCHS, STEPS = 10, 100
SETTINGS: dict[str, dict[str, Any]] = {
    "asng": {},
    "evolution": {"population": 30, "tournament": 10, "cycles": 150},
}
BUDGET = 2 * EPOCHS * STEPS
"""Losses that a method may ask for; `darts` has 10^9 architectures."""


def end(method: str, name: str, **given: Any) -> tuple[int, int]:
    """Search; return how much what is found differs, and how many losses were asked for."""
    planted = Planted(name)
    settings = SEARCH[method](epochs=EPOCHS, **given)
    engine = make_engine(planted, settings, torch.Generator().manual_seed(0))
    for epoch in range(EPOCHS):
        engine.start_epoch(epoch)
        for _ in range(STEPS):
            engine.step(BATCH, BATCH)
        engine.end_epoch(repeat(BATCH))
    engine.finish([BATCH], lambda *_: None)
    chosen = engine.mixing().chosen
    assert chosen is not None
    return planted.wrong(chosen), planted.seen


@pytest.mark.parametrize("name", ["darts", "recurrent"])
@pytest.mark.parametrize("method", SETTINGS)
def test_the_best_architecture_is_found(method: str, name: str) -> None:
    wrong, seen = end(method, name, **SETTINGS[method])
    assert wrong == 0
    assert 0 < seen <= BUDGET


def test_as_many_random_architectures_do_not_have_it() -> None:
    wrong, seen = end("random", "darts", samples=BUDGET)
    assert seen >= BUDGET
    assert wrong > 2
