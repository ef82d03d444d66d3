"""Models run by ONNX Runtime and compared with the reference interpreter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import ModelProto

from dslnas.backends.onnx.model import to_onnx
from dslnas.backends.onnx.versions import Versions, declare
from dslnas.graph.graph import PrimitiveGraph
from tests.backends.reference_interpreter import Arrays, interpret, random_images, random_weights

TOLERANCE = 1e-5
"""Values are near 1 and float32 has 7 digits; sums run in another order, batch norms are folded."""


def emit(graph: PrimitiveGraph, weights: Arrays | None = None) -> ModelProto:
    """Return the model of a graph, with random weights unless they are given."""
    weights = random_weights(graph) if weights is None else weights
    return to_onnx(graph, weights, name="test", metadata={})


def run(model: ModelProto, images: NDArray[Any], *, optimised: bool = True) -> NDArray[Any]:
    """Return the logits that ONNX Runtime computes."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    (result,) = session.run(["logits"], {model.graph.input[0].name: images})
    return np.asarray(result)


def assert_parity(graph: PrimitiveGraph, batches: Sequence[int] = (1, 7)) -> ModelProto:
    """Check that the model computes what the graph says, and return it."""
    weights = random_weights(graph)
    model = emit(graph, weights)
    for batch in batches:
        images = random_images(graph, batch)
        expected = interpret(graph, weights, images)
        for optimised in (True, False):
            actual = run(model, images, optimised=optimised)
            assert actual.shape == expected.shape
            difference = np.abs(actual - expected).max()
            assert difference < TOLERANCE, (
                f"{difference} where values reach {np.abs(expected).max()}"
            )
    return model


def inferable(model: ModelProto) -> ModelProto:
    """Return a copy in an opset that has shapes inferred from sizes that are computed."""
    copy = ModelProto()
    copy.CopyFrom(model)
    declare(copy, Versions(max(14, model.opset_import[0].version)))
    return copy


def assert_shapes(graph: PrimitiveGraph, model: ModelProto) -> None:
    """Check that ONNX's own shape inference finds the shapes of the graph, batch left open."""
    unknown = inferable(model)
    unknown.graph.output[0].type.tensor_type.ClearField("shape")
    inferred = onnx.shape_inference.infer_shapes(unknown, strict_mode=True, data_prop=True).graph
    found = {
        value.name: tuple(d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim)
        for value in (*inferred.value_info, *inferred.output)
    }
    expected = {node.name: node.shape for node in graph.nodes if node.name in found}
    expected["logits"] = graph.by_name[graph.output].shape
    assert {name: found[name] for name in expected} == {
        name: ("batch", *shape) for name, shape in expected.items()
    }
