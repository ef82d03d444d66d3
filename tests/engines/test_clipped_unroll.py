"""The step ahead with clipping, as DARTS' recurrent program has it: by autograd and by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.data.batches import Batch
from dslnas.engines.catalogue import make_engine
from dslnas.engines.objectives.hessian import Hessian
from dslnas.engines.objectives.objectives import Bilevel, MixedLevel
from dslnas.engines.objectives.unrolled import Lookahead, unroll
from dslnas.engines.optimisers import WeightOptimiser
from dslnas.engines.relaxations.softmax import Relaxation
from dslnas.settings.search import SEARCH
from dslnas.settings.values import Sgd
from tests.engines.small import RECURRENT, segment, space, supernet_of
from tests.engines.smooth import CELL, Smooth, smooth_batch, smooth_loss

RATE, MOMENTUM, DECAY = 0.1, 0.4, 0.02
TRAIN, VALIDATION = 1, 2
SMALL, LARGE = 0.3, 1e6
"""A norm that all gradients exceed, and one that none does."""


class Point:
    """A supernet somewhere, its optimiser with momentum, and alphas that are not alike."""

    def __init__(self, clip: float, noise: float = 0.0) -> None:
        self.supernet = Smooth(noise=noise)
        sgd = Sgd(lr=RATE, momentum=MOMENTUM, weight_decay=DECAY, clip=clip)
        self.optimiser = WeightOptimiser(self.supernet.weights(), sgd, 1)
        self.relaxation = Relaxation(self.supernet, torch.Generator().manual_seed(3))
        self.alpha = self.relaxation.alphas[CELL]
        self.alpha.data = torch.tensor([[0.5, -0.3], [0.2, 0.9]], dtype=torch.float64)
        loss = self.relaxation.loss(smooth_batch(0))
        self.optimiser.step(self.optimiser.gradients(loss))
        self.buffers = [
            self.optimiser._descent.buffers[w]["momentum_buffer"].clone()
            for w in self.supernet.weights()
        ]

    def gradient(self, hessian: Hessian, *, clipped: bool) -> Tensor:
        """Return the gradient of the validation loss after a step on the training loss."""
        level = Bilevel(
            self.supernet, self.relaxation, self.optimiser, "second", hessian, clipped=clipped
        )
        return level.gradient(smooth_batch(TRAIN), smooth_batch(VALIDATION)).gradients[0]


def kappa(gradients: tuple[Tensor, ...], clip: float) -> float:
    """Return what clipping would scale by, not limited to 1."""
    norm = float(torch.cat([g.detach() for g in gradients]).norm())
    return clip / (norm + 1e-6)


def by_hand(point: Point, clip: float, hessian: Hessian) -> tuple[Tensor, float, float]:
    """Return the gradient, and the factors by which g and v are to be scaled, not limited to 1."""
    weights = [w.detach().clone().requires_grad_() for w in point.supernet.weights()]
    alpha = point.alpha.detach().clone().requires_grad_()
    train = smooth_loss(smooth_batch(TRAIN), weights, alpha.softmax(-1))
    g = torch.autograd.grad(train, weights, create_graph=True)
    of_g = kappa(g, clip)
    rows = zip(weights, g, point.buffers, strict=True)
    moved = [
        w - RATE * (min(1.0, of_g) * h + MOMENTUM * b + DECAY * w.detach()) for w, h, b in rows
    ]
    there = [w.detach().requires_grad_() for w in moved]
    held_out = smooth_loss(smooth_batch(VALIDATION), there, alpha.softmax(-1))
    (direct,) = torch.autograd.grad(held_out, alpha, retain_graph=True)
    v = torch.autograd.grad(held_out, there)
    of_v = kappa(v, clip)
    v = tuple(min(1.0, of_v) * x for x in v)
    if hessian == "exact":  # the chain rule, through the step itself
        (through,) = torch.autograd.grad(moved, alpha, v)
        return direct + through, of_g, of_v
    eps = 0.01 / sum(float(x.square().sum()) for x in v) ** 0.5
    sides = []
    for shift in (eps, -eps):
        shifted = [w.detach() + shift * x for w, x in zip(weights, v, strict=True)]
        loss = smooth_loss(smooth_batch(TRAIN), shifted, alpha.softmax(-1))
        sides.append(torch.autograd.grad(loss, alpha)[0])
    product = (sides[0] - sides[1]) / (2 * eps)
    return direct - RATE * min(1.0, of_g) * product, of_g, of_v


@pytest.mark.parametrize("hessian", ["exact", "difference"])
@pytest.mark.parametrize("clip", [SMALL, LARGE])
def test_a_clipped_step_ahead(clip: float, hessian: Hessian) -> None:
    point = Point(clip)
    expected, of_g, of_v = by_hand(point, clip, hessian)
    assert (of_g < 1 and of_v < 1) == (clip == SMALL)
    assert (of_g > 1 and of_v > 1) == (clip == LARGE)
    found = point.gradient(hessian, clipped=True)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


def test_differences_come_close_to_the_exact_product() -> None:
    point = Point(SMALL)
    exact, close = (point.gradient(h, clipped=True) for h in ("exact", "difference"))
    first = point.relaxation.gradients(point.relaxation.loss(smooth_batch(VALIDATION)))[0]
    assert (exact - first).norm() > 1e-3
    torch.testing.assert_close(close, exact, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("hessian", ["exact", "difference"])
def test_clipping_ahead_matters_only_where_gradients_are_clipped(hessian: Hessian) -> None:
    for clip, alike in ((SMALL, False), (LARGE, True), (0.0, True)):
        found = [Point(clip).gradient(hessian, clipped=clipped) for clipped in (False, True)]
        assert torch.equal(*found) == alike


@pytest.mark.parametrize("method", ["darts", "milenas", "single_level", "gdas", "snas"])
@pytest.mark.parametrize("hessian", ["exact", "difference"])
def test_unrolling_is_clipped_where_the_settings_say_so(method: str, hessian: Hessian) -> None:
    def alphas(clip: float, **given: Any) -> Tensor:
        sgd = Sgd(lr=RATE, clip=clip)
        ahead: dict[str, Any] = {"order": "second", "hessian": hessian}
        settings = SEARCH[method](epochs=1, weights=sgd, **ahead, **given)
        supernet = Smooth()
        engine = make_engine(supernet, settings, torch.Generator().manual_seed(0))
        engine.step(smooth_batch(1), smooth_batch(2))
        return engine.alphas()[CELL].detach()

    plain = alphas(SMALL)
    assert torch.equal(plain, alphas(SMALL, unroll="unclipped"))
    assert not torch.equal(plain, alphas(SMALL, unroll="clipped"))
    assert torch.equal(alphas(LARGE), alphas(LARGE, unroll="clipped"))


# ---- what is random in the training loss --------------------------------------------------------

HESSIANS: tuple[Hessian, Hessian] = ("exact", "difference")


def test_all_passes_of_the_product_have_the_same_noise() -> None:
    """With other noise on both sides a difference would be that of two losses, over 2 eps."""
    exact, close = (Point(SMALL, noise=2.0).gradient(h, clipped=True) for h in HESSIANS)
    quiet = Point(SMALL).gradient("exact", clipped=True)
    assert (exact - quiet).norm() > 1e-2
    torch.testing.assert_close(close, exact, rtol=1e-3, atol=1e-5)


def test_a_mixed_level_steps_along_one_noise_and_is_measured_under_another() -> None:
    """The step's own noise would flatter the loss after it; the product knows of no other."""
    found = []
    for hessian in HESSIANS:
        point = Point(SMALL, noise=2.0)
        parts = (point.supernet, point.relaxation, point.optimiser)
        level = MixedLevel(*parts, "second", hessian, clipped=True)
        found.append(level.gradient(smooth_batch(TRAIN), smooth_batch(VALIDATION)).gradients[0])
    exact, close = found
    torch.testing.assert_close(close, exact, rtol=1e-3, atol=1e-5)


