"""The torch form of every primitive, as one function each; those of dropout are in `randomness`.

A form takes the node, its input tensors (batch first), the node's own tensors and the state of the
run, and returns the output tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
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
from dslnas.ops.shapes import pair

Form: TypeAlias = Callable[[Node, Sequence[Tensor], Sequence[Tensor], RunState], Tensor]


def _conv(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    a = dict(node.attributes)
    bias = own[1] if len(own) > 1 else None
    window = pair(a["stride"]), pair(a["padding"]), pair(a["dilation"])
    groups = a["groups"]
    assert isinstance(groups, int)
    return functional.conv2d(inputs[0], own[0], bias, *window, groups)


def _separable_conv(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    a, (kernel, matrix) = dict(node.attributes), own
    window = pair(a["stride"]), pair(a["padding"]), pair(a["dilation"])
    return functional.conv2d(
        functional.conv2d(inputs[0], kernel, None, *window, len(kernel)), matrix
    )


def _linear(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    return functional.linear(inputs[0].flatten(1), *own)


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


def _channels_last(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    return inputs[0].contiguous(memory_format=torch.channels_last)


def _max_pool2d(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    a = dict(node.attributes)
    window = pair(a["kernel"]), pair(a["stride"]), pair(a["padding"])
    pooled: Tensor = functional.max_pool2d(inputs[0], *window)
    return pooled


def _avg_pool2d(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    a = dict(node.attributes)
    window = pair(a["kernel"]), pair(a["stride"]), pair(a["padding"])
    return functional.avg_pool2d(inputs[0], *window, count_include_pad=False)


def _global_avg_pool(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    return inputs[0].mean((2, 3), keepdim=True)


def _shift(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    pixels = node.attribute("pixels")
    assert isinstance(pixels, int)
    height, width = inputs[0].shape[2:]
    down, right = min(pixels, height), min(pixels, width)
    return functional.pad(inputs[0][:, :, down:, right:], (0, right, 0, down))


def _zero(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    return inputs[0].new_zeros((inputs[0].shape[0], *node.shape))


def _split(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    parts, index = node.attribute("parts"), node.attribute("index")
    assert isinstance(parts, int)
    assert isinstance(index, int)
    return inputs[0].chunk(parts, 1)[index]


def _shuffle(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    groups = node.attribute("groups")
    assert isinstance(groups, int)
    batch, channels, height, width = inputs[0].shape
    grouped = inputs[0].reshape(batch, groups, channels // groups, height, width)
    return grouped.transpose(1, 2).reshape(inputs[0].shape)


def _add(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    total = inputs[0]
    for term in inputs[1:]:
        total = total + term
    return total


def _multiply(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    product = inputs[0]
    for factor in inputs[1:]:
        product = product * factor
    return product


def _subtract(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    return inputs[0] - inputs[1]


def _mean(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    return _add(node, inputs, own, run) / len(inputs)


def _stack(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    return torch.cat(list(inputs))


def _sum_stack(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    groups = node.attribute("groups")
    assert isinstance(groups, int)
    return inputs[0].view(groups, -1, *inputs[0].shape[1:]).sum(0)


def _concat(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    return torch.cat(list(inputs), dim=1)


def _elementwise(function: Callable[[Tensor], Tensor]) -> Form:
    def form(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
        return function(inputs[0])

    return form


def _activation(activation: Activation) -> Form:
    """Return the function that the table names, of the value and the arguments."""
    library = SimpleNamespace(torch=torch, nn=torch.nn)
    function: Callable[..., Tensor] = attrgetter(activation.function)(library)
    names = [argument.name for argument in activation.arguments]

    def form(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
        return function(inputs[0], *[node.attribute(name) for name in names])

    return form


# `mix` and `share` have no form: the executor weighs by alpha. Nor has `state`: the loop over time
# puts it there.
FORMS: Mapping[str, Form] = {
    "conv": _conv,
    "linear": _linear,
    "embedding": _embedding,
    "tied_linear": _linear,
    "batch_norm": _batch_norm,
    "folded_norm": _elementwise(lambda x: x),  # the mix behind it applies it
    "absorbed_norm": _batch_norm,
    "separable_conv": _separable_conv,
    "bundled_conv": _separable_conv,
    "channels_last": _channels_last,
    "max_pool2d": _max_pool2d,
    "avg_pool2d": _avg_pool2d,
    "global_avg_pool": _global_avg_pool,
    "shift": _shift,
    **{name: _activation(this) for name, this in ACTIVATIONS.items()},
    "dropout": dropout,
    **{p.name: variational for p in PRIMITIVES.values() if p.run_mask},
    "identity": _elementwise(lambda x: x),
    "zero": _zero,
    "split": _split,
    "shuffle": _shuffle,
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "mean": _mean,
    "concat": _concat,
    "drop_path": drop_path,
    "stack": _stack,
    "sum_stack": _sum_stack,
}
