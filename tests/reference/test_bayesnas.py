"""BayesNAS: the closed-form updates and the lasso of the published program."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from dslnas.engines.sparse_prior import NOTHING_TOLD, group_lasso, joined, updated
from tests.reference.load import EXACT, assert_close, facts, tensors

NAME = "bayesnas_a"
KINDS = ("norm", "reduct")
STRENGTHS = facts(NAME)["config"]
EDGE, OPERATIONS = 0, slice(1, None)
"""Weights along the last dimension: the gate of an edge, and those of its operations."""


def after(kind: str, gamma: Tensor, number: int) -> tuple[Tensor, Tensor]:
    """Return gamma and omega of all groups after an update from gamma."""
    stored = tensors(NAME)
    gates, curvature = stored[f"in/gates_{kind}"], stored[f"in/hessian_{kind}_update_{number}"]
    strengths = [STRENGTHS["lambda_origin"], *[STRENGTHS["lambda_child"]] * 7]
    found, omegas = [], []
    for gate, strength in enumerate(strengths):
        s, h = gates[..., gate], curvature[..., gate]
        here, omega = updated(s, gamma[..., gate], h, strength)
        found.append(here)
        omegas.append(omega)
    edge, *operations = found
    together = [edge, *(joined(operation, edge) for operation in operations)]
    return torch.stack(together, -1), torch.stack(omegas, -1)


@pytest.mark.parametrize("kind", KINDS)
def test_second_update_is_that_of_the_program(kind: str) -> None:
    """By then one gamma belongs to a whole group, as is meant, and the program is right."""
    stored = tensors(NAME)
    gamma, omega = after(kind, stored[f"as_coded/after_1/gamma_{kind}"], 2)
    assert_close(gamma, stored[f"as_coded/after_2/gamma_{kind}"])
    assert_close(omega, stored[f"as_coded/after_2/omega_{kind}"])


@pytest.mark.parametrize("kind", KINDS)
def test_updates_are_those_that_are_meant(kind: str) -> None:
    """In its first update the program mixes the cells up; this is what it means."""
    stored = tensors(NAME)
    gamma = stored[f"in/gamma_{kind}"]
    for number in (1, 2):
        gamma, omega = after(kind, gamma, number)
        assert_close(gamma, stored[f"intended/after_{number}/gamma_{kind}"])
        assert_close(omega, stored[f"intended/after_{number}/omega_{kind}"])


@pytest.mark.parametrize(
    ("key", "omegas"),
    [("lasso_with_input_omega", "in"), ("lasso_after_update_1", "as_coded/after_1")],
)
def test_lasso_and_its_gradient(key: str, omegas: str) -> None:
    """The program weighs by the omega of the first cell, where cells differ."""
    stored = tensors(NAME)
    gates = [stored[f"in/gates_{kind}"].clone().requires_grad_() for kind in KINDS]
    total = torch.zeros((), dtype=torch.float64)
    for kind, s in zip(KINDS, gates, strict=True):
        omega = stored[f"{omegas}/omega_{kind}"]
        omega = omega if omega.dim() == 2 else omega[0]
        edges = group_lasso(s[..., EDGE], omega[..., EDGE])
        operations = group_lasso(s[..., OPERATIONS], omega[..., OPERATIONS])
        total = total + STRENGTHS["lambda_origin"] * edges + STRENGTHS["lambda_child"] * operations
    assert float(total.detach()) == pytest.approx(facts(NAME)[key]["regulariser"], rel=EXACT)
    for kind, gradient in zip(KINDS, torch.autograd.grad(total, gates), strict=True):
        assert_close(gradient, stored[f"{key}/grad_gates_{kind}"])


def test_what_the_entropy_keeps() -> None:
    assert pytest.approx(facts(NAME)["entropy_zero_gamma"], rel=EXACT) == NOTHING_TOLD
    assert math.log(2 * math.pi * math.e * NOTHING_TOLD) / 2 == pytest.approx(0, abs=1e-15)
    for kind, kept in facts(NAME)["kept_after_1_as_coded"].items():
        gamma = tensors(NAME)[f"as_coded/after_1/gamma_{kind}"]
        assert (gamma > NOTHING_TOLD).int().tolist() == kept
