"""NASP: proximal steps, both ways to run, the gradient at the discrete point, and alpha's step.

In the file's `weights` mode only what is chosen runs: our `chosen`. In its `alphas` mode everything
runs and counts 0 or 1: we let what is not chosen run forward only (`observe`).
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing
from dslnas.engines.discretise import nearest, one_hot
from dslnas.engines.expected_cost import complexity
from dslnas.engines.optimisers import AlphaOptimiser
from dslnas.engines.relaxations.softmax import gradients_of, rows_of
from dslnas.graph.analysis.costs import COUNTED, operation_costs
from dslnas.graph.analysis.plan import Choice
from tests.reference.load import ALPHAS, NASP, assert_alphas, assert_close, assert_numbers
from tests.reference.networks import ADAM, Case, fresh, layer_outputs, statistics


def proximal(case: Case) -> tuple[Choice, dict[str, Tensor]]:
    """Return what is chosen at the file's alphas, and that as weights of 0 and 1."""
    tables, alphas = case.supernet.tables, case.alphas()
    chosen = {cell: nearest(tables[cell], rows_of(alphas[cell])) for cell in tables}
    return chosen, {cell: one_hot(tables[cell], chosen[cell]).double() for cell in tables}


def moved_statistics(case: Case) -> int:
    """Return how many layers have other running statistics than at the start."""
    state = case.supernet.network.state_dict()
    names = [name for name in state if name.endswith("running_var")]
    return sum(not torch.equal(state[name], case.state[name]) for name in names)


@pytest.mark.parametrize("name", NASP)
def test_proximal_step(name: str) -> None:
    case = fresh(name)
    chosen, discrete = proximal(case)
    for cell, theirs in ALPHAS.items():
        assert list(chosen[cell]) == case.facts["prox_choice"][theirs]
        assert torch.equal(discrete[cell], case.tensors[f"prox/{theirs}"])


@pytest.mark.parametrize("name", NASP)
@pytest.mark.parametrize("mode", ["weights", "alphas"])
@pytest.mark.parametrize("part", ["train", "valid"])
def test_logits_losses_and_running_statistics(name: str, mode: str, part: str) -> None:
    case = fresh(name)
    chosen, discrete = proximal(case)
    mixing = Mixing(None, chosen) if mode == "weights" else Mixing(discrete, chosen, observe=True)
    batch = case.train if part == "train" else case.valid
    with torch.no_grad():
        logits = case.supernet.logits(batch, mixing)
    assert_close(logits, case.tensors[f"out/logits_{part}_{mode}_mode"])
    loss = float(torch.nn.functional.cross_entropy(logits, batch.targets))
    assert_numbers({f"loss_{part}_{mode}_mode": loss}, case.facts)
    before, after = case.facts["bn_stored_state"], case.facts[f"bn_after_{part}_{mode}_mode"]
    assert_numbers(statistics(case.supernet.network), after)
    updates = "sum_num_batches_tracked"
    assert moved_statistics(case) == after[updates] - before[updates]


@pytest.mark.parametrize("name", NASP)
def test_logits_that_are_made_in_other_ways(name: str) -> None:
    case = fresh(name)
    chosen, discrete = proximal(case)
    batch = case.valid
    with torch.no_grad(), case.supernet.untracked():
        continuous = case.supernet.logits(batch, Mixing(case.alphas()))
        everything = case.supernet.logits(batch, Mixing(discrete))
        case.supernet.network.eval()
        stored = case.supernet.logits(batch, Mixing(None, chosen))
    assert_close(continuous, case.tensors["out/logits_valid_continuous_alphas"])
    assert_close(everything, case.tensors["out/logits_valid_alphas_mode"])
    assert_close(stored, case.tensors["out/logits_valid_eval_mode"])


@pytest.mark.parametrize("name", NASP)
def test_outputs_of_every_layer(name: str) -> None:
    case = fresh(name)
    found = layer_outputs(case.supernet.network, case.train.inputs, None, proximal(case)[0])
    expected = case.facts["layer_outputs_train_batch_weights_mode"]
    assert found.keys() == expected.keys()
    for layer, numbers in found.items():
        assert_numbers(numbers, expected[layer])


@pytest.mark.parametrize("name", NASP)
def test_costs_of_operations(name: str) -> None:
    case = fresh(name)
    table = case.facts["l2_cost_table"]
    expected = tuple(float(table[operation]) for operation in case.facts["op_order_normal"])
    assert sum(expected) == case.facts["l2_cost_total"]
    rows = operation_costs(case.space, "normal", COUNTED["params"])
    assert rows == (expected,) * 14


@pytest.mark.parametrize("name", NASP)
@pytest.mark.parametrize("weight", ["0", "0.1"])
@pytest.mark.sample(2)
def test_gradient_and_step_of_alpha(name: str, weight: str) -> None:
    case = fresh(name)
    chosen, point = proximal(case)
    discrete = {cell: weights.requires_grad_() for cell, weights in point.items()}
    costs = operation_costs(case.space, "normal", COUNTED["params"])

    def regulariser(alphas: Mapping[str, Tensor]) -> Tensor:
        return float(weight) * complexity(costs, alphas["normal"])

    loss = case.supernet.loss(case.valid, Mixing(discrete, chosen, observe=True))
    loss = loss + regulariser(discrete)
    numbers = {
        "alpha_step_loss": loss,
        "l2_term_binarised": regulariser(discrete),
        "l2_term_continuous": regulariser(case.alphas()),
    }
    found = {f"{key}_l2_{weight}": float(value.detach()) for key, value in numbers.items()}
    assert_numbers(found, case.facts)
    gradients = gradients_of(loss, list(discrete.values()))
    assert_alphas(name, f"grad/valid_l2_{weight}", gradients)
    if weight == "0":
        pairs = zip(gradients, point.values(), strict=True)
        largest = [float(g[p == 0].abs().max()) for g, p in pairs]
        assert largest == pytest.approx(case.facts["alpha_grad_unselected_max_abs"], rel=1e-9)
    alphas = list(case.alphas().values())
    adam = ADAM.replace(lr=case.facts["hyper"]["alpha_lr"])
    AlphaOptimiser(alphas, adam, 1).step(gradients)
    assert_alphas(name, f"alpha_step_l2_{weight}/after_adam", alphas)
    clipped = [alpha.clamp(0, 1) for alpha in alphas]
    assert_alphas(name, f"alpha_step_l2_{weight}/after_adam_and_clip", clipped)
    changed = [int((a != b).sum()) for a, b in zip(alphas, clipped, strict=True)]
    assert changed == case.facts[f"entries_changed_by_clip_l2_{weight}"]


@pytest.mark.parametrize("name", NASP)
def test_gradients_in_the_weights(name: str) -> None:
    case = fresh(name)
    chosen, _ = proximal(case)
    loss = case.supernet.loss(case.train, Mixing(None, chosen))
    weights = case.supernet.weights()
    gradients = torch.autograd.grad(loss, weights, allow_unused=True)
    norms = case.norms(gradients)
    assert_close(norms, case.tensors["out/grad_train_w_norm_per_param"])
    missing = sum(gradient is None for gradient in gradients)
    found = {
        "grad_train_w_global_norm": float(norms.norm()),
        "w_params_without_gradient": missing,
    }
    assert_numbers(found, case.facts)
    by_weight = dict(zip(weights, gradients, strict=True))
    for theirs in case.facts["grad_train_w_stored_for"]:
        gradient = by_weight[case.weights[theirs]]
        expected = case.tensors[f"grad_train_w/{theirs}"]
        assert_close(torch.zeros_like(expected) if gradient is None else gradient, expected)
