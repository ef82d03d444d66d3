"""Products that share a weight over time, against those of torch."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import linear

from dslnas.backends.torch import products
from dslnas.backends.torch.products import ROWS, SharedLinear

ROWS_OF_STEPS = (5, ROWS + 3, 5, 7)


def operands(*, bias: bool) -> tuple[list[Tensor], Tensor, Tensor | None]:
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()

    return [drawn(rows, 3) for rows in ROWS_OF_STEPS], drawn(4, 3), drawn(4) if bias else None


def chained(steps: list[Tensor], of: SharedLinear, loss: Tensor) -> Tensor:
    """Return a loss of products, each of which depends on the one before."""
    for x in steps:
        loss = loss + of(x * (1 + loss.tanh())).sin().sum()
    return loss


def plain(weight: Tensor, bias: Tensor | None) -> SharedLinear:
    return lambda x: linear(x, weight, bias)  # type: ignore[return-value]


@pytest.mark.parametrize(("turned", "rows"), [(1, ROWS), (100, ROWS), (1, ROWS - 1)])
@pytest.mark.parametrize("bias", [False, True])
def test_results_and_gradients_are_those_of_a_linear_map(
    bias: bool, turned: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "TURNED", turned)
    steps, weight, b = operands(bias=bias)
    of, zero = [*steps, weight, *([] if b is None else [b])], torch.zeros((), dtype=torch.float64)
    ours = chained(steps, SharedLinear(weight, b, rows), zero)
    theirs = chained(steps, plain(weight, b), zero)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=0)
    found, expected = (torch.autograd.grad(loss, of) for loss in (ours, theirs))
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
    assert all(gradient.is_contiguous() for gradient in found)


def test_a_second_backward_pass_begins_anew() -> None:
    (x, *_), weight, _ = operands(bias=False)
    loss = SharedLinear(weight, None, ROWS)(x).sin().sum()
    torch.autograd.grad(loss, x, retain_graph=True)  # leaves what nobody asked for
    first = torch.autograd.grad(loss, weight, retain_graph=True)
    second = torch.autograd.grad(loss, weight)
    torch.testing.assert_close(first, second, rtol=0, atol=0)


def test_gradients_have_gradients() -> None:
    steps, weight, bias = operands(bias=True)
    assert bias is not None

    def loss(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        shared = SharedLinear(weight, bias, ROWS)
        return shared(x).tanh().sum() + shared(x.tanh()).sin().sum()

    assert torch.autograd.gradgradcheck(loss, (steps[0], weight, bias))


def test_a_weight_that_is_not_trained_gets_no_gradient() -> None:
    (x, *_), weight, _ = operands(bias=False)
    loss = SharedLinear(weight.detach(), None, ROWS)(x).sum()
    (found,) = torch.autograd.grad(loss, x)
    torch.testing.assert_close(found, weight.detach().sum(0).expand_as(x))
