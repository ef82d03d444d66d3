"""Quirks of the published programs that are not in their papers, nor here.

Nothing in dslnas computes these numbers; they are composed here from the loss of our supernets.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from dslnas.data.batches import Batch
from dslnas.engines.objectives.hessian import SHIFT, Move
from tests.reference.load import DARTS, DARTS_ONE_BY_DEFAULT, LATER, assert_alphas, assert_numbers
from tests.reference.networks import ADAM, RATE, SGD, fresh

Gradients = tuple[Tensor, ...]


@pytest.mark.parametrize("name", DARTS_ONE_BY_DEFAULT)
def test_second_order_of_the_program_of_milenas(name: str) -> None:
    """That program took alpha for weights, and therefore forgot the momentum; see section 8.3.

    With theta = (w, alpha), theta' = theta - xi * (grad L_train(theta) + decay * theta),
    v = grad L_X(theta'), the term of X is the part for alpha of v - xi * H v, where H v is the
    finite difference of grad L_train at theta +- eps * v.
    """
    case = fresh(name)
    relaxation = case.relaxation()
    alphas = {cell: nn.Parameter(alpha) for cell, alpha in case.alphas().items()}
    relaxation.alphas.update(alphas)
    theta = [*case.supernet.weights(), *alphas.values()]
    move = Move(theta)

    def slope(batch: Batch) -> tuple[float, Gradients]:
        loss = relaxation.loss(batch)
        return float(loss.detach()), torch.autograd.grad(loss, theta)

    _, inner = slope(case.train)
    step = [g + SGD.weight_decay * t.detach() for g, t in zip(inner, theta, strict=True)]
    terms = {}
    for part, batch in (("valid", case.valid), ("train", case.train)):
        move(step, -RATE)
        loss, vector = slope(batch)
        norm = float(torch.stack([v.norm() for v in vector]).norm())
        if part == "valid":
            found = {"loss_at_unrolled": loss, "vector_norm_including_alphas": norm}
            assert_numbers(found, case.facts["milenas2_as_coded_valid"])
        eps = SHIFT / norm
        move(vector, eps)
        _, plus = slope(case.train)
        move(vector, -eps)
        _, minus = slope(case.train)
        of_alpha = zip(vector[-2:], plus[-2:], minus[-2:], strict=True)
        terms[part] = [d - RATE * (p - m) / (2 * eps) for d, p, m in of_alpha]
    for weight in ("0", "0.1", "1"):
        pairs = zip(terms["valid"], terms["train"], strict=True)
        sums = [v + float(weight) * t for v, t in pairs]
        assert_alphas(name, f"grad/milenas2_as_coded_lambda_train_{weight}", sums, LATER)


@pytest.mark.parametrize("name", DARTS)
def test_first_step_of_the_adam_of_that_time(name: str) -> None:
    """Then eps was added before the bias of v was corrected; torch adds it afterwards."""
    case = fresh(name)
    relaxation = case.relaxation()
    gradients = relaxation.gradients(relaxation.loss(case.valid))
    beta1, beta2 = ADAM.betas
    moved = []
    for alpha, gradient in zip(case.alphas().values(), gradients, strict=True):
        g = gradient + ADAM.weight_decay * alpha
        m, v = (1 - beta1) * g, (1 - beta2) * g.square()
        correction = (1 - beta2) ** 0.5 / (1 - beta1)
        moved.append(alpha - 3e-4 * correction * m / (v.sqrt() + 1e-8))
    assert_alphas(name, "step/darts1/after_1_old_adam_epsilon", moved)
    now = (case.tensors[f"step/darts1/after_1/{key}"] for key in ("alphas_normal", "alphas_reduce"))
    furthest = max(float((a - b).abs().max()) for a, b in zip(moved, now, strict=True))
    assert furthest == pytest.approx(case.facts["old_adam_epsilon_max_abs_diff_after_1"], rel=1e-6)
