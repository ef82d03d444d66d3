"""A recurrent network to two ONNX models: of a whole sequence, and of a single step.

The graph is one step. In the model of a sequence all that does not depend on a state runs on all
steps at once, with time and batch as one axis of rows; so does the head, and all else that no state
depends on. In between stands a Scan, whose body is what states are made of from step to step.
Weights lie outside of it, each once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from dslnas.backends.onnx.fold import Weights
from dslnas.backends.onnx.prepare import prepare
from dslnas.backends.onnx.writer import Writer, finish
from dslnas.graph.analysis.time_loop import time_loop
from dslnas.graph.graph import INPUT, Node, PrimitiveGraph
from dslnas.ops.primitive import Shape

TOKENS = "tokens"
TOKEN = "token"
LOGITS = "logits"
TIME = "time"
BATCH = "batch"

_ROWS = "rows"
_TIMES = "times"

Tensors = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class SequenceModels:
    """The same network in two forms.

    Attributes:
        sequence: From `tokens`, int64 [time, batch], to `logits`, float32
            [time, batch, vocabulary].
        step: From `token`, int64 [batch], to `logits`, float32 [batch, vocabulary].

    Both read the states, float32 [batch, C] each, such as `h`, and give them as `next_h`.
    """

    sequence: ModelProto
    step: ModelProto


def to_onnx_sequence(
    graph: PrimitiveGraph, weights: Weights, *, name: str, metadata: Mapping[str, str]
) -> SequenceModels:
    """Return a recurrent network as ONNX models, for any number of steps and any batch size.

    Equal arguments give equal bytes.

    Args:
        graph: One step of a derived network; what only helps training is left out.
        weights: Its tensors by name, such as `stem/0_embedding/weight`; others are ignored.
        name: Name of the graph in the models.
        metadata: Facts of their origin, level and vocabulary; goes into their
            properties and description.

    Raises:
        UserError: NAS712 if a model is larger than a file of this format can be.
        ValueError: The graph has choices left, or tensors do not fit it.
    """
    graph, folded = prepare(graph, weights)
    return SequenceModels(
        _SequenceWriter(graph, folded).model(name, metadata),
        _step_model(graph, folded, name, metadata),
    )


def _step_model(
    graph: PrimitiveGraph, weights: Tensors, name: str, metadata: Mapping[str, str]
) -> ModelProto:
    called = _state_names(graph)
    states = {called[name]: graph.by_name[name].shape for name in called}
    writer = Writer(graph, weights)
    names = {INPUT: TOKEN, graph.output: LOGITS, **called}
    operators = list(writer.operators(_computed(graph), names))
    for state in graph.states:
        source = names.get(state.next, state.next)
        operators.append(_copy(source, f"next_{called[state.name]}"))
    inputs = [_value(name, (BATCH, *shape)) for name, shape in states.items()]
    outputs = [_value(f"next_{name}", (BATCH, *shape)) for name, shape in states.items()]
    logits = _value(LOGITS, (BATCH, *graph.by_name[graph.output].shape))
    token = _value(TOKEN, (BATCH,), TensorProto.INT64)
    body = helper.make_graph(
        operators, name, [token, *inputs], [logits, *outputs], writer.constants
    )
    return finish(body, metadata)


class _SequenceWriter:
    """Writes the model of a whole sequence."""

    def __init__(self, graph: PrimitiveGraph, weights: Tensors) -> None:
        self._graph = graph
        reads = {node.name: node.inputs for node in graph.nodes if node.inputs}
        loop = time_loop(graph, reads, (graph.output,), predicts=True)
        # A Scan has as many steps as what it scans: a loop that reads nothing else gets the tokens.
        self._loop = replace(loop, streams=loop.streams or (INPUT,))
        self._writer = Writer(graph, weights)
        self._called = _state_names(graph)

    def model(self, name: str, metadata: Mapping[str, str]) -> ModelProto:
        """Return the model."""
        operators = list(self._operators())
        states = {called: self._graph.by_name[name].shape for name, called in self._called.items()}
        tokens = _value(TOKENS, (TIME, BATCH), TensorProto.INT64)
        logits = _value(LOGITS, (TIME, BATCH, *self._graph.by_name[self._graph.output].shape))
        body = helper.make_graph(
            operators,
            name,
            [tokens, *(_value(name, (BATCH, *shape)) for name, shape in states.items())],
            [logits, *(_value(f"next_{name}", (BATCH, *shape)) for name, shape in states.items())],
            self._writer.constants,
        )
        return finish(body, metadata)

    def _operators(self) -> Iterator[NodeProto]:
        loop = self._loop
        rows = self._rows()
        yield helper.make_node("Shape", [TOKENS], [_TIMES], name=_TIMES)
        yield self._reshape(TOKENS, rows[INPUT], self._constant("flat", (-1,)))
        yield from self._operators_of(loop.before, rows)
        for value in loop.streams:
            if value != INPUT:  # the tokens have their axis of time as they come
                yield from self._unfold(value, rows[value])
        yield self._scan()
        for value in loop.collected:
            flat = self._constant(f"flat/{value}", (-1, *self._graph.by_name[value].shape))
            yield self._reshape(_steps(value), rows[value], flat)
        yield from self._operators_of((*loop.after, *loop.head), rows)
        yield from self._unfold(self._graph.output, rows[self._graph.output], LOGITS)

    def _operators_of(self, nodes: Iterable[str], names: Mapping[str, str]) -> Iterator[NodeProto]:
        return self._writer.operators(map(self._graph.by_name.__getitem__, nodes), names)

    def _rows(self) -> dict[str, str]:
        """Return what the tensors outside of the loop are called, whose first axis are rows."""
        loop = self._loop
        names = {INPUT: f"{_ROWS}/{TOKENS}"}
        names |= {value: f"{_ROWS}/{value}" for value in loop.collected}
        return names | {name: name for name in (*loop.before, *loop.after, *loop.head)}

    def _unfold(self, value: str, rows: str, output: str = "") -> Iterator[NodeProto]:
        """Turn rows to [time, batch, ...] again."""
        output = output or _steps(value)
        sizes = self._constant(f"sizes/{output}", self._graph.by_name[value].shape)
        shape = f"shape/{output}"
        yield helper.make_node("Concat", [_TIMES, sizes], [shape], name=shape, axis=0)
        yield self._reshape(rows, output, shape)

    def _scan(self) -> NodeProto:
        graph, loop = self._graph, self._loop
        inside = {value: f"step/{value}" for value in loop.streams}
        operators = list(self._operators_of(loop.body, inside))
        # What a body gives are tensors of its own, one each, so that states are copied: the next
        # value of one may be another state, or what the head reads.
        nexts = [f"next/{state.name}" for state in graph.states]
        for state, after in zip(graph.states, nexts, strict=True):
            operators.append(_copy(inside.get(state.next, state.next), after))
        ends = [f"end/{value}" for value in loop.collected]
        for value, end in zip(loop.collected, ends, strict=True):
            operators.append(_copy(value, end))

        def typed(name: str, value: str) -> ValueInfoProto:
            kind = TensorProto.INT64 if value == INPUT else TensorProto.FLOAT
            return _value(name, (BATCH, *graph.by_name[value].shape), kind)

        states = [state.name for state in graph.states]
        body = helper.make_graph(
            operators,
            "step",
            [*map(typed, states, states), *(typed(inside[v], v) for v in loop.streams)],
            [*map(typed, nexts, states), *map(typed, ends, loop.collected)],
        )
        called = [self._called[state] for state in states]
        return helper.make_node(
            "Scan",
            [*called, *map(_steps, loop.streams)],
            [*(f"next_{state}" for state in called), *map(_steps, loop.collected)],
            name="cells",
            body=body,
            num_scan_inputs=len(loop.streams),
        )

    def _reshape(self, source: str, output: str, shape: str) -> NodeProto:
        return helper.make_node("Reshape", [source, shape], [output], name=output)

    def _constant(self, name: str, sizes: Shape) -> str:
        self._writer.constants.append(numpy_helper.from_array(np.array(sizes, np.int64), name))
        return name


def _computed(graph: PrimitiveGraph) -> list[Node]:
    return [node for node in graph.nodes if node.inputs]


def _steps(value: str) -> str:
    """Return what a value is called that has an axis of time."""
    return TOKENS if value == INPUT else f"steps/{value}"


def _copy(source: str, output: str) -> NodeProto:
    return helper.make_node("Identity", [source], [output], name=output)


def _value(
    name: str, shape: tuple[str | int, ...], kind: int = TensorProto.FLOAT
) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def _state_names(graph: PrimitiveGraph) -> dict[str, str]:
    """Return what a model calls its states: `h` where that is clear, and else `cell0_h`.

    What it gives is called the same with `next_` in front, beside `logits`.
    """
    states = [state.name for state in graph.states]
    short = [name.rpartition("/")[2] for name in states]
    taken = [*short, *(f"next_{name}" for name in short), "token", "tokens", "logits"]
    if len(set(taken)) == len(taken) and len({name.partition("/")[0] for name in states}) == 1:
        return dict(zip(states, short, strict=True))
    return {name: name.replace("/", "_") for name in states}
