"""OLES: weights of an operation stay once their gradients on both data go different ways."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.engines.catalogue import make_engine
from dslnas.engines.gradient_engine import GradientEngine
from dslnas.engines.optimisers import value_at
from dslnas.settings.gradient_methods import DartsSettings
from dslnas.settings.search import SEARCH
from dslnas.settings.search_parts import Oles
from tests.engines.by_hand import HandAdam, HandSgd
from tests.engines.small import batch
from tests.engines.twin import ADAM, CLIPPED, EPOCHS, Twin, alphas_of, assert_same

THRESHOLD, STEPS = 0.02, 2
OLES = Oles(threshold=THRESHOLD, steps=STEPS)
FIXED = {"n2_in1"}
"""Edges of the space `uneven` without a choice."""


def start(method: str, **given: Any) -> tuple[Twin, GradientEngine]:
    twin = Twin("uneven")
    settings = SEARCH[method](**{"epochs": EPOCHS, "weights": CLIPPED, "arch": ADAM, **given})
    engine = make_engine(twin.supernet, settings, twin.generator)
    assert isinstance(engine, GradientEngine)
    engine.start_epoch(0)
    return twin, engine


def operations(twin: Twin) -> dict[str, list[int]]:
    """Return by operation the places of its weights; those on edges without a choice left out."""
    found: dict[str, list[int]] = {}
    for number, (name, _) in enumerate(twin.supernet.network.named_parameters()):
        part, edge, *rest = name.split("/")
        is_fixed = part == "cell2" or edge in FIXED
        if part.startswith("cell") and "_" in edge and not is_fixed:
            found.setdefault(f"{part}/{edge}/{rest[0]}", []).append(number)
    return found


def cosine(g: Tensor, h: Tensor) -> Tensor:
    """Return the mean over all other axes of the cosine along the first."""
    products: Tensor = (g * h).sum(0) / (g.norm(dim=0) * h.norm(dim=0))
    return products.mean()


def test_operations_stop_by_the_cosine_of_their_gradients() -> None:
    ours, engine = start("darts", freeze=OLES)
    hand = Twin("uneven")
    alphas = [alpha.detach().clone() for alpha in alphas_of(engine)]
    on_weights, on_alpha = HandSgd(CLIPPED), HandAdam(ADAM)
    groups = operations(hand)
    seen: dict[str, list[float]] = {name: [] for name in groups}
    stopped: set[int] = set()
    before: list[Tensor | None] = []
    rate = value_at(ADAM.lr, 0, EPOCHS)
    for number in range(2 * STEPS + 2):
        train, architecture = batch(10 + number), batch(20 + number)
        engine.step(train, architecture)

        alphas = [alpha.requires_grad_() for alpha in alphas]
        wanted = [*alphas, *hand.supernet.weights()]
        loss = hand.supernet.loss(architecture, hand.softened(alphas))
        found = torch.autograd.grad(loss, wanted, materialize_grads=True)
        alphas = on_alpha.step([a.detach() for a in alphas], found[: len(alphas)], rate)
        held_out = found[len(alphas) :]
        for name, places in groups.items() if before else ():
            pairs = [(held_out[n], before[n]) for n in places]
            seen[name].append(
                sum(float(cosine(g, h)) for g, h in pairs if h is not None) / len(pairs)
            )
            if len(seen[name]) == STEPS:
                if sum(seen[name]) / STEPS < THRESHOLD:
                    stopped |= set(places)
                seen[name].clear()
        loss = hand.supernet.loss(train, hand.softened(alphas))
        found = torch.autograd.grad(loss, hand.supernet.weights(), allow_unused=True)
        before = [None if n in stopped else g for n, g in enumerate(found)]
        moved = on_weights.step(hand.weights(), before, value_at(CLIPPED.lr, 0, EPOCHS))
        with torch.no_grad():
            for weight, value in zip(hand.supernet.weights(), moved, strict=True):
                weight.copy_(value)
        seen = {name: s for name, s in seen.items() if stopped.isdisjoint(groups[name])}
        groups = {name: groups[name] for name in seen}
        assert_same(ours.weights(), hand.weights())
        assert_same(alphas_of(engine), alphas)
    assert stopped
    assert groups, "others go on"
    assert engine.stopped_operations == len(operations(hand)) - len(groups)


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("darts", {}),
        ("drnas", {}),
        ("snas", {"level": "bilevel"}),
        ("milenas", {}),
        ("milenas", {"update": "alternating"}),
    ],
)
@pytest.mark.sample(3)
def test_what_has_stopped_stays(method: str, given: dict[str, Any]) -> None:
    twin, engine = start(method, freeze=Oles(threshold=1.0, steps=1), **given)
    assert engine.stopped_operations == 0
    for number in range(2):
        engine.step(batch(number), batch(50 + number))
    places = {n for of_one in operations(twin).values() for n in of_one}
    weights = [w.clone() for w in twin.weights()]
    engine.step(batch(2), batch(52))
    pairs = zip(twin.weights(), weights, strict=True)
    assert {n for n, (a, b) in enumerate(pairs) if torch.equal(a, b)} == places
    assert engine.stopped_operations == len(operations(twin))


def test_a_rule_that_never_applies_changes_nothing() -> None:
    (ours, engine), (others, other) = start("darts", freeze=Oles(threshold=-1.0)), start("darts")
    for number in range(3):
        for one in (engine, other):
            one.step(batch(number), batch(50 + number))
    assert_same(ours.weights(), others.weights())
    assert_same(alphas_of(engine), alphas_of(other))


def test_nothing_is_compared_while_alpha_waits() -> None:
    twin = Twin("uneven")
    settings = DartsSettings(epochs=2, warmup=1, freeze=Oles(threshold=1.0, steps=1))
    engine = make_engine(twin.supernet, settings, twin.generator)
    engine.start_epoch(0)
    for number in range(3):
        weights = [w.clone() for w in twin.weights()]
        engine.step(batch(number), batch(50 + number))
    assert not any(torch.equal(a, b) for a, b in zip(twin.weights(), weights, strict=True))
