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

from dslnas.backends.torch.randomness import (
    RunState,
    drop,
    drop_path,
    dropout,
    variational,
)
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
    return functional.conv2d(x, weight, bias, stride, padding, dilation, groups)


def _separable_conv(x: Tensor, kernel: Tensor, matrix: Tensor, /, **window: Pair) -> Tensor:
    strides = window["stride"], window["padding"], window["dilation"]
    return functional.conv2d(functional.conv2d(x, kernel, None, *strides, len(kernel)), matrix)


def _linear(x: Tensor, *own: Tensor, **others: object) -> Tensor:
    return functional.linear(x.flatten(1), *own)


def _embedding(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    """Look tokens up; whole words are dropped from the table (Gal and Ghahramani, 2016)."""
    table, rate = own[0], run.dropout.get("words", 0.0)
    return functional.embedding(inputs[0], drop(table, rate, torch.Size((len(table), 1)), run))


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
    if run.training and not run.tracking:
        return functional.batch_norm(inputs[0], None, None, weight, bias, training=True, eps=eps)
    return functional.batch_norm(
        inputs[0], mean, variance, weight, bias, run.training, momentum, eps
    )


def _channels_last(x: Tensor) -> Tensor:
    # One channel lies alike in both layouts, and `contiguous` would leave its strides, by which the
    # layers behind tell the layout; a copy sets them.
    return torch.empty_like(x, memory_format=torch.channels_last).copy_(x)


def _max_pool2d(x: Tensor, *, kernel: Pair, stride: Pair, padding: Pair) -> Tensor:
    pooled: Tensor = functional.max_pool2d(x, kernel, stride, padding)
    return pooled


def _avg_pool2d(x: Tensor, *, kernel: Pair, stride: Pair, padding: Pair) -> Tensor:
    return functional.avg_pool2d(x, kernel, stride, padding, count_include_pad=False)


def _shift(x: Tensor, *, pixels: int) -> Tensor:
    height, width = x.shape[2:]
    down, right = min(pixels, height), min(pixels, width)
    return functional.pad(x[:, :, down:, right:], (0, right, 0, down))


def _zero(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    return inputs[0].new_zeros((inputs[0].shape[0], *node.shape))


def _shuffle(x: Tensor, *, groups: int) -> Tensor:
    batch, channels, height, width = x.shape
    grouped = x.reshape(batch, groups, channels // groups, height, width)
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
    "conv": form(_conv),
    "linear": form(_linear),
    "bounded_linear": form(_linear),
    "embedding": _embedding,
    "tied_linear": form(_linear),
    "batch_norm": _batch_norm,
    "folded_norm": form(lambda x, *own, **arguments: x),  # the mix behind it applies it
    "absorbed_norm": _batch_norm,
    "separable_conv": form(_separable_conv),
    "bundled_conv": form(_separable_conv),
    "channels_last": form(_channels_last),
    "max_pool2d": form(_max_pool2d),
    "avg_pool2d": form(_avg_pool2d),
    "global_avg_pool": form(lambda x: x.mean((2, 3), keepdim=True)),
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
    "add": form(_sum),
    "subtract": form(sub),
    "multiply": form(lambda *inputs: reduce(mul, inputs)),
    "max": form(lambda *inputs: reduce(torch.maximum, inputs)),
    "min": form(lambda *inputs: reduce(torch.minimum, inputs)),
    "mean": form(lambda *inputs: _sum(*inputs) / len(inputs)),
    "concat": form(lambda *inputs: torch.cat(inputs, dim=1)),
    "drop_path": drop_path,
    "stack": form(lambda *inputs: torch.cat(inputs)),
    "sum_stack": form(lambda x, groups: x.view(groups, -1, *x.shape[1:]).sum(0)),
}
