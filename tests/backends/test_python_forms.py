"""Every attribute of every primitive reaches the layer that is written."""

from __future__ import annotations

import pytest

from dslnas.graph.graph import PrimitiveGraph
from tests.backends.python_modules import assert_computes_the_same, generate
from tests.backends.reference_graphs import network

WRITTEN = {
    "conv(3)": "nn.Conv2d(3, 3, 3, padding=1, bias=False)",
    "conv((3, 1), out = 6, stride = (2, 1), padding = (0, 2), dilation = (1, 2), groups = 3, "
    "bias = true)": "nn.Conv2d(3, 6, (3, 1), stride=(2, 1), padding=(0, 2), dilation=(1, 2), "
    "groups=3)",
    "batch_norm": "nn.BatchNorm2d(3)",
    "batch_norm(affine = false, eps = 0.01, momentum = 0.3)": "nn.BatchNorm2d(3, eps=0.01, "
    "momentum=0.3, affine=False)",
    "linear(5) -> batch_norm": "nn.BatchNorm1d(5)",
    "linear(5)": "nn.Flatten(), nn.Linear(297, 5), nn.Linear(5, 10)",
    "linear(5) -> linear(6, bias = false)": "nn.Linear(5, 6, bias=False)",
    "max_pool2d((2, 3), stride = (2, 1), padding = (1, 0))": "nn.MaxPool2d((2, 3), stride=(2, 1), "
    "padding=(1, 0))",
    "avg_pool2d(3)": "nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)",
    "avg_pool2d((2, 3), stride = 3, padding = (1, 0))": "nn.AvgPool2d((2, 3), stride=3, "
    "padding=(1, 0), count_include_pad=False)",
    "avg_pool2d(2, padding = 0)": "nn.AvgPool2d(2, stride=1)",
    "global_avg_pool": "nn.AdaptiveAvgPool2d(1)",
    "shift(3)": "Shift(3)",
    "shift(20)": "Shift(20)",
    "leaky_relu": "nn.LeakyReLU(0.01)",
    "leaky_relu(0.3)": "nn.LeakyReLU(0.3)",
    "gelu": "nn.GELU()",
    "hard_swish": "nn.Hardswish()",
    "layer_norm": "ChannelNorm(3)",
    "layer_norm(affine = false, eps = 0.01)": "ChannelNorm(3, eps=0.01, affine=False)",
    "linear(6) -> layer_norm": "ChannelNorm(6)",
    "group_norm(3)": "nn.GroupNorm(3, 3)",
    "group_norm(1, affine = false, eps = 0.5)": "nn.GroupNorm(1, 3, eps=0.5, affine=False)",
    "scale(0.1)": "Scale(3)",
    "position": "Position((3, 9, 11))",
    "linear(6) -> position": "Position((6,))",
    "rescale(0.5, 2)": "Rescale(0.5, offset=2.0)",
    "upsample(3)": "nn.Upsample(scale_factor=3)",
    "reshape((9, 33))": "nn.Flatten(), nn.Unflatten(1, (9, 33))",
    "reshape(297) -> reshape((3, 99))": "nn.Unflatten(1, (3, 99))",
    "transpose(1, 3)": "Transpose(1, 3)",
    "softmax(2)": "nn.Softmax(dim=2)",
    "matmul(transpose(2, 3), conv(1))": "torch.matmul(",
    "reshape((3, 99)) -> conv(5, groups = 3, stride = 2, bias = true) -> batch_norm": (
        "nn.Conv1d(3, 3, 5, stride=2, padding=2, groups=3), nn.BatchNorm1d(3)"
    ),
    "reshape((3, 99)) -> max_pool2d(3, stride = 2) -> avg_pool2d(3)": "nn.MaxPool1d(3, stride=2, "
    "padding=1), nn.AvgPool1d(3, stride=1, padding=1, count_include_pad=False)",
    "reshape((3, 99)) -> shift(2) -> zero(2)": "Shift(2), Zero(stride=2)",
    "reshape((3, 99)) -> global_avg_pool": "nn.AdaptiveAvgPool1d(1)",
    "relu6": "nn.ReLU6()",
    "hard_sigmoid": "nn.Hardsigmoid()",
    "dropout(0.25)": "nn.Dropout(0.25)",
    "zero((2, 3))": "Zero(stride=(2, 3))",
    "zero": "Zero()",
    "split(3, 2)": "Split(parts=3, index=2)",
    "shuffle(3)": "nn.ChannelShuffle(3)",
    "identity": "cell0 = self.cell0(images)",
    "multiply(identity, global_avg_pool, conv(1, out = C_in))": "x * self.branch1(x) * "
    "self.branch2(x)",
    "mean(identity, relu, tanh)": "(x + self.branch1(x) + self.branch2(x)) / 3",
    "max(identity, relu)": "torch.maximum(x, self.branch(x))",
    "min(identity, relu, tanh)": "torch.minimum(torch.minimum(x, self.branch1(x)), "
    "self.branch2(x))",
    "concat(identity, relu)": "torch.cat([x, self.branch(x)], dim=1)",
    "linear(6) -> concat(split(3, 2), relu) -> linear(3)": "torch.cat([self.branch1(x), ",
}


def head_graph(layers: str) -> PrimitiveGraph:
    """Return a network of a cell that does next to nothing, some layers, and a linear map."""
    text = f"""use std.cnn
    cell plain {{
        inputs 1
        node n = tanh(in1)
        output last
    }}
    network {{
        stem  identity
        head  {layers} -> linear(classes)
        cells plain
    }}
    """
    return network(text, (3, 9, 11), ("evaluate.channels=3",))


@pytest.mark.parametrize("layers", WRITTEN)
@pytest.mark.sample(20)
def test_layers_are_written_with_their_attributes(layers: str) -> None:
    graph = head_graph(layers)
    on_one_line = " ".join(generate(graph).source.split())
    assert WRITTEN[layers] in on_one_line.replace("( ", "(").replace(", )", ")")
    assert_computes_the_same(graph)
