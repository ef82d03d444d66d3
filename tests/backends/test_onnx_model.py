from __future__ import annotations

import hashlib
import json

import numpy as np
import onnx
import pytest

from dslnas.backends.onnx.model import to_onnx
from dslnas.backends.onnx.prepare import MAX_BYTES
from dslnas.diagnostics import UserError
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_supernet_graph
from tests.backends.onnx_run import emit
from tests.backends.reference_graphs import DARTS_V2, Graph, network, space
from tests.backends.reference_interpreter import random_weights
from tests.python_process import python

METADATA = {"spec_hash": "0123abcd", "dslnas": "0.1.0"}


def _classifier() -> PrimitiveGraph:
    return Graph((3, 8, 6)).add("pool", "global_avg_pool").add("head", "linear", out=2).done()


def test_model_reads_images_and_gives_logits_for_any_batch_size() -> None:
    (image,), (logits,) = (part for part in (_body().input, _body().output))
    assert _value(image) == ("image", onnx.TensorProto.FLOAT, ["batch", 3, 8, 6])
    assert _value(logits) == ("logits", onnx.TensorProto.FLOAT, ["batch", 2])


@pytest.mark.parametrize(("shape", "name"), [((9, 12), "signal"), ((9,), "features")])
def test_model_calls_what_is_no_image_by_another_name(shape: tuple[int, ...], name: str) -> None:
    (given,) = emit(Graph(shape).add("head", "linear", out=2).done()).graph.input
    assert _value(given) == (name, onnx.TensorProto.FLOAT, ["batch", *shape])


def _body() -> onnx.GraphProto:
    return emit(_classifier()).graph


def _value(value: onnx.ValueInfoProto) -> tuple[str, int, list[str | int]]:
    tensor = value.type.tensor_type
    return value.name, tensor.elem_type, [d.dim_param or d.dim_value for d in tensor.shape.dim]


def test_model_says_where_it_comes_from() -> None:
    graph = _classifier()
    names = ("cat", "dög")
    model = to_onnx(graph, random_weights(graph), name="pets", metadata=METADATA, class_names=names)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    assert {key: properties[key] for key in METADATA} == METADATA
    assert json.loads(properties["class_names"]) == list(names)
    assert model.graph.name == "pets"
    assert model.producer_name == "dslnas"
    assert "spec_hash: 0123abcd" in model.doc_string.splitlines()


def test_weights_need_not_lie_in_memory_as_the_file_has_them() -> None:
    graph = _classifier()
    weights = random_weights(graph)
    other = {name: np.asfortranarray(array.astype(np.float64)) for name, array in weights.items()}
    assert emit(graph, other | {"another/weight": np.zeros(3)}) == emit(graph, weights)


def test_order_of_metadata_and_weights_does_not_matter() -> None:
    graph = _classifier()
    weights = random_weights(graph)
    one = to_onnx(graph, weights, name="a", metadata=METADATA)
    other = to_onnx(
        graph,
        dict(reversed(weights.items())),
        name="a",
        metadata=dict(reversed(METADATA.items())),
    )
    assert one.SerializeToString() == other.SerializeToString()


# Weights without the helper of the other tests: this one also sees that torch is not imported.
DIGEST = """
import hashlib, sys
import numpy as np
from dslnas.backends.onnx.model import to_onnx
from tests.backends.reference_graphs import DARTS_V2, network

graph = network(DARTS_V2)
weights = {f"{n.name}/{w.name}": np.ones(w.shape) for n in graph.nodes for w in n.weights}
model = to_onnx(graph, weights, name="x", metadata={"b": "1", "a": "2"})
assert "torch" not in sys.modules
print(hashlib.sha256(model.SerializeToString()).hexdigest())
"""


def test_bytes_are_the_same_in_another_process_and_torch_is_not_needed() -> None:
    said = python(DIGEST, PYTHONHASHSEED="1")  # our seed is another, most likely a random one
    assert said.returncode == 0, said.stderr
    graph = network(DARTS_V2)
    weights = {f"{n.name}/{w.name}": np.ones(w.shape) for n in graph.nodes for w in n.weights}
    model = to_onnx(graph, weights, name="x", metadata={"b": "1", "a": "2"})
    assert said.stdout.strip() == hashlib.sha256(model.SerializeToString()).hexdigest()


# ---- what is refused ----------------------------------------------------------------------------


def test_model_larger_than_a_file_can_be_is_refused_before_it_is_written() -> None:
    graph = Graph((1024, 16, 16)).add("f", "linear", out=2048, bias=False).done()
    with pytest.raises(UserError) as raised:
        to_onnx(graph, {}, name="x", metadata={})
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "NAS712"
    assert diagnostic.message == (
        "an ONNX file holds at most 2,147,483,647 bytes, but this model has 2,147,487,648"
    )
    assert "evaluate" in diagnostic.help


def test_room_that_is_kept_for_a_node_is_enough() -> None:
    model = emit(network(DARTS_V2))
    numbers = sum(len(tensor.raw_data) for tensor in model.graph.initializer)
    assert model.ByteSize() < numbers + 2_000 * len(model.graph.node) < MAX_BYTES


def test_supernet_is_refused() -> None:
    graph = build_supernet_graph(space("use papers.nas_bench_201"))
    with pytest.raises(ValueError, match="`cell0/n1_in1` is a choice: derive an architecture"):
        to_onnx(graph, {}, name="x", metadata={})


def test_wrong_weights_and_class_names_are_refused() -> None:
    graph = _classifier()
    weights = random_weights(graph)
    missing = {"head/weight": weights["head/weight"]}
    with pytest.raises(ValueError, match="tensor `head/bias` is missing"):
        to_onnx(graph, missing, name="x", metadata={})
    wrong = {**weights, "head/weight": weights["head/weight"].T}
    with pytest.raises(ValueError, match=r"tensor `head/weight` is \(3, 2\), not \(2, 3\)"):
        to_onnx(graph, wrong, name="x", metadata={})
    with pytest.raises(ValueError, match="3 class names for 2 logits"):
        to_onnx(graph, weights, name="x", metadata={}, class_names=("a", "b", "c"))
