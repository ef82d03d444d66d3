"""A search that diverges stops, and says where."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
import torch

from dslnas.data.dataset import Data
from dslnas.diagnostics import UserError
from dslnas.engines.catalogue import ENGINES
from dslnas.settings.values import Sgd
from dslnas.training.records import EpochRecord, check_diverged
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


def test_losses_that_are_many_times_those_of_a_guess_end_the_search() -> None:
    wild = Sgd(lr=1e4, clip=0.0)
    assert "error[NAS701]: diverged in epoch 1: training loss " in _error(
        "single_level", random_data(), weights=wild
    )


@pytest.mark.parametrize(
    ("train", "validation", "guess", "diverged"),
    [
        (41.0, 41.0, 4.0, True),
        (41.0, 39.0, 4.0, False),
        (39.0, 1e9, 4.0, False),  # running statistics of batch norm may be far off in first epochs
        (1e9, 1e9, None, False),
    ],
)
def test_only_what_is_far_worse_than_a_guess_in_both_parts_has_diverged(
    train: float, validation: float, guess: float | None, diverged: bool
) -> None:
    record = EpochRecord(
        stage="retrain",
        epoch=2,
        epochs=3,
        train_loss=train,
        validation_loss=validation,
        seconds=1.0,
    )
    with pytest.raises(UserError) if diverged else nullcontext() as caught:
        check_diverged(record, guess, "training")
    if diverged:
        assert caught is not None
        assert caught.value.render() == (
            "training: error[NAS701]: diverged in epoch 2: training loss 41, validation loss "
            f"41, where a guess has 4{HELP}"
        )
