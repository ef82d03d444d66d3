"""The supernet of PC-DARTS with weights of its own, and the cells that it derives.

The file has no running statistics: in training mode nothing reads them.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.data.batches import Batch
from dslnas.engines.objectives.objectives import Bilevel
from dslnas.engines.relaxations.edge_normalised import EdgeNormalised
from dslnas.graph.graph import edges_of
from dslnas.space.derive.derive import derive
from tests.reference.genotypes import cells_of
from tests.reference.load import ALPHAS, ENDS, EXACT, assert_close, assert_numbers, facts, tensors
from tests.reference.networks import Case, fresh, layer_outputs
from tests.spaces import chosen, first_wins

NAME = "pcdarts_a"
BETAS = {cell: f"betas_{end}" for cell, end in ENDS.items()}
PARTS = ("train", "valid")


def relaxed(network: Case, state: dict[str, Any] | None = None) -> EdgeNormalised:
    """Return the relaxation at the alphas and betas of the file, or at those of a `state`."""
    relaxation = EdgeNormalised(network.supernet, torch.Generator())
    given = state or {
        key: tensors(NAME)[f"in/{key}"] for key in (*ALPHAS.values(), *BETAS.values())
    }
    for cell in ALPHAS:
        alpha = torch.as_tensor(given[ALPHAS[cell]], dtype=torch.float64)
        beta = torch.as_tensor(given[BETAS[cell]], dtype=torch.float64)
        relaxation.alphas[cell].data.copy_(alpha)
        # The file writes the betas of all nodes in one line, we a row for each node.
        relaxation.alphas[edges_of(cell)].data[network.supernet.edges_exist(cell)] = beta
    return relaxation


def batch_of(network: Case, part: str) -> Batch:
    return network.train if part == "train" else network.valid


def assert_gradients(part: str, network: Case, found: dict[str, Tensor]) -> None:
    """Compare the gradients of alpha and beta with those of the loss of a batch."""
    for cell in ALPHAS:
        exists = network.supernet.edges_exist(cell)
        beta = found[edges_of(cell)]
        assert_close(found[cell], tensors(NAME)[f"grad/{part}/{ALPHAS[cell]}"])
        assert_close(beta[exists], tensors(NAME)[f"grad/{part}/{BETAS[cell]}"])
        assert not beta[~exists].any()


def test_weights_of_edges() -> None:
    network = fresh(NAME)
    with torch.no_grad():
        weights = relaxed(network).weights()
    for cell, end in ENDS.items():
        found = weights[edges_of(cell)][network.supernet.edges_exist(cell)]
        assert_close(found, tensors(NAME)[f"out/edge_weights_{end}"])


@pytest.mark.parametrize("part", PARTS)
def test_logits_and_outputs_of_every_layer(part: str) -> None:
    network = fresh(NAME)
    mixing, batch = relaxed(network).deterministic(), batch_of(network, part)
    with torch.no_grad():
        logits = network.supernet.logits(batch, mixing)
    assert_close(logits, tensors(NAME)[f"out/logits_{part}"])
    found = layer_outputs(network.supernet.network, batch.inputs, mixing.weights)
    expected = facts(NAME)[f"layer_outputs_{part}"]
    assert found.keys() == expected.keys()
    for layer, numbers in found.items():
        assert_numbers(numbers, expected[layer])


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.sample(1)
def test_losses_and_gradients(part: str) -> None:
    network = fresh(NAME)
    relaxation, weights = relaxed(network), network.supernet.weights()
    loss = relaxation.loss(batch_of(network, part))
    assert_numbers({f"loss_{part}": float(loss.detach())}, facts(NAME))
    wanted = [*relaxation.alphas.values(), *weights]
    gradients = torch.autograd.grad(loss, wanted, materialize_grads=True)
    of_alphas = dict(zip(relaxation.alphas, gradients, strict=False))
    assert_gradients(part, network, of_alphas)
    of_weights = gradients[len(of_alphas) :]
    norms = network.norms(of_weights)
    expected = tensors(NAME)[f"out/grad_w_norm_per_param_{part}"]
    torch.testing.assert_close(norms, expected, rtol=EXACT, atol=0)
    if part == "train":
        by_weight = dict(zip(weights, of_weights, strict=True))
        stored = [key for key in tensors(NAME) if key.startswith("grad_train_w/")]
        assert len(stored) == 4
        for key in stored:
            weight = network.weights[key.removeprefix("grad_train_w/")]
            assert_close(by_weight[weight], tensors(NAME)[key])


def test_step_of_alpha_and_beta_follows_the_validation_loss() -> None:
    network = fresh(NAME)
    relaxation = relaxed(network)
    objective = Bilevel(network.supernet, relaxation, network.optimiser(momentum=False))
    found = objective.gradient(network.train, network.valid)
    assert found.loss is not None
    assert_numbers({"loss_valid": float(found.loss)}, facts(NAME))
    assert_gradients("valid", network, dict(zip(relaxation.alphas, found.gradients, strict=True)))


@pytest.mark.parametrize("case", facts(NAME)["genotype_cases"], ids=lambda case: case["name"])
def test_derived_cells(case: dict[str, Any]) -> None:
    network = fresh(NAME)
    scores = {k: first_wins(rows) for k, rows in relaxed(network, case).scores().items()}
    derived = derive(network.space, scores)
    for cell, nodes in cells_of(case["genotype"]).items():
        found = chosen(derived.cells[cell])
        assert {node: sorted(kept) for node, kept in found.items()} == {
            node: sorted(kept) for node, kept in nodes.items()
        }
