"""Complete steps of NASP.

The files have them twice. In `dropped_grads` a weight without a gradient stays, as here. In
`zeroed_grads` its gradient counts as zero, so that decay and momentum move it: so did the libraries
of that time. We do not, but the rest of the step is the same, so the test puts the zeros in.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from dslnas.engines.discretise import nearest
from dslnas.engines.nasp import Nasp
from dslnas.engines.optimisers import WeightOptimiser
from dslnas.engines.relaxations.softmax import rows_of
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.settings.gradient_methods import NaspSettings
from dslnas.space import choice_table
from tests.reference.load import (
    ALPHAS,
    EXACT,
    LATER,
    NASP,
    assert_alphas,
    assert_close,
    assert_numbers,
)
from tests.reference.networks import ADAM, SGD, Case, fresh, statistics
from tests.reference.watch import Watch


def start(case: Case, complexity: float = 0.0) -> Nasp:
    """Return the engine at the file's state; only the normal cell's operations cost something."""
    settings = NaspSettings(
        epochs=1,
        weights=SGD,
        arch=ADAM.replace(lr=case.facts["hyper"]["alpha_lr"]),
        complexity=complexity,
        cells=("normal",),
    )
    engine = Nasp(case.supernet, settings, torch.Generator(), ResourceConstraints(case.space))
    case.put_alphas(engine.alphas())
    case.put_momentum(engine._weights)
    engine.start_epoch(0)
    return engine


def first_wins(seed: int, cell: str, rows: tuple[int, ...]) -> list[list[int]]:
    """Break ties as the program does: clipping makes some, at 0 and at 1."""
    return [[-(100 * row + column) for column in range(n)] for row, n in enumerate(rows)]


def fill_with_zeros(optimiser: WeightOptimiser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an optimiser take a missing gradient for zero."""
    step = optimiser.step

    def filled(gradients: Sequence[Tensor | None], share: float = 1.0) -> Sequence[Tensor | None]:
        pairs = zip(optimiser._weights, gradients, strict=True)
        return step([torch.zeros_like(w) if g is None else g for w, g in pairs], share)

    monkeypatch.setattr(optimiser, "step", filled)


@pytest.mark.parametrize("variant", ["dropped_grads", "zeroed_grads"])
@pytest.mark.parametrize("name", NASP)
@pytest.mark.sample(2)
def test_three_steps(name: str, variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = fresh(name)
    monkeypatch.setattr(choice_table, "tie_breaks", first_wins)
    engine = start(case)
    if variant == "zeroed_grads":
        fill_with_zeros(engine._weights, monkeypatch)
    with Watch(case, engine._weights) as watch:
        for number, expected in enumerate(case.facts["steps"][variant], 1):
            tolerance = EXACT if number == 1 else LATER
            report = engine.step(case.train, case.valid)
            found = {"loss_in_w_step": float(report.train), **watch.last_step()}
            assert_numbers(found, expected, tolerance)
            assert_numbers(statistics(case.supernet.network), expected["bn"], tolerance)
            for cell, theirs in ALPHAS.items():
                chosen = nearest(case.supernet.tables[cell], rows_of(engine.alphas()[cell]))
                assert list(chosen) == expected["prox_choice_after"][theirs]
            if number in (1, 3):
                key = f"step/{variant}/after_{number}"
                assert_alphas(name, key, list(engine.alphas().values()), tolerance)
                assert_close(case.norms(), case.tensors[f"{key}/w_l2_per_param"], tolerance)


@pytest.mark.parametrize("name", NASP)
def test_alpha_after_a_step_with_the_regulariser(name: str) -> None:
    case = fresh(name)
    engine = start(case, complexity=0.1)
    engine.step(case.train, case.valid)
    found = list(engine.alphas().values())
    assert_alphas(name, "alpha_step_l2_0.1/after_adam_and_clip", found)
