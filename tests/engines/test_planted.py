"""Methods that are told losses find the best architecture, with fewer than there are."""

from __future__ import annotations

from itertools import repeat
from typing import Any

import pytest
import torch

from dslnas.engines.catalogue import make_engine
from dslnas.settings.search import SEARCH
from dslnas.settings.values import Adam
from tests.engines.planted import BATCH, Planted

EPOCHS = 10
SETTINGS: dict[str, dict[str, Any]] = {
    "asng": {"steps": 100},
    "evolution": {"population": 50, "tournament": 10, "cycles": 145},
    "nao": {
        "pool": 200,
        "fresh": 100,
        "parents": 60,
        "each": 4,
        "units": 16,
        "fits": 60,
        "arch": Adam(lr=0.01, betas=(0.9, 0.999), weight_decay=0.0),
    },
    "enas": {
        "updates": 9,
        "samples": 20,
        "tanh": 8.0,  # else it never comes to be sure
        "reward": 100.0,
        "arch": Adam(lr=0.005, betas=(0.9, 0.999), weight_decay=0.0),
    },
}
BUDGET = 2000
"""Losses that a method may ask for; `nasp` has millions of architectures."""

NEAR = {"nao"}
"""Methods that judge a pool few times: they may end one edge beside the best."""


def end(method: str, name: str, steps: int = 1, **given: Any) -> tuple[int, int]:
    """Search; return how much what is found differs, and how many losses were asked for."""
    planted = Planted(name)
    settings = SEARCH[method](epochs=EPOCHS, **given)
    engine = make_engine(planted, settings, torch.Generator().manual_seed(0))
    for epoch in range(EPOCHS):
        engine.start_epoch(epoch)
        for _ in range(steps):
            engine.step(BATCH, BATCH)
        engine.end_epoch(repeat(BATCH), lambda *_: None)
    engine.finish([BATCH], lambda *_: None)
    chosen = engine.mixing().chosen
    assert chosen is not None
    return planted.wrong(chosen), planted.seen


OFTEN = {"asng": "nasp", "evolution": "nasp", "nao": "recurrent", "enas": "recurrent"}
"""A space for each method; `-m slow` runs the others."""


@pytest.mark.parametrize(
    ("method", "name"),
    [
        pytest.param(method, name, marks=[] if OFTEN[method] == name else [pytest.mark.slow])
        for method in SETTINGS
        for name in ("nasp", "recurrent")
    ],
)
@pytest.mark.sample(1)
def test_the_best_architecture_is_found(method: str, name: str) -> None:
    wrong, seen = end(method, name, **SETTINGS[method])
    assert wrong <= (method in NEAR)
    assert 0 < seen <= BUDGET


def test_as_many_random_architectures_do_not_have_it() -> None:
    wrong, seen = end("random", "nasp", samples=BUDGET)
    assert seen >= BUDGET
    assert wrong > 2
