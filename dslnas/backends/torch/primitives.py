"""The torch form of every primitive, as one function each; those of dropout are in `randomness`.

A form takes the node, its input tensors (batch first), the node's own tensors and the state of the
run, and returns the output tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add, attrgetter, mul, sub
from types import SimpleNamespace
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.gated import single_gate_formula
from dslnas.backends.torch.randomness import (
    RunState,
    drop,
    drop_path,
    dropout,
    folded_drop,
    variational,
)
from dslnas.backends.torch.synchronised import normed_together
from dslnas.graph.graph import Node
from dslnas.ops.activations import ACTIVATIONS, Activation
from dslnas.ops.catalogue import PRIMITIVES

Form: TypeAlias = Callable[[Node, Sequence[Tensor], Sequence[Tensor], RunState], Tensor]
Pair: TypeAlias = tuple[int, int]


def form(function: Callable[..., Tensor]) -> Form:
    """Return the form of a function of inputs and tensors, in order, and of attributes by name."""

    def apply(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
        return function(*inputs, *own, **node.arguments)

    return apply


def conv(
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
    """Convolve images, or signals by the second numbers of all pairs."""
    if x.dim() == 3:
        steps = stride[1], padding[1], dilation[1]
        return functional.conv1d(x, weight, bias, *steps, groups)
    return functional.conv2d(x, weight, bias, stride, padding, dilation, groups)


def _separable_conv(
    x: Tensor,
    kernel: Tensor,
    matrix: Tensor,
    /,
    *,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    relu: bool,
    **others: object,
) -> Tensor:
    x = functional.relu(x) if relu else x
    between = functional.conv2d(x, kernel, None, stride, padding, dilation, len(kernel))
    return functional.conv2d(between, matrix)


def _linear(x: Tensor, *own: Tensor, **others: object) -> Tensor:
    return functional.linear(x.flatten(1), *own)


def _embedding(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    """Look tokens up; whole words are dropped, as if from the table (Gal and Ghahramani, 2016)."""
    table, rate = own[0], run.dropout.get("words", 0.0)
    rows = functional.embedding(inputs[0], table)
    if not run.training or rate == 0.0:
        return rows
    words = torch.Size((len(table), 1))
    kept = drop(table.new_ones(words), rate, words, run, by_example=False)
    return rows * functional.embedding(inputs[0], kept)


def numbers(node: Node) -> tuple[float, float]:
    """Return the momentum and the eps of a batch norm."""
    momentum, eps = node.attribute("momentum"), node.attribute("eps")
    assert isinstance(momentum, float)
    assert isinstance(eps, float)
    return momentum, eps


def _batch_norm(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    weight, bias = own[:2] if len(own) == 4 else (None, None)
    mean, variance = own[-2:]
    momentum, eps = numbers(node)
    if run.training and not run.ranks.is_alone:
        running = (mean, variance) if run.tracking else None
        return normed_together(inputs[0], weight, bias, running, momentum, eps, run.ranks)
    if run.training and not run.tracking:
        return functional.batch_norm(inputs[0], None, None, weight, bias, training=True, eps=eps)
    return functional.batch_norm(
        inputs[0], mean, variance, weight, bias, run.training, momentum, eps
    )


def _pointwise_conv(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    x = torch.cat(list(inputs), 1)
    x = functional.relu(x) if node.attribute("relu") else x
    return functional.conv2d(x, own[0])


def _normed_conv(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    x = _batch_norm(node, inputs, own[:-2], run)
    return form(_separable_conv)(node, [x], own[-2:], run)


def _channels_last(x: Tensor) -> Tensor:
    # One channel lies alike in both layouts, and `contiguous` would leave its strides, by which the
    # layers behind tell the layout; a copy sets them.
    return torch.empty_like(x, memory_format=torch.channels_last).copy_(x)


def _max_pool2d(x: Tensor, *, kernel: Pair, stride: Pair, padding: Pair) -> Tensor:
    pooled: Tensor
    if x.dim() == 3:
        pooled = functional.max_pool1d(x, kernel[1], stride[1], padding[1])
    else:
        pooled = functional.max_pool2d(x, kernel, stride, padding)
    return pooled


def _avg_pool2d(x: Tensor, *, kernel: Pair, stride: Pair, padding: Pair) -> Tensor:
    if x.dim() == 3:
        return functional.avg_pool1d(x, kernel[1], stride[1], padding[1], count_include_pad=False)
    return functional.avg_pool2d(x, kernel, stride, padding, count_include_pad=False)


def _layer_norm(
    x: Tensor, weight: Tensor | None = None, bias: Tensor | None = None, /, *, eps: float, **o: bool
) -> Tensor:
    channels = x.shape[1:2]
    return functional.layer_norm(x.movedim(1, -1), channels, weight, bias, eps).movedim(-1, 1)


def _group_norm(x: Tensor, *own: Tensor, groups: int, eps: float, **others: bool) -> Tensor:
    weight, bias = own or (None, None)
    return functional.group_norm(x, groups, weight, bias, eps)


def _scale(x: Tensor, weight: Tensor, **others: float) -> Tensor:
    return x * weight.reshape(-1, *[1] * (x.dim() - 2))


def _upsample(x: Tensor, *, factor: int) -> Tensor:
    for axis in range(2, x.dim()):
        x = x.repeat_interleave(factor, axis)
    return x


def _shift(x: Tensor, *, pixels: int) -> Tensor:
    moved = [min(pixels, size) for size in x.shape[2:]]
    for axis, first in enumerate(moved, start=2):
        x = x.narrow(axis, first, x.shape[axis] - first)
    return functional.pad(x, [n for last in reversed(moved) for n in (0, last)])


def _zero(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    return inputs[0].new_zeros((inputs[0].shape[0], *node.shape))


def _shuffle(x: Tensor, *, groups: int) -> Tensor:
    batch, channels, *sizes = x.shape
    grouped = x.reshape(batch, groups, channels // groups, *sizes)
    return grouped.transpose(1, 2).reshape(x.shape)


def _sum(*inputs: Tensor) -> Tensor:
    return reduce(add, inputs)


def _activation(activation: Activation) -> Form:
    """Return the function that the table names, of the value and the arguments."""
    library = SimpleNamespace(torch=torch, nn=torch.nn)
    function: Callable[..., Tensor] = attrgetter(activation.function)(library)
    return form(lambda x, **arguments: function(x, *arguments.values()))


# `mix` and `share` have no form: the executor weighs by alpha. Nor has `state`: the loop over time
# puts it there.
FORMS: Mapping[str, Form] = {
    "conv": form(conv),
    "linear": form(_linear),
    "bounded_linear": form(_linear),
    "embedding": _embedding,
    "tied_linear": form(_linear),
    "batch_norm": _batch_norm,
    "layer_norm": form(_layer_norm),
    "group_norm": form(_group_norm),
    "scale": form(_scale),
    "position": form(add),
    "folded_norm": form(lambda x, *own, **arguments: x),  # the sum behind it applies it
    "folded_drop": folded_drop,
    "absorbed_norm": _batch_norm,
    "separable_conv": form(_separable_conv),
    "pointwise_conv": _pointwise_conv,
    "normed_conv": _normed_conv,
    "channels_last": form(_channels_last),
    "max_pool2d": form(_max_pool2d),
    "avg_pool2d": form(_avg_pool2d),
    "global_avg_pool": form(lambda x: x.mean([*range(2, x.dim())], keepdim=True)),
    "upsample": form(_upsample),
    "shift": form(_shift),
    **{name: _activation(this) for name, this in ACTIVATIONS.items()},
    "dropout": dropout,
    **{p.name: variational for p in PRIMITIVES.values() if p.run_mask},
    "identity": form(lambda x: x),
    "flatten": form(lambda x: x.flatten(1)),
    "entries": form(lambda x: x.reshape(len(x), 1, -1, 1)),
    "rescale": form(lambda x, factor, offset: x * factor + offset),
    "zero": _zero,
    "split": form(lambda x, parts, index: x.chunk(parts, 1)[index]),
    "shuffle": form(_shuffle),
    "reshape": form(lambda x, sizes: x.reshape(len(x), *sizes)),
    "transpose": form(lambda x, first, second: x.transpose(first, second)),
    "softmax": form(lambda x, axis: x.softmax(axis)),
    "matmul": form(torch.matmul),
    "add": form(_sum),
    "subtract": form(sub),
    "multiply": form(lambda *inputs: reduce(mul, inputs)),
    "max": form(lambda *inputs: reduce(torch.maximum, inputs)),
    "min": form(lambda *inputs: reduce(torch.minimum, inputs)),
    "mean": form(lambda *inputs: _sum(*inputs) / len(inputs)),
    "concat": form(lambda *inputs: torch.cat(inputs, dim=1)),
    "drop_path": drop_path,
    "single_gate": form(single_gate_formula),
    "stack": form(lambda *inputs: torch.cat(inputs)),
    "sum_stack": form(lambda x, groups: x.view(groups, -1, *x.shape[1:]).sum(0)),
}
