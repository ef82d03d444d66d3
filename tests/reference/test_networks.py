"""Networks, losses and alpha-gradients against numbers of the original definitions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.engines.discretise import nearest, one_hot
from dslnas.engines.relaxation import rows_of
from dslnas.graph.build import build_derived_graph, build_supernet_graph
from dslnas.space.space import SearchSpace
from tests.reference.names import HERE, load_reference, read, space_of

TOLERANCE = 1e-9
"""Largest relative error in float64; see "How close a correct implementation comes"."""

V2 = """
use papers.darts
cell normal {
    node n1 = sep_conv(3)(in1) + sep_conv(3)(in2)
    node n2 = sep_conv(3)(in1) + sep_conv(3)(in2)
    node n3 = sep_conv(3)(in2) + skip_connect(in1)
    node n4 = skip_connect(in1) + dil_conv(3)(n1)
}
cell reduction {
    node n1 = max_pool(3)(in1) + max_pool(3)(in2)
    node n2 = skip_connect(n1) + max_pool(3)(in2)
    node n3 = max_pool(3)(in1) + skip_connect(n1)
    node n4 = skip_connect(n1) + max_pool(3)(in2)
    stride 2
    widen 2
}
network { channels 4; cells normal, reduction, reduction, normal }
evaluate { channels 4 }
"""

LAYOUTS = {
    "c4_l3": "normal, reduction, reduction",
    "c4_l4": "normal, reduction, reduction, normal",
    "c2_l5": "normal, reduction, normal, reduction, normal",
}


def close(found: Tensor, expected: Tensor) -> bool:
    return bool((found - expected).norm() <= TOLERANCE * expected.norm())


def test_derived_network_gives_the_published_programs_logits() -> None:
    tensors, facts = read(HERE, "darts_cnn_eval_darts_v2")
    space = space_of(V2)
    network = TorchNetwork(build_derived_graph(space), torch.Generator()).double()
    load_reference(network, tensors, space, space.final.layout)
    assert network.graph.params() == facts["param_count"]
    images = tensors["in/x"]
    with torch.no_grad():
        network.eval()
        assert close(network(images)[0], tensors["out/logits_eval_mode"])
        network.train()
        assert close(network(images)[0], tensors["out/logits_train_mode_no_drop_path"])


def supernet_of(folder: Path, name: str, paper: str) -> tuple[Any, Any, SearchSpace, Supernet]:
    tensors, facts = read(folder / "reference", name)
    config: Any = facts["config"]
    layout = LAYOUTS[name.split("_", 2)[2] if name.startswith("darts") else name.split("_", 1)[1]]
    space = space_of(
        f"use {paper}\nnetwork {{ cells {layout} }}\n", f"network.channels={config['channels']}"
    )
    graph = build_supernet_graph(space)
    assert graph.params() == facts["param_count"]
    supernet = Supernet(space, graph, torch.Generator(), torch.device("cpu"), torch.float64)
    load_reference(supernet.network, tensors, space, space.network.layout)
    return tensors, facts, space, supernet


@pytest.mark.parametrize("name", ["darts_cnn_c4_l3", "darts_cnn_c4_l4", "darts_cnn_c2_l5"])
def test_darts_supernet_gives_the_published_logits_and_gradients(shared: Path, name: str) -> None:
    tensors, facts, _, supernet = supernet_of(shared, name, "papers.darts")
    alphas = {
        "normal": tensors["in/alphas_normal"].requires_grad_(),
        "reduction": tensors["in/alphas_reduce"].requires_grad_(),
    }
    state = {k: v.clone() for k, v in supernet.network.state_dict().items()}
    for part, key in (("train", "grad/train"), ("valid", "grad/darts1")):
        supernet.network.load_state_dict(state)
        mixing = Mixing({cell: alpha.softmax(-1) for cell, alpha in alphas.items()})
        images, labels = tensors[f"in/x_{part}"], tensors[f"in/y_{part}"]
        assert close(supernet.logits(images, mixing), tensors[f"out/logits_{part}"])
        supernet.network.load_state_dict(state)
        loss = supernet.loss(images, labels, mixing)
        assert float(loss.detach()) == pytest.approx(facts[f"loss_{part}"], rel=TOLERANCE)
        normal, reduction = torch.autograd.grad(loss, list(alphas.values()))
        assert close(normal, tensors[f"{key}/alphas_normal"])
        assert close(reduction, tensors[f"{key}/alphas_reduce"])


@pytest.mark.parametrize("name", ["nasp_c4_l3", "nasp_c4_l4"])
def test_nasp_gives_the_published_proximal_step_logits_and_gradients(
    shared: Path, name: str
) -> None:
    tensors, facts, _, supernet = supernet_of(shared, name, "papers.nasp")
    continuous = {
        "normal": tensors["in/alphas_normal"],
        "reduction": tensors["in/alphas_reduce"],
    }
    chosen = {
        cell: nearest(supernet.tables[cell], rows_of(alpha)) for cell, alpha in continuous.items()
    }
    discrete = {
        cell: one_hot(supernet.tables[cell], choice).double().requires_grad_()
        for cell, choice in chosen.items()
    }
    for cell, theirs in (("normal", "alphas_normal"), ("reduction", "alphas_reduce")):
        assert torch.equal(discrete[cell].detach(), tensors[f"prox/{theirs}"].double())
    state = {k: v.clone() for k, v in supernet.network.state_dict().items()}
    images, labels = tensors["in/x_valid"], tensors["in/y_valid"]
    running = Mixing(None, chosen)
    assert close(supernet.logits(images, running), tensors["out/logits_valid_weights_mode"])
    supernet.network.load_state_dict(state)
    loss = supernet.loss(images, labels, Mixing(discrete, chosen, observe=True))
    normal, reduction = torch.autograd.grad(loss, list(discrete.values()))
    assert close(normal, tensors["grad/valid_l2_0/alphas_normal"])
    assert close(reduction, tensors["grad/valid_l2_0/alphas_reduce"])
    assert facts["param_count"] == supernet.network.graph.params()
