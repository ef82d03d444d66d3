"""The ranges of a model's values on examples that it was trained on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from onnx import ModelProto, helper

from dslnas.backends.onnx.int8 import Range, rounded_values
from dslnas.backends.onnx.session import session
from dslnas.backends.onnx.versions import nodes_of
from dslnas.exporters.parity import Inputs

AT_ONCE = 32
"""Examples of a run."""


def calibrated(model: ModelProto, inputs: Inputs) -> dict[str, Range]:
    """Return the ranges of the values that an int8 model rounds.

    Args:
        model: In float32; of a recurrent network that of a step.
        inputs: An example in each row; of a recurrent network tokens (time, batch).
    """
    names = rounded_values(model.graph)
    known = {value.name for value in (*model.graph.input, *model.graph.output)}
    probed = ModelProto()
    probed.CopyFrom(model)
    computed = (name for name in names if name not in known)
    probed.graph.output.extend(map(helper.make_empty_tensor_value_info, computed))
    runner = session(probed.SerializeToString(), threads=1)
    found: dict[str, Range] = {}
    for values in _runs(runner, inputs):
        for name in names:
            found[name] = Range.of(values[name]).joined(found.get(name))
    return found


def _runs(runner: Any, inputs: Inputs) -> Iterator[dict[str, np.ndarray]]:
    """Yield all values of one run after the other; states are carried from step to step."""
    outputs = [value.name for value in runner.get_outputs()]
    read = [value.name for value in runner.get_inputs()]
    fed = dict(zip(read, inputs.values(), strict=False))
    rows = {len(array) for array in fed.values()}
    sizes = {value.name: value.shape[1] for value in runner.get_inputs() if value.name not in fed}
    batch = next(iter(fed.values())).shape[-1]
    states = {name: np.zeros((batch, size), np.float32) for name, size in sizes.items()}
    for start in range(0, min(rows), 1 if states else AT_ONCE):
        piece = {name: array[start : start + AT_ONCE] for name, array in fed.items()}
        if states:
            piece = {name: array[start] for name, array in fed.items()} | states
        values = dict(zip(outputs, runner.run(None, piece), strict=True))
        states = {name: values[f"next_{name}"] for name in states}
        yield piece | values


def carried(ranges: Mapping[str, Range], step: ModelProto, whole: ModelProto) -> dict[str, Range]:
    """Return the ranges of a step for the model of a whole text, whose layers read the same."""
    by_layer = {node.name: ranges.get(node.input[0]) for node in step.graph.node}
    read = ((node.input[0], by_layer.get(node.name)) for node in nodes_of(whole.graph))
    return {name: found for name, found in read if found is not None}
