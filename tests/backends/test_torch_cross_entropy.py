"""The cross-entropy with its gradient by hand, against that of torch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from dslnas.backends.torch import cross_entropy as module
from dslnas.backends.torch.cross_entropy import part_of_cross_entropy
from dslnas.data.batches import NOTHING

TARGETS = torch.tensor([4, NOTHING, 0, 2, 2, NOTHING, 1])


def logits() -> Tensor:
    drawn = torch.randn((len(TARGETS), 5), generator=torch.Generator().manual_seed(0))
    return (30 * drawn).double().requires_grad_()


def ours(x: Tensor) -> Tensor:
    return part_of_cross_entropy(x, TARGETS, (TARGETS != NOTHING).sum())


def theirs(x: Tensor) -> Tensor:
    return cross_entropy(x, TARGETS, ignore_index=NOTHING)


@pytest.mark.parametrize("cached", [1, 11, 10**6])
@pytest.mark.parametrize("factor", [1.0, 0.3])
def test_loss_and_gradient_are_those_of_torch(
    cached: int, factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CACHED", cached)
    x = logits()
    results = [factor * loss(x) for loss in (ours, theirs)]
    torch.testing.assert_close(*results, rtol=1e-14, atol=0)
    found, expected = (torch.autograd.grad(result, x)[0] for result in results)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-15)


def test_a_gradient_can_be_asked_for_twice() -> None:
    x = logits()
    loss = 0.5 * ours(x)
    first, second = (torch.autograd.grad(loss, x, retain_graph=True)[0] for _ in range(2))
    assert torch.equal(first, second)


def test_gradients_have_gradients() -> None:
    x = logits()
    products = []
    for loss in (ours, theirs):
        (gradient,) = torch.autograd.grad(loss(x.tanh()).exp(), x, create_graph=True)
        products.append(torch.autograd.grad(gradient.sin().sum(), x)[0])
    torch.testing.assert_close(*products, rtol=1e-10, atol=1e-14)
