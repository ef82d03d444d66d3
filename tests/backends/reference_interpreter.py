"""A primitive graph run node by node with torch.nn.functional: slow, plain, in evaluation mode.

It shares no code with the backends; what they compute is compared with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from operator import add, mul
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.ops.activations import ACTIVATIONS, Activation
from dslnas.ops.formula import evaluate

Arrays: TypeAlias = Mapping[str, NDArray[Any]]
Values: TypeAlias = list[Tensor]
Named: TypeAlias = Mapping[str, Any]


def interpret(
    graph: PrimitiveGraph,
    weights: Arrays,
    inputs: NDArray[Any] | Arrays,
    dtype: torch.dtype = torch.float32,
) -> NDArray[Any]:
    """Return the output of the graph for a batch of images, or of named inputs, in a precision."""
    given = inputs if isinstance(inputs, Mapping) else {"": inputs}
    values = {node.name: _input(given[name], node, dtype) for name, node in graph.inputs.items()}
    for node in graph.nodes[len(values) :]:
        values[node.name] = _value(node, values, weights, dtype)
    result: NDArray[Any] = values[graph.output].numpy()
    return result


def _input(value: NDArray[Any], node: Node, dtype: torch.dtype) -> Tensor:
    """Return what an input is given; tokens stay whole numbers."""
    tensor = torch.from_numpy(value)
    return tensor.to(dtype) if node.shape else tensor


def interpret_steps(
    graph: PrimitiveGraph,
    weights: Arrays,
    tokens: NDArray[Any],
    states: Sequence[NDArray[Any]],
    dtype: torch.dtype = torch.float64,
) -> tuple[NDArray[Any], tuple[NDArray[Any], ...]]:
    """Return logits (time, batch, vocabulary) of one step after the other, and the last states."""
    carried = [torch.from_numpy(state).to(dtype) for state in states]
    logits = []
    for token in tokens:
        values = {graph.nodes[0].name: torch.from_numpy(token)}
        values |= {state.name: now for state, now in zip(graph.states, carried, strict=True)}
        for node in graph.nodes[1:]:
            if node.primitive != "state":
                values[node.name] = _value(node, values, weights, dtype)
        logits.append(values[graph.output].numpy())
        carried = [values[state.next] for state in graph.states]
    return np.stack(logits), tuple(state.numpy() for state in carried)


def _value(node: Node, values: Mapping[str, Tensor], weights: Arrays, dtype: torch.dtype) -> Tensor:
    own = {
        w.name: torch.from_numpy(weights[key]).to(dtype)
        for key, w in zip(node.tensors, node.weights, strict=True)
    }
    inputs = [values[source] for source in node.inputs]
    value = RUN[node.primitive](node, inputs, dict(node.attributes), own)
    assert value.shape[1:] == node.shape, f"{node.name} is {value.shape}, not {node.shape}"
    return value


def random_weights(graph: PrimitiveGraph, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Return weights that keep signals near 1; every channel has other running statistics.

    Those that an architecture gives are as it says.
    """
    random = np.random.default_rng(seed)
    tensors: dict[str, NDArray[np.float32]] = {}
    for node in graph.nodes:
        for w in node.owned:
            if w.values:
                value = np.reshape(w.values, w.shape)
            elif w.fan_in:
                value = random.normal(0, w.fan_in**-0.5, w.shape)
            elif w.name in ("weight", "running_var"):
                value = random.uniform(0.5, 1.5, w.shape)
            else:
                value = random.normal(0, 0.3, w.shape)
            tensors[f"{node.name}/{w.name}"] = value.astype(np.float32)
    return tensors


def random_images(graph: PrimitiveGraph, batch: int, seed: int = 1) -> NDArray[np.float32]:
    """Return normally distributed images of the graph's shape."""
    shape = (batch, *graph.inputs[""].shape)
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def _conv(node: Node, inputs: Values, a: Named, own: Named) -> Tensor:
    window = a["stride"], a["padding"], a["dilation"]
    if inputs[0].dim() == 3:  # a signal is an image of one row
        stride, padding, dilation = (
            (of_row, pair[1]) for of_row, pair in zip((1, 0, 1), window, strict=True)
        )
        image, kernel = inputs[0].unsqueeze(2), own["weight"].unsqueeze(2)
        found = F.conv2d(image, kernel, own.get("bias"), stride, padding, dilation, a["groups"])
        return found.squeeze(2)
    return F.conv2d(inputs[0], own["weight"], own.get("bias"), *window, a["groups"])


def _layer_norm(node: Node, inputs: Values, a: Named, own: Named) -> Tensor:
    (x,) = inputs
    centred = x - x.mean(1, keepdim=True)
    normed = centred / (centred.pow(2).mean(1, keepdim=True) + a["eps"]).sqrt()
    return _affine(normed, own)


def _group_norm(node: Node, inputs: Values, a: Named, own: Named) -> Tensor:
    parts = inputs[0].reshape(len(inputs[0]), a["groups"], -1)
    centred = parts - parts.mean(2, keepdim=True)
    normed = centred / (centred.pow(2).mean(2, keepdim=True) + a["eps"]).sqrt()
    return _affine(normed.reshape(inputs[0].shape), own)


def _affine(x: Tensor, own: Named) -> Tensor:
    channels = (-1, *[1] * (x.dim() - 2))
    if not own:
        return x
    weight, bias = (torch.as_tensor(own[name]).reshape(channels) for name in ("weight", "bias"))
    return x * weight + bias


def _softmax(node: Node, inputs: Values, a: Named, own: Named) -> Tensor:
    powers = (inputs[0] - inputs[0].amax(a["axis"], keepdim=True)).exp()
    return powers / powers.sum(a["axis"], keepdim=True)


