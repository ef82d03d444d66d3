"""Models declare the oldest opset that has their nodes, and mean the same in every other."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import ModelProto, TensorProto, helper
from packaging.version import Version

from dslnas.backends.onnx.model import to_onnx
from dslnas.backends.onnx.runtimes import FIRST_WITH_IR, FIRST_WITH_OPSET, oldest_runtime
from dslnas.backends.onnx.versions import Versions, declare
from dslnas.diagnostics import UserError
from dslnas.graph.graph import PrimitiveGraph
from dslnas.settings.sections import NEWEST_IR, NEWEST_OPSET, OLDEST_OPSET
from tests.backends.onnx_run import emit, run
from tests.backends.reference_graphs import Graph
from tests.backends.reference_interpreter import random_images, random_weights
from tests.backends.test_onnx_primitives import CASES

SHAPE = (4, 7, 9)


def opset_of(model: ModelProto) -> int:
    (declared,) = model.opset_import
    return int(declared.version)


def graph_of(primitive: str, **attributes: int) -> PrimitiveGraph:
    return Graph(SHAPE).add("it", primitive, **attributes).done()


@pytest.mark.parametrize(
    ("graph", "opset", "ir_version", "runtime"),
    [
        (graph_of("zero", stride=(1, 1)), 11, 6, "1.0"),  # type: ignore[arg-type]
        (graph_of("hard_swish"), 11, 6, "1.0"),
        (graph_of("softmax", axis=1), 13, 7, "1.6"),
        (graph_of("layer_norm"), 17, 8, "1.12"),
    ],
)
def test_oldest_versions_with_all_nodes_are_declared(
    graph: PrimitiveGraph, opset: int, ir_version: int, runtime: str
) -> None:
    model = emit(graph)
    found = opset_of(model), model.ir_version, oldest_runtime(model)
    assert found == (opset, ir_version, runtime)


@pytest.mark.parametrize("primitive", CASES)
@pytest.mark.sample(15)
def test_a_form_means_the_same_in_every_opset_that_has_it(primitive: str) -> None:
    for graph in CASES[primitive]:
        weights, images = random_weights(graph), random_images(graph, 2)
        model = emit(graph, weights)
        expected = run(model, images)
        for opset in range(opset_of(model) + 1, 18):
            declare(model, Versions(opset))
            np.testing.assert_array_equal(run(model, images), expected)


def test_versions_that_are_asked_for_are_declared() -> None:
    graph = graph_of("relu")
    model = to_onnx(graph, {}, "x", {}, versions=Versions(opset=14, ir_version=9))
    assert (opset_of(model), model.ir_version) == (14, 9)
    assert oldest_runtime(model) == "1.15"


def refusal(graph: PrimitiveGraph, opset: int) -> tuple[str, str | None]:
    with pytest.raises(UserError) as raised:
        to_onnx(graph, random_weights(graph), "x", {}, versions=Versions(opset))
    (diagnostic,) = raised.value.diagnostics
    assert (diagnostic.code, diagnostic.where) == ("NAS713", "export.opset")
    return diagnostic.message, diagnostic.help


def test_too_old_an_opset_is_refused_with_the_node_and_the_oldest_that_works() -> None:
    graph = Graph(SHAPE).add("first", "relu").add("norm", "layer_norm").done()
    message, help = refusal(graph, 16)
    assert message == "operator LayerNormalization of node `norm/normed` needs opset 17, not 16"
    assert help == "write `opset 17`, or leave it out: then the oldest that has all is declared"


def test_softmax_is_refused_where_it_had_another_meaning() -> None:
    message, _ = refusal(graph_of("softmax", axis=2), 12)
    assert message == "operator Softmax of node `it` needs opset 13, not 12"


def test_nodes_in_the_body_of_a_loop_count_too() -> None:
    typed = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])
    inner = helper.make_tensor_value_info("z", TensorProto.FLOAT, [2])
    body = helper.make_graph([helper.make_node("Mish", ["y"], ["z"])], "body", [
        helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])], [inner],
    )  # fmt: skip
    scan = helper.make_node("Scan", ["x"], ["out"], body=body, num_scan_inputs=1)
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, ["n", 2])
    model = helper.make_model(helper.make_graph([scan], "loop", [typed], [out]))
    declare(model)
    assert opset_of(model) == 18


def test_newer_than_onnx_knows_is_refused() -> None:
    newest = onnx.defs.onnx_opset_version()
    message, _ = refusal(graph_of("relu"), newest + 1)
    assert f"the last of which is {newest}" in message


def test_table_of_runtimes_has_all_that_can_be_declared() -> None:
    assert list(FIRST_WITH_OPSET) == list(range(OLDEST_OPSET, NEWEST_OPSET + 1))
    assert list(FIRST_WITH_IR) == list(range(6, NEWEST_IR + 1))
    for releases in (FIRST_WITH_OPSET, FIRST_WITH_IR):
        assert sorted(releases.values(), key=Version) == list(releases.values())


def test_installed_runtime_loads_what_the_table_says() -> None:
    installed = Version(onnxruntime.__version__)
    for opset, release in FIRST_WITH_OPSET.items():
        if opset <= onnx.defs.onnx_opset_version() and Version(release) <= installed:
            model = emit(graph_of("relu"))
            declare(model, Versions(opset))
            assert run(model, np.ones((1, *SHAPE), np.float32)).min() == 1
