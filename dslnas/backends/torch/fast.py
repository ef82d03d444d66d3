"""The torch forms that run where nothing is differentiated twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from dslnas.backends.torch.gated import highway_gate, single_gate
from dslnas.backends.torch.kernels.availability import plain_cpu
from dslnas.backends.torch.kernels.convolution import depthwise, pointwise
from dslnas.backends.torch.kernels.mix import mix
from dslnas.backends.torch.kernels.moments import known_moments
from dslnas.backends.torch.kernels.norm import Norm, Rule
from dslnas.backends.torch.kernels.pixels import shifted
from dslnas.backends.torch.kernels.pointwise_conv import pointwise_conv
from dslnas.backends.torch.kernels.separable_conv import AS_IT_IS, Reading, separable_conv
from dslnas.backends.torch.kernels.separable_conv_call import Member
from dslnas.backends.torch.kernels.window import Window
from dslnas.backends.torch.mixing import Weighing, weigh_all
from dslnas.backends.torch.primitives import FORMS, Form, Pair, conv, form, numbers
from dslnas.backends.torch.products import SharedLinear
from dslnas.backends.torch.randomness import RunState
from dslnas.graph.analysis.plan import Step
from dslnas.graph.graph import Node
from dslnas.ops.shapes import pair

WeighedForm: TypeAlias = Callable[[Step, Sequence[Tensor], Weighing], Tensor]
"""Takes a step, its input tensors (batch first), and what knows alpha."""


def _conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    /,
    *,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    **others: object,
) -> Tensor:
    if bias is None and x.is_cpu and x.dim() == 4:
        if groups == len(weight) == x.shape[1] > 1:
            return depthwise(x, weight, stride, padding, dilation)
        if weight.shape[2:] == (1, 1) and x.is_contiguous(memory_format=torch.channels_last):
            return pointwise(x, weight, stride, padding, groups)
    sizes = {"stride": stride, "padding": padding, "dilation": dilation}
    return conv(x, weight, bias, **sizes, groups=groups)


def window_of(node: Node) -> Window:
    """Return the window of a convolution."""
    names = "kernel", "stride", "padding", "dilation"
    kernel, stride, padding, dilation = (pair(node.attribute(name)) for name in names)
    return Window(kernel, stride, padding, dilation)


def _separable_conv(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    reading, kernel, matrix = reading_of([node], [own], run)
    return separable_conv(
        (Member(window_of(node), 0),), inputs, kernel, matrix, reading, moments=run.training
    )[0]


def _pointwise_conv(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    relu = bool(node.attribute("relu"))
    return pointwise_conv(inputs, own, relu=relu, moments=run.training)[0]


def reading_of(
    nodes: Sequence[Node], tensors: Sequence[Sequence[Tensor]], run: RunState
) -> tuple[Reading, list[Tensor], list[Tensor]]:
    """Return how separable convolutions alike read their inputs, their kernels and matrices.

    Args:
        nodes: The convolutions; where they normalise, each reads an input of its own.
        tensors: Those that each computes with.
        run: Says whether norms train.
    """
    first = nodes[0].arguments
    *_, kernels, matrices = map(list, zip(*tensors, strict=True))
    norms = [norm_of(own[:-2]) for own in tensors if len(own) > 2]
    rule = rule_of(nodes[0], run) if norms else AS_IT_IS.rule
    return Reading(bool(first["relu"]), tuple(norms), rule), kernels, matrices


def norm_of(own: Sequence[Tensor]) -> Norm:
    """Return the tensors of a batch norm as loops take them."""
    *trained, mean, variance = own
    return Norm(mean, variance, *trained)


def rule_of(node: Node, run: RunState) -> Rule:
    """Return how the batch norm of a node normalises."""
    momentum, eps = numbers(node)
    return Rule(momentum, eps, run.training, run.tracking)


def _batch_norm(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    if len(own) == 4 and known_moments(inputs[0]) is None:  # with weights the library is as fast
        return FORMS["batch_norm"](node, inputs, own, run)
    return mix(inputs, None, [norm_of(own)], rule_of(node, run))


def _shift(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    (x,), pixels = inputs, node.attribute("pixels")
    if plain_cpu([x]) and x.dim() == 4 and isinstance(pixels, int):
        return shifted(x, pixels)
    return FORMS["shift"](node, inputs, own, run)


def _linear(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    x = inputs[0].flatten(1)
    if run.shared is None or torch.is_autocast_enabled(x.device.type):
        return FORMS[node.primitive](node, inputs, own, run)
    key = node.tensors, own[0].shape, torch.is_grad_enabled()  # without, what is only observed
    if key not in run.shared:
        run.shared[key] = SharedLinear(own[0], own[1] if len(own) > 1 else None, len(x))
    return run.shared[key](x)


def _stack(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    if run.stacks is None:
        return FORMS["stack"](node, inputs, own, run)
    return run.stacks(inputs)


FAST_FORMS: Mapping[str, Form] = {
    **FORMS,
    "conv": form(_conv),
    "linear": _linear,
    "bounded_linear": _linear,
    "tied_linear": _linear,
    "single_gate": single_gate,
    "separable_conv": _separable_conv,
    "pointwise_conv": _pointwise_conv,
    "normed_conv": _separable_conv,
    "batch_norm": _batch_norm,
    "shift": _shift,
    "stack": _stack,
}
"""On CPUs loops of our own, where numba is installed; elsewhere the library's functions."""

WEIGHED_FORMS: Mapping[str, WeighedForm] = {
    "mix": weigh_all,
    "share": weigh_all,
    "highway_gate": highway_gate,
}
"""Forms of the primitives that weigh by alpha."""
