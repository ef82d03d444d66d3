"""The table of activations: formulas mean what the named functions and layers compute."""

from __future__ import annotations

from operator import attrgetter
from types import SimpleNamespace

import pytest
import torch

from dslnas.backends.onnx.activation_forms import OPERATORS as ONNX
from dslnas.ops.activations import ACTIVATIONS, Activation
from dslnas.ops.catalogue import LANGUAGE
from dslnas.ops.formula import OPERATORS, Formula, X, evaluate, exp
from dslnas.ops.traits import Trait
from tests.backends.reference_interpreter import OPERATORS as TORCH
from tests.backends.reference_interpreter import activated
from tests.primitives import with_trait

ALL = pytest.mark.parametrize("activation", ACTIVATIONS.values(), ids=ACTIVATIONS)
LIBRARY = SimpleNamespace(torch=torch, nn=torch.nn)


def test_every_activation_is_a_word_and_says_that_it_is_one() -> None:
    assert set(ACTIVATIONS) == with_trait(Trait.ACTIVATION)
    assert set(ACTIVATIONS) <= set(LANGUAGE)


@ALL
@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
def test_the_function_and_the_layer_compute_the_formula(
    activation: Activation, scale: float
) -> None:
    x = scale * torch.linspace(-3, 3, 101, dtype=torch.float64)
    arguments = {a.name: 0.25 for a in activation.arguments}
    expected = activated(activation, x, arguments)
    function = attrgetter(activation.function)(LIBRARY)
    torch.testing.assert_close(function(x, *arguments.values()), expected, rtol=1e-12, atol=1e-12)
    layer = attrgetter(activation.layer)(LIBRARY)(*arguments.values())
    torch.testing.assert_close(layer(x), expected, rtol=1e-12, atol=1e-12)


@ALL
def test_an_operator_of_onnx_is_given_every_argument(activation: Activation) -> None:
    named = set(activation.operator_arguments)
    assert named == ({a.name for a in activation.arguments} if activation.operator else set())


def test_every_reader_of_formulas_has_every_operator() -> None:
    assert set(ONNX) == set(TORCH) == set(OPERATORS)


def test_what_stands_twice_in_a_formula_is_made_once() -> None:
    made: list[str] = []

    def apply(operator: str, operands: list[str | float]) -> str:
        made.append(f"{operator} {operands}")
        return f"v{len(made)}"

    half = exp(X) * 0.5
    assert evaluate(half + (half - 1), {"x": "x"}, apply) == "v4"
    assert made == ["exp ['x']", "multiply ['v1', 0.5]", "subtract ['v2', 1]", "add ['v2', 'v3']"]


def test_formulas_are_written_like_expressions() -> None:
    assert Formula("multiply", (2, X)) == 2 * X
    assert Formula("add", (1, Formula("divide", (X, 2)))) == 1 + X / 2
