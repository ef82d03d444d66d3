"""The torch form of every primitive, as one function each.

A form takes the node, its input tensors (batch first), the node's own tensors and the state of the
run, and returns the output tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from dslnas.graph.graph import Node
from dslnas.primitives.rules import pair

RATES: Mapping[str, str] = {
    "drop_embedded": "input",
    "drop_input": "x",
    "drop_state": "state",
    "drop_output": "output",
}
"""By primitive of variational dropout the name of its rate."""

MaskKey: TypeAlias = tuple[str, str, int]
"""Whose a mask is: a cell, or the stem or head, has one for each primitive and width."""


@dataclass
class RunState:
    """What a run of a network depends on besides weights and inputs.

    Attributes:
        training: Batch statistics and dropout, or running statistics and none.
        tracking: Whether batches move the running statistics while training.
        generator: Source of the randomness of all dropout, on the device.
        drop_path_rate: Probability with which `drop_path` zeroes an example.
        dropout: Rates of variational dropout: `words`, `input`, `x`, `state` and `output`; 0 if
            it is not given.
        batch: Sequences that run side by side.
        masks: Of variational dropout, (batch, features) each; none where nothing is dropped.
    """

    training: bool = True
    tracking: bool = True
    generator: torch.Generator | None = None
    drop_path_rate: float = 0.0
    dropout: Mapping[str, float] = field(default_factory=dict)
    batch: int = 1
    masks: dict[MaskKey, Tensor] = field(default_factory=dict)

    def begin(self, batch: int, nodes: Iterable[Node], like: Tensor, *, training: bool) -> None:
        """Begin a run over a batch of sequences.

        Masks are drawn in the order of the nodes, so they are the same however the nodes are
        divided between what runs once and what runs for every step.

        Args:
            batch: Sequences that run side by side.
            nodes: All of the network.
            like: A tensor of the type and on the device of the values.
            training: Whether anything is dropped.
        """
        self.batch, self.training, self.masks = batch, training, {}
        for node in nodes:
            rate = self.dropout.get(RATES.get(node.primitive, ""), 0.0)
            if training and rate > 0 and _mask_of(node) not in self.masks:
                ones = like.new_ones((batch, *node.shape))
                self.masks[_mask_of(node)] = _drop(ones, rate, ones.shape, self)


Form: TypeAlias = Callable[[Node, Sequence[Tensor], Sequence[Tensor], RunState], Tensor]


def _conv(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    a = dict(node.attributes)
    bias = own[1] if len(own) > 1 else None
    window = pair(a["stride"]), pair(a["padding"]), pair(a["dilation"])
    groups = a["groups"]
    assert isinstance(groups, int)
    return functional.conv2d(inputs[0], own[0], bias, *window, groups)


def _linear(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    return functional.linear(inputs[0].flatten(1), *own)


def _embedding(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    """Look tokens up; whole words are dropped from the table (Gal and Ghahramani, 2016)."""
    table, rate = own[0], run.dropout.get("words", 0.0)
    return functional.embedding(inputs[0], _drop(table, rate, torch.Size((len(table), 1)), run))


def _mask_of(node: Node) -> MaskKey:
    return node.primitive, node.name.partition("/")[0], node.shape[0]


def _variational(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    """Drop by one mask for all steps of a sequence (Gal and Ghahramani, 2016).

    Values may be those of many steps or edges, one after the other, of `run.batch` rows each.
    """
    x, mask = inputs[0], run.masks.get(_mask_of(node))
    return x if mask is None else (x.view(-1, *mask.shape) * mask).view(x.shape)


def _batch_norm(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    weight, bias = own[:2] if len(own) == 4 else (None, None)
    mean, variance = own[-2:]
    momentum, eps = node.attribute("momentum"), node.attribute("eps")
    assert isinstance(momentum, float)
    assert isinstance(eps, float)
    if run.training and not run.tracking:
        return functional.batch_norm(inputs[0], None, None, weight, bias, training=True, eps=eps)
    return functional.batch_norm(
        inputs[0], mean, variance, weight, bias, run.training, momentum, eps
    )


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


def _dropout(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
    rate = node.attribute("rate")
    assert isinstance(rate, float)
    return _drop(inputs[0], rate, inputs[0].shape, run)


def _drop_path(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    x = inputs[0]
    return _drop(x, run.drop_path_rate, torch.Size((x.shape[0], *[1] * (x.dim() - 1))), run)


def _drop(x: Tensor, rate: float, shape: torch.Size, run: RunState) -> Tensor:
    if not run.training or rate == 0.0:
        return x
    kept = torch.rand(shape, generator=run.generator, device=x.device, dtype=x.dtype) >= rate
    return x * kept / (1.0 - rate)


def _elementwise(function: Callable[[Tensor], Tensor]) -> Form:
    def form(node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState) -> Tensor:
        return function(inputs[0])

    return form


def _leaky_relu(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    slope = node.attribute("slope")
    assert isinstance(slope, float)
    return functional.leaky_relu(inputs[0], slope)


# `mix` and `share` have no form: the executor weighs by alpha. Nor has `state`: the loop over time
# puts it there.
FORMS: Mapping[str, Form] = {
    "conv": _conv,
    "linear": _linear,
    "embedding": _embedding,
    "tied_linear": _linear,
    "batch_norm": _batch_norm,
    "max_pool2d": _max_pool2d,
    "avg_pool2d": _avg_pool2d,
    "global_avg_pool": _global_avg_pool,
    "shift": _shift,
    "relu": _elementwise(functional.relu),
    "leaky_relu": _leaky_relu,
    "elu": _elementwise(functional.elu),
    "gelu": _elementwise(functional.gelu),
    "silu": _elementwise(functional.silu),
    "hard_swish": _elementwise(functional.hardswish),
    "sigmoid": _elementwise(torch.sigmoid),
    "tanh": _elementwise(torch.tanh),
    "dropout": _dropout,
    **dict.fromkeys(RATES, _variational),
    "identity": _elementwise(lambda x: x),
    "zero": _zero,
    "split": _split,
    "shuffle": _shuffle,
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "mean": _mean,
    "concat": _concat,
    "drop_path": _drop_path,
    "stack": _stack,
    "sum_stack": _sum_stack,
}
