"""Weights that belong to the architecture: which optimiser trains them, for every method."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from dslnas.diagnostics import UserError
from dslnas.engines.catalogue import ENGINES, make_engine
from dslnas.settings.gradient import GradientSettings
from dslnas.settings.search import SEARCH
from dslnas.settings.values import Adam, Cosine, Sgd
from tests.engines.small import CLASSES, LOWERED, SHAPE, batch, supernet_of
from tests.spaces import space_of

SPACE = """use std.cnn
cell one {
    inputs  1
    let bent = searched(conv(1, bias = true))(in1)
    node n1 = {skip_connect, conv(3)}(bent) + {conv(1), relu}(in1)
    output  n1
}
network { stem conv(3, out = C); cells one; channels 4 }
evaluate { channels 4 }
"""
FOLLOWS_GRADIENTS = [m for m in ENGINES if issubclass(SEARCH[m], GradientSettings)]
STILL = Cosine(start=0.1, end=0.0)
"""A learning rate that is 0 behind the last epoch."""
AHEAD = {"order": "second"}


def moved(method: str, weights: Sgd, arch: Adam, **given: Any) -> tuple[bool, bool]:
    """Return whether a step behind the last epoch moves searched weights, and other ones."""
    supernet = supernet_of(space_of(SPACE, SHAPE, LOWERED.get(method, ()), classes=CLASSES))
    given = {"epochs": 2, "warmup": 0, "weights": weights, "arch": arch, **given}
    settings = SEARCH[method].model_validate(given)
    engine = make_engine(supernet, settings, torch.Generator().manual_seed(0))
    engine.start_epoch(2)
    parts = supernet.searched(), supernet.weights()
    before = [[weight.detach().clone() for weight in part] for part in parts]
    for number in range(2):
        engine.step(batch(number), batch(10 + number))
    searched, others = (
        [not torch.equal(now, then) for now, then in zip(part, old, strict=True)]
        for part, old in zip(parts, before, strict=True)
    )
    assert len(searched) == 2, "a weight and a bias"
    assert all(searched) == any(searched)
    return all(searched), any(others)


@pytest.mark.parametrize(
    ("method", "given"),
    [
        *((method, {}) for method in FOLLOWS_GRADIENTS),
        ("darts", AHEAD),
        pytest.param("darts", {**AHEAD, "hessian": "exact"}, marks=pytest.mark.slow),
    ],
)
def test_searched_weights_are_trained_by_the_optimiser_of_alpha(
    method: str, given: dict[str, Any]
) -> None:
    moving, still = Sgd(lr=0.1), Sgd(lr=STILL)
    assert moved(method, still, Adam(lr=0.1), **given) == (True, False)
    assert moved(method, moving, Adam(lr=STILL), **given) == (False, True)


@pytest.mark.parametrize("method", sorted({*ENGINES} - {*FOLLOWS_GRADIENTS}))
def test_a_method_without_gradients_of_the_architecture_is_refused(method: str) -> None:
    message = rf"NAS316.*`search {method}` takes no gradients of them"
    with pytest.raises(UserError, match=message):
        space_of(SPACE, SHAPE, (f"search={method}",), classes=CLASSES)
