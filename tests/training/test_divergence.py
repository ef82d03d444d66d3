"""A search that diverges stops, and says where."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from dslnas.data.dataset import Data
from dslnas.diagnostics import UserError
from dslnas.engines.catalogue import ENGINES
from dslnas.settings.values import Sgd
from tests.training.tiny import WITHOUT_ARCHITECTURE_DATA, random_data, run_search, with_value


def _error(method: str, data: Data, **given: Any) -> str:
    with pytest.raises(UserError) as caught:
        run_search(method, data, **given)
    return caught.value.render()


HELP = "\n  = help: divide the learning rate of `weights` by ten, or clip more"

BETWEEN_EPOCHS = {"evolution", "enas", "nao"}
"""Methods that look at the architecture data after the steps of an epoch."""


@pytest.mark.parametrize("method", ["darts", "gdas", "nasp", "random"])
def test_a_training_loss_that_is_not_finite_stops_the_search(method: str) -> None:
    data = random_data()
    broken = replace(data, weights=with_value(data.weights, torch.nan))
    assert _error(method, broken) == (
        f"search {method}: error[NAS701]: training loss is nan in epoch 1, step 1{HELP}"
    )


@pytest.mark.parametrize("method", sorted(set(ENGINES) - WITHOUT_ARCHITECTURE_DATA))
def test_an_architecture_loss_that_is_not_finite_stops_the_search(method: str) -> None:
    data = random_data()
    broken = replace(data, architecture=with_value(data.architecture, torch.nan))
    given = {"each": 1} if method == "random_search" else {}  # it looks in the last of `each`
    step = 5 if method in BETWEEN_EPOCHS else 1
    assert _error(method, broken, **given) == (
        f"search {method}: error[NAS701]: architecture loss is nan in epoch 1, step {step}{HELP}"
    )


def test_a_learning_rate_that_is_far_too_large_stops_the_search() -> None:
    wild = Sgd(lr=1e38, clip=0.0)
    assert _error("darts", random_data(), weights=wild) == (
        f"search darts: error[NAS701]: architecture loss is nan in epoch 1, step 2{HELP}"
    )


def test_weights_that_diverge_in_the_last_step_of_an_epoch_stop_the_search() -> None:
    wild = Sgd(lr=1e38, clip=0.0)
    assert _error("darts", random_data(), weights=wild, batch=40, epochs=1) == (
        f"search darts: error[NAS701]: validation loss is nan in epoch 1, step 1{HELP}"
    )
