"""Every model is right by ONNX's own means, and has no node that a runtime would remove."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from onnx import ModelProto, TensorProto, helper

from dslnas.app.compile import compile_spec
from dslnas.app.compiled import CompiledArchitecture
from dslnas.backends.onnx.model import to_onnx
from dslnas.backends.onnx.sequence import to_onnx_sequence
from dslnas.backends.onnx.uint8 import with_preprocessing
from dslnas.data.preprocessing import CHANNELS, Preprocessing
from dslnas.diagnostics import UserError
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph
from dslnas.space.derive.derive import derive
from tests.backends.onnx_run import emit
from tests.backends.onnx_soundness import assert_runs, assert_sound, superfluous
from tests.backends.reference_graphs import Graph
from tests.backends.reference_interpreter import random_images, random_weights
from tests.backends.test_any_network import derived
from tests.backends.test_onnx_primitives import CASES
from tests.examples import examples
from tests.graph.recurrent import recurrent_spaces
from tests.kinds_of_specs import KINDS_OF_SPECS
from tests.spaces import random_scores


def models_of(graph: PrimitiveGraph) -> Iterator[ModelProto]:
    weights = random_weights(graph)
    yield to_onnx(graph, weights, "x", {})
    if graph.is_sequence:
        yield to_onnx_sequence(graph, weights, "x", {})


def model_of_bytes(graph: PrimitiveGraph) -> ModelProto:
    """Return the model of a network that reads a picture of any size as bytes."""
    channels, height, width = next(iter(graph.inputs.values())).shape
    (mode,) = (mode for mode, count in CHANNELS.items() if count == channels)
    how = Preprocessing(mode, height, width, "stretch", (0.0,) * channels, (1.0,) * channels)
    return with_preprocessing(next(models_of(graph)), how, "classification")


def reads_pictures(graph: PrimitiveGraph) -> bool:
    first, *others = (node.shape for node in graph.inputs.values())
    return not others and len(first) == 3 and first[0] in CHANNELS.values()


def inputs_of(model: ModelProto, batch: int = 2) -> dict[str, np.ndarray]:
    """Return random inputs of a model, three steps of a batch, or a picture."""
    generator = np.random.default_rng(0)
    sizes = {"batch": batch, "time": 3, "height": 20, "width": 30}
    found = {}
    for value in model.graph.input:
        shape = [sizes.get(d.dim_param, d.dim_value) for d in value.type.tensor_type.shape.dim]
        kind = helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        most = {TensorProto.INT64: 2, TensorProto.UINT8: 256}.get(value.type.tensor_type.elem_type)
        drawn = generator.integers(most, size=shape) if most else generator.normal(size=shape)
        found[value.name] = drawn.astype(kind)
    return found


def graph_of(spec: Path) -> PrimitiveGraph:
    """Return the network of a spec with few channels, one of its architectures if it searches."""
    try:
        compiled = compile_spec(spec, ("evaluate.channels=4", "evaluate.repeat=1"), with_data=False)
    except UserError:  # it chooses the sizes of its network
        compiled = compile_spec(spec, with_data=False)
    if isinstance(compiled, CompiledArchitecture):
        return compiled.graph
    return build_derived_graph(derive(compiled.space, random_scores(compiled.space, 0)))


@pytest.mark.parametrize("spec", KINDS_OF_SPECS)
@pytest.mark.sample(5)
def test_models_of_every_spec_are_sound(spec: Path) -> None:
    graph = graph_of(spec)
    for model in models_of(graph):
        assert_sound(model, inputs_of(model))
        assert_runs(model, inputs_of(model, batch=0))
    if reads_pictures(graph):
        of_bytes = model_of_bytes(graph)
        assert_sound(of_bytes, inputs_of(of_bytes))


@pytest.mark.parametrize("join", ["concat", "max"])
@pytest.mark.parametrize("stride", [(1, 1), (2, 1)])
def test_zeros_that_must_be_written_are_sound(stride: tuple[int, int], join: str) -> None:
    graph = (
        Graph((3, 6, 4))
        .add("c", "conv", kernel=(3, 3), stride=stride, padding=(1, 1), out=3, bias=True)
        .add("z", "zero", "input", stride=stride)
        .add("both", join, "c", "z")
        .add("pool", "global_avg_pool")
        .add("head", "linear", out=2)
        .done()
    )
    (plain,) = models_of(graph)
    assert_runs(plain, inputs_of(plain, batch=0))
    for model in (plain, model_of_bytes(graph)):
        assert_sound(model, inputs_of(model))


@pytest.mark.parametrize("primitive", CASES)
def test_models_of_every_primitive_are_sound(primitive: str) -> None:
    for graph in CASES[primitive]:
        model = emit(graph)
        assert_sound(model, {model.graph.input[0].name: random_images(graph, 2)})


@settings(max_examples=examples(8))
@given(recurrent_spaces())
def test_models_of_any_recurrent_network_are_sound(text: str) -> None:
    for model in models_of(derived(text, (), 10)):
        assert_sound(model, inputs_of(model))


def test_superfluous_nodes_are_found() -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], name="first"),
        helper.make_node("Relu", ["x"], ["b"], name="again"),
        helper.make_node("Identity", ["b"], ["c"], name="copy"),
        helper.make_node("Add", ["a", "c"], ["y"], name="sum"),
    ]
    typed = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in "xy"]
    graph = helper.make_graph(nodes, "g", typed[:1], typed[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    assert superfluous(model) in (["Relu first", "Identity copy"], ["Relu again", "Identity copy"])


def test_equal_constants_count_as_one() -> None:
    graph = (
        Graph((4, 3, 3))
        .add("one", "layer_norm", "input", affine=False)
        .add("other", "layer_norm", "input", affine=False, eps=0.1)
        .add("sum", "add", "one", "other")
        .done()
    )
    kinds = [node.op_type for node in emit(graph).graph.node]
    assert kinds.count("Transpose") == 3
