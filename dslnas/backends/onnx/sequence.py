"""A recurrent network to an ONNX model of a whole sequence.

The graph is one step. In the model all that does not depend on a state runs on all
steps at once, with time and batch as one axis of rows; so does the head, and all else that no state
depends on. In between stands a Scan, whose body is what states are made of from step to step.
Weights lie outside of it, each once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from onnx import ModelProto, NodeProto, ValueInfoProto, helper, numpy_helper

from dslnas.backends.onnx.fold import Tensors, Weights
from dslnas.backends.onnx.model import state_names
from dslnas.backends.onnx.prepare import prepare
from dslnas.backends.onnx.versions import OLDEST, Versions
from dslnas.backends.onnx.writer import BATCH, LOGITS, Writer, named, value
from dslnas.graph.analysis.time_loop import time_loop
from dslnas.graph.graph import INPUT, PrimitiveGraph
from dslnas.ops.primitive import Shape

TOKENS = "tokens"
TIME = "time"

_ROWS = "rows"
_SIZES = "sizes"
_TIMES = "times"


def to_onnx_sequence(
    graph: PrimitiveGraph,
    weights: Weights,
    name: str,
    metadata: Mapping[str, str],
    versions: Versions = OLDEST,
) -> ModelProto:
    """Return a recurrent network as an ONNX model, for one step or more and any batch size.

    It reads `tokens`, int64 [time, batch], and the states, float32 [batch, C] each, and gives
    `logits`, float32 [time, batch, vocabulary], and the states as `to_onnx` does for one step.
    Arguments and errors are those of `to_onnx`.
    """
    return _SequenceWriter(*prepare(graph, weights)).model(name, metadata, versions)


class _SequenceWriter:
    """Writes the model of a whole sequence."""

    def __init__(self, graph: PrimitiveGraph, weights: Tensors) -> None:
        self._graph = graph
        reads = {node.name: node.inputs for node in graph.nodes if node.inputs}
        loop = time_loop(graph, reads, (graph.output,), predicts=True)
        # A Scan has as many steps as what it scans: a loop that reads nothing else gets the tokens.
        self._loop = replace(loop, streams=loop.streams or (INPUT,))
        self._writer = Writer(graph, weights)
        self._called = state_names(graph)

    def model(self, name: str, metadata: Mapping[str, str], versions: Versions) -> ModelProto:
        """Return the model."""
        operators = list(self._operators())
        axes = TIME, BATCH
        given = {INPUT: TOKENS}, self._called, metadata, versions
        model = self._writer.model(name, operators, *given, axes)
        model.graph.input[0].doc_string = "one step or more; the batch may be empty"
        return model

    def _operators(self) -> Iterator[NodeProto]:
        loop = self._loop
        rows = self._rows()
        yield helper.make_node("Shape", [TOKENS], [_SIZES], name=_SIZES)
        first = self._constant("first", (0,))
        yield helper.make_node("Gather", [_SIZES, first], [_TIMES], name=_TIMES)
        yield self._reshape(TOKENS, rows[INPUT], self._constant("flat", (-1,)))
        yield from self._operators_of(loop.before, rows)
        for name in loop.streams:
            if name != INPUT:  # the tokens have their axis of time as they come
                yield from self._unfold(name, rows[name])
        yield self._scan()
        for name in loop.collected:
            flat = self._constant(f"flat/{name}", (-1, *self._graph.by_name[name].shape))
            yield self._reshape(_steps(name), rows[name], flat)
        yield from self._operators_of((*loop.after, *loop.head), rows)
        yield from self._unfold(self._graph.output, rows[self._graph.output], LOGITS)

    def _operators_of(self, nodes: Iterable[str], names: Mapping[str, str]) -> Iterator[NodeProto]:
        return self._writer.operators(map(self._graph.by_name.__getitem__, nodes), names)

    def _rows(self) -> dict[str, str]:
        """Return what the tensors outside of the loop are called, whose first axis are rows."""
        loop = self._loop
        names = {INPUT: f"{_ROWS}/{TOKENS}"}
        names |= {name: f"{_ROWS}/{name}" for name in loop.collected}
        return names | {name: name for name in (*loop.before, *loop.after, *loop.head)}

    def _unfold(self, node: str, rows: str, output: str = "") -> Iterator[NodeProto]:
        """Turn rows to [time, batch, ...] again."""
        output = output or _steps(node)
        # The batch is what is left over: a zero, of an empty one, would mean the size as it is.
        sizes = self._constant(f"sizes/{output}", (-1, *self._graph.by_name[node].shape))
        shape = f"shape/{output}"
        yield helper.make_node("Concat", [_TIMES, sizes], [shape], name=shape, axis=0)
        yield self._reshape(rows, output, shape)

    def _scan(self) -> NodeProto:
        graph, loop = self._graph, self._loop
        # A body gives tensors of its own, one each.
        states = [state.name for state in graph.states]
        nexts = [f"next/{state}" for state in states]
        ends = [f"end/{name}" for name in loop.collected]
        given = {name: f"step/{name}" for name in loop.streams}
        inside = {**given, **{state: state for state in states}}
        after = (state.next for state in graph.states)
        outputs = [*zip(after, nexts, strict=True), *zip(loop.collected, ends, strict=True)]
        copies = named(outputs, loop.body, inside)
        operators = [*self._operators_of(loop.body, inside), *copies]

        def typed(name: str, node: str) -> ValueInfoProto:
            return value(name, graph.by_name[node].shape)

        body = self._writer.body(
            "step",
            operators,
            [*map(typed, states, states), *(typed(called, name) for name, called in given.items())],
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


def _steps(node: str) -> str:
    """Return what a value is called that has an axis of time."""
    return TOKENS if node == INPUT else f"steps/{node}"
