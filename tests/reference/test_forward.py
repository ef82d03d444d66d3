"""Supernets of DARTS: logits, losses, running statistics and gradients in the weights."""

from __future__ import annotations

import pytest
import torch

from tests.reference.load import DARTS, assert_close, assert_numbers
from tests.reference.networks import fresh, layer_outputs, statistics


@pytest.mark.parametrize("name", DARTS)
@pytest.mark.sample(1)
def test_logits_and_running_statistics(name: str) -> None:
    for part in ("train", "valid"):
        case = fresh(name)
        mixing = case.relaxation().deterministic()
        batch = case.train if part == "train" else case.valid
        with torch.no_grad():
            assert_close(case.supernet.logits(batch, mixing), case.tensors[f"out/logits_{part}"])
        if part == "train":
            network = case.supernet.network
            assert_numbers(statistics(network), case.facts["bn_after_one_train_forward"])
            for kind in ("running_mean", "running_var"):
                found = network.state_dict()[f"stem/1_batch_norm/{kind}"]
                assert_close(found, case.tensors[f"out/stem.1.{kind}_after_train_forward"])


@pytest.mark.parametrize("name", DARTS)
def test_logits_with_the_stored_statistics(name: str) -> None:
    case = fresh(name)
    case.supernet.network.eval()
    with torch.no_grad():
        found = case.supernet.logits(case.valid, case.relaxation().deterministic())
    assert_close(found, case.tensors["out/logits_valid_eval_mode"])


@pytest.mark.parametrize("name", DARTS)
@pytest.mark.sample(1)
def test_outputs_of_every_layer(name: str) -> None:
    case = fresh(name)
    weights = case.relaxation().deterministic().weights
    found = layer_outputs(case.supernet.network, case.train.inputs, weights)
    expected = case.facts["layer_outputs_train_batch"]
    assert found.keys() == expected.keys()
    for layer, numbers in found.items():
        assert_numbers(numbers, expected[layer])


@pytest.mark.parametrize("name", DARTS)
def test_losses_and_gradients_in_the_weights(name: str) -> None:
    for part in ("train", "valid"):
        case = fresh(name)
        batch = case.train if part == "train" else case.valid
        loss = case.relaxation().loss(batch, alpha_gradient=False)
        gradients = torch.autograd.grad(loss, case.supernet.weights())
        norms = case.norms(gradients)
        assert_numbers(
            {
                f"loss_{part}": float(loss.detach()),
                f"grad_{part}_w_global_norm": float(norms.norm()),
            },
            case.facts,
        )
        if part == "train":
            assert_close(norms, case.tensors["out/grad_train_w_norm_per_param"])
            by_weight = dict(zip(case.supernet.weights(), gradients, strict=True))
            for theirs in case.facts["grad_train_w_stored_for"]:
                expected = case.tensors[f"grad_train_w/{theirs}"]
                assert_close(by_weight[case.weights[theirs]], expected)
