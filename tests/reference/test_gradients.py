"""The gradients in alpha of DARTS and MiLeNAS, of both orders.

The published program of MiLeNAS weighs the loss of the training batch, g_valid + X * g_train, where
the paper weighs the other one, g_train + X * g_valid. We have the paper's. The program's is X times
the paper's with lambda = 1 / X, and for X = 0 it is DARTS.

The files also tell how wrong finite differences are with other shifts than the published one; we
have no other, so these numbers stay unread.
"""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import Tensor

from dslnas.engines.objectives.hessian import SHIFT, Hessian, Move
from dslnas.engines.objectives.objectives import Bilevel, MixedLevel, Objective, Order
from tests.reference.load import (
    DARTS,
    DARTS_ONE_BY_DEFAULT,
    EXACT,
    LATER,
    assert_alphas,
    assert_numbers,
)
from tests.reference.networks import RATE, Case, fresh

Alphas = tuple[Tensor, ...]


@cache
def gradient(
    name: str,
    order: Order,
    lambda_: float | None = None,
    *,
    hessian: Hessian = "difference",
    momentum: bool = True,
) -> Alphas:
    """Return a level's gradient at a file's state: the bilevel one if there is no lambda."""
    case = fresh(name)
    common = (case.supernet, case.relaxation(), case.optimiser(momentum=momentum), order, hessian)
    objective: Objective = Bilevel(*common) if lambda_ is None else MixedLevel(*common, lambda_)
    found = objective.gradient(case.train, case.valid).gradients
    for tensor, weight in case.supernet.network.named_parameters():
        assert torch.equal(weight, case.state[tensor])  # bit by bit as before
    return found


def total(factor: float, gradients: Alphas, others: Alphas) -> Alphas:
    """Return factor * gradients + others."""
    return tuple(factor * g + h for g, h in zip(gradients, others, strict=True))


@pytest.mark.parametrize("name", DARTS)
@pytest.mark.sample(1)
def test_first_order(name: str) -> None:
    of_valid, of_train = gradient(name, "first"), gradient(name, "first", lambda_=0.0)
    assert_alphas(name, "grad/darts1", of_valid)
    assert_alphas(name, "grad/train", of_train)
    mixed = gradient(name, "first", lambda_=0.1)
    assert_alphas(name, "grad/milenas1_paper_lambda_0.1", mixed)
    assert_sums(name, "milenas1", of_valid, of_train, EXACT)


@pytest.mark.parametrize("name", DARTS_ONE_BY_DEFAULT)
@pytest.mark.sample(0)
def test_second_order(name: str) -> None:
    of_valid = gradient(name, "second", hessian="difference")
    mixed = gradient(name, "second", lambda_=0.1)
    assert_alphas(name, "grad/darts2", of_valid, LATER)
    assert_alphas(name, "grad/milenas2_w_only_paper_lambda_0.1", mixed, LATER)
    of_train = total(-0.1, of_valid, mixed)
    assert_alphas(name, "milenas2_w_only/term_valid", of_valid, LATER)
    assert_alphas(name, "milenas2_w_only/term_train", of_train, LATER)
    assert_sums(name, "milenas2_w_only", of_valid, of_train, LATER)


def assert_sums(
    name: str, method: str, of_valid: Alphas, of_train: Alphas, tolerance: float
) -> None:
    """Compare the weighed sums of both gradients, as the paper and as the program has them."""
    for weight in ("0", "0.1", "1"):
        paper = total(float(weight), of_valid, of_train)
        assert_alphas(name, f"grad/{method}_paper_lambda_{weight}", paper, tolerance)
        program = total(float(weight), of_train, of_valid)
        assert_alphas(name, f"grad/{method}_code_lambda_train_{weight}", program, tolerance)


@pytest.mark.parametrize("name", DARTS_ONE_BY_DEFAULT)
def test_second_order_in_the_first_step_of_a_run(name: str) -> None:
    found = gradient(name, "second", momentum=False)
    assert_alphas(name, "grad/darts2_zero_momentum", found, LATER)


@pytest.mark.parametrize("name", DARTS_ONE_BY_DEFAULT)
@pytest.mark.sample(0)
def test_both_terms_of_the_second_order(name: str) -> None:
    """The direct term d and the product h in d - xi * h, by differences and exactly."""
    direct = at_unrolled_weights(fresh(name))
    assert_alphas(name, "darts2/direct_term", direct)
    hessians: list[tuple[str, Hessian, float]] = [
        ("finite_difference_term", "difference", LATER),
        ("exact_hessian_vector_product", "exact", EXACT),
    ]
    for key, hessian, tolerance in hessians:
        whole = gradient(name, "second", hessian=hessian)
        product = tuple((d - g) / RATE for d, g in zip(direct, whole, strict=True))
        assert_alphas(name, f"darts2/{key}", product, tolerance)


def at_unrolled_weights(case: Case) -> Alphas:
    """Return grad_alpha L_val at w', the weights after a step; compare what else is known there."""
    relaxation, weights = case.relaxation(), case.supernet.weights()
    inner = torch.autograd.grad(relaxation.loss(case.train, alpha_gradient=False), weights)
    Move(weights)(case.optimiser().direction(inner), -RATE)
    parameters = torch.cat([weight.detach().flatten() for weight in weights])
    where = {"unrolled_w_sum": parameters.sum(), "unrolled_w_l2": parameters.norm()}
    assert_numbers({key: float(value) for key, value in where.items()}, case.facts["darts2"])
    direct: dict[str, Alphas] = {}
    for part, batch in (("valid", case.valid), ("train", case.train)):
        loss = relaxation.loss(batch)
        both = torch.autograd.grad(loss, [*relaxation.alphas.values(), *weights])
        direct[part] = both[:2]
        norm = float(case.norms(both[2:]).norm())
        found = {"loss_at_unrolled": float(loss.detach()), "vector_norm": norm, "R": SHIFT / norm}
        assert_numbers(found, case.facts[f"milenas2_w_only_{part}"])
    return direct["valid"]
