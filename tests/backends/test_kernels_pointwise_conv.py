from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.kernels.availability import available, without_loops
from dslnas.backends.torch.kernels.pointwise_conv import pointwise_conv
from dslnas.backends.torch.threads import threads
from tests.examples import examples

needs_numba = pytest.mark.skipif(not available(), reason="numba is not installed")


def _tensors(
    widths: list[int], outs: int, members: int, size: int, dtype: torch.dtype
) -> tuple[list[Tensor], list[Tensor]]:
    torch.manual_seed(0)
    inputs = [torch.randn(3, width, size, size + 1, dtype=dtype) for width in widths]
    matrices = [torch.randn(outs, sum(widths), 1, 1, dtype=dtype) for _ in range(members)]
    return [x.requires_grad_() for x in inputs], [m.requires_grad_() for m in matrices]


@pytest.mark.parametrize("form", ["compiled", "torch"])
@settings(max_examples=examples(40))
@given(
    st.lists(st.sampled_from([1, 3, 8, 17, 36]), min_size=1, max_size=4),
    st.sampled_from([1, 5, 16, 36, 60]),
    st.integers(1, 3),
    st.integers(1, 9),
    st.sampled_from([torch.float64, torch.float32]),
    st.sampled_from("xw*"),
    st.booleans(),
)
def test_results_and_gradients_are_those_of_a_convolution_of_all_inputs(
    form: str,
    widths: list[int],
    outs: int,
    members: int,
    size: int,
    dtype: torch.dtype,
    wanted: str,
    relu: bool,
) -> None:
    if form == "compiled" and not available():
        pytest.skip("numba is not installed")
    inputs, matrices = _tensors(widths, outs, members, size, dtype)
    for tensor in inputs if wanted == "w" else matrices if wanted == "x" else []:
        tensor.requires_grad_(False)
    of = [tensor for tensor in [*inputs, *matrices] if tensor.requires_grad]
    with without_loops(*(("pointwise_conv",) if form == "torch" else ())):
        ours = pointwise_conv(inputs, matrices, relu=relu)
    x = functional.relu(torch.cat(inputs, 1)) if relu else torch.cat(inputs, 1)
    theirs = [functional.conv2d(x, matrix) for matrix in matrices]
    gradients = [torch.randn_like(result) for result in theirs]
    found = [*map(Tensor.detach, ours), *torch.autograd.grad(ours, of, gradients)]
    expected = [*map(Tensor.detach, theirs), *torch.autograd.grad(theirs, of, gradients)]
    for our, their in zip(found, expected, strict=True):
        most = (1e-4 if dtype == torch.float32 else 1e-11) * max(1.0, float(their.abs().max()))
        assert float((our - their).abs().max()) <= most


@needs_numba
def test_a_relu_stops_what_is_infinite() -> None:
    x = torch.full((1, 8, 3, 3), -math.inf, requires_grad=True)
    (y,) = pointwise_conv([x], [torch.ones(8, 8, 1, 1)], relu=True)
    (gradient,) = torch.autograd.grad(y, x, torch.full_like(y, math.inf))
    assert not y.any()
    assert not gradient.any()


@needs_numba
def test_results_are_equal_bit_for_bit_on_any_number_of_threads() -> None:
    inputs, matrices = _tensors([6, 3], 7, 2, 40, torch.float32)
    found = []
    for number in (1, 2, 3):
        with threads(number):
            results = pointwise_conv(inputs, matrices, relu=True)
            of = [*inputs, *matrices]
            found.append([*results, *torch.autograd.grad(results, of, [r * r for r in results])])
    for other in found[1:]:
        assert all(map(torch.equal, found[0], other))


@needs_numba
def test_nothing_is_kept_but_what_was_given() -> None:
    inputs, matrices = _tensors([6, 3], 7, 2, 5, torch.float32)
    kept: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        pointwise_conv(inputs, matrices, relu=True)
    assert sum(map(Tensor.numel, kept)) == sum(t.numel() for t in (*inputs, *matrices))


def test_what_does_not_fit_together_is_refused() -> None:
    inputs, matrices = _tensors([6, 3], 7, 2, 5, torch.float32)
    with pytest.raises(ValueError, match="other shapes"):
        pointwise_conv(inputs[:1], matrices)
    with pytest.raises(ValueError, match="other shapes"):
        pointwise_conv([inputs[0], inputs[1][..., 1:]], matrices)
