"""Networks of published cells: their logits, their layers and the norms of their gradients."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import nn
from torch.nn import functional

from dslnas.backends.torch.network import TorchNetwork
from dslnas.graph.lower.network import build_derived_graph
from dslnas.space.derive.derive import derive
from tests.reference.load import EVALUATED, assert_close, assert_numbers, facts, tensors
from tests.reference.names import load_reference
from tests.reference.networks import LAYOUTS, image_shape, layer_outputs
from tests.spaces import space_of

CELLS = {"amoebanet": "amoebanet_a", "darts_v2": "darts_v2", "nasnet": "nasnet_a"}
"""Names in the library by those of the files."""


@cache
def network_of(name: str) -> tuple[TorchNetwork, dict[str, nn.Parameter]]:
    """Return the network of a file, and its weights by the reference's names."""
    stored = tensors(f"darts_cnn_eval_{name}")
    space = space_of(
        f"use cnn.{CELLS[name]}\nnetwork {{ cells {LAYOUTS[4]} }}\nevaluate {{ channels 4 }}",
        image_shape(f"darts_cnn_eval_{name}"),
    )
    network = TorchNetwork(build_derived_graph(derive(space, {})), torch.Generator()).double()
    return network, load_reference(network, stored, space, space.final.layout)


@pytest.mark.parametrize("name", EVALUATED)
def test_logits_and_outputs_of_every_layer_with_the_stored_statistics(name: str) -> None:
    stored, numbers = tensors(f"darts_cnn_eval_{name}"), facts(f"darts_cnn_eval_{name}")
    network, _ = network_of(name)
    network.eval()
    with torch.no_grad():
        logits = network(stored["in/x"])[0]
    assert_close(logits, stored["out/logits_eval_mode"])
    loss = float(functional.cross_entropy(logits, stored["in/y"]))
    params = network.graph.params()
    assert_numbers({"loss_eval_mode": loss, "param_count": params}, numbers)
    found = layer_outputs(network, stored["in/x"])
    assert found.keys() == numbers["layer_outputs_eval_mode"].keys()
    for layer, output in found.items():
        assert_numbers(output, numbers["layer_outputs_eval_mode"][layer])


@pytest.mark.parametrize("name", EVALUATED)
@pytest.mark.sample(1)
def test_logits_and_gradients_with_the_statistics_of_the_batch(name: str) -> None:
    stored, numbers = tensors(f"darts_cnn_eval_{name}"), facts(f"darts_cnn_eval_{name}")
    network, by_name = network_of(name)
    network.train()
    network.run_state.tracking = False
    logits = network(stored["in/x"])[0]
    network.run_state.tracking = True
    assert_close(logits, stored["out/logits_train_mode_no_drop_path"])
    loss = functional.cross_entropy(logits, stored["in/y"])
    weights = [by_name[theirs] for theirs in numbers["param_names"]]
    norms = torch.stack([gradient.norm() for gradient in torch.autograd.grad(loss, weights)])
    assert_close(norms, stored["out/grad_w_norm_per_param_train_mode"])
    found = {
        "loss_train_mode_no_drop_path": float(loss.detach()),
        "grad_w_global_norm_train_mode": float(norms.norm()),
    }
    assert_numbers(found, numbers)
