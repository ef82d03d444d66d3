from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels.availability import available, without_loops
from dslnas.backends.torch.kernels.mix import mix
from dslnas.backends.torch.kernels.norm import Norm, Rule

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


def _running(channels: int) -> Norm:
    return Norm(torch.randn(channels).double(), torch.rand(channels).double() + 0.5)


def _rule(training: bool = True, tracking: bool = True, momentum: float = MOMENTUM) -> Rule:
    return Rule(momentum, EPS, training, tracking)


def _affine(norm: Norm) -> Norm:
    scale, offset = torch.randn(2, len(norm.mean)).double().requires_grad_().unbind()
    return norm._replace(scale=scale, offset=offset)


def _copy(norm: Norm | None) -> Norm | None:
    return norm and norm._replace(mean=norm.mean.clone(), variance=norm.variance.clone())


def _agree(ours: Tensor, theirs: Tensor, sources: list[Tensor]) -> None:
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-10)
    gradient = torch.randn_like(theirs)
    found = torch.autograd.grad(ours, sources, gradient)
    wanted = torch.autograd.grad(theirs, sources, gradient)
    torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-10)


def _library(x: Tensor, norm: Norm | None, rule: Rule) -> Tensor:
    if norm is None:
        return x
    mean, variance = (None, None) if rule.training and not rule.tracking else norm[:2]
    return functional.batch_norm(x, mean, variance, *norm[2:], rule.training, MOMENTUM, EPS)


def _assert_is_the_sum(
    inputs: list[Tensor],
    weights: Tensor | None,
    norms: list[Norm | None],
    rule: Rule,
    counts: list[Tensor | None],
) -> None:
    """Compare with the sum that torch's functions give, in values, gradients and statistics."""
    theirs = list(map(_copy, norms))
    y = mix(inputs, weights, norms, rule, counts)
    terms = []
    for k, (x, norm, count) in enumerate(zip(inputs, theirs, counts, strict=True)):
        term = _library(x, norm, rule) * (1.0 if weights is None else weights[k])
        terms.append(term if count is None else term * count.view(-1, 1, 1, 1))
    trained = [tensor for norm in norms if norm for tensor in norm[2:] if tensor is not None]
    sources = [*inputs, *trained, *([] if weights is None else [weights])]
    _agree(y, torch.stack(terms).sum(0), sources)
    for norm, other in zip(norms, theirs, strict=True):
        if norm is not None and other is not None:
            torch.testing.assert_close(norm[:2], other[:2], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.sample(5)
def test_mix_is_the_sum_of_what_its_equations_say(weighted: bool, mode: str) -> None:
    for shape, normalised in itertools.product(SHAPES, ([True], [False], [True, False, True] * 2)):
        inputs = [_images(shape) for _ in normalised]
        weights = torch.rand(len(inputs)).double().requires_grad_() if weighted else None
        norms = [_running(shape[1]) if norm else None for norm in normalised]
        _assert_is_the_sum(inputs, weights, norms, _rule(*MODES[mode]), [None] * len(inputs))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("weighted", [True, False])
def test_norms_may_be_affine_and_examples_may_count_differently(weighted: bool, mode: str) -> None:
    for shape in ((3, 1, 5, 7), (2, 300, 3, 3), (7, 36, 9, 8)):
        inputs = [_images(shape) for _ in range(4)]
        weights = torch.rand(4).double().requires_grad_() if weighted else None
        plain, affine = _running(shape[1]), [_affine(_running(shape[1])) for _ in range(2)]
        drawn = (torch.rand(3, shape[0]) < 0.6).double() / 0.6
        _assert_is_the_sum(
            inputs, weights, [affine[0], None, plain, affine[1]], _rule(*MODES[mode]),
            [drawn[0], drawn[1], drawn[2], None],
        )  # fmt: skip


def test_a_sum_of_which_nothing_counts_is_zero() -> None:
    x, nothing = _images((2, 4, 5, 5)), torch.zeros(2).double()
    y = mix([x], None, [_running(4)], _rule(), [nothing])
    assert not y.any()
    assert not torch.autograd.grad(y.sum(), x)[0].any()


def test_inputs_without_a_gradient_leave_the_others_what_they_are() -> None:
    inputs = [_images((2, 4, 5, 5)) for _ in range(3)]
    weights = torch.rand(3).double().requires_grad_()
    statistics = [_running(4), None, _running(4)]

    def total(inputs: list[Tensor]) -> Tensor:
        y = mix(inputs, weights, statistics, _rule(tracking=False))
        return (y * torch.linspace(0, 1, y.numel()).double().view(y.shape)).sum()

    wanted = torch.autograd.grad(total(inputs), [weights, inputs[2]])
    held = [inputs[0].detach(), inputs[1].detach(), inputs[2]]
    torch.testing.assert_close(torch.autograd.grad(total(held), [weights, inputs[2]]), wanted)


def test_one_value_per_channel_has_no_statistics() -> None:
    x = torch.randn(1, 4, 1, 1).double()
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        mix([x], None, [_running(4)], _rule())


def test_statistics_of_float32_keep_their_digits_far_from_zero() -> None:
    x = 1000 + torch.randn(4, 4, 16, 16)
    running = Norm(torch.zeros(4), torch.ones(4))
    mix([x], None, [running], _rule(momentum=1.0))
    torch.testing.assert_close(running[1], x.double().var((0, 2, 3)).float(), rtol=1e-5, atol=0)


def test_other_dtypes_work() -> None:
    x = torch.randn(2, 4, 3, 3).bfloat16().requires_grad_()
    statistics = [Norm(torch.zeros(4).bfloat16(), torch.ones(4).bfloat16()), None]
    weights = torch.rand(2).bfloat16().requires_grad_()
    y = mix([x, x], weights, statistics, _rule())
    found = torch.autograd.grad(y.sum(), (x, weights))
    assert all(gradient.isfinite().all() for gradient in found)