def test_noise_goes_on_behind_the_product_as_if_nothing_had_been_drawn_again() -> None:
    states = []
    for hessian in HESSIANS:
        point = Point(SMALL, noise=1.0)
        point.gradient(hessian, clipped=True)
        generator = point.supernet.network.run_state.generator
        assert generator is not None
        states.append(generator.get_state())
    assert torch.equal(*states)


def test_without_a_generator_there_is_nothing_to_repeat() -> None:
    point = Point(SMALL)
    expected = point.gradient("difference", clipped=True)
    point.supernet.network.run_state.generator = None
    assert torch.equal(point.gradient("difference", clipped=True), expected)


def test_where_the_outer_loss_is_flat_there_is_no_product() -> None:
    point = Point(SMALL)
    for weight in point.supernet.weights():
        weight.data.zero_()
    standing = Sgd(lr=1e-300, momentum=0.0, weight_decay=0.0)
    point.optimiser = WeightOptimiser(point.supernet.weights(), standing, 1)
    flat = Batch({"x": torch.zeros(3, dtype=torch.float64)}, torch.zeros(2, dtype=torch.float64))
    train = smooth_batch(TRAIN)
    for hessian in HESSIANS:
        ahead = Lookahead(hessian, clipped=True)
        found = unroll(point.supernet, point.relaxation, point.optimiser, train, [flat], ahead)
        assert found.outers[0].gradients[0].tolist() == [[0.0, 0.0], [0.0, 0.0]]


# ---- a recurrent supernet -----------------------------------------------------------------------


@pytest.mark.parametrize("clip", [0.05, LARGE])
def test_differences_come_close_on_a_recurrent_supernet_with_dropout(clip: float) -> None:
    smooth = RECURRENT.replace("relu", "sigmoid")  # no kinks between both sides of a difference
    found = []
    for hessian in HESSIANS:
        supernet = supernet_of(space(smooth))
        rates = {"words": 0.2, "input": 0.5, "state": 0.3, "output": 0.5}
        supernet.network.run_state.dropout = rates
        sgd = Sgd(lr=1.0, momentum=0.0, weight_decay=5e-7, clip=clip)
        optimiser = WeightOptimiser(supernet.weights(), sgd, 1)
        relaxation = Relaxation(supernet, torch.Generator().manual_seed(0))
        level = Bilevel(supernet, relaxation, optimiser, "second", hessian, clipped=True)
        before = [w.detach().clone() for w in supernet.weights()]
        found.append(level.gradient(segment(1), segment(2)).gradients[0])
        pairs = zip(supernet.weights(), before, strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)
    exact, close = found
    torch.testing.assert_close(close, exact, rtol=0.0, atol=0.02 * float(exact.norm()))
