"""A problem small enough to solve by hand: which methods reach which optimum, and by which steps.

    L_train(w, a) = (w - a)^2 + (a + 1)^2 / 2        so w*(a) = a
    L_val(w, a)   = a * w - 2 * a + 1

Bilevel:      a minimises L_val(a, a) = (a - 1)^2, so a = 1.
Mixed-level:  a minimises L_train(a, a) + L_val(a, a) = (a + 1)^2 / 2 + (a - 1)^2, so a = 1/3.
First order takes w as a constant. DARTS then stands still where dL_val/da = w - 2 = 0, at a = w = 2
(DARTS, figure 2), and MiLeNAS where (a + 1) + (w - 2) = 0 and w = a, at a = 1/2.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.engines.catalogue import make_engine
from dslnas.engines.objectives.hessian import Hessian
from dslnas.engines.objectives.objectives import Bilevel, MixedLevel, Objective, Order
from dslnas.engines.optimisers import WeightOptimiser
from dslnas.engines.relaxations.softmax import Relaxation
from dslnas.settings.search import SEARCH
from dslnas.settings.values import ADAM_OF_DARTS, Cosine, Sgd
from tests.engines.toy import CELL, TRAIN, VALIDATION, Toy, value

EPOCHS = 120


def end(method: str, rate: float = 0.5, **given: Any) -> tuple[float, float]:
    """Return (w, a) at the end of a search; at rate 1/2 one step of w ends at w*(a)."""
    toy = Toy(w=-2.0)
    settings = SEARCH[method].model_validate(
        {
            "epochs": EPOCHS,
            "weights": Sgd(lr=rate, momentum=0.0, weight_decay=0.0, clip=0.0),
            "arch": ADAM_OF_DARTS.replace(lr=Cosine(start=0.2, end=0.0), weight_decay=0.0),
            **given,
        }
    )
    engine = make_engine(toy, settings, torch.Generator().manual_seed(0))
    for epoch in range(EPOCHS):
        engine.start_epoch(epoch)
        engine.step(TRAIN, VALIDATION)
    first, second = engine.alphas()[CELL][0].tolist()
    return float(toy.w.detach()), first - second


EXACT = {"order": "second", "hessian": "exact"}
DIFFERENCE = {"order": "second", "hessian": "difference"}


@pytest.mark.parametrize(
    ("method", "given", "optimum"),
    [
        ("darts", {}, 2),
        ("darts", EXACT, 1),
        ("darts", DIFFERENCE, 1),
        ("milenas", {}, 1 / 2),
        ("milenas", {"update": "alternating"}, 1 / 2),
        ("milenas", EXACT, 1 / 3),
        ("milenas", DIFFERENCE, 1 / 3),
        ("milenas", EXACT | {"update": "alternating"}, 1 / 3),
        # (a + 1) + 4 * 2 * (a - 1) = 0
        ("milenas", EXACT | {"lambda_": 4.0}, 7 / 9),
        ("milenas", {"lambda_": 0.0}, -1),
        ("single_level", {}, -1),
        ("single_level", EXACT, -1),
    ],
)
@pytest.mark.sample(5)
def test_where_a_method_ends(method: str, given: dict[str, Any], optimum: float) -> None:
    w, a = end(method, **given)
    assert a == pytest.approx(optimum, abs=1e-4)
    assert w == pytest.approx(optimum, abs=1e-3)


def test_the_ends_are_the_optima_that_are_claimed() -> None:
    """Look for those of the objectives, with w*(a) put in, on a grid."""
    grid = torch.linspace(-2, 3, 5001, dtype=torch.float64)  # of a = w

    def lowest(of_train: float, of_validation: float) -> float:
        both = of_train * value(TRAIN, grid, grid) + of_validation * value(VALIDATION, grid, grid)
        return float(grid[both.argmin()])

    assert lowest(0, 1) == pytest.approx(1)
    assert lowest(1, 1) == pytest.approx(1 / 3, abs=1e-3)
    assert lowest(1, 4) == pytest.approx(7 / 9, abs=1e-3)


@pytest.mark.parametrize("rate", [0.1, 0.25])
def test_a_shorter_unrolled_step_ends_between_the_orders(rate: float) -> None:
    """w' = w at w = a, so the gradient there is (a - 2) + 2 * rate * a."""
    _, a = end("darts", rate, **EXACT)
    assert a == pytest.approx(2 / (1 + 2 * rate), abs=1e-4)


