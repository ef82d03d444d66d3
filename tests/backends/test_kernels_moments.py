from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.kernels.availability import available
from dslnas.backends.torch.kernels.moments import known_moments, remember
from dslnas.backends.torch.kernels.pointwise_conv import pointwise_conv
from dslnas.backends.torch.kernels.separable_conv import separable_conv
from dslnas.backends.torch.kernels.separable_conv_call import Member
from dslnas.backends.torch.kernels.window import Window
from dslnas.backends.torch.threads import threads

pytestmark = pytest.mark.skipif(not available(), reason="numba is not installed")

SHAPES = [(3, 36, 9, 8), (1, 5, 7, 7), (2, 16, 8, 8), (40, 3, 1, 1)]


def _results(
    shape: tuple[int, ...], outs: int, dtype: torch.dtype, mean: float = 0.0
) -> tuple[Tensor, ...]:
    torch.manual_seed(0)
    x, channels = torch.randn(shape, dtype=dtype), shape[1]
    x[:, 0] += mean
    kernels = torch.zeros(2, channels, 1, 3, 3, dtype=dtype)
    kernels[..., 1, 1] = 1.0
    matrices = torch.rand(2, outs, channels, 1, 1, dtype=dtype)
    windows = Window((3, 3), (1, 1), (1, 1), (1, 1)), Window((3, 3), (1, 1), (2, 2), (2, 2))
    members = tuple(Member(window, 0) for window in windows)
    separable = separable_conv(members, [x], kernels.unbind(), matrices.unbind(), moments=True)
    return *separable, *pointwise_conv([x], matrices.unbind(), moments=True)


def _moments(result: Tensor) -> Tensor:
    moments = known_moments(result)
    assert moments is not None
    return moments


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("outs", [7, 16, 36])
def test_moments_are_those_of_the_results(shape: tuple[int, ...], outs: int) -> None:
    for dtype, close in ((torch.float64, 1e-12), (torch.float32, 1e-5)):
        for result in _results(shape, outs, dtype):
            x = result.double().movedim(1, 0).flatten(1)
            spread = (x - x.mean(1, keepdim=True)).pow(2).sum(1)
            expected = torch.stack([x.mean(1), spread])
            torch.testing.assert_close(_moments(result), expected, rtol=close, atol=close)


def test_a_large_mean_costs_no_digits() -> None:
    for result in _results((4, 3, 8, 8), 5, torch.float32, mean=1e4):
        spread = 256 * result.double().movedim(1, 0).flatten(1).var(1, correction=0)
        torch.testing.assert_close(_moments(result)[1], spread, rtol=1e-4, atol=0.0)


def test_moments_are_equal_bit_for_bit_on_any_number_of_threads() -> None:
    found = []
    for number in (1, 3):
        with threads(number):
            found.append(list(map(_moments, _results((5, 6, 40, 40), 7, torch.float32))))
    assert all(map(torch.equal, *found))


def test_nobody_knows_moments_of_what_has_changed() -> None:
    for result in _results((2, 16, 8, 8), 16, torch.float32):
        result.detach().mul_(2)
        assert known_moments(result) is None


def test_of_tensors_that_nobody_watches_nothing_is_known() -> None:
    with torch.inference_mode():
        images = torch.zeros(2, 3, 4, 4)
        assert known_moments(images) is None
        remember(images, torch.zeros(2, 3, dtype=torch.float64))
        assert known_moments(images) is None
