"""The resize inside of a model is Pillow's, to the byte."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper
from onnx.reference import ReferenceEvaluator

from dslnas.backends.onnx.model import to_onnx
from dslnas.backends.onnx.uint8 import OUTPUTS, with_preprocessing
from dslnas.data.preprocessing import CHANNELS, Preprocessing
from dslnas.graph.lower.network import build_derived_graph
from tests.backends.reference_interpreter import random_weights
from tests.training.tiny import architecture

FITS = (("stretch", None), ("pad", None), ("crop", None), ("crop", 20))
"""Ways to fit pictures, each with the shorter side of which a crop keeps the middle."""

Fit: TypeAlias = tuple[str, int | None]
CASES = [(mode, fit, opset) for mode in CHANNELS for fit in FITS for opset in (11, 21)]


def passing_on(how: Preprocessing, opset: int) -> ModelProto:
    """Return a model whose logits are its image."""
    shape = [how.channels, how.height, how.width]
    size = [1, how.channels * how.height * how.width]
    kind = TensorProto.FLOAT
    nodes = [helper.make_node("Reshape", ["image", "size"], ["logits"], name="flat")]
    graph = helper.make_graph(
        nodes,
        "passing_on",
        [helper.make_tensor_value_info("image", kind, ["batch", *shape])],
        [helper.make_tensor_value_info("logits", kind, ["batch", size[1]])],
        [onnx.numpy_helper.from_array(np.array(size, np.int64), "size")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=6)


def session(model: ModelProto, optimised: Path | None = None) -> Any:
    """Return what runs a model, and write it as ONNX Runtime simplifies it."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    if optimised is not None:
        level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.graph_optimization_level = level
        options.optimized_model_filepath = str(optimised)
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


@cache
def resizer(mode: str, fit: Fit, opset: int) -> tuple[Preprocessing, Any]:
    """Return a preprocessing that leaves bytes as they are, and a model of it."""
    plain = (0.0,) * CHANNELS[mode], (1.0,) * CHANNELS[mode]
    width = 17 if opset == 11 else 12
    how = Preprocessing(mode, 12, width, fit[0], *plain, shorter_side=fit[1])
    return how, session(with_preprocessing(passing_on(how, opset), how, "regression"))


@st.composite
def pictures(draw: st.DrawFn, channels: int) -> NDArray[np.uint8]:
    """Draw a picture: noise, or black and white, which shows every rounding."""
    sides = st.integers(1, 60) | st.sampled_from((12, 17, 24, 34, 48, 300))
    height, width = draw(sides), draw(sides)
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    noise = generator.integers(0, 256, (height, width, channels), np.uint8)
    return np.where(noise > 127, 255, 0).astype(np.uint8) if draw(st.booleans()) else noise


def differing(case: tuple[str, Fit, int], picture: NDArray[np.uint8]) -> int:
    """Return how many numbers differ from Pillow's."""
    how, model = resizer(*case)
    (found,) = model.run(None, {"image": picture})
    expected = how.resize(picture).transpose(2, 0, 1).astype(np.float32) / np.float32(255)
    return int((found != expected.ravel()).sum())


@given(data=st.data())
def test_the_resize_is_that_of_pillow(data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(CASES))
    assert differing(case, data.draw(pictures(CHANNELS[case[0]]))) == 0


@pytest.mark.slow
@given(data=st.data())
@settings(max_examples=3000)
def test_the_resize_is_that_of_pillow_for_many_sizes(data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(CASES))
    assert differing(case, data.draw(pictures(CHANNELS[case[0]]))) == 0


@pytest.mark.parametrize(("height", "width"), [(900, 1200), (1, 400), (400, 1)])
@pytest.mark.parametrize("fit", FITS)
def test_large_and_narrow_pictures_are_resized_like_pillow(
    fit: Fit, height: int, width: int
) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    assert differing(("RGB", fit, 11), picture) == 0


@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_node_is_superfluous(case: tuple[str, Fit, int], tmp_path: Path) -> None:
    mode, fit, opset = case
    plain = (0.0,) * CHANNELS[mode], (1.0,) * CHANNELS[mode]
    how = Preprocessing(mode, 12, 12, fit[0], *plain, shorter_side=fit[1])
    model = with_preprocessing(passing_on(how, opset), how, "multilabel")
    session(model, tmp_path / "optimised.onnx")
    left = onnx.load(tmp_path / "optimised.onnx").graph.node
    # The division of bytes by 255 stays as it is, and one Reshape reads what another one gives.
    assert sorted(n.op_type for n in model.graph.node if n.op_type != "Reshape") == sorted(
        node.op_type for node in left if node.op_type != "Reshape"
    )


@pytest.mark.parametrize("goal", OUTPUTS)
def test_the_end_is_what_users_want(goal: str) -> None:
    graph = build_derived_graph(architecture())
    one = to_onnx(graph, random_weights(graph), "x", {"key": "value"})
    how = Preprocessing("L", 8, 8, mean=(0.3,), std=(0.2,))
    model = with_preprocessing(one, how, goal)
    picture = np.random.default_rng(0).integers(0, 256, (13, 9, 1), np.uint8)
    (found,) = session(model).run([OUTPUTS[goal]], {"image": picture})
    inputs = how.normalise(how.resize(picture))
    logits = session(one).run(["logits"], {"image": inputs})[0][0]
    powers = np.exp(logits - logits.max())
    ends = {
        "classification": powers / powers.sum(),
        "multilabel": 1 / (1 + np.exp(-logits)),
        "regression": logits,
    }
    np.testing.assert_allclose(found, ends[goal], rtol=1e-5, atol=1e-6)
    (reference,) = ReferenceEvaluator(model).run(None, {"image": picture})
    np.testing.assert_allclose(found, np.asarray(reference), rtol=1e-5, atol=1e-6)
    told = {entry.key: entry.value for entry in model.metadata_props}
    assert told.pop("resize").endswith("of any size; Pillow's to the byte")
    assert told == {"key": "value"}
