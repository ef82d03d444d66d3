"""Recurrent networks as ONNX models: a whole sequence, and step by step."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from onnx import ModelProto, numpy_helper

from dslnas.backends.onnx.emitters import EMITTERS
from dslnas.backends.onnx.fold import Weights
from dslnas.backends.onnx.model import to_onnx
from dslnas.backends.onnx.prepare import prepare
from dslnas.backends.onnx.sequence import to_onnx_sequence
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.ops.traits import Trait
from tests.backends.onnx_run import inferable
from tests.backends.recurrent_networks import (
    NETWORKS,
    VOCABULARY,
    graph_of_text,
    recurrent_graph,
    recurrent_texts,
)
from tests.backends.recurrent_runs import random_states, random_tokens, weights_of
from tests.backends.reference_graphs import space
from tests.backends.reference_interpreter import interpret_steps
from tests.backends.test_onnx_primitives import RECURRENT
from tests.examples import examples
from tests.primitives import with_trait
from tests.python_process import python

TOLERANCE = 1e-5
"""The reference computes in float64; values are near 1, and a text has only 11 steps."""

Outputs = list[NDArray[Any]]


class Models(NamedTuple):
    sequence: ModelProto
    step: ModelProto


def models_of(graph: PrimitiveGraph, weights: Weights | None = None, **metadata: str) -> Models:
    given = graph, weights or weights_of(graph), "test", {"level": "word", **metadata}
    return Models(to_onnx_sequence(*given), to_onnx(*given))


def session_of(model: ModelProto, *, optimised: bool = True) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def run(session: Any, *inputs: NDArray[Any]) -> Outputs:
    names = [value.name for value in session.get_inputs()]
    outputs: Outputs = session.run(None, dict(zip(names, inputs, strict=True)))
    return outputs


def run_in_calls(session: Any, tokens: NDArray[Any], states: Outputs, *ends: int) -> Outputs:
    """Return logits and last states of calls that end at some steps."""
    logits, start = [], 0
    for end in ends:
        some, *states = run(session, tokens[start:end], *states)
        logits.append(some)
        start = end
    return [np.concatenate(logits), *states]


def run_stepwise(session: Any, tokens: NDArray[Any], states: Outputs) -> Outputs:
    logits = []
    for token in tokens:
        some, *states = run(session, token, *states)
        logits.append(some)
    return [np.stack(logits), *states]


def assert_same(found: Outputs, expected: Outputs) -> None:
    assert [array.shape for array in found] == [array.shape for array in expected]
    worst = max(np.abs(a - b).max() for a, b in zip(found, expected, strict=True))
    assert worst < TOLERANCE


def assert_models_compute_the_graph(graph: PrimitiveGraph, *, optimised: bool = True) -> None:
    models = models_of(graph)
    sequence = session_of(models.sequence, optimised=optimised)
    step = session_of(models.step, optimised=optimised)
    for batch in (1, 7):
        tokens, states = random_tokens(11, batch), random_states(graph, batch)
        logits, nexts = interpret_steps(graph, weights_of(graph), tokens, states)
        expected = [logits, *nexts]
        assert_same(run_in_calls(sequence, tokens, states, 7, 11), expected)
        assert_same(run_stepwise(step, tokens, states), expected)


@pytest.mark.parametrize("optimised", [True, False])
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.sample(12)
def test_both_models_compute_what_the_graph_says(name: str, optimised: bool) -> None:
    assert_models_compute_the_graph(recurrent_graph(name), optimised=optimised)


@pytest.mark.parametrize("name", NETWORKS)
def test_an_empty_batch_gives_empty_outputs(name: str) -> None:
    graph = recurrent_graph(name)
    models = models_of(graph)
    assert models.sequence.graph.input[0].doc_string == "one step or more; the batch may be empty"
    states = random_states(graph, 0)
    for steps in (1, 3):
        found = run(session_of(models.sequence), random_tokens(steps, 0), *states)
        assert [array.shape for array in found] == [
            (steps, 0, VOCABULARY), *(state.shape for state in states)
        ]  # fmt: skip
    logits, *_ = run(session_of(models.step), random_tokens(1, 0)[0], *states)
    assert logits.shape == (0, VOCABULARY)


@given(recurrent_texts())
@settings(max_examples=examples(15), deadline=None)
def test_any_cell_is_computed_as_the_graph_says(text: str) -> None:
    assert_models_compute_the_graph(graph_of_text(text))


def test_every_primitive_of_recurrent_networks_is_tried() -> None:
    tried = {node.primitive for name in NETWORKS for node in recurrent_graph(name).nodes}
    assert tried >= RECURRENT
    assert tried - {"input", "state"} <= set(EMITTERS) | with_trait(Trait.INFERENCE_IDENTITY)


# ---- what the models look like ------------------------------------------------------------------


def interface(model: ModelProto) -> list[tuple[str, list[str | int]]]:
    return [
        (value.name, [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim])
        for value in (*model.graph.input, *model.graph.output)
    ]


def test_time_and_batch_are_open_and_states_have_their_names() -> None:
    models = models_of(recurrent_graph("lstm"))
    states: list[tuple[str, list[str | int]]] = [("h", ["batch", 4]), ("c", ["batch", 4])]
    nexts = [(f"next_{name}", shape) for name, shape in states]
    assert interface(models.sequence) == [
        ("tokens", ["time", "batch"]), *states, ("logits", ["time", "batch", VOCABULARY]), *nexts
    ]  # fmt: skip
    assert interface(models.step) == [
        ("token", ["batch"]), *states, ("logits", ["batch", VOCABULARY]), *nexts
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("lstm_lstm", ["cell0_h", "cell0_c", "cell1_h", "cell1_c"]),
        ("odd", ["cell0_h", "cell0_next_h", "cell0_logits"]),
    ],
)
def test_states_that_need_it_have_the_name_of_their_cell(name: str, states: list[str]) -> None:
    models = models_of(recurrent_graph(name))
    for model in (models.sequence, models.step):
        assert [value.name for value in model.graph.input][1:] == states
        assert [value.name for value in model.graph.output][1:] == [f"next_{s}" for s in states]


@pytest.mark.parametrize("name", NETWORKS)
def test_onnx_finds_the_shapes_by_itself(name: str) -> None:
    models = models_of(recurrent_graph(name))
    for model in (models.sequence, models.step):
        unknown = inferable(model)
        for value in unknown.graph.output:
            value.type.tensor_type.ClearField("shape")
        inferred = onnx.shape_inference.infer_shapes(unknown, strict_mode=True, data_prop=True)
        # The batch of the logits is what is left over, which ONNX gives a name of its own.
        found = [(called, list(map(_batch, sizes))) for called, sizes in interface(inferred)]
        assert found == interface(model)


def _batch(size: str | int) -> str | int:
    return "batch" if str(size).startswith("unk__") else size


def scan_of(model: ModelProto) -> onnx.NodeProto:
    scans: list[onnx.NodeProto] = [node for node in model.graph.node if node.op_type == "Scan"]
    (scan,) = scans
    return scan


@pytest.mark.parametrize("name", NETWORKS)
def test_only_what_lies_between_a_state_and_the_next_is_in_the_loop(name: str) -> None:
    model = models_of(recurrent_graph(name)).sequence
    graph, _ = prepare(recurrent_graph(name), weights_of(recurrent_graph(name)))
    body = scan_of(model).attribute[0].g
    inside = {node.name for node in body.node} & {node.name for node in graph.nodes}
    befores, nexts = zip(*((state.name, state.next) for state in graph.states), strict=True)
    behind = set[str]().union(*(nx.descendants(graph.dag, state) for state in befores))
    ahead = set(nexts).union(*(nx.ancestors(graph.dag, state) for state in nexts))
    assert inside == (behind & ahead) - set(befores)
    assert not body.initializer


@pytest.mark.parametrize("name", ["apart", "held"])
def test_tokens_enter_a_loop_that_reads_nothing_of_the_text(name: str) -> None:
    graph = recurrent_graph(name)
    model = models_of(graph).sequence
    states = [value.name for value in model.graph.input][1:]
    assert list(scan_of(model).input) == [*states, "tokens"]
    assert "tokens" not in scan_of(models_of(recurrent_graph("lstm")).sequence).input


def test_what_no_state_depends_on_leaves_the_loop() -> None:
    model = models_of(recurrent_graph("late")).sequence
    outside = {node.name for node in model.graph.node}
    assert {"cell1/seen/0_linear", "cell1/seen/1_tanh", "cell1/seen/multiply"} <= outside


def test_gates_of_the_input_are_computed_for_all_steps_at_once() -> None:
    model = models_of(recurrent_graph("lstm")).sequence
    assert "cell0/gates/1_linear" in {node.name for node in model.graph.node}
    assert "cell0/gates/3_linear" in {node.name for node in scan_of(model).attribute[0].g.node}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_tensor_is_stored_once(name: str) -> None:
    graph = recurrent_graph(name)
    owned = {f"{node.name}/{weight.name}" for node in graph.nodes for weight in node.owned}
    models = models_of(graph)
    for model in (models.sequence, models.step):
        stored = [value.name for value in model.graph.initializer]
        assert len(stored) == len(set(stored))
        floats = {
            value.name
            for value in model.graph.initializer
            if value.data_type == onnx.TensorProto.FLOAT
        }
        assert floats >= {key for key in owned if "norm" not in key}


def test_layers_with_shared_weights_keep_them_before_a_batch_norm() -> None:
    graph = graph_of_text(
        """use std.rnn
