"""Networks to write as Python modules: the papers' operations, and what nobody would write."""

from __future__ import annotations

from functools import cache

from dslnas.graph.graph import PrimitiveGraph
from tests.backends.reference_graphs import DARTS_V2, NAS_BENCH_201, network
from tests.primitives import ACTIVATIONS

SQUEEZE_EXCITE = """use papers.nas_bench_201
op squeeze_excite = multiply(
    identity,
    global_avg_pool -> conv(1, out = C/4) -> relu -> conv(1) -> sigmoid
)
cell cell201 {
    node n1 = nor_conv(3)(in1)
    node n2 = squeeze_excite(n1) + skip_connect(in1)
}
"""

# Every primitive of a derived network, with attributes unlike torch's own.
EVERYTHING = """use papers.nas_bench_201
op squeeze = multiply(identity, global_avg_pool -> conv(1, bias = true) -> silu -> sigmoid)
op halves = concat(
    split(2, 1) -> gelu,
    split(2, 0) -> conv((1, 3), out = C/2) -> batch_norm(eps = 0.01, momentum = 0.3) -> hard_swish
)
op several = mean(
    leaky_relu(0.2) -> shift(2) -> dropout(0.3),
    conv(3, groups = 2, dilation = 2) -> batch_norm(affine = false) -> elu,
    max_pool2d(3) -> avg_pool2d((3, 5)),
    zero
) -> batch_norm -> tanh
op nested = relu -> add(
    identity -> conv(3),
    concat(split(4, 3), split(4, 0), split(4, 1), split(4, 2)) -> multiply(sigmoid, relu),
    shuffle(2),
    2 * add(identity, relu -> conv(1)),
    add(identity, identity),
    max(identity, tanh, conv(1)) -> min(identity, sigmoid),
    multiply(identity, flatten -> entries -> conv(1, out = C) -> global_avg_pool)
)
op rearranged = layer_norm -> group_norm(2) -> scale(0.5) -> rescale(0.5, 0.25) -> position
    -> reshape((C_in, H_in * W_in)) -> softmax(2) -> reshape((C_in, H_in, W_in))
    -> matmul(identity, transpose(2, 3)) -> upsample(2) -> avg_pool2d(2, stride = 2, padding = 0)
op activated = conv(1) -> {activations}
cell cell201 {
    node n1 = squeeze(in1) + halves(in1) + none(in1)
    node n2 = several(n1) + several(in1) + nested(n1) + activated(in1) + rearranged(in1)
}
network {
    stem  add(conv(3, out = C), shift(9) -> conv(3, out = C)) -> batch_norm
    head  batch_norm -> relu -> linear(12) -> bounded_linear(9) -> batch_norm -> gelu
        -> linear(classes, bias = false)
}
""".replace("{activations}", " -> ".join(ACTIVATIONS))

# The 12 operations of NASP in three sizes, and the strided forms of those that have one.
NASP = """use papers.nasp
cell normal {
    node n1 = sep_conv(3)(in1) + sep_conv(7)(in2)
    node n2 = dil_conv(3)(in1) + conv_1xk_kx1(3)(in2)
    node n3 = relu_conv_bn(1)(in1) + relu_conv_bn(3)(n1) + sep_conv(5)(n2)
}
cell reduction {
    node n1 = sep_conv(3)(in1) + skip_connect(in2)
    node n2 = conv_1xk_kx1(3)(in1) + sep_conv(3)(n1)
    node n3 = max_pool(7)(in1) + avg_pool(3)(n2) + skip_connect(n1)
}
"""

# Inputs that are named, read in another order, twice or not at all; nodes of one term; joins.
ODD = """use std.cnn
op twice = 2 * relu -> conv(3)
op fit = relu -> conv(1)
cell wide {
    inputs a_b, older, c
    node first = twice(c)
    node a = identity(older)
    node last = conv(3)(c) + conv(3)(c) + twice(a_b) + tanh(first) + conv(3)(first) + relu(a)
    output mean(a, last)
}
cell narrow {
    inputs 2
    preprocess fit
    node n1 = skip_connect(in2)
    output last
}
network {
    stem    identity
    head    linear(classes)
    cells   narrow, wide * 3, narrow
}
"""

# Values around nodes, read by them, given out, and the only thing that a cell computes.
VALUES = """use std.cnn
cell around {
    inputs 2
    let both = tanh(in1 + conv(3)(in2)) * in1
    let part = split(2, 1)(both)
    node n1 = sep_conv(3)(both) + skip_connect(in2)
    node n2 = relu(n1)
    let out = conv(1, out = C)(concat(n2, part, split(2, 0)(both)))
    output out
}
cell before {
    inputs 1
    let pre = relu(in1)
    node n1 = conv(3)(pre)
    output n1
}
cell alone {
    inputs 1
    let out = gelu(conv(3)(in1)) - in1
    output out
}
cell nothing {
    inputs 1
    let out = in1
    output out
}
network {
    stem    conv(3, out = C)
    head    global_avg_pool -> linear(classes)
    cells   around * 2, before, nothing, alone * 2
}
"""

# Gates whose layers all edges of a node share, a first value, and a layer that normalises nodes.
GATED = """use std.cnn
op deep = relu -> conv(3) -> batch_norm
gate scaled(f, s) {
    let scale = sigmoid(conv(1)(s))
    output f(s) * scale + s
}
gate again(f, s) {
    let once = f(s)
    output f(relu(once)) + once
}
cell first_of_all {
    inputs     2
    preprocess preprocess
    first      conv(3)(in1 + in2)
    edge       scaled
    normalise  batch_norm
    node n1 = deep(first)
    node n2 = conv(3)(n1) + deep(first) + none(first)
    output  concat
}
cell twice {
    inputs     1
    preprocess preprocess
    edge       again
    node n1 = conv(3)(in1)
    node n2 = deep(n1) + tanh(in1)
    output     mean
}
network {
    stem    conv(3, out = C)
    head    global_avg_pool -> linear(classes)
    cells   first_of_all * 2, twice
}
"""

NETWORKS = {
    "darts": (DARTS_V2, ("evaluate.channels=4", "evaluate.repeat=1")),
    "darts_deep": (DARTS_V2, ("evaluate.channels=8", "evaluate.repeat=2")),
    "nas_bench_201": (NAS_BENCH_201, ("evaluate.channels=4", "evaluate.repeat=2")),
    "squeeze_excite": (SQUEEZE_EXCITE, ("evaluate.channels=4", "evaluate.repeat=1")),
    "everything": (EVERYTHING, ("evaluate.channels=4", "evaluate.repeat=1")),
    "nasp": (NASP, ("evaluate.channels=4", "evaluate.repeat=1")),
    "odd": (ODD, ("evaluate.channels=3",)),
    "values": (VALUES, ("evaluate.channels=4",)),
    "gated": (GATED, ("evaluate.channels=4",)),
}


@cache
def graph_of(name: str) -> PrimitiveGraph:
    """Return one of the networks, for images of 3 x 8 x 8 in 10 classes."""
    text, overrides = NETWORKS[name]
    return network(text, overrides=overrides)
