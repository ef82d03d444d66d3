"""Small search spaces with everything that makes one awkward, and batches to search them on."""

from __future__ import annotations

from random import Random
from typing import Any

import torch
from torch import Tensor

from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.engines.discretise import nearest, one_hot
from dslnas.graph.analysis.plan import Choice
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.space.search_space import SearchSpace
from tests.spaces import random_scores, space_of

SHAPE = (2, 6, 6)
CLASSES = 3
SLOWNESS = 0.01
CPU = torch.device("cpu")

# The operations of DARTS, with `none`; two nodes of five edges, two of each node's are kept.
DARTS_LIKE = """use papers.darts
cell normal { nodes 2 }
cell reduction { nodes 2 }
network { channels 4; cells normal, reduction }
evaluate { channels 4 }
"""

# The operations of NASP, other ones in the reduction cell; one edge per node, so inputs may be cut.
NASP_LIKE = """use papers.nasp
cell normal { nodes 3; keep 1 }
cell reduction { nodes 2; keep 1 }
network { channels 4; cells normal, reduction, normal }
evaluate { channels 4 }
"""

# The output is one node, so nodes that no kept edge leads to are dead.
LAST = """use papers.nas_bench_201
cell cell201 { keep 1 }
network { channels 4; cells cell201, residual, cell201 }
evaluate { channels 4 }
"""

# Edges with two, three and four operations, a fixed edge, a fixed cell, two searched cells.
UNEVEN = """use std.cnn
op bare_pool = max_pool2d(3)
cell wide {
    inputs      2
    preprocess  preprocess
    node n1 = {none, skip_connect, sep_conv(3), bare_pool}(in1) + {skip_connect, sep_conv(3)}(in2)
    node n2 = {sep_conv(3), dil_conv(3), relu_conv_bn(1)}(n1) + {none, skip_connect}(in2) +
        relu_conv_bn(3)(in1)
    keep    1
    output  concat
}
cell narrow {
    inputs      2
    preprocess  preprocess
    stride      2
    widen       2
    node n1 = {skip_connect, sep_conv(3)}(in1) + {skip_connect, bare_pool}(in2)
    output  last
}
cell fixed {
    inputs      1
    preprocess  preprocess
    node n1 = sep_conv(3)(in1)
    output  last
}
network { channels 4; cells wide, narrow, fixed, wide }
evaluate { channels 4 }
"""

# Nothing reads what the first cell gives: the second one reads the output before it.
SKIPPED = """use std.cnn
cell unread {
    preprocess  preprocess
    node n1 = {skip_connect, sep_conv(3)}(in1) + {skip_connect, sep_conv(3)}(in2)
}
cell read {
    preprocess  preprocess
    node n1 = {skip_connect, sep_conv(3)}(in1)
}
network { channels 4; cells unread, read }
evaluate { channels 4 }
"""

# Choices inside of operations, among cells, of how many there are and of how wide they are.
CHOSEN = """use std.cnn
cell mixed {
    inputs 1
    node n1 = {sep_conv({3, 5}), skip_connect}(in1)
    node n2 = conv({1, 3}, dilation = {1, 2})(n1) + skip_connect(in1)
    output n2
}
cell plain { inputs 1; node n1 = relu_conv_bn(3)(in1); output n1 }
network { channels {4, 6}; stem conv(3, out = C); cells {mixed, plain} * 2, plain * {0, 1, 2} }
"""

SPACES = {
    "darts": DARTS_LIKE,
    "nasp": NASP_LIKE,
    "last": LAST,
    "uneven": UNEVEN,
    "skipped": SKIPPED,
    "chosen": CHOSEN,
}

OF_EDGES = sorted(SPACES.keys() - {"chosen"})
"""Spaces whose choices all belong to edges."""