gate wide(f, s) {
    let both = linear(C)(s)
    output batch_norm(f(both)) + batch_norm(both)
}
cell normed {
    inputs  x
    states  h
    first   add(x, h)
    edge    wide
    node n1 = tanh(first) + identity(h)
    output  mean
}
network {
    cells  normed
}
""".replace("batch_norm(f(both)) + batch_norm(both)", "batch_norm(f(both))")
    )
    model = models_of(graph).sequence
    stored = {value.name: numpy_helper.to_array(value) for value in model.graph.initializer}
    weights = weights_of(graph)
    (shared,) = {n.tensors[0] for n in graph.nodes if n.primitive == "linear"}
    assert np.array_equal(stored[shared], weights[shared])
    assert_models_compute_the_graph(graph)


def test_models_say_where_they_come_from() -> None:
    models = models_of(recurrent_graph("gru"), spec_hash="0a")
    for model in (models.sequence, models.step):
        assert {p.key: p.value for p in model.metadata_props} == {
            "spec_hash": "0a",
            "level": "word",
        }
        assert model.graph.name == "test"
        assert "level: word" in model.doc_string.splitlines()


DIGEST = """
import hashlib, sys
import numpy as np
from dslnas.backends.onnx.model import to_onnx
from dslnas.backends.onnx.sequence import to_onnx_sequence
from tests.backends.recurrent_networks import recurrent_graph

