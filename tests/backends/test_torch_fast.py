"""The forms of primitives that networks usually run, against the library's."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.fast import FAST_FORMS
from dslnas.backends.torch.primitives import FORMS, Form
from dslnas.backends.torch.randomness import RunState
from dslnas.graph.graph import Node
from dslnas.ops.primitive import AttributeValue

POINTS = [
    (channels, groups, stride, padding)
    for channels, groups, stride, padding in itertools.product((1, 2, 8), (1, 2), (1, 2), (0, 1))
    if channels % groups == 0
]


def given(node: Node, x: Tensor, weight: Tensor, form: Form) -> list[Tensor]:
    x, weight = (tensor.clone(memory_format=torch.preserve_format) for tensor in (x, weight))
    x, weight = x.requires_grad_(), weight.requires_grad_()
    y = form(node, [x], [weight], RunState())
    return [y, *torch.autograd.grad(y.pow(2).sum(), (x, weight))]


@pytest.mark.parametrize(("channels", "groups", "stride", "padding"), POINTS)
def test_single_pixels_are_products(channels: int, groups: int, stride: int, padding: int) -> None:
    """With a stride and few channels the library's own gradient breaks memory in this layout."""
    pairs = {"kernel": 1, "stride": stride, "padding": padding, "dilation": 1}
    attributes: tuple[tuple[str, AttributeValue], ...] = (
        *((name, (value, value)) for name, value in pairs.items()),
        *(("groups", groups), ("out", 2 * channels), ("bias", False)),
    )
    node = Node("a", "conv", ("x",), attributes, (2 * channels, 1, 1))
    x = torch.randn(3, channels, 6, 5, dtype=torch.float64)
    weight = torch.randn(2 * channels, channels // groups, 1, 1, dtype=torch.float64)
    expected = given(node, x, weight, FORMS["conv"])
    found = given(node, x.contiguous(memory_format=torch.channels_last), weight, FAST_FORMS["conv"])
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("pixels", [1, 2, 6])
def test_images_move_and_their_gradients_move_back(pixels: int) -> None:
    node = Node("a", "shift", ("x",), (("pixels", pixels),), (2, 6, 5))
    x, weight = torch.randn(3, 2, 6, 5, dtype=torch.float64), torch.ones(1, dtype=torch.float64)

    def weighed(form: Form) -> Form:
        return lambda node, inputs, own, run: own[0] * form(node, inputs, (), run)

    expected = given(node, x, weight, weighed(FORMS["shift"]))
    layout = torch.channels_last
    found = given(node, x.contiguous(memory_format=layout), weight, weighed(FAST_FORMS["shift"]))
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 3])
def test_layers_behind_the_images_have_their_channels_innermost(channels: int) -> None:
    """Images of one channel lie alike in both layouts; only their strides tell the layers."""
    layout = Node("a", "channels_last", ("x",), (), (channels, 5, 6))
    x = FAST_FORMS["channels_last"](layout, [torch.randn(3, channels, 5, 6)], (), RunState())
    attributes: tuple[tuple[str, AttributeValue], ...] = (
        *(("kernel", (3, 3)), ("stride", (1, 1)), ("padding", (1, 1)), ("dilation", (1, 1))),
        *(("groups", 1), ("out", 8), ("bias", False)),
    )
    stem = Node("b", "conv", ("a",), attributes, (8, 5, 6))
    y = FAST_FORMS["conv"](stem, [x], [torch.randn(8, channels, 3, 3)], RunState())
    assert y.is_contiguous(memory_format=torch.channels_last)
