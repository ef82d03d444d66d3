from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels import entropy
from dslnas.backends.torch.kernels.compiled import available, without_loops
from dslnas.backends.torch.kernels.entropy import summed_cross_entropy
from dslnas.backends.torch.threads import threads

NOTHING = -1


@pytest.fixture(params=["compiled", "torch"], autouse=True)
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(entropy, "_MANY", 0)
    if request.param == "compiled" and not available():
        pytest.skip("numba is not installed")
    with without_loops(*(("cross_entropy",) if request.param == "torch" else ())):
        yield


def rows(classes: int, scale: float = 1.0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    logits = scale * torch.randn((9, classes), generator=generator)
    targets = torch.randint(classes, (9,), generator=generator)
    targets[3] = NOTHING
    return logits.requires_grad_(), targets


@pytest.mark.parametrize("classes", [2, 63, 64, 1000])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_loss_and_gradient_are_those_of_the_formula(classes: int, scale: float) -> None:
    logits, targets = rows(classes, scale)
    exact = logits.detach().double().requires_grad_()
    kept = targets != NOTHING
    formula = (exact.logsumexp(1) - exact.gather(1, targets.clamp(0)[:, None])[:, 0])[kept].sum()
    found = summed_cross_entropy(logits, targets, NOTHING)
    torch.testing.assert_close(found.double(), formula, rtol=1e-5, atol=1e-5)
    (ours,) = torch.autograd.grad(0.3 * found, logits)
    (theirs,) = torch.autograd.grad(0.3 * formula, exact)
    torch.testing.assert_close(ours.double(), theirs, rtol=1e-4, atol=1e-6)


def test_gradients_have_gradients() -> None:
    logits, targets = rows(7)
    exact = logits.detach().double().requires_grad_()
    found = []
    for x, loss in (
        (logits, summed_cross_entropy(logits, targets, NOTHING)),
        (exact, functional.cross_entropy(exact, targets, reduction="sum", ignore_index=NOTHING)),
    ):
        (gradient,) = torch.autograd.grad(loss, x, create_graph=True)
        found.append(torch.autograd.grad(gradient.pow(2).sum(), x)[0].double())
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-5)


def test_what_is_not_a_number_stays_so() -> None:
    logits, targets = rows(70)
    with torch.no_grad():
        logits[0, 5] = float("nan")
    assert summed_cross_entropy(logits, targets, NOTHING).isnan()


def test_results_are_equal_bit_for_bit_on_any_number_of_threads() -> None:
    logits, targets = rows(300)
    found = []
    for number in (1, 2):
        with threads(number):
            loss = summed_cross_entropy(logits, targets, NOTHING)
            found.append((loss, *torch.autograd.grad(loss, logits)))
    assert all(map(torch.equal, *found))
