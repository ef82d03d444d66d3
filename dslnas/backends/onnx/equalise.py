"""Depthwise convolutions whose channels are alike in size, so that one step does for all of them.

What a depthwise convolution gives by channel is scaled, and the pointwise convolution behind it,
its only reader, takes the scale back: it computes the same, and a small file is without the steps
of its channels (cf. Nagel et al., Data-Free Quantization, ICCV 2019). With a bias it stays: scaled,
the bias of a channel with a small kernel may be far above all that others give, and one step would
have to do for both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, numpy_helper

LARGEST = 2.0**64
"""Largest scale: float32 holds what is divided by it."""


def equalised(model: ModelProto) -> ModelProto:
    """Return a float32 model, as the emitter writes it, whose depthwise kernels are alike in size.

    The largest number of every channel's kernel is that of the whole, unless its scale would be
    larger than `LARGEST`; a channel of zeros stays.
    """
    made = ModelProto()
    made.CopyFrom(model)
    given = {tensor.name: tensor for tensor in made.graph.initializer}
    for depthwise, pointwise in list(_pairs(made.graph, given)):
        kernel = given[depthwise.input[1]]
        largest = abs(_array(kernel)).reshape(len(_array(kernel)), -1).max(1).astype(np.float64)
        factor = np.where(largest > 0, largest.max() / np.where(largest > 0, largest, 1), 1)
        factor = factor.clip(max=LARGEST)
        _scale(kernel, factor, axis=0)
        _scale(given[pointwise.input[1]], 1 / factor, axis=1)
    return made


def _pairs(
    graph: GraphProto, given: dict[str, TensorProto]
) -> Iterator[tuple[NodeProto, NodeProto]]:
    """Yield depthwise convolutions without a bias, with the pointwise ones that alone read them."""
    readers: dict[str, list[NodeProto]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            readers[name].append(node)
    results = {value.name for value in graph.output}
    for node in graph.node:
        (output, *_) = node.output
        if node.op_type != "Conv" or len(node.input) > 2:
            continue
        if len(readers[output]) != 1 or output in results:
            continue
        (reader,) = readers[output]
        weights = (*node.input[1:], *reader.input[1:2])
        if reader.op_type == "Conv" and all(len(readers[name]) == 1 for name in weights):
            (groups, each, *_), (_, read, *_) = (given[n.input[1]].dims for n in (node, reader))
            if each == 1 and read == groups:
                yield node, reader


def _array(tensor: TensorProto) -> NDArray[np.float32]:
    return np.asarray(numpy_helper.to_array(tensor), np.float32)


def _scale(tensor: TensorProto, factor: NDArray[np.float64], axis: int) -> None:
    array = _array(tensor)
    by_axis = factor.reshape(*[1] * axis, -1, *[1] * (array.ndim - axis - 1))
    scaled = (array * by_axis).astype(np.float32)
    tensor.CopyFrom(numpy_helper.from_array(scaled, tensor.name))
