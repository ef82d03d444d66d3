"""Perturbed mixtures: alpha is trained at the mixture itself, the weights near it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.engines.catalogue import make_engine
from dslnas.engines.perturbations import Perturber
from dslnas.engines.relaxations.softmax import Relaxation
from dslnas.settings.search import SEARCH
from dslnas.settings.search_parts import PerturbAdversarially, Perturbation, PerturbRandomly
from dslnas.settings.values import Linear
from tests.engines.small import TEXTS, batch, segment, space, supernet_of

EPOCHS = 4
BOTH = pytest.mark.parametrize("settings", [PerturbRandomly(), PerturbAdversarially(steps=2)])
SPACES = pytest.mark.parametrize("name", ["uneven", "recurrent"])


def examples(name: str) -> Batch:
    return segment(0) if name == "recurrent" else batch(0)


def perturber(settings: Perturbation, name: str = "uneven") -> tuple[Perturber, Relaxation]:
    supernet = supernet_of(space(TEXTS[name]))
    relaxation = Relaxation(supernet, torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    return Perturber(supernet, relaxation.exists, settings, EPOCHS, generator), relaxation


@SPACES
@BOTH
def test_a_perturbed_mixture_is_a_mixture_within_epsilon(settings: Perturbation, name: str) -> None:
    perturb, relaxation = perturber(settings, name)
    perturb.start_epoch(1)
    mixing = relaxation.deterministic()
    assert mixing.weights is not None
    found = perturb(mixing, examples(name)).weights
    assert found is not None
    for cell, p in mixing.weights.items():
        torch.testing.assert_close(found[cell].sum(-1), torch.ones(len(p)).double())
        assert bool((found[cell] >= 0).all())
        assert not found[cell][p == 0].any(), "what does not exist has no weight"
        assert not torch.equal(found[cell], p)


def test_the_size_of_a_perturbation_grows_with_the_epochs() -> None:
    perturb, relaxation = perturber(PerturbRandomly(epsilon=Linear(start=0.001, end=0.1)))
    mixing, sizes = relaxation.deterministic(), []
    assert mixing.weights is not None
    for epoch in range(EPOCHS):
        perturb.start_epoch(epoch)
        found = perturb(mixing, batch(0)).weights
        assert found is not None
        sizes.append(float((found["wide"] - mixing.weights["wide"]).abs().max().detach()))
    assert sizes == sorted(sizes)
    assert sizes[-1] > 30 * sizes[0]


def test_an_adversary_finds_a_larger_loss_than_the_mixture_has() -> None:
    perturb, relaxation = perturber(PerturbAdversarially(epsilon=0.3))
    supernet, mixing = relaxation._supernet, relaxation.deterministic()
    worse = perturb(mixing, batch(0))
    with supernet.evaluating(), torch.no_grad():
        assert supernet.loss(batch(0), worse) > supernet.loss(batch(0), mixing)


def test_of_a_row_that_is_cut_to_nothing_the_largest_stays() -> None:
    perturb, _ = perturber(PerturbRandomly())
    weights = torch.full((4, 4), 0.25, dtype=torch.float64)
    weights[1] = torch.tensor([-0.3, -0.1, 5.0, 5.0])  # the last two do not exist
    weights[2] = torch.tensor([0.5, 2.0, 0.5, 5.0])
    found = perturb.clipped("wide", weights)
    assert found[1].tolist() == [0.0, 1.0, 0.0, 0.0]
    assert found[2].tolist() == [0.25, 0.5, 0.25, 0.0]


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("sdarts", {}),
        ("pc_darts", {"perturb": PerturbRandomly(), "warmup": 0}),
        ("snas", {"perturb": PerturbRandomly(), "update": "alternating"}),
        ("drnas", {"perturb": PerturbAdversarially(steps=1)}),
        ("milenas", {"perturb": PerturbRandomly(), "update": "alternating"}),
    ],
)
def test_only_the_weights_see_the_perturbation(
    method: str, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    supernet = supernet_of(space(TEXTS["darts"], method))
    settings = SEARCH[method](epochs=EPOCHS, **given)
    engine = make_engine(supernet, settings, torch.Generator().manual_seed(0))
    engine.start_epoch(0)
    seen: list[dict[str, Tensor]] = []
    perturbed = Perturber.__call__

    def watched(self: Perturber, mixing: Mixing, examples: Batch) -> Mixing:
        found = perturbed(self, mixing, examples)
        assert found.weights is not None
        seen.append({cell: weights.detach().clone() for cell, weights in found.weights.items()})
        return found

    monkeypatch.setattr(Perturber, "__call__", watched)
    runs = watch(supernet, monkeypatch)
    engine.step(batch(0), batch(1))
    assert len(seen) == 1
    *before, last = runs
    assert all(torch.equal(last[cell], weights) for cell, weights in seen[0].items())
    assert not any(torch.equal(other["normal"], last["normal"]) for other in before)


def watch(supernet: Supernet, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Tensor]]:
    """Return the mixing weights of every run in training mode from now on."""
    seen: list[dict[str, Tensor]] = []
    loss = supernet.loss

    def watched(examples: Batch, mixing: Mixing, *, regularised: bool = False) -> Tensor:
        assert mixing.weights is not None
        if supernet.network.training:
            seen.append({cell: w.detach().clone() for cell, w in mixing.weights.items()})
        return loss(examples, mixing, regularised=regularised)

    monkeypatch.setattr(supernet, "loss", watched)
    return seen
