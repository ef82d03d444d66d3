"""Models as strict readers see them: ONNX's checker and evaluator, and ONNX Runtime's optimiser."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import ModelProto
from onnx.reference import ReferenceEvaluator
from onnx.reference.ops.op_max_pool import MaxPool as OpMaxPool

from dslnas.backends.onnx.versions import check_whole, nodes_of

TOLERANCE = 1e-4
"""Largest difference from ONNX's reference evaluator, which sums in another order."""

LOOPS_SINCE = (1, 22)
"""Version of onnx whose evaluator has the body of a Scan read weights that lie outside of it."""
_ONNX = tuple(map(int, onnx.__version__.split(".")[:2]))


def assert_sound(model: ModelProto, inputs: Mapping[str, NDArray[Any]]) -> None:
    """Check that a model is right by ONNX's own means, and that nothing in it is superfluous."""
    check_whole(model)
    assert superfluous(model) == []
    outputs = assert_runs(model, inputs)
    if _ONNX < LOOPS_SINCE and any(node.op_type == "Scan" for node in nodes_of(model.graph)):
        return
    with np.errstate(over="ignore", invalid="ignore"):  # its sigmoid takes both of its forms
        expected = evaluator(model).run(None, dict(inputs))
    for wanted, found in zip(expected, outputs, strict=True):
        scale = max(1.0, np.abs(wanted).max(initial=0))
        assert np.abs(wanted - found).max(initial=0) < TOLERANCE * scale


def assert_runs(model: ModelProto, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    """Check that ONNX Runtime runs a model as it optimises it, and return what it gives."""
    session = _session(model, onnxruntime.SessionOptions())
    outputs: list[NDArray[Any]] = session.run(None, dict(inputs))
    assert len(outputs) == len(model.graph.output)
    return outputs


class MaxPool(OpMaxPool):
    """ONNX's own in its general form: that for stride 1 mistakes sides that are padded."""

    def _run(self, x: NDArray[Any], **given: Any) -> Any:  # type: ignore[override] # as its is
        found = self._max_pool(x, **given)  # type: ignore[no-untyped-call]
        return found if isinstance(found, tuple) else (found,)


def evaluator(model: ModelProto) -> ReferenceEvaluator:
    """Return ONNX's reference evaluator of a model."""
    return ReferenceEvaluator(model, new_ops=[MaxPool])


def superfluous(model: ModelProto) -> list[str]:
    """Return the nodes that ONNX Runtime's basic optimiser removes from a model or takes apart.

    Several transposes of a spec are left out: it moves them through what lies between, which is a
    function along another axis then.
    """
    nodes = list(nodes_of(model.graph))
    kinds = {node.output[0]: node.op_type for node in nodes_of(optimised(model).graph)}
    transposes = sum(node.op_type == "Transpose" for node in nodes)
    moved = ("Transpose", "Softmax") if transposes > 1 else ()
    return [
        f"{node.op_type} {node.name}"
        for node in nodes
        if kinds.get(node.output[0]) != node.op_type and node.op_type not in moved
    ]


def optimised(model: ModelProto) -> ModelProto:
    """Return a model as ONNX Runtime's basic optimiser leaves it."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "optimised.onnx")
        options.optimized_model_filepath = str(path)
        _session(model, options)
        return onnx.load(path)


def _session(model: ModelProto, options: onnxruntime.SessionOptions) -> Any:
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
