"""Weights that belong to an architecture: what is derived has them as they were found."""

from __future__ import annotations

import torch

from dslnas.backends.torch.searched import found_weights
from dslnas.backends.torch.sequence import make_network
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.space.continuous import with_found
from dslnas.space.derive.derive import derive
from dslnas.space.text import cell_text
from tests.spaces import architecture_of, random_scores, space_of

# While it is searched, a batch norm has no weights, and `own` one layer.
SPACE = """use std.cnn
op own = conv(1) -> batch_norm | when derived: conv(3) -> batch_norm
cell one {
    inputs  1
    let bent = searched(own)(in1)
    node n1 = {tanh, conv(3)}(bent)
    output  n1
}
network { stem conv(3, out = C); cells one; channels 4 }
evaluate { channels 4 }
"""


def test_an_operation_stays_as_it_was_searched_and_is_read_again_with_its_weights() -> None:
    space = space_of(SPACE)
    supernet = make_network(build_supernet_graph(space), torch.Generator().manual_seed(0))
    found = found_weights(supernet)
    assert len(found["one"]["bent"]) == 4 * 4
    architecture = with_found(derive(space, random_scores(space, 0)), found)
    graph = build_derived_graph(architecture)
    assert graph.tensors["cell0/bent/0_conv/weight"].values == found["one"]["bent"]
    assert "cell0/bent/1_batch_norm/weight" not in graph.tensors
    before, after = SPACE.split("cell one {")[0], SPACE.split("network")[1]
    text = f"{before}{cell_text(architecture.cells['one'])}\nnetwork{after}"
    assert build_derived_graph(architecture_of(text)) == graph
