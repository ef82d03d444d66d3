from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.gated import gated
from dslnas.backends.torch.kernels.availability import available
from dslnas.backends.torch.kernels.gate import by_kind, compiled_gate, compiled_gradients, compiles
from dslnas.backends.torch.threads import threads

pytestmark = pytest.mark.skipif(not available(), reason="numba is not installed")

ALL = ("tanh", "relu", "sigmoid", "identity")


def operands(edges: int, activations: int, features: int = 37, batch: int = 11) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = (
        (edges * batch, 2 * features),
        (edges * batch, features),
        (edges, activations),
        (batch, features),
    )
    return [torch.randn(shape, generator=generator) for shape in shapes]


@pytest.mark.parametrize("edges", [1, 4])
@pytest.mark.parametrize("activations", [ALL, ("identity", "relu"), ("tanh", "sigmoid", "tanh")])
def test_loops_compute_the_formula_and_its_gradient(
    edges: int, activations: tuple[str, ...]
) -> None:
    y, s, weights, v = operands(edges, len(activations))
    exact = [x.double().requires_grad_() for x in (y, s, weights)]
    formula = gated(exact[0], exact[1], exact[2], activations)
    expected = torch.autograd.grad(formula, exact, v.double())
    kinds = by_kind(weights, activations)
    found = compiled_gradients(v, y, s, kinds, activations, weighing=True)
    for ours, theirs in zip(
        (compiled_gate(y, s, kinds), *found), (formula, *expected), strict=True
    ):
        assert ours is not None
        torch.testing.assert_close(ours.double(), theirs, rtol=1e-5, atol=2e-6)


def test_without_weights_nothing_else_changes() -> None:
    y, s, weights, v = operands(3, 4)
    kinds = by_kind(weights, ALL)
    *expected, _ = compiled_gradients(v, y, s, kinds, ALL, weighing=True)
    *found, none = compiled_gradients(v, y, s, kinds, ALL, weighing=False)
    assert none is None
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True) if b is not None)


@pytest.mark.parametrize("value", [50.0, 200.0, -200.0, float("inf"), float("nan")])
def test_far_values_are_those_of_the_formula(value: float) -> None:
    y, s, weights, _ = operands(1, 3, features=16)
    y[0, 0], y[1, 20] = value, value
    activations = ("tanh", "relu", "sigmoid")
    found = compiled_gate(y, s, by_kind(weights, activations))
    if value != value or value == float("inf"):
        # without identity its weight is 0, and 0 * inf is not a number either
        assert not found[1, 4].isfinite()
        found[1, 4] = 0
    expected = gated(y, s, weights, activations)
    if value != value or value == float("inf"):
        expected[1, 4] = 0
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=2e-6, equal_nan=True)


def test_results_are_equal_bit_for_bit_on_any_number_of_threads() -> None:
    y, s, weights, v = operands(3, 4, batch=40)

    def everything() -> list[Tensor | None]:
        kinds = by_kind(weights, ALL)
        found = compiled_gradients(v, y, s, kinds, ALL, weighing=True)
        return [compiled_gate(y, s, kinds), *found]

    with threads(1):
        alone = everything()
    with threads(2):
        both = everything()
    assert all(
        torch.equal(a, b)
        for a, b in zip(alone, both, strict=True)
        if a is not None
        if b is not None
    )


def test_only_float32_on_a_cpu() -> None:
    y, s, weights, _ = operands(1, 4)
    assert compiles(y, s, weights)
    assert not compiles(y.double(), s.double(), weights.double())
    assert not compiles(y[:, ::2], s, weights)
