from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels import convolution
from dslnas.backends.torch.kernels.convolution import depthwise
from dslnas.backends.torch.kernels.window import Pair

WINDOWS: list[tuple[Pair, Pair, Pair, Pair]] = [
    ((3, 3), (1, 1), (1, 1), (1, 1)),
    ((3, 3), (2, 2), (1, 1), (1, 1)),
    ((5, 5), (1, 1), (4, 4), (2, 2)),
    ((5, 5), (2, 2), (4, 4), (2, 2)),
    ((3, 1), (1, 1), (3, 0), (3, 1)),
    ((1, 3), (2, 1), (0, 0), (1, 2)),
    ((3, 3), (1, 1), (3, 4), (1, 1)),
    ((2, 4), (3, 2), (0, 1), (1, 1)),
]
SIZES = ((4, 8, 8), (3, 7, 9), (1, 5, 5))


def _images(*shape: int) -> Tensor:
    return torch.randn(2, *shape, dtype=torch.float64).requires_grad_()


def _agree(ours: Tensor, theirs: Tensor, sources: tuple[Tensor, ...]) -> None:
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-10)
    gradient = torch.randn_like(theirs)
    found = torch.autograd.grad(ours, sources, gradient)
    wanted = torch.autograd.grad(theirs, sources, gradient)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-10)


@pytest.mark.parametrize("window", WINDOWS)
def test_depthwise_convolution_and_its_gradients_are_those_of_torch(
    window: tuple[Pair, Pair, Pair, Pair],
) -> None:
    kernel, *others = window
    stride, padding, dilation = others
    for shape in SIZES:
        x = _images(*shape)
        weight = torch.randn(shape[0], 1, *kernel, dtype=torch.float64, requires_grad=True)
        theirs = functional.conv2d(x, weight, None, stride, padding, dilation, shape[0])
        _agree(depthwise(x, weight, *others), theirs, (x, weight))


@pytest.mark.parametrize("wanted", [(True, False), (False, True)])
def test_only_the_wanted_gradient_is_computed(
    wanted: tuple[bool, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    x, weight = torch.randn(1, 4, 5, 5), torch.randn(4, 1, 3, 3)
    x.requires_grad_(wanted[0])
    weight.requires_grad_(wanted[1])
    unwanted = "_weight_gradient" if wanted[0] else "_input_gradient"
    monkeypatch.setattr(convolution, unwanted, None)
    torch.autograd.backward(depthwise(x, weight, (1, 1), (1, 1), (1, 1)).sum())
    assert (x.grad is not None, weight.grad is not None) == wanted


def test_images_serve_a_weight_gradient_only() -> None:
    x, weight = torch.randn(1, 4, 5, 5).requires_grad_(), torch.randn(4, 1, 3, 3)
    out = depthwise(x, weight, (1, 1), (1, 1), (1, 1))
    assert out.grad_fn is not None
    assert out.grad_fn.saved_tensors[0] is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_other_dtypes_and_layouts_work(dtype: torch.dtype) -> None:
    for layout, wide in itertools.product((torch.channels_last, torch.contiguous_format), (4, 1)):
        x = torch.randn(2, wide, 6, 6).to(dtype, memory_format=layout).requires_grad_()
        weight = torch.randn(wide, 1, 3, 3).to(dtype).requires_grad_()
        y = depthwise(x, weight, (1, 1), (2, 2), (2, 2))
        found = torch.autograd.grad(y.sum(), (x, weight))
        assert y.dtype == dtype
        assert all(gradient.isfinite().all() for gradient in found)
