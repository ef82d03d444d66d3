from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels.availability import available, without_loops
from dslnas.backends.torch.kernels.mix import Running, mix

MOMENTUM, EPS = 0.1, 1e-5
MODES = {"training": (True, True), "not tracking": (True, False), "evaluation": (False, True)}
"""(training, tracking) by name."""

SHAPES = ((2, 4, 8, 8), (3, 1, 5, 7), (2, 300, 3, 3), (2, 1, 130, 140), (1, 40000, 1, 2))
"""Less and more than one tile of values, than one part; channels beyond the length of a tile, and
of a part."""


@pytest.fixture(params=["compiled", "torch"], autouse=True)
def form(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.param == "compiled" and not available():
        pytest.skip("numba is not installed")
    with without_loops(*(("mix",) if request.param == "torch" else ())):
        yield


def _images(shape: tuple[int, ...]) -> Tensor:
    x = torch.randn(shape, dtype=torch.float64) + 5 * torch.randn(shape[1], 1, 1).double()
    return x.requires_grad_()


def _running(channels: int) -> Running:
    return torch.randn(channels).double(), torch.rand(channels).double() + 0.5


def _agree(ours: Tensor, theirs: Tensor, sources: list[Tensor]) -> None:
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-10)
    gradient = torch.randn_like(theirs)
    found = torch.autograd.grad(ours, sources, gradient)
    wanted = torch.autograd.grad(theirs, sources, gradient)
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-10)


def _library(x: Tensor, running: Running, mode: str) -> Tensor:
    training, tracking = MODES[mode]
    mean, variance = (None, None) if training and not tracking else running
    return functional.batch_norm(x, mean, variance, None, None, training, MOMENTUM, EPS)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("weighted", [True, False])
def test_mix_is_the_sum_of_what_its_equations_say(weighted: bool, mode: str) -> None:
    training, tracking = MODES[mode]
    for shape, normalised in itertools.product(SHAPES, ([True], [False], [True, False, True] * 2)):
        inputs = [_images(shape) for _ in normalised]
        weights = torch.rand(len(inputs)).double().requires_grad_() if weighted else None
        ours = [_running(shape[1]) if norm else None for norm in normalised]
        theirs = [None if own is None else (own[0].clone(), own[1].clone()) for own in ours]
        y = mix(inputs, weights, ours, MOMENTUM, EPS, training=training, tracking=tracking)
        terms = [
            x if own is None else _library(x, own, mode)
            for x, own in zip(inputs, theirs, strict=True)
        ]
        factors = torch.ones(len(inputs)).double() if weights is None else weights
        wanted = torch.stack([a * term for a, term in zip(factors, terms, strict=True)]).sum(0)
        _agree(y, wanted, [*inputs, *([] if weights is None else [weights])])
        for own, other in zip(ours, theirs, strict=True):
            if own is not None and other is not None:
                torch.testing.assert_close(own, other, rtol=1e-12, atol=1e-12)


def test_inputs_without_a_gradient_leave_the_others_what_they_are() -> None:
    inputs = [_images((2, 4, 5, 5)) for _ in range(3)]
    weights = torch.rand(3).double().requires_grad_()
    statistics = [_running(4), None, _running(4)]

    def total(inputs: list[Tensor]) -> Tensor:
        y = mix(inputs, weights, statistics, MOMENTUM, EPS, training=True, tracking=False)
        return (y * torch.linspace(0, 1, y.numel()).double().view(y.shape)).sum()

    wanted = torch.autograd.grad(total(inputs), [weights, inputs[2]])
    held = [inputs[0].detach(), inputs[1].detach(), inputs[2]]
    torch.testing.assert_close(torch.autograd.grad(total(held), [weights, inputs[2]]), wanted)


def test_one_value_per_channel_has_no_statistics() -> None:
    x = torch.randn(1, 4, 1, 1).double()
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        mix([x], None, [_running(4)], MOMENTUM, EPS, training=True, tracking=True)


def test_statistics_of_float32_keep_their_digits_far_from_zero() -> None:
    x = 1000 + torch.randn(4, 4, 16, 16)
    running = torch.zeros(4), torch.ones(4)
    mix([x], None, [running], 1.0, EPS, training=True, tracking=True)
    torch.testing.assert_close(running[1], x.double().var((0, 2, 3)).float(), rtol=1e-5, atol=0)


def test_other_dtypes_work() -> None:
    x = torch.randn(2, 4, 3, 3).bfloat16().requires_grad_()
    statistics = [(torch.zeros(4).bfloat16(), torch.ones(4).bfloat16()), None]
    weights = torch.rand(2).bfloat16().requires_grad_()
    y = mix([x, x], weights, statistics, MOMENTUM, EPS, training=True, tracking=True)
    found = torch.autograd.grad(y.sum(), (x, weights))
    assert all(gradient.isfinite().all() for gradient in found)
