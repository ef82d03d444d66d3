"""The derived network in plain PyTorch computes what the papers' program does."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from published.derived import AUXILIARY, DARTS_V2, DerivedNetwork, drop_path, train_step
from tests.benchmarks.published.states import load
from tests.reference.load import assert_close, assert_numbers, facts, tensors

FILE = "darts_cnn_eval_darts_v2"


def small() -> DerivedNetwork:
    config = facts(FILE)["config"]
    return DerivedNetwork(
        DARTS_V2, config["channels"], config["layers"], config["classes"], auxiliary=False
    ).double()


@pytest.mark.parametrize("auxiliary", [False, True])
def test_the_full_network_has_the_published_weights(auxiliary: bool) -> None:
    network = DerivedNetwork(DARTS_V2, auxiliary=auxiliary)
    published = facts(FILE)["parameter_counts"]
    name = f"NetworkCIFAR C=36 classes=10 layers=20 auxiliary={auxiliary} DARTS_V2"
    assert sum(weight.numel() for weight in network.parameters()) == published[name]["total"]


def test_logits_with_the_stored_statistics() -> None:
    network = small()
    load(network, FILE)
    network.eval()
    with torch.no_grad():
        logits, _ = network(tensors(FILE)["in/x"])
    assert_close(logits, tensors(FILE)["out/logits_eval_mode"])


def test_logits_and_gradients_with_the_statistics_of_the_batch() -> None:
    network = small()
    weights = load(network, FILE)
    stored, numbers = tensors(FILE), facts(FILE)
    logits, _ = network.train()(stored["in/x"])
    assert_close(logits, stored["out/logits_train_mode_no_drop_path"])
    loss = functional.cross_entropy(logits, stored["in/y"])
    gradients = torch.autograd.grad(loss, list(weights.values()))
    norms = torch.stack([gradient.norm() for gradient in gradients])
    assert_close(norms, stored["out/grad_w_norm_per_param_train_mode"])
    found = {
        "loss_train_mode_no_drop_path": float(loss.detach()),
        "grad_w_global_norm_train_mode": float(norms.norm()),
    }
    assert_numbers(found, numbers)


def test_a_step_descends_both_heads_and_is_clipped() -> None:
    network = DerivedNetwork(DARTS_V2, 4, 6).double().train()
    images, labels = torch.randn(4, 3, 32, 32, dtype=torch.float64), torch.arange(4)
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    logits, second = network(images)
    assert second is not None
    losses = [functional.cross_entropy(each, labels) for each in (logits, second)]
    loss = losses[0] + AUXILIARY * losses[1]
    gradients = torch.autograd.grad(loss, list(network.parameters()))
    network.load_state_dict(state)
    before = [weight.detach().clone() for weight in network.parameters()]
    step = train_step(
        network, torch.optim.SGD(network.parameters(), lr=1.0), images, labels, clip=0.5
    )
    assert step == pytest.approx(float(loss.detach()), rel=1e-12)
    norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
    assert norm > 0.5
    for weight, old, gradient in zip(network.parameters(), before, gradients, strict=True):
        torch.testing.assert_close(old - weight, gradient * 0.5 / (norm + 1e-6))


def test_drop_path_drops_whole_examples_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    found = drop_path(torch.ones(4000, 2, 3, 3), 0.25)
    kept = found[:, 0, 0, 0] > 0
    assert torch.equal(found, (kept / 0.75).reshape(-1, 1, 1, 1).expand(-1, 2, 3, 3))
    assert float(kept.float().mean()) == pytest.approx(0.75, abs=0.03)
