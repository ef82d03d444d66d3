"""Models in int8, float16 and short form compute what the float32 model computes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from onnx import ModelProto, TensorProto, numpy_helper

from dslnas.backends.onnx.compact import compact, graphs
from dslnas.backends.onnx.equalise import equalised
from dslnas.backends.onnx.float16 import to_float16
from dslnas.backends.onnx.int8 import Range, rounded_values, to_int8
from dslnas.backends.onnx.versions import Versions, declare
from dslnas.exporters.calibration import calibrated
from dslnas.graph.graph import PrimitiveGraph
from tests.backends.onnx_run import emit, run
from tests.backends.onnx_soundness import assert_runs, evaluator, optimised
from tests.backends.recurrent_networks import recurrent_graph
from tests.backends.reference_graphs import DARTS_V2, Graph, network
from tests.backends.reference_interpreter import Arrays, random_images, random_weights
from tests.backends.test_any_network import NETWORKS, derived
from tests.backends.test_onnx_soundness import inputs_of, models_of
from tests.examples import examples
from tests.strategies import SpaceText

POINT: dict[str, Any] = {"kernel": (1, 1), "stride": (1, 1), "padding": (0, 0), "bias": True}


def in_int8(model: ModelProto, images: np.ndarray) -> ModelProto:
    name, alike = model.graph.input[0].name, equalised(model)
    return to_int8(alike, calibrated(alike, {name: images}))


def operators(model: ModelProto) -> Counter[str]:
    return Counter(node.op_type for node in model.graph.node)


def constants(model: ModelProto, type_: int) -> list[np.ndarray]:
    return [numpy_helper.to_array(t) for t in model.graph.initializer if t.data_type == type_]


def spread(values: np.ndarray) -> float:
    return float(values.max() - values.min())


@pytest.fixture(scope="module")
def darts() -> PrimitiveGraph:
    return network(DARTS_V2)


@pytest.fixture(scope="module")
def images(darts: PrimitiveGraph) -> np.ndarray:
    return random_images(darts, 16)


def test_int8_gives_nearly_the_same_with_weights_of_one_byte(
    darts: PrimitiveGraph, images: np.ndarray
) -> None:
    model = emit(darts)
    made = in_int8(model, images)
    plain = run(model, images)
    assert np.abs(run(made, images) - plain).max() < 0.1 * spread(plain)
    kernels = [a for a in constants(made, TensorProto.INT8) if a.ndim > 1]
    assert len(kernels) == operators(model)["Conv"] + operators(model)["Gemm"]
    assert all(array.ndim < 2 for array in constants(made, TensorProto.FLOAT))


@pytest.mark.parametrize(("channels", "least", "most"), [(4, 1 / 3, 2 / 3), (128, 1 / 4, 0.28)])
def test_int8_is_the_nearer_to_a_quarter_the_larger_the_network(
    channels: int, least: float, most: float
) -> None:
    wide: dict[str, Any] = {**POINT, "kernel": (3, 3), "padding": (1, 1), "out": channels}
    graph = (
        Graph((channels, 2, 2)).add("c", "conv", **wide).add("r", "relu").add("d", "conv", **wide)
    )
    model = emit(graph.done())
    made = in_int8(model, random_images(graph.done(), 2))
    share = len(made.SerializeToString()) / len(model.SerializeToString())
    assert least < share < most


def test_int8_weights_have_a_step_for_every_channel() -> None:
    graph = Graph((3, 4, 4)).add("c", "conv", **POINT, out=2).done()
    kernel = np.array([[1e-3, -2e-3, 3e-3], [10, 30, -20]], np.float32).reshape(2, 3, 1, 1)
    model = emit(graph, {"c/weight": kernel, "c/bias": np.zeros(2, np.float32)})
    images = random_images(graph, 8)
    found, plain = run(in_int8(model, images), images), run(model, images)
    for channel in (0, 1):
        assert np.abs(found - plain)[:, channel].max() < 0.02 * spread(plain[:, channel])


def test_a_relu_whose_input_others_read_too_is_kept_in_int8() -> None:
    graph = (
        Graph((3, 4, 4))
        .add("c", "conv", **POINT, out=4)
        .add("r", "relu", "c")
        .add("d", "conv", "r", **POINT, out=4)
        .add("sum", "add", "c", "d")
        .add("pool", "global_avg_pool")
        .add("head", "linear", out=2)
        .done()
    )
    images = random_images(graph, 16)
    model = emit(graph)
    plain, made = run(model, images), in_int8(model, images)
    assert np.abs(run(made, images) - plain).max() < 0.1 * spread(plain)
    assert np.abs(run(made, images, optimised=False) - plain).max() < 0.1 * spread(plain)


def test_int8_rounds_what_convolutions_read_and_give_and_their_sums(
    darts: PrimitiveGraph,
) -> None:
    model = emit(darts)
    rounded = set(rounded_values(model.graph))
    for node in model.graph.node:
        if node.op_type in ("Conv", "Gemm"):
            assert node.input[0] in rounded
    assert not rounded & {value.name for value in model.graph.output}


@pytest.mark.parametrize("opset", [19, 21])
def test_an_int8_model_is_what_the_reference_evaluator_reads(
    darts: PrimitiveGraph, images: np.ndarray, opset: int
) -> None:
    made = in_int8(emit(darts), images)
    declare(made, Versions(opset))  # of older ones the evaluator does not know the rounding
    (expected,) = evaluator(made).run(None, {"image": images[:2]})
    found = run(made, images[:2], optimised=False)
    np.testing.assert_allclose(found, np.asarray(expected), atol=1e-4)


def separable(scales: list[float], *, bias: bool) -> tuple[PrimitiveGraph, Arrays]:
    """Return a depthwise convolution in front of a pointwise one; scales by channel of kernels."""
    depthwise = {**POINT, "kernel": (3, 3), "padding": (1, 1), "groups": 4, "bias": bias}
    graph = (
        Graph((4, 5, 5))
        .add("d", "conv", **depthwise, out=4)
        .add("p", "conv", **POINT, out=3)
        .add("pool", "global_avg_pool")
        .add("head", "linear", out=2)
        .done()
    )
    weights = random_weights(graph)
    weights["d/weight"][:] *= np.array(scales, np.float32).reshape(-1, 1, 1, 1)
    return graph, weights


def test_channels_of_a_depthwise_convolution_share_a_step_and_lose_nothing() -> None:
    graph, weights = separable([1, 0.01, 0.1, 0], bias=False)
    images, model = random_images(graph, 16), emit(graph, weights)
    alike, plain = equalised(model), run(model, images)
    np.testing.assert_allclose(run(alike, images), plain, atol=1e-5)
    (kernel,) = (numpy_helper.to_array(t) for t in alike.graph.initializer if t.name == "d/weight")
    sizes = abs(kernel).reshape(4, -1).max(1)
    np.testing.assert_allclose(sizes[:3], sizes[0], rtol=1e-6)
    assert sizes[3] == 0
    made = in_int8(model, images)
    shared = [n for n in made.graph.node if n.op_type == "DequantizeLinear" and len(n.input) == 2]
    assert sum(not node.attribute for node in shared) == 1
    assert np.abs(run(made, images) - plain).max() < 0.1 * spread(plain)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("least", [1e-3, 1e-40, 1e-45])
def test_a_channel_with_a_tiny_kernel_spoils_no_other(least: float, bias: bool) -> None:
    graph, weights = separable([least, 1, 1, 1], bias=bias)
    if bias:
        weights["d/bias"][:] = 0.5, 0, 0, 0
    images, model = random_images(graph, 16), emit(graph, weights)
    plain = run(model, images)
    assert np.abs(run(in_int8(model, images), images) - plain).max() < 0.1 * spread(plain)


def test_a_bias_far_above_its_weights_is_not_cut_off() -> None:
    graph = Graph((2,)).add("head", "linear", out=2).done()
    weights = {
        "head/weight": np.array([[1e-9, 0], [1, 1]], np.float32),
        "head/bias": np.array([1000, 0], np.float32),
    }
    rows = random_images(graph, 8)
    model = emit(graph, weights)
    np.testing.assert_allclose(run(in_int8(model, rows), rows)[:, 0], 1000, rtol=1e-3)


def test_a_value_that_is_always_zero_and_a_weight_that_is_can_be_rounded() -> None:
    graph = Graph((2,)).add("head", "linear", out=2).done()
    zeros = {"head/weight": np.zeros((2, 2), np.float32), "head/bias": np.ones(2, np.float32)}
    model = emit(graph, zeros)
    made = to_int8(model, {"features": Range(0.0, 0.0)})
    np.testing.assert_allclose(run(made, np.ones((3, 2), np.float32)), 1, rtol=1e-3)


def test_float16_keeps_inputs_and_outputs_and_halves_the_weights(
    darts: PrimitiveGraph, images: np.ndarray
) -> None:
    model = emit(darts)
    made = to_float16(model)
    assert [made.graph.input, made.graph.output] == [model.graph.input, model.graph.output]
    assert not constants(made, TensorProto.FLOAT)
    assert len(made.SerializeToString()) < 0.6 * len(model.SerializeToString())
    plain = run(model, images)
    assert np.abs(run(made, images) - plain).max() < 0.01 * spread(plain)


def test_norms_compute_in_float32_in_a_float16_model() -> None:
    graph = Graph((4, 3, 3)).add("a", "conv", **POINT, out=4).add("n", "layer_norm").done()
    model = emit(graph)
    made = to_float16(model)
    images = 1e4 * random_images(graph, 4)  # of which the squares are no float16
    assert np.abs(run(made, images) - run(model, images)).max() < 0.05


def test_weights_that_float16_does_not_hold_stay_finite() -> None:
    graph = Graph((2,)).add("head", "linear", out=1).done()
    weights = {"head/weight": np.array([[1e6, 1]], np.float32), "head/bias": np.zeros(1, "f4")}
    found = run(to_float16(emit(graph, weights)), np.array([[0, 1]], np.float32))
    assert np.isfinite(found).all()


def test_float16_models_of_text_cast_to_their_outputs_in_order_and_copy_nothing() -> None:
    graph = recurrent_graph("lstm")
    for model in models_of(graph):
        made = to_float16(model)
        for part in graphs(made.graph):
            results = [value.name for value in part.output]
            casts = [node.output[0] for node in part.node if node.op_type == "Cast"]
            ends = [name for name in casts if name in results]
            assert ends == sorted(ends, key=results.index)
            assert not any(node.op_type == "Identity" for node in part.node)
        inputs = inputs_of(model)
        for plain, found in zip(assert_runs(model, inputs), assert_runs(made, inputs), strict=True):
            assert np.abs(found - plain).max() < 0.01 * spread(plain)


def test_a_compact_model_computes_the_same_bits_under_shorter_names(
    darts: PrimitiveGraph, images: np.ndarray
) -> None:
    model = emit(darts)
    made = compact(model)
    assert np.array_equal(run(made, images), run(model, images))
    outside = {value.name for value in (*model.graph.input, *model.graph.output)}
    inside = {name for node in made.graph.node for name in (*node.input, *node.output)} - outside
    assert max(map(len, inside)) <= 2
    assert made.metadata_props == model.metadata_props
    contents = [(t.data_type, tuple(t.dims), t.raw_data) for t in made.graph.initializer]
    assert len(contents) == len(set(contents))


def test_a_compact_model_computes_what_is_equal_once() -> None:
    graph = (
        Graph((2, 3, 3))
        .add("one", "relu", "input")
        .add("two", "relu", "input")
        .add("sum", "add", "one", "two")
        .done()
    )
    images, model = random_images(graph, 2), emit(graph)
    made = compact(model)
    assert operators(made)["Relu"] == 1
    assert np.array_equal(run(made, images), run(model, images))


def assert_narrow_models_agree(text: SpaceText) -> None:
    """Derive a network at random, and hold its int8 and float16 models against float32."""
    graph = derived(text.text, text.shape, text.classes)
    images, model = random_images(graph, 16), emit(graph)
    plain = run(model, images)
    size = np.abs(plain).max()
    whole, half = in_int8(model, images), to_float16(model)
    # Runtimes move roundings, with them transposes, which meet and cancel each other, and take
    # float16 apart where a processor has none.
    gone = operators(whole) - operators(optimised(whole))
    assert gone.keys() <= {"QuantizeLinear", "DequantizeLinear", "Transpose"}
    for made, allowed in ((whole, 0.25), (half, 0.02)):
        onnx.checker.check_model(made, full_check=True)
        found = run(made, images)
        assert np.sqrt(np.mean((found - plain) ** 2)) <= allowed * size + 1e-3


@settings(max_examples=examples(8))
@given(NETWORKS)
def test_any_network_agrees_in_int8_and_float16(text: SpaceText) -> None:
    assert_narrow_models_agree(text)


@pytest.mark.slow
@settings(max_examples=200)
@given(NETWORKS)
def test_hundreds_of_networks_agree_in_int8_and_float16(text: SpaceText) -> None:
    assert_narrow_models_agree(text)