def _linear(node: Node, inputs: Values, a: Named, own: Named) -> Tensor:
    return F.linear(inputs[0].flatten(1), own["weight"], own.get("bias"))


def _batch_norm(node: Node, inputs: Values, a: Named, own: Named) -> Tensor:
    mean, variance = own["running_mean"], own["running_var"]
    return F.batch_norm(inputs[0], mean, variance, own.get("weight"), own.get("bias"), eps=a["eps"])


def _max_pool2d(node: Node, inputs: Values, a: Named, own: Named) -> Tensor:
    if inputs[0].dim() == 3:
        return F.max_pool1d(inputs[0], a["kernel"][1], a["stride"][1], a["padding"][1])
    return F.max_pool2d(inputs[0], a["kernel"], a["stride"], a["padding"])


def _avg_pool2d(node: Node, inputs: Values, a: Named, own: Named) -> Tensor:
    if inputs[0].dim() == 3:
        window = a["kernel"][1], a["stride"][1], a["padding"][1]
        return F.avg_pool1d(inputs[0], *window, count_include_pad=False)
    return F.avg_pool2d(inputs[0], a["kernel"], a["stride"], a["padding"], count_include_pad=False)


def _shift(node: Node, inputs: Values, a: Named, own: Named) -> Tensor:
    moved, p = torch.zeros_like(inputs[0]), a["pixels"]
    if moved.dim() == 3:
        moved[:, :, : max(0, moved.shape[2] - p)] = inputs[0][:, :, p:]
        return moved
    _, _, height, width = moved.shape
    moved[:, :, : max(0, height - p), : max(0, width - p)] = inputs[0][:, :, p:, p:]
    return moved


def _split(node: Node, inputs: Values, a: Named, own: Named) -> Tensor:
    size = inputs[0].shape[1] // a["parts"]
    return inputs[0][:, a["index"] * size :][:, :size]


def _shuffle(node: Node, inputs: Values, a: Named, own: Named) -> Tensor:
    size = inputs[0].shape[1] // a["groups"]
    return torch.cat([inputs[0][:, place::size] for place in range(size)], 1)


def _subtract(node: Node, inputs: Values, a: Named, own: Named) -> Tensor:
    return inputs[0] - inputs[1]


def _zero(node: Node, inputs: Values, a: Named, own: Named) -> Tensor:
    return inputs[0].new_zeros(len(inputs[0]), *node.shape)


OPERATORS: Mapping[str, Callable[..., Tensor]] = {
    "add": torch.add,
    "subtract": torch.sub,
    "multiply": torch.mul,
    "divide": torch.div,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "exp": torch.exp,
    "log": torch.log,
    "erf": torch.erf,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}


def activated(activation: Activation, x: Tensor, arguments: Mapping[str, Any]) -> Tensor:
    """Compute an activation by its formula."""

    def apply(operator: str, operands: Sequence[Tensor | float]) -> Tensor:
        return OPERATORS[operator](*(torch.as_tensor(value, dtype=x.dtype) for value in operands))

    value = evaluate(activation.formula, {"x": x, **arguments}, apply)
    assert isinstance(value, Tensor)
    return value


def _activation(node: Node, inputs: Values, a: Named, own: Named) -> Tensor:
    return activated(ACTIVATIONS[node.primitive], inputs[0], a)


RUN: Mapping[str, Callable[[Node, Values, Named, Named], Tensor]] = {
    "conv": _conv,
    "linear": _linear,
    "bounded_linear": _linear,
    "embedding": lambda node, x, a, own: own["weight"][x[0]],
    "tied_linear": _linear,
    "absorbed_norm": _batch_norm,
    "batch_norm": _batch_norm,
    "max_pool2d": _max_pool2d,
    "avg_pool2d": _avg_pool2d,
    "global_avg_pool": lambda node, x, a, own: x[0].mean([*range(2, x[0].dim())], keepdim=True),
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "scale": lambda node, x, a, own: x[0] * own["weight"].reshape(-1, *[1] * (x[0].dim() - 2)),
    "position": lambda node, x, a, own: torch.add(x[0], own["weight"]),
    "upsample": lambda node, x, a, own: F.interpolate(x[0], scale_factor=float(a["factor"])),
    "reshape": lambda node, x, a, own: x[0].reshape(-1, *a["sizes"]),
    "transpose": lambda node, x, a, own: x[0].transpose(a["first"], a["second"]),
    "softmax": _softmax,
    "matmul": lambda node, x, a, own: torch.einsum("...nk,...km->...nm", x[0], x[1]),
    "shift": _shift,
    **dict.fromkeys(ACTIVATIONS, _activation),
    "dropout": lambda node, x, a, own: x[0],
    "drop_path": lambda node, x, a, own: x[0],
    "drop_embedded": lambda node, x, a, own: x[0],
    "drop_input": lambda node, x, a, own: x[0],
    "drop_state": lambda node, x, a, own: x[0],
    "drop_output": lambda node, x, a, own: x[0],
    "identity": lambda node, x, a, own: x[0],
    "rescale": lambda node, x, a, own: x[0] * a["factor"] + a["offset"],
    "flatten": lambda node, x, a, own: torch.flatten(x[0], 1),
    "entries": lambda node, x, a, own: torch.flatten(x[0], 1)[:, None, :, None],
    "zero": _zero,
    "split": _split,
    "shuffle": _shuffle,
    "add": lambda node, x, a, own: reduce(add, x),
    "subtract": _subtract,
    "multiply": lambda node, x, a, own: reduce(mul, x),
    "mean": lambda node, x, a, own: reduce(add, x) / len(x),
    "max": lambda node, x, a, own: torch.stack(x).amax(0),
    "min": lambda node, x, a, own: torch.stack(x).amin(0),
    "concat": lambda node, x, a, own: torch.cat(x, 1),
}
