"""A loss that is scaled and data that are doubled: steps of the same size, and the same search."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.losses import BatchOutput, mean_cross_entropy
from dslnas.data.batches import Batch
from dslnas.settings.values import Adam, Sgd
from tests.engines.metamorphic.tiny import (
    OF_GRADIENTS,
    Run,
    are_equal,
    assert_close,
    has,
    twice,
)
from tests.engines.methods import METHODS

FACTOR = 4.0
"""A power of two, which changes no digit of a number."""

FREE: dict[str, Any] = {"arch": Adam(lr=0.05, weight_decay=0.0), "regularise": None}
"""Without what is added to the loss besides itself."""


def scaled(found: BatchOutput, batch: Batch) -> Tensor:
    return FACTOR * mean_cross_entropy(found, batch)


def louder(run: Run) -> None:
    run.supernet.loss_of = scaled


def without_offset(run: Run) -> Run:
    """Let Adam add nothing to the root of a second moment."""
    if (optimiser := getattr(run.engine, "_alpha", None)) is not None:
        optimiser._descent.eps = 1e-300
    return run


def sgd(rate: float, momentum: float = 0.9) -> Sgd:
    return Sgd(lr=rate, momentum=momentum, weight_decay=0.0, clip=0.0)


@pytest.mark.parametrize("order", ["first", "second"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.sample(6)
def test_a_scaled_loss_and_a_smaller_step_are_the_same_search(method: str, order: str) -> None:
    given = {**FREE, "order": order, "sparsity": 0.01}
    ours = without_offset(Run(method, **given, weights=sgd(0.1))).steps()
    given["sparsity"] *= FACTOR
    scaled = Run(method, before=louder, **given, weights=sgd(0.1 / FACTOR))
    without_offset(scaled).steps()
    assert are_equal(scaled.alphas(), ours.alphas())
    assert are_equal(scaled.weights(), ours.weights())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.sample(3)
def test_a_scaled_loss_alone_takes_the_weights_further(method: str) -> None:
    given = {**FREE, "weights": sgd(0.1, momentum=0.0)}
    start = Run(method).weights()
    first = without_offset(Run(method, **given, sparsity=0.01)).steps(1).weights()
    further = Run(method, before=louder, **given, sparsity=0.01 * FACTOR)
    assert any(not torch.equal(first[name], weight) for name, weight in start.items())
    moved = {name: start[name] + FACTOR * (first[name] - start[name]) for name in start}
    assert_close(without_offset(further).steps(1).weights(), moved)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.sample(4)
def test_examples_that_come_twice_change_nothing(method: str) -> None:
    ours, doubled = Run(method).steps(), Run(method).steps(change=twice)
    assert_close(doubled.alphas(), ours.alphas())
    assert_close(doubled.weights(), ours.weights())


@pytest.mark.parametrize("method", [m for m in OF_GRADIENTS if has(m, "order")])
@pytest.mark.sample(1)
def test_examples_that_come_twice_change_nothing_one_step_ahead(method: str) -> None:
    ours, doubled = (
        Run(method, order="second").steps(change=change) for change in (lambda batch: batch, twice)
    )
    assert_close(doubled.alphas(), ours.alphas())
