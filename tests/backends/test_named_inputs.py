"""Networks that read several inputs by name, each of a shape of its own."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from dslnas.backends.onnx.latency import seconds_for_one
from dslnas.backends.onnx.model import to_onnx
from dslnas.backends.torch.network import TorchNetwork
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.graph.text import print_graph
from dslnas.graph.verify import verify_graph
from dslnas.passes.manager import optimised
from dslnas.space.derive.derive import derive
from tests.backends.onnx_run import TOLERANCE
from tests.backends.python_modules import generate, network_of
from tests.backends.reference_interpreter import interpret, random_weights
from tests.graph_text import parse_graph
from tests.spaces import random_scores, space_of

TEXT = """\
input/user = input : 3
input/item = input : token
input/photo = input : 2 x 5 x 4
stem/user/0_linear = linear(out=6) input/user : 6
stem/item/0_embedding = embedding(out=6, words=7) input/item : 6
stem/photo/0_conv = conv(kernel=3, out=4) input/photo : 4 x 5 x 4
stem/photo/1_batch_norm = batch_norm(affine=true) stem/photo/0_conv : 4 x 5 x 4
stem/photo/2_linear = linear(out=6) stem/photo/1_batch_norm : 6
cell0/both = multiply stem/user/0_linear, stem/item/0_embedding : 6
cell0/all = subtract cell0/both, stem/photo/2_linear : 6
head/0_linear = linear(out=5) cell0/all : 5
output head/0_linear
"""
GRAPH = parse_graph(TEXT)
UNREAD = parse_graph(
    "\n".join(
        line.replace("subtract cell0/both, stem/photo/2_linear", "add cell0/both, cell0/both")
        for line in TEXT.splitlines()
        if not line.startswith("stem/photo")
    )
)
"""The same where nothing reads the photo."""

WEIGHTS = random_weights(GRAPH)


def batch_of(size: int) -> dict[str, NDArray[np.generic]]:
    random = np.random.default_rng(size)
    return {
        "user": random.normal(size=(size, 3)).astype(np.float32),
        "item": random.integers(0, 7, size),
        "photo": random.normal(size=(size, 2, 5, 4)).astype(np.float32),
    }


def network() -> TorchNetwork:
    made = TorchNetwork(GRAPH, torch.Generator().manual_seed(0)).eval()
    made.load_arrays(WEIGHTS)
    return made


def onnx_logits(model: onnx.ModelProto, batch: dict[str, NDArray[np.generic]]) -> np.ndarray:
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return np.asarray(session.run(["logits"], batch)[0])


def test_the_graph_has_its_inputs_by_name() -> None:
    verify_graph(GRAPH)
    assert print_graph(GRAPH) == TEXT
    assert [(n, node.shape) for n, node in GRAPH.inputs.items()] == [
        ("user", (3,)),
        ("item", ()),
        ("photo", (2, 5, 4)),
    ]


@pytest.mark.parametrize("plain", [True, False])
def test_torch_reads_its_inputs_by_name(plain: bool) -> None:
    made, batch = network(), batch_of(3)
    made.plain = plain
    with torch.no_grad():
        (logits,) = made({name: torch.from_numpy(value) for name, value in batch.items()})
    expected = interpret(GRAPH, WEIGHTS, batch)
    assert np.abs(logits.numpy() - expected).max() < TOLERANCE


def test_inputs_are_given_whole_and_by_their_names() -> None:
    batch = {name: torch.from_numpy(value) for name, value in batch_of(2).items()}
    with pytest.raises(
        ValueError, match=r"reads \['item', 'photo', 'user'\] by name, found \[''\]"
    ):
        network()(batch["user"])
    del batch["photo"]
    with pytest.raises(ValueError, match=r"found \['item', 'user'\]"):
        network()(batch)


def test_only_images_change_their_layout() -> None:
    names = {node.name for node in optimised(GRAPH, ("channels_last",)).nodes}
    added = names - set(GRAPH.by_name)
    assert added == {"input/photo/channels_last"}


def test_onnx_has_a_graph_input_for_every_name_of_any_batch_size() -> None:
    model = to_onnx(GRAPH, WEIGHTS, name="two", metadata={})
    kinds = {
        value.name: (
            value.type.tensor_type.elem_type,
            [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim],
        )
        for value in model.graph.input
    }
    assert kinds == {
        "user": (onnx.TensorProto.FLOAT, ["batch", 3]),
        "item": (onnx.TensorProto.INT64, ["batch"]),
        "photo": (onnx.TensorProto.FLOAT, ["batch", 2, 5, 4]),
    }
    for size in (1, 4):
        expected = interpret(GRAPH, WEIGHTS, batch_of(size))
        assert np.abs(onnx_logits(model, batch_of(size)) - expected).max() < TOLERANCE


def test_an_input_that_nothing_reads_any_more_is_still_given() -> None:
    verify_graph(UNREAD)
    model = to_onnx(UNREAD, random_weights(UNREAD), name="two", metadata={})
    assert [value.name for value in model.graph.input] == ["user", "item", "photo"]


SPEC = """use std.cnn
cell both {
    inputs  user, item
    node n1 = {skip_connect, tanh, none}(user) + {relu, skip_connect}(item)
    node n2 = {relu, skip_connect}(n1) + {tanh, skip_connect}(user)
    keep    1
}
network {
    input     user: 3, item: token, photo: 2 x 5 x 4
    stem      user: linear(2 * C), photo: conv(3) -> batch_norm -> linear(C),
        item: embedding(words = 7)
    channels  4
    cells     three, both
    head      linear(classes)
}
op narrow = linear(C)
cell three { inputs 3; node n1 = narrow(in1) + {skip_connect, tanh}(in2) + relu(in3) }
evaluate { channels 4 }
"""


def test_a_space_is_searched_derived_and_exported() -> None:
    space = space_of(SPEC, classes=5)
    supernet = build_supernet_graph(space)
    weights, batch = random_weights(supernet), batch_of(4)
    made = TorchNetwork(supernet, torch.Generator().manual_seed(0))
    made.load_arrays(weights)
    tensors = {name: torch.from_numpy(value) for name, value in batch.items()}
    alphas = {n: torch.rand(size, requires_grad=True) for n, size in supernet.alphas.items()}
    (logits,) = made(tensors, alphas)
    made.plain = True
    (plain,) = made(tensors, alphas)
    torch.testing.assert_close(logits, plain)
    logits.sum().backward()
    assert all(alpha.grad is not None for alpha in alphas.values())
    final = build_derived_graph(derive(space, random_scores(space, 1)))
    weights = random_weights(final)
    model = to_onnx(final, weights, name="three", metadata={})
    expected = interpret(final, weights, batch)
    assert np.abs(onnx_logits(model, batch) - expected).max() < TOLERANCE
    module = generate(final)
    with torch.inference_mode():
        found = network_of(module, weights).eval()(**tensors)
    assert np.abs(found.numpy() - expected).max() < TOLERANCE


@pytest.mark.parametrize("graph", [GRAPH, UNREAD], ids=["all", "one unread"])
def test_a_generated_module_takes_its_inputs_by_name(graph: PrimitiveGraph) -> None:
    module, weights, batch = generate(graph), random_weights(graph), batch_of(3)
    tensors = {name: torch.from_numpy(value) for name, value in batch.items()}
    with torch.inference_mode():
        found = network_of(module, weights).eval()(**tensors)
    assert np.abs(found.numpy() - interpret(graph, weights, batch)).max() < TOLERANCE


def test_a_generated_module_has_one_attribute_and_one_variable_for_each_stem() -> None:
    space = space_of(SPEC, classes=5)
    source = generate(build_derived_graph(derive(space, random_scores(space, 0)))).source
    assert "        self.stem_photo = nn.Sequential(\n            nn.Conv2d(2, 4, 3," in source
    assert (
        "        stem_user = self.stem_user(user)  # 8\n"
        "        stem_item = self.stem_item(item)  # 4\n"
        "        stem_photo = self.stem_photo(photo)  # 4\n"
    ) in source


def test_several_inputs_are_timed_together() -> None:
    assert seconds_for_one(GRAPH) > 0
