from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from dslnas.backends.torch.kernels.availability import available, channels_last
from dslnas.backends.torch.kernels.norm import (
    Norm,
    Rule,
    flags,
    norm_gradients,
    norm_stats,
    sizes_of,
)

pytestmark = pytest.mark.skipif(not available(), reason="numba is not installed")

EPS = 1e-5


@pytest.mark.parametrize("training", [True, False])
def test_norms_and_gradients_in_place_are_those_of_the_library(training: bool) -> None:
    shape, rule = (3, 6, 5, 7), Rule(0.1, EPS, training, tracking=True)
    inputs = [channels_last(torch.randn(shape).double()).requires_grad_() for _ in range(2)]
    norms = [Norm(*torch.rand(4, 6).double().requires_grad_().unbind()) for _ in inputs]
    library = [
        functional.batch_norm(
            x, norm.mean.detach().clone(), norm.variance.detach().clone(), norm.scale, norm.offset,
            training, 0.1, EPS,
        )
        for x, norm in zip(inputs, norms, strict=True)
    ]  # fmt: skip
    given = [channels_last(torch.randn_like(x)) for x in inputs]
    wanted = torch.autograd.grad(library, inputs, given)

    values = [x.detach() for x in inputs]
    held = [Norm(*(tensor.detach() for tensor in norm if tensor is not None)) for norm in norms]
    sizes, used = sizes_of(2, values[0]), flags((training, training))
    stats = norm_stats(sizes, values, held, rule)
    means, _, slopes, offsets = stats.view(4, 2, 6, 1, 1)
    for x, slope, offset, expected in zip(values, slopes, offsets, library, strict=True):
        torch.testing.assert_close(slope * x + offset, expected)
    dots = [
        (g * (x - mean)).sum((0, 2, 3)) for g, x, mean in zip(given, values, means, strict=True)
    ]
    sums = torch.stack([*dots, *(g.sum((0, 2, 3)) for g in given)])
    totals = torch.empty_like(stats)
    halves = torch.cat([0.25 * sums, 0.75 * sums])  # of two parts
    norm_gradients(sizes, stats, halves, totals, used, torch.float64, values, given)
    torch.testing.assert_close(given, list(wanted))
