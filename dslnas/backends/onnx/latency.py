"""Latency of a network for one example, and the share of every candidate of a space in it.

An example is an image, or one time step of a sequence. What is timed is what is deployed: ONNX
models in ONNX Runtime on the CPU, with untrained weights. For single examples one thread is used:
more of them save little, and wait for each other on a busy machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper

from dslnas.backends.onnx.model import to_onnx
from dslnas.backends.onnx.session import session
from dslnas.graph.analysis.costs import COUNTED, Cost, CostTable, cost_table
from dslnas.graph.graph import INPUT, Node, PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph
from dslnas.graph.lower.op_body import OpBody
from dslnas.graph.lower.subgraph import OUTSIDE, Applied, Place, Value
from dslnas.graph.lower.value import together
from dslnas.ops.primitive import Shape, Weight
from dslnas.space.derive.derive import derive
from dslnas.space.search_space import SearchSpace
from dslnas.timing import seconds_of_runs

WARM_UP, RUNS, AT_MOST = 0.02, 50, 0.1
"""Seconds of runs before a time is taken, most runs, and seconds after which five do."""

SHORTEST = 1e-7
"""Seconds of an operation that is too short to be told from a run of nothing."""


def latency_table(space: SearchSpace) -> CostTable:
    """Return the seconds that the parts of the final network take for one example.

    Every distinct operation is timed alone. The time that a network needs besides, such as for
    sums, or saves, is measured on one architecture, the one with the most multiply-adds, and is
    part of `fixed`.

    Raises:
        UserError: NAS4xx where shapes do not fit.
    """
    seconds = stopwatch()
    table = cost_table(space, seconds)
    scores = {name: [[0.0] * size for size in t.rows] for name, t in space.tables.items()}
    heaviest = derive(space, {**scores, **cost_table(space, COUNTED["flops"]).by_cell})
    whole = seconds_for_one(build_derived_graph(heaviest))
    parts = cost_table(heaviest, seconds).fixed
    return replace(table, fixed=max(0.0, table.fixed + whole - parts))


def stopwatch() -> Cost:
    """Return the seconds of operations as a cost, 0 of identities; equal ones are timed once.

    The time of a run that computes nothing is not theirs.
    """
    known: dict[tuple[OpBody, tuple[Shape, ...]], float] = {}

    def seconds(item: Applied) -> float:
        if item.body.is_identity:
            return 0.0
        # whose weights they are makes no difference
        key = item.body, tuple(part.shape for part in item.source.parts)
        if key not in known:
            taken = seconds_for_one(graph_of(item)) - seconds_of_nothing()
            known[key] = max(SHORTEST, taken)
        return known[key]

    return seconds


def seconds_for_one(graph: PrimitiveGraph) -> float:
    """Return the median time of a network for a batch of one example, in seconds."""
    return _seconds(to_onnx(graph, _weights(graph), "timed", {}))


@cache
def seconds_of_nothing() -> float:
    """Return the time of a run that hands a number on."""
    given, given_on = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [1]) for n in "xy")
    body = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])], "it", [given], [given_on]
    )
    return _seconds(
        helper.make_model(body, opset_imports=[helper.make_opsetid("", 11)], ir_version=6)
    )


def example_of(model: ModelProto, batch: int = 1) -> dict[str, NDArray[Any]]:
    """Return a batch of what a model reads: random numbers, or tokens 0."""
    generator, found = np.random.default_rng(0), {}
    for given in model.graph.input:
        kind = given.type.tensor_type
        shape = [size.dim_value or batch for size in kind.shape.dim]
        is_token = kind.elem_type == TensorProto.INT64
        drawn = np.zeros(shape, np.int64) if is_token else generator.standard_normal(shape)
        found[given.name] = drawn if is_token else drawn.astype(np.float32)
    return found


def _seconds(model: ModelProto) -> float:
    runner, example = session(model.SerializeToString(), threads=1), example_of(model)
    run = partial(runner.run, None, example)
    return median(seconds_of_runs(run, RUNS, warm_up=WARM_UP, at_most=AT_MOST))


def _weights(graph: PrimitiveGraph) -> Mapping[str, NDArray[np.floating[Any]]]:
    """Return weights as He et al. (2015) draw them, so that values do not fade layer by layer.

    A deep network would compute with denormal numbers otherwise, for which processors are slow.
    """
    generator = np.random.default_rng(0)
    return {name: _drawn(weight, generator) for name, weight in graph.tensors.items()}


def _drawn(weight: Weight, generator: np.random.Generator) -> NDArray[np.floating[Any]]:
    if weight.values:
        return np.array(weight.values).reshape(weight.shape)
    if weight.fan_in == 0:
        return np.full(weight.shape, weight.fill)
    return generator.standard_normal(weight.shape, np.float32) * np.float32(
        (2 / weight.fan_in) ** 0.5
    )


def graph_of(item: Applied) -> PrimitiveGraph:
    """Return an operation as a network of its own, with its own weights."""
    shapes = [part.shape for part in item.source.parts]
    names = [INPUT] if len(shapes) == 1 else [f"{INPUT}/x{n}" for n in range(len(shapes))]
    sources = [f"{OUTSIDE}{place}" for place in range(len(shapes))]
    values = [Value(source, shape) for source, shape in zip(sources, shapes, strict=True)]
    alone = Applied("", 0, item.body, together(values))
    tables = {f"{OUTSIDE}{layer.primitive.tied_to}": names[0] for layer in item.body.layers}
    place = Place(outside={**tables, **dict(zip(sources, names, strict=True))})
    inputs = [Node(name, INPUT, (), (), shape) for name, shape in zip(names, shapes, strict=True)]
    nodes = (*inputs, *alone.nodes(place))
    return PrimitiveGraph(nodes, place.name(alone.result.name))
