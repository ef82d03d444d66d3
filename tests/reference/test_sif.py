"""SIF as its published program computes it, where that is what is meant.

Its product of three is a sum; the tests that compare with that put the fault in.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.losses import embedding_norms
from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.supernet import Mixing
from dslnas.data.batches import Batch
from dslnas.engines.objectives.accumulation import loss_and_grads_of
from dslnas.engines.optimisers import WeightOptimiser, norm_of
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.values import Adagrad
from dslnas.space.continuous import with_found
from dslnas.space.derive.derive import derive
from tests.reference.interactions import PAIRS, TRIPLES, Case, fresh, loss_of, projected
from tests.reference.load import EXACT, assert_close, assert_numbers, facts

FILES = (*PAIRS, TRIPLES)
SUMMED = "multiply_multiply"
"""An operation that adds where it says that it multiplies."""

BOTH_PRODUCTS = [*((name, False) for name in FILES), (TRIPLES, True)]
"""The product of three as it is meant, and as the program has it."""


@pytest.mark.parametrize("part", ["train", "valid"])
@pytest.mark.parametrize(("name", "sums"), BOTH_PRODUCTS)
def test_every_operation_predicts_as_theirs(name: str, *, sums: bool, part: str) -> None:
    case = fresh(name, sums=sums)
    batch, losses = case.batch(part), []
    for number, theirs in enumerate(case.facts["operations"]):
        with torch.no_grad():
            found = case.supernet.logits(batch, case.only(number))[:, 0]
            losses.append(case.supernet.loss(batch, case.only(number), regularised=True))
        expected = case.tensors[f"out/pred_{part}"][number]
        if theirs == SUMMED and not sums:
            expected = case.tensors[f"out/pred_{part}_{SUMMED}_corrected"]
        assert_close(found, expected)
    right = [sums or theirs != SUMMED for theirs in case.facts["operations"]]
    assert_close(torch.stack(losses)[right], case.tensors[f"out/loss_{part}"][right])
    with torch.no_grad():
        norms = case.supernet.norms * embedding_norms(case.supernet.network, batch)
    assert float(norms) == pytest.approx(case.facts[f"reg_term_{part}"], rel=EXACT)


def largest(case: Case) -> int:
    """Return our column of the operation that their alpha prefers."""
    return case.columns[int(case.tensors["in/alpha"].argmax())]


@pytest.mark.parametrize("part", ["train", "valid"])
@pytest.mark.parametrize("name", FILES)
def test_gradients_at_the_binarised_alpha(name: str, part: str) -> None:
    case = fresh(name, sums=name == TRIPLES)
    column = largest(case)
    alpha = torch.zeros(1, len(case.columns), dtype=torch.float64)
    alpha[0, column] = 1
    alpha.requires_grad_()
    mixing = Mixing({case.cell: alpha}, {case.cell: (column,)}, observe=True)
    supernet, names = case.supernet, [*case.weights]
    variables = [alpha, *case.weights.values()]
    found = loss_and_grads_of(supernet, case.batch(part), mixing, variables, regularised=True)
    of_alpha, *of_weights = found.gradients
    numbers = {
        f"loss_{part}_at_binarised": float(found.loss),
        f"grad_norm_{part}_all_network_parameters": norm_of(of_weights),
    }
    assert_numbers(numbers, case.facts)
    assert of_alpha is not None
    assert_close(of_alpha[0], case.in_our_order(case.tensors[f"grad/{part}/alpha"]))
    for theirs, gradient in zip(names, of_weights, strict=True):
        key = f"grad/{part}/{theirs}"
        if key in case.tensors and case.tensors[key].any():
            assert gradient is not None
            assert_close(gradient.view(case.tensors[key].shape), case.tensors[key])
        else:
            assert gradient is None or not gradient.any()


def derived(case: Case, theirs: str) -> tuple[TorchNetwork, dict[str, Tensor]]:
    """Return the network that runs one operation, in the file's state, and its weights by name."""
    number = case.facts["operations"].index(theirs)
    scores = [float(column == case.columns[number]) for column in range(len(case.columns))]
    found = derive(case.space, {case.cell: [scores]})
    architecture = with_found(found, case.supernet.found())
    network = TorchNetwork(build_derived_graph(architecture), torch.Generator()).double()
    weights: dict[str, Tensor] = {
        f"{side.table}.weight": network.get_parameter(f"stem/{side.name}/0_embedding/weight")
        for side in case.sides
    }
    for name, weight in weights.items():
        weight.data.copy_(case.tensors[f"w/{name}"])
    (fc,) = (w for key, w in network.named_parameters() if "bounded_linear" in key)
    fc.data.copy_(projected("_FC.weight", case.tensors[f"derived/{theirs}/w/_FC.weight"]))
    weights["_FC.weight"] = fc
    assert {id(w) for w in weights.values()} == {id(w) for w in network.parameters()}
    return network, weights


def error_of(network: TorchNetwork, batch: Batch) -> float:
    """Return the root of the mean squared error."""
    with torch.no_grad():
        return float((network(batch.inputs)[0][:, 0] - batch.targets).square().mean().sqrt())


DERIVED = [(name, theirs) for name in FILES for theirs in facts(name)["config"]["derived_ops"]]


@pytest.mark.parametrize(("name", "theirs"), DERIVED)
def test_derived_networks_train_with_fixed_networks(name: str, theirs: str) -> None:
    case = fresh(name, sums=name == TRIPLES)
    network, weights = derived(case, theirs)
    told, key, valid = case.facts["derived"][theirs], f"derived/{theirs}", case.batch("valid")
    with torch.no_grad():
        assert_close(network(valid.inputs)[0][:, 0], case.tensors[f"{key}/pred_valid"])
        loss = float(loss_of(name, network, valid))
    assert_numbers({"loss_valid": loss, "rmse_valid": error_of(network, valid)}, told)
    hyper, losses, norms = case.facts["hyper"], [], []
    settings = Adagrad(lr=hyper["lr"], clip=hyper["grad_clip"])
    optimiser = WeightOptimiser(list(network.parameters()), settings, 1)
    for step in range(3):
        train_loss = loss_of(name, network, case.batch("train", step))
        gradients = optimiser.gradients(train_loss)
        losses.append(float(train_loss.detach()))
        norms.append(norm_of(gradients))
        optimiser.step(gradients)
        for weight in weights if step != 1 else ():
            expected = case.tensors[f"{key}/after_{step + 1}/{weight}"]
            assert_close(weights[weight], projected(weight, expected))
    assert losses == pytest.approx(told["loss_train_per_step"], rel=EXACT)
    assert norms == pytest.approx(told["grad_norm_before_clip_per_step"], rel=EXACT)
    assert_numbers({"rmse_valid_after_3": error_of(network, valid)}, told)
