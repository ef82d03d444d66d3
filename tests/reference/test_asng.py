"""ASNG's updates from the samples and losses of the published program."""

from __future__ import annotations

import pytest
import torch

from dslnas.engines.natural_gradient import NaturalGradient, utilities
from tests.reference.load import assert_close, facts, tensors

NAME = "asng_a"
RUNS = ("lam2", "lam4", "lam2_random_losses", "lam6")


@pytest.mark.parametrize("run", RUNS)
def test_updates(run: str) -> None:
    stored = {
        k.removeprefix(f"{run}/"): v for k, v in tensors(NAME).items() if k.startswith(f"{run}/")
    }
    about = facts(NAME)["runs"][run]
    chance = NaturalGradient(about["categories"], about["alpha"], about["init_delta"])
    chance.theta = stored["theta0"].clone()
    skipped = 0
    for step in range(12):
        samples, losses = stored["samples"][step].tolist(), stored["losses"][step].tolist()
        before = chance.s
        u = utilities(losses)
        assert u == pytest.approx(stored["utility"][step].tolist(), rel=1e-9, abs=1e-15)
        gradient = chance.gradient(samples, u)
        assert torch.allclose(gradient, stored["ngrad"][step], rtol=1e-9, atol=1e-17)
        assert chance.delta == pytest.approx(float(stored["delta_used"][step]), rel=1e-9)
        chance.update(samples, losses)
        assert_close(chance.theta, stored["theta"][step])
        if step > 0:
            assert_close(chance.s, stored["s"][step])
        for found, name in (
            (chance.gamma, "gamma"),
            (chance.divisor, "Delta"),
            (chance.delta, "delta"),
        ):
            assert found == pytest.approx(float(stored[name][step]), rel=1e-9)
        stays = chance.s is before
        assert stays == bool(stored["skipped"][step])
        skipped += stays
    assert chance.likeliest() == stored["mle"].tolist()
    assert skipped == int(stored["skipped"].sum())


def test_utilities() -> None:
    """Losses of 0 or less that are equal tie here, and by an accident not in the program."""
    for case in facts(NAME)["utility_cases"]:
        losses = case["losses"]
        if min(losses) > 0:
            assert utilities(losses) == pytest.approx(case["utility"], rel=1e-9)
    assert utilities([0.0, 0.0]) == [0.0, 0.0]
    assert utilities([-2.0, -1.0, -1.0, -3.0]) == [0.0, -0.5, -0.5, 1.0]