# A cell with a gate, edges of two and three operations, and behind it one without any choice.
RECURRENT = """use std.cnn
gate highway(f, state, reads = drop_state(state)) {
    let both = linear(2 * C, bias = false)(reads)
    output state + sigmoid(split(2, 0)(both)) * (f(split(2, 1)(both)) - state)
}
op search_norm = batch_norm(affine = false) | when derived: identity
cell searched {
    inputs     x
    states     h
    first      highway(tanh, h, concat(drop_input(x), drop_state(h)))
    node n1 = {none, tanh, relu}(first)
    node n2 = {tanh, sigmoid}(first) + {none, identity, relu}(n1)
    edge       highway
    normalise  search_norm
    keep       1
    output     mean
}
cell fixed {
    inputs  x
    states  h, c
    let gates  = linear(4 * C)(concat(drop_input(x), drop_state(h)))
    let c_next = sigmoid(split(4, 1)(gates)) * c +
        sigmoid(split(4, 0)(gates)) * tanh(split(4, 2)(gates))
    let h_next = sigmoid(split(4, 3)(gates)) * tanh(c_next)
    next    h_next, c_next
    output  h_next
}
network {
    channels  4
    stem      embedding -> drop_embedded
    cells     searched, fixed
    head      drop_output -> tied_linear
}
evaluate { channels 4 }
"""

SEQUENCES = {"recurrent": RECURRENT}
TEXTS = SPACES | SEQUENCES

# Arguments of `--set` for methods with a supernet of their own.
LOWERED: dict[str, tuple[str, ...]] = {
    "pc_darts": ("search=pc_darts", "search.partial=2"),
    "darts_minus": ("search=darts_minus",),
}


def space(text: str, method: str = "") -> SearchSpace:
    """Return a space for examples in `CLASSES` classes, lowered as a method wants it.

    The examples are images of `SHAPE`, or tokens where the cells are recurrent.
    """
    shape = () if "states" in text else SHAPE
    return space_of(text, shape, LOWERED.get(method, ()), classes=CLASSES)


def supernet_of(
    searched: SearchSpace, seed: int = 0, dtype: torch.dtype = torch.float64
) -> Supernet:
    """Return the supernet of a space, in training mode, with what is random seeded."""
    generator = torch.Generator().manual_seed(seed)
    graph, rewritten = _lowered(searched)
    runtime = Runtime(CPU, precision="float64" if dtype == torch.float64 else "float32")
    supernet = Supernet(searched, graph, generator, runtime, slowness=SLOWNESS)
    supernet.network.run_state.generator = torch.Generator().manual_seed(seed)
    supernet.network._rewritten = rewritten
    return supernet


def _lowered(searched: SearchSpace) -> tuple[PrimitiveGraph, dict[Any, PrimitiveGraph]]:
    """Return the graph of a space, and what passes made of it, once for all networks of it."""
    if id(searched) not in _LOWERED:
        _LOWERED[id(searched)] = searched, build_supernet_graph(searched), {}
    return _LOWERED[id(searched)][1:]


_LOWERED: dict[int, tuple[SearchSpace, PrimitiveGraph, dict[Any, PrimitiveGraph]]] = {}
"""By the identity of a space, which is kept so that no other gets it."""


def batch(seed: int, size: int = 6, dtype: torch.dtype = torch.float64) -> Batch:
    """Return normally distributed images and random labels."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn((size, *SHAPE), generator=generator, dtype=dtype)
    return Batch({"image": images}, torch.randint(CLASSES, (size,), generator=generator))


def segment(seed: int, steps: int = 5, size: int = 4) -> Batch:
    """Return random tokens, (steps, size), each to be followed by the next one."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(CLASSES, (steps + 1, size), generator=generator)
    return Batch({"token": tokens[:-1]}, tokens[1:], axis=1)


def some_choice(searched: SearchSpace, seed: int) -> Choice:
    """Return one operation per edge and `keep` edges per node: those of `padded_scores`."""
    scores = padded_scores(searched, seed)
    return {name: nearest(table, scores[name]) for name, table in searched.tables.items()}


def padded_scores(searched: SearchSpace, seed: int) -> dict[str, list[list[float]]]:
    """Return random scores with all rows of a cell equally long, as engines have them."""
    random = Random(seed)
    return {
        name: [row + [random.random()] * (searched.tables[name].width - len(row)) for row in rows]
        for name, rows in random_scores(searched, seed).items()
    }


def as_weights(supernet: Supernet, choice: Choice) -> dict[str, Tensor]:
    """Return a choice as weights of 0 and 1 that take a gradient."""
    return {
        cell: one_hot(supernet.tables[cell], columns).to(supernet.dtype).requires_grad_()
        for cell, columns in choice.items()
    }
