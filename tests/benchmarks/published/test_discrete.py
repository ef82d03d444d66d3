"""NASP in plain PyTorch against its program's numbers, and GDAS against all operations at once."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from published.darts import Batch
from published.discrete import NORMAL, REDUCTION, Gdas, Nasp, chosen_alone, drawn_alone, proximal
from published.supernet import Mix, SearchNetwork, weighted_sum
from tests.benchmarks.published.states import load, ours
from tests.reference.load import (
    EXACT,
    LATER,
    assert_alphas,
    assert_close,
    assert_numbers,
    facts,
    tensors,
)

FILE = "nasp_c4_l3"


def nasp() -> Nasp:
    stored, config = tensors(FILE), facts(FILE)["config"]
    network = SearchNetwork(
        config["channels"], config["layers"], config["classes"], NORMAL, REDUCTION
    ).double()
    weights = load(network, FILE)
    network.alphas = [
        stored[f"in/alphas_{kind}"].clone().requires_grad_() for kind in ("normal", "reduce")
    ]
    search = Nasp(network.train(), facts(FILE)["hyper"]["alpha_lr"])
    for name, weight in weights.items():
        search.weights.state[weight]["momentum_buffer"] = stored[f"momentum/{name}"].clone()
    return search


def batch(part: str) -> Batch:
    return Batch(tensors(FILE)[f"in/x_{part}"], tensors(FILE)[f"in/y_{part}"])


def norms(search: Nasp) -> Tensor:
    weights = dict(search.network.named_parameters())
    found = [weights[ours(name)].detach().norm() for name in facts(FILE)["param_names"]]
    return torch.stack(found)


def test_the_full_supernet_has_the_published_weights() -> None:
    published = facts("darts_cnn_eval_darts_v2")["parameter_counts"]
    expected = published["NASP search Network C=16 classes=10 layers=8"]["total"]
    network = SearchNetwork(normal=NORMAL, reduction=REDUCTION)
    assert sum(weight.numel() for weight in network.parameters()) == expected


def test_the_proximal_step_keeps_two_edges_per_node() -> None:
    found = [proximal(tensors(FILE)[f"in/alphas_{kind}"]) for kind in ("normal", "reduce")]
    assert_alphas(FILE, "prox", found)


@pytest.mark.parametrize(("mix", "mode"), [(chosen_alone, "weights"), (weighted_sum, "alphas")])
def test_logits_in_both_modes(mix: Mix, mode: str) -> None:
    search = nasp()
    chosen = [proximal(alpha.detach()) for alpha in search.network.alphas]
    with torch.no_grad():
        found = search.network(batch("train").images, chosen, mix)
    assert_close(found, tensors(FILE)[f"out/logits_train_{mode}_mode"])


def test_gradients_in_the_weights() -> None:
    search = nasp()
    chosen = [proximal(alpha.detach()) for alpha in search.network.alphas]
    search.loss(batch("train"), chosen, chosen_alone).backward()  # type: ignore[no-untyped-call]
    weights = [weight.grad for weight in search.network.parameters() if weight.grad is not None]
    norm = float(torch.stack([gradient.norm() for gradient in weights]).norm())
    assert norm == pytest.approx(facts(FILE)["grad_train_w_global_norm"], rel=EXACT)


def test_complete_steps() -> None:
    search = nasp()
    for number, expected in enumerate(facts(FILE)["steps"]["dropped_grads"], 1):
        tolerance = EXACT if number == 1 else LATER
        loss = search.step(batch("train"), batch("valid"))
        assert_numbers({"loss_in_w_step": loss}, expected, tolerance)
        if number in (1, 3):
            key = f"step/dropped_grads/after_{number}"
            assert_alphas(FILE, key, search.network.alphas, tolerance)
            assert_close(norms(search), tensors(FILE)[f"{key}/w_l2_per_param"], tolerance)


def small() -> tuple[Gdas, Batch]:
    torch.manual_seed(0)
    network = SearchNetwork(4, 3).double()
    network.alphas = [torch.randn(14, 8, dtype=torch.float64).requires_grad_() for _ in range(2)]
    return Gdas(network), Batch(torch.randn(4, 3, 8, 8, dtype=torch.float64), torch.arange(4))


def test_what_is_drawn_has_weight_one_and_the_slope_of_the_soft_sample() -> None:
    search, _ = small()
    for alpha, sample in zip(search.network.alphas, search.sample(), strict=True):
        assert torch.equal(sample.detach().sort().values[:, :7], torch.zeros(14, 7).double())
        assert torch.equal(sample.detach().max(-1).values, torch.ones(14).double())
        (slope,) = torch.autograd.grad(sample[:, 0].sum(), alpha)
        assert float(slope.abs().min()) > 0  # of every operation
        torch.testing.assert_close(slope.sum(-1), torch.zeros(14).double())


@pytest.mark.sample(0)
def test_running_the_drawn_operations_gives_the_logits_of_all() -> None:
    search, given = small()
    sample = search.sample()
    alone = search.network(given.images, sample, drawn_alone)
    together = search.network(given.images, sample, weighted_sum)
    torch.testing.assert_close(alone, together)


def test_a_step_of_gdas_moves_alpha_and_the_weights_that_ran() -> None:
    search, given = small()
    before = [alpha.detach().clone() for alpha in search.network.alphas]
    loss = search.step(given, given)
    assert loss > 0
    for alpha, old in zip(search.network.alphas, before, strict=True):
        assert float((alpha.detach() - old).abs().min()) > 0
    without = [weight.grad is None for weight in search.network.parameters()]
    assert 0 < sum(without) < len(without)
