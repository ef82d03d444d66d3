"""Blocks of the library compute what PyTorch's own layers do, in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dslnas.backends.torch.network import TorchNetwork
from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph
from dslnas.ops.primitive import Shape
from tests.backends.reference_interpreter import random_weights
from tests.spaces import architecture_of

TOLERANCE = 1e-10
IMAGE: Shape = (8, 6, 5)
Weights = Iterator[Tensor]
Reference = Callable[[Tensor, Weights], Tensor]


def block_graph(operation: str, shape: Shape, stride: int) -> PrimitiveGraph:
    """Return the graph of one operation in a cell of as many channels as it reads."""
    text = f"""use std.attention
    cell one {{
        inputs  1
        stride  {stride}
        node n1 = {operation}(in1)
        output  n1
    }}
    network {{ stem identity; cells one; head flatten -> linear(classes) }}
    evaluate {{ channels {shape[0]}; auxiliary 0 }}
    """
    graph = build_derived_graph(architecture_of(text, shape))
    last = [node.name for node in graph.nodes if node.name.startswith("cell0/")][-1]
    return without_unread(replace(graph, output=last))


def conv(x: Tensor, own: Weights, groups: int = 1) -> Tensor:
    """Convolve with the next weight, which keeps the size, and the next bias."""
    weight = next(own)
    return F.conv2d(x, weight, next(own), padding=weight.shape[-1] // 2, groups=groups)


def conv_norm(x: Tensor, own: Weights, stride: int = 1, groups: int = 1) -> Tensor:
    """Convolve without bias, and normalise by running statistics."""
    weight = next(own)
    convolved = F.conv2d(x, weight, None, stride, weight.shape[-1] // 2, groups=groups)
    scale, offset, mean, variance = (next(own) for _ in range(4))
    return F.batch_norm(convolved, mean, variance, scale, offset)


def squeeze_excite(x: Tensor, own: Weights) -> Tensor:
    pooled = F.adaptive_avg_pool2d(x, 1)
    return x * torch.sigmoid(conv(torch.relu(conv(pooled, own)), own))


def mobile_v3(x: Tensor, own: Weights, stride: int = 1) -> Tensor:
    wide = F.hardswish(conv_norm(x, own))
    wide = F.hardswish(conv_norm(wide, own, stride=stride, groups=wide.shape[1]))
    squeezed = F.relu(conv(F.adaptive_avg_pool2d(wide, 1), own))
    weighed = wide * F.hardsigmoid(conv(squeezed, own))
    out = conv_norm(weighed, own)
    return x + out if stride == 1 else out


def mobile_v2_of_one(x: Tensor, own: Weights) -> Tensor:
    deep = F.relu6(conv_norm(x, own, groups=x.shape[1]))
    return x + conv_norm(deep, own)


def last_norm(x: Tensor, own: Weights) -> Tensor:
    channels = x.shape[1:2]
    normed = F.layer_norm(x.permute(0, 2, 3, 1), channels, next(own), next(own), 1e-6)
    return normed.permute(0, 3, 1, 2)


def convnext(x: Tensor, own: Weights) -> Tensor:
    normed = last_norm(conv(x, own, groups=x.shape[1]), own)
    out = conv(F.gelu(conv(normed, own)), own)
    return x + next(own)[:, None, None] * out


def attention(x: Tensor, own: Weights, heads: int) -> Tensor:
    """Run `nn.MultiheadAttention` with our weights: values, keys, queries, and those of the end."""
    channels = x.shape[1]
    layer = nn.MultiheadAttention(channels, heads, batch_first=True).double()
    named = [(next(own)[:, :, 0, 0], next(own)) for _ in range(4)]
    (value, key, query, out) = named
    state = {
        "in_proj_weight": torch.cat([query[0], key[0], value[0]]),
        "in_proj_bias": torch.cat([query[1], key[1], value[1]]),
        "out_proj.weight": out[0],
        "out_proj.bias": out[1],
    }
    layer.load_state_dict(state)
    tokens = x.flatten(2).transpose(1, 2)
    found: Tensor = layer(tokens, tokens, tokens, need_weights=False)[0]
    return found.transpose(1, 2).reshape(x.shape)


def mlp(x: Tensor, own: Weights) -> Tensor:
    return conv(F.gelu(conv(x, own)), own)


def vit_block(x: Tensor, own: Weights) -> Tensor:
    x = x + attention(last_norm(x, own), own, 2)
    return x + mlp(last_norm(x, own), own)


def mixer_block(x: Tensor, own: Weights) -> Tensor:
    tokens = last_norm(x, own).flatten(2)
    hidden = F.linear(tokens, next(own)[:, :, 0], next(own))
    mixed = F.linear(F.gelu(hidden), next(own)[:, :, 0], next(own))
    x = x + mixed.reshape(x.shape)
    return x + mlp(last_norm(x, own), own)


def attention_bottleneck(x: Tensor, own: Weights) -> Tensor:
    narrow = torch.relu(conv_norm(x, own))
    attended = attention(narrow, own, 2)
    scale, offset, mean, variance = (next(own) for _ in range(4))
    normed = F.batch_norm(attended, mean, variance, scale, offset)
    return x + conv_norm(torch.relu(normed), own)


def pooled(block: Reference) -> Reference:
    return lambda x, own: F.avg_pool2d(block(x, own), 3, 2, 1, count_include_pad=False)


V3 = "inverted_residual(3, 4, hard_swish, squeeze_excite(weigh = hard_sigmoid))"
BLOCKS: dict[tuple[str, int], Reference] = {
    ("squeeze_excite(2)", 1): squeeze_excite,
    (V3, 1): mobile_v3,
    (V3, 2): lambda x, own: mobile_v3(x, own, stride=2),
    ("inverted_residual(5, 1)", 1): mobile_v2_of_one,
    ("convnext(5)", 1): convnext,
    ("attend(4)", 1): lambda x, own: attention(x, own, 4),
    ("vit_block(2)", 1): vit_block,
    ("vit_block(2)", 2): pooled(vit_block),
    ("mixer_block(7)", 1): mixer_block,
    ("attention_bottleneck(2, 2)", 1): attention_bottleneck,
}


@pytest.mark.parametrize(("operation", "stride"), BLOCKS, ids=str)
def test_a_block_computes_what_pytorch_does(operation: str, stride: int) -> None:
    check(block_graph(operation, IMAGE, stride), BLOCKS[operation, stride])


def narrowed(x: Tensor, own: Weights) -> Tensor:
    return attention(F.conv2d(x, next(own), next(own), 2), own, 2)


@pytest.mark.parametrize(
    ("operation", "stride", "reference"),
    [
        ("vit_block(2)", 1, vit_block),
        ("vit_block(2)", 2, pooled(vit_block)),
        ("conv(1, out = 4, bias = true) -> attend(2)", 2, narrowed),
    ],
)
def test_an_operation_on_a_signal_is_that_on_an_image_of_one_row(
    operation: str, stride: int, reference: Reference
) -> None:
    graph = block_graph(f"on_signal({operation})", (8, 6), stride)
    check(graph, lambda x, own: reference(x[:, :, None], own)[:, :, 0])


def check(graph: PrimitiveGraph, reference: Reference) -> None:
    """Check that a graph computes what a reference does, and that it uses every weight."""
    arrays = random_weights(graph)
    network = TorchNetwork(graph, torch.Generator()).double().eval()
    network.load_arrays(arrays)
    shape = (3, *graph.inputs[""].shape)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    own = iter([torch.from_numpy(arrays[name]).double() for name in graph.tensors])
    with torch.no_grad():
        expected = reference(x, own)
        found = network(x)[0]
    assert next(own, None) is None, "every weight is used"
    torch.testing.assert_close(found, expected, rtol=TOLERANCE, atol=TOLERANCE)


def test_a_vision_transformers_layer_is_pytorchs() -> None:
    graph = block_graph("vit_block(4, 2)", IMAGE, 1)
    arrays = {name: torch.from_numpy(w).double() for name, w in random_weights(graph).items()}
    own = iter(arrays.values())
    norm1, (value, key, query, out), norm2 = (
        [next(own), next(own)],
        [(next(own)[:, :, 0, 0], next(own)) for _ in range(4)],
        [next(own), next(own)],
    )
    (first, second) = [(next(own)[:, :, 0, 0], next(own)) for _ in range(2)]
    layer = nn.TransformerEncoderLayer(
        8, 4, 16, 0.0, F.gelu, 1e-6, batch_first=True, norm_first=True, dtype=torch.float64
    )
    names = (
        "self_attn.in_proj_",
        "self_attn.out_proj.",
        "linear1.",
        "linear2.",
        "norm1.",
        "norm2.",
    )
    joined = tuple(torch.cat([part[n] for part in (query, key, value)]) for n in range(2))
    pairs = (joined, out, first, second, norm1, norm2)
    layer.load_state_dict(
        {
            f"{name}{word}": pair[n]
            for name, pair in zip(names, pairs, strict=True)
            for n, word in enumerate(("weight", "bias"))
        }
    )
    network = TorchNetwork(graph, torch.Generator()).double().eval()
    network.load_arrays({name: tensor.numpy() for name, tensor in arrays.items()})
    x = torch.randn((2, *IMAGE), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    with torch.no_grad():
        expected = layer(x.flatten(2).transpose(1, 2)).transpose(1, 2).reshape(x.shape)
        found = network(x)[0]
    torch.testing.assert_close(found, expected, rtol=TOLERANCE, atol=TOLERANCE)


def test_attention_costs_its_maps_and_its_products() -> None:
    positions, channels = 30, 8
    maps = 4 * channels * channels * positions
    assert block_graph("attend(2)", IMAGE, 1).flops() == maps + 2 * channels * positions**2
