"""The supernet of DARTS in plain PyTorch, and its steps, against the papers' programs."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from published.darts import (
    AlphaGradient,
    Batch,
    Search,
    first_order,
    loss_of,
    mixed_level,
    second_order,
)
from published.supernet import SearchNetwork
from tests.benchmarks.published.states import load
from tests.reference.load import (
    EXACT,
    LATER,
    assert_alphas,
    assert_close,
    assert_numbers,
    facts,
    tensors,
)

FILE = "darts_cnn_c4_l3"


@dataclass(frozen=True)
class State:
    """A search in the state of the file: alphas, weights, statistics and momentum."""

    search: Search
    weights: dict[str, nn.Parameter]
    train: Batch
    held_out: Batch

    def norms(self) -> Tensor:
        return torch.stack([weight.detach().norm() for weight in self.weights.values()])


def state(gradient: AlphaGradient = first_order) -> State:
    stored, config = tensors(FILE), facts(FILE)["config"]
    network = SearchNetwork(config["channels"], config["layers"], config["classes"]).double()
    weights = load(network, FILE)
    network.alphas = [
        stored[f"in/alphas_{kind}"].clone().requires_grad_() for kind in ("normal", "reduce")
    ]
    search = Search(network.train(), gradient)
    for name, weight in weights.items():
        search.weights.state[weight]["momentum_buffer"] = stored[f"momentum/{name}"].clone()
    batches = (Batch(stored[f"in/x_{part}"], stored[f"in/y_{part}"]) for part in ("train", "valid"))
    return State(search, weights, *batches)


def test_the_full_supernet_has_the_published_weights() -> None:
    published = facts("darts_cnn_eval_darts_v2")["parameter_counts"]
    expected = published["DARTS search Network C=16 classes=10 layers=8"]["total"]
    assert sum(weight.numel() for weight in SearchNetwork().parameters()) == expected


@pytest.mark.sample(0)
def test_logits_and_gradients_in_the_weights() -> None:
    found, stored = state(), tensors(FILE)
    network = found.search.network
    assert_close(network(found.train.images), stored["out/logits_train"])
    loss = loss_of(state().search.network, found.train)
    assert_numbers({"loss_train": float(loss.detach())}, facts(FILE))
    loss = loss_of(network, found.train)
    gradients = torch.autograd.grad(loss, list(found.weights.values()))
    norms = torch.stack([gradient.norm() for gradient in gradients])
    assert_close(norms, stored["out/grad_train_w_norm_per_param"])


def test_logits_with_the_stored_statistics() -> None:
    found = state()
    network = found.search.network.eval()
    assert_close(network(found.held_out.images), tensors(FILE)["out/logits_valid_eval_mode"])


@pytest.mark.parametrize(
    ("gradient", "key", "tolerance"),
    [
        (first_order, "grad/darts1", EXACT),
        (mixed_level, "grad/milenas1_paper_lambda_1", EXACT),
        pytest.param(second_order, "grad/darts2", LATER, marks=pytest.mark.slow),
    ],
)
def test_gradients_in_alpha(gradient: AlphaGradient, key: str, tolerance: float) -> None:
    found = state(gradient)
    gradients = gradient(found.search, found.train, found.held_out)
    assert_alphas(FILE, key, gradients, tolerance)


@pytest.mark.parametrize(
    ("gradient", "method", "tolerance"),
    [
        pytest.param(first_order, "darts1", EXACT, marks=pytest.mark.slow),
        pytest.param(mixed_level, "milenas1", EXACT, marks=pytest.mark.slow),
        (second_order, "darts2", LATER),
    ],
)
@pytest.mark.sample(0)
def test_a_complete_step(gradient: AlphaGradient, method: str, tolerance: float) -> None:
    found = state(gradient)
    loss = found.search.step(found.train, found.held_out)
    expected = facts(FILE)["steps"][method]["per_step"][0]
    assert_numbers({"loss_in_w_step": loss}, expected, tolerance)
    key = f"step/{method}/after_1"
    assert_alphas(FILE, key, found.search.network.alphas, tolerance)
    assert_close(found.norms(), tensors(FILE)[f"{key}/w_l2_per_param"], tolerance)


@pytest.mark.sample(0)
def test_the_second_order_begins_without_momentum() -> None:
    found = state(second_order)
    found.search.weights.state.clear()
    gradients = second_order(found.search, found.train, found.held_out)
    assert_alphas(FILE, "grad/darts2_zero_momentum", gradients, LATER)
