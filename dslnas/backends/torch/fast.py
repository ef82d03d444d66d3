"""The torch forms that run where nothing is differentiated twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from dslnas.backends.torch.kernels.convolution import depthwise, pointwise
from dslnas.backends.torch.kernels.mix import mix
from dslnas.backends.torch.kernels.separable_conv import Member, separable_conv
from dslnas.backends.torch.kernels.window import Window
from dslnas.backends.torch.primitives import FORMS, Form, numbers
from dslnas.backends.torch.randomness import RunState
from dslnas.graph.graph import Node
from dslnas.ops.shapes import pair


def _conv(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    a, (x,) = dict(node.attributes), inputs
    stride, padding, dilation = pair(a["stride"]), pair(a["padding"]), pair(a["dilation"])
    if a["bias"] or not x.is_cpu:
        return FORMS["conv"](node, inputs, own, run)
    if a["groups"] == a["out"] == x.shape[1] > 1:
        return depthwise(x, own[0], stride, padding, dilation)
    if own[0].shape[2:] == (1, 1) and x.is_contiguous(memory_format=torch.channels_last):
        groups = a["groups"]
        assert isinstance(groups, int)
        return pointwise(x, own[0], stride, padding, groups)
    return FORMS["conv"](node, inputs, own, run)


def window_of(node: Node) -> Window:
    """Return the window of a convolution."""
    names = "kernel", "stride", "padding", "dilation"
    kernel, stride, padding, dilation = (pair(node.attribute(name)) for name in names)
    return Window(kernel, stride, padding, dilation)


def _separable_conv(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    return separable_conv((Member(window_of(node), 0),), inputs, own[:1], own[1:])[0]


def _batch_norm(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    if len(own) == 4:  # with weights, as no search has it
        return FORMS["batch_norm"](node, inputs, own, run)
    momentum, eps = numbers(node)
    statistics = own[0], own[1]
    return mix(
        inputs, None, [statistics], momentum, eps, training=run.training, tracking=run.tracking
    )


FAST_FORMS: Mapping[str, Form] = {
    **FORMS,
    "conv": _conv,
    "separable_conv": _separable_conv,
    "bundled_conv": _separable_conv,
    "batch_norm": _batch_norm,
}
"""On CPUs loops of our own, where numba is installed; elsewhere the library's functions."""
