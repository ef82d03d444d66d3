from __future__ import annotations

import pytest
import torch

from dslnas.engines.relaxations.softmax import Relaxation, rows_of
from tests.engines.by_hand import softmax
from tests.engines.small import SPACES, batch, space, supernet_of


def relaxation_of(name: str, seed: int = 0) -> Relaxation:
    supernet = supernet_of(space(SPACES[name]))
    return Relaxation(supernet, torch.Generator().manual_seed(seed))


def test_alpha_starts_small_and_random() -> None:
    alphas = torch.cat([a.detach().flatten() for a in relaxation_of("darts").alphas.values()])
    assert alphas.numel() == 2 * 5 * 8
    assert alphas.std().item() == pytest.approx(1e-3, rel=0.2)
    assert abs(alphas.mean().item()) < 3e-4
    again = torch.cat([a.detach().flatten() for a in relaxation_of("darts").alphas.values()])
    assert torch.equal(alphas, again)
    other = torch.cat([a.detach().flatten() for a in relaxation_of("darts", 1).alphas.values()])
    assert not torch.equal(alphas, other)


@pytest.mark.parametrize("name", sorted(SPACES))
def test_weights_are_the_softmax_over_the_operations_of_the_edge(name: str) -> None:
    supernet = supernet_of(space(SPACES[name]))
    relaxation = Relaxation(supernet, torch.Generator().manual_seed(0))
    for alpha in relaxation.alphas.values():
        alpha.data = 3 * torch.randn(alpha.shape, dtype=torch.float64)
    for cell, weights in relaxation.weights().items():
        expected = softmax(relaxation.alphas[cell], supernet.tables[cell].rows)
        torch.testing.assert_close(weights, expected, rtol=1e-12, atol=0)
        assert not weights[~supernet.exists(cell)].any()
        torch.testing.assert_close(weights.sum(1), torch.ones(len(weights)).double())
    assert relaxation.scores() == {c: rows_of(w) for c, w in relaxation.weights().items()}


def test_columns_that_do_not_exist_change_nothing_and_get_no_gradient() -> None:
    supernet = supernet_of(space(SPACES["uneven"]))
    relaxation = Relaxation(supernet, torch.Generator().manual_seed(0))
    loss = relaxation.loss(batch(0))
    for cell, gradient in zip(relaxation.alphas, relaxation.gradients(loss), strict=True):
        exists = supernet.exists(cell)
        assert gradient[exists].all()
        assert not gradient[~exists].any()
        relaxation.alphas[cell].data[~exists] = 1e6
    assert torch.equal(loss, relaxation.loss(batch(0)))


def test_gradients_are_those_of_alpha_only() -> None:
    supernet = supernet_of(space(SPACES["darts"]))
    relaxation = Relaxation(supernet, torch.Generator().manual_seed(0))
    marks = [torch.full_like(w, 7.0) for w in supernet.weights()]
    for weight, mark in zip(supernet.weights(), marks, strict=True):
        weight.grad = mark
    gradients = relaxation.gradients(relaxation.loss(batch(0)))
    assert [g.shape for g in gradients] == [a.shape for a in relaxation.alphas.values()]
    assert all(w.grad is mark for w, mark in zip(supernet.weights(), marks, strict=True))
    assert all(bool((mark == 7.0).all()) for mark in marks)
    assert all(alpha.grad is None for alpha in relaxation.alphas.values())


def test_gradient_is_the_slope_of_the_loss() -> None:
    supernet = supernet_of(space(SPACES["uneven"]))
    relaxation = Relaxation(supernet, torch.Generator().manual_seed(0))
    examples = batch(0)
    gradient, _ = relaxation.gradients(relaxation.loss(examples))
    alpha = relaxation.alphas["wide"]
    for place in ((0, 1), (1, 0), (2, 2)):
        losses = []
        for shift in (1e-4, -2e-4):  # from 0 to +h, from there to -h
            alpha.data[place] += shift
            losses.append(float(relaxation.loss(examples, alpha_gradient=False).detach()))
        alpha.data[place] += 1e-4
        slope = (losses[0] - losses[1]) / 2e-4
        assert gradient[place].item() == pytest.approx(slope, rel=1e-5, abs=1e-9)


def test_a_loss_without_alpha_gradient_is_the_same() -> None:
    relaxation = relaxation_of("darts")
    loss = relaxation.loss(batch(0))
    without = relaxation.loss(batch(0), alpha_gradient=False)
    assert torch.equal(loss, without)
    torch.autograd.backward(without)
    assert all(alpha.grad is None for alpha in relaxation.alphas.values())


def test_alpha_of_a_cell_that_nothing_reads_has_gradient_zero() -> None:
    relaxation = relaxation_of("skipped")
    unread, read = relaxation.gradients(relaxation.loss(batch(0)))
    assert list(relaxation.alphas) == ["unread", "read"]
    assert unread.shape == (2, 2)
    assert not unread.any()
    assert read.all()