graph = recurrent_graph("darts_v2")
weights = {f"{n.name}/{w.name}": np.ones(w.shape) for n in graph.nodes for w in n.owned}
given = graph, weights, "test", {"b": "1", "level": "word"}
models = to_onnx_sequence(*given), to_onnx(*given)
assert "torch" not in sys.modules
for model in models:
    print(hashlib.sha256(model.SerializeToString()).hexdigest())
"""


@pytest.mark.sample(0)
def test_bytes_are_the_same_in_another_process_and_torch_is_not_needed() -> None:
    said = python(DIGEST, PYTHONHASHSEED="1")  # our seed is another, most likely a random one
    assert said.returncode == 0, said.stderr
    graph = recurrent_graph("darts_v2")
    weights = {f"{n.name}/{w.name}": np.ones(w.shape) for n in graph.nodes for w in n.owned}
    own = models_of(graph, weights, b="1")
    assert said.stdout == "".join(
        f"{hashlib.sha256(m.SerializeToString()).hexdigest()}\n" for m in own
    )


def test_supernet_is_refused() -> None:
    graph = build_supernet_graph(space("use papers.darts_rnn", (), ()))
    with pytest.raises(ValueError, match="is a choice: derive an architecture first"):
        to_onnx_sequence(graph, {}, name="x", metadata={})


def test_missing_weights_are_refused() -> None:
    graph = recurrent_graph("lstm")
    weights = weights_of(graph)
    del weights["stem/0_embedding/weight"]
    with pytest.raises(ValueError, match="tensor `stem/0_embedding/weight` is missing"):
        to_onnx_sequence(graph, weights, name="x", metadata={})