def test_the_switch_from_bilevel_to_mixed_level_changes_the_end() -> None:
    assert end("milenas", bilevel=EPOCHS)[1] == pytest.approx(2, abs=1e-4)
    assert end("milenas", bilevel=EPOCHS // 3)[1] == pytest.approx(1 / 2, abs=1e-3)


# ---- every gradient, at a point where no step ends ----------------------------------------------

RATE, MOMENTUM, DECAY = 0.15, 0.9, 0.02
LAMBDA = 0.7


class Point:
    """(w, a) somewhere, with momentum."""

    def __init__(self) -> None:
        self.toy = Toy(w=0.4)
        sgd = Sgd(lr=RATE, momentum=MOMENTUM, weight_decay=DECAY, clip=0.01)
        self.optimiser = WeightOptimiser(self.toy.weights(), sgd, 1)
        self.relaxation = Relaxation(self.toy, torch.Generator().manual_seed(0))
        self.relaxation.alphas[CELL].data = torch.tensor([[0.9, -0.4]], dtype=torch.float64)
        self.optimiser.step(self.optimiser.gradients(self.relaxation.loss(TRAIN)))
        (state,) = self.optimiser._descent.buffers.values()
        self.buffer = float(state["momentum_buffer"])
        self.w = float(self.toy.w.detach())

    def gradient(self, level: str, order: Order, hessian: Hessian) -> tuple[float, float]:
        """Return what a level gives for both alphas."""
        common = (self.toy, self.relaxation, self.optimiser, order, hessian)
        found: Objective = Bilevel(*common) if level == "bilevel" else MixedLevel(*common, LAMBDA)
        step = found.gradient(TRAIN, VALIDATION)
        assert step.loss is not None
        ((first, second),) = step.gradients[0].tolist()
        return first, second

    def objective(self, level: str, order: Order, a: Tensor) -> Tensor:
        """Return what is differentiated in a, as a function of it."""
        w = torch.tensor(self.w, dtype=torch.float64)
        if order == "second":
            slope = 2 * (w - a)  # of L_train in w
            w = w - RATE * (MOMENTUM * self.buffer + slope + DECAY * w)
        result = value(VALIDATION, w, a)
        return result if level == "bilevel" else value(TRAIN, w, a) + LAMBDA * result


@pytest.mark.parametrize("level", ["bilevel", "mixed"])
@pytest.mark.parametrize(
    ("order", "hessian"), [("first", "exact"), ("second", "exact"), ("second", "difference")]
)
def test_every_gradient_is_the_slope_of_its_objective(
    level: str, order: Order, hessian: Hessian
) -> None:
    point = Point()
    assert point.buffer != 0
    first, second = point.gradient(level, order, hessian)
    assert second == pytest.approx(-first, rel=1e-9)
    a = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)
    (by_autograd,) = torch.autograd.grad(point.objective(level, order, a), a)
    assert first == pytest.approx(float(by_autograd), rel=1e-9)
    low, high = (float(point.objective(level, order, a + h).detach()) for h in (-1e-4, 1e-4))
    assert first == pytest.approx((high - low) / 2e-4, rel=1e-7)


def test_the_gradients_differ_where_nothing_is_optimal() -> None:
    point = Point()
    orders: tuple[Order, Order] = ("first", "second")
    found = {point.gradient(level, o, "exact") for level in ("bilevel", "mixed") for o in orders}
    assert len(found) == 4
