"""Which passes a step makes, what is penalised in them, and which of them a stream goes on from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from dslnas.backends.torch.supernet import Mixing
from dslnas.data.batches import Batch
from dslnas.engines.catalogue import ENGINES, make_engine
from dslnas.engines.random_sampling import RandomSampling
from dslnas.settings.sampled_methods import RandomSettings
from dslnas.settings.search import SEARCH
from dslnas.settings.search_parts import PerturbAdversarially
from dslnas.settings.values import Sgd
from tests.engines.small import SPACES, batch, space, supernet_of
from tests.engines.smooth import Pass, Smooth, smooth_batch

TRAIN, ALPHA, WEIGHTS = ("train", False), ("architecture", False), ("train", True)
"""A bare loss on either batch, and what the weights lower."""

SECOND = {"order": "second"}
EXACT = {"order": "second", "hessian": "exact"}
ADVERSARY = {"perturb": PerturbAdversarially(steps=2)}
IN_TURN = {"update": "alternating"}
STEPS: list[tuple[str, dict[str, Any], list[tuple[str, bool]]]] = [
    ("darts", {}, [ALPHA, WEIGHTS]),
    ("darts", SECOND, [TRAIN, ALPHA, TRAIN, TRAIN, WEIGHTS]),
    ("darts", EXACT, [TRAIN, ALPHA, WEIGHTS]),
    ("darts", {"warmup": 1}, [WEIGHTS]),
    ("pc_darts", {"warmup": 0}, [ALPHA, WEIGHTS]),
    ("drnas", {}, [ALPHA, WEIGHTS]),
    ("fair_darts", {}, [ALPHA, WEIGHTS]),
    ("beta_darts", {}, [ALPHA, WEIGHTS]),
    ("sdarts", {}, [ALPHA, WEIGHTS]),
    ("sdarts", ADVERSARY, [ALPHA, *[TRAIN] * 4, WEIGHTS]),
    ("darts_minus", {}, [ALPHA, WEIGHTS]),
    ("milenas", {}, [WEIGHTS, ALPHA]),
    ("milenas", IN_TURN, [TRAIN, ALPHA, WEIGHTS]),
    ("milenas", {"bilevel": 1}, [ALPHA, WEIGHTS]),
    ("milenas", EXACT, [WEIGHTS, WEIGHTS, ALPHA]),
    ("milenas", SECOND, [WEIGHTS, WEIGHTS, ALPHA, *[WEIGHTS] * 4]),
    ("milenas", SECOND | IN_TURN, [TRAIN, TRAIN, ALPHA, *[TRAIN] * 4, WEIGHTS]),
    ("single_level", {}, [WEIGHTS]),
    ("asap", {"warmup": 0}, [ALPHA, WEIGHTS]),
    ("bayesnas", {"warmup": 0}, [WEIGHTS]),
    ("gdas", {}, [ALPHA, WEIGHTS]),
    ("snas", {}, [WEIGHTS]),
    ("snas", IN_TURN, [TRAIN, WEIGHTS]),
    ("nasp", {}, [ALPHA, WEIGHTS]),
    ("nasp", {"warmup": 1}, [WEIGHTS]),
    ("asng", {}, [WEIGHTS, WEIGHTS, ALPHA, ALPHA]),
    ("asng", {"samples": 3}, [*[WEIGHTS] * 3, *[ALPHA] * 3]),
    ("asng", {"warmup": 1}, [WEIGHTS, WEIGHTS]),
    ("evolution", {}, [WEIGHTS]),
    ("evolution", {"children": "alone", "each": 2}, [WEIGHTS]),
    ("evolution", {"children": "alone", "each": 1}, [ALPHA, WEIGHTS]),
    ("enas", {}, [WEIGHTS]),
    ("enas", {"children": "alone", "each": 1}, [ALPHA, WEIGHTS]),
    ("nao", {"pool": 4, "fresh": 2}, [WEIGHTS]),
    ("random", {}, [WEIGHTS]),
    ("random_search", {"each": 2}, [WEIGHTS]),
    ("random_search", {"each": 1}, [ALPHA, WEIGHTS]),
]


def test_the_steps_of_every_method_are_known() -> None:
    assert {method for method, *_ in STEPS} == set(ENGINES)


@pytest.mark.parametrize(("method", "given", "expected"), STEPS)
@pytest.mark.sample(10)
def test_weights_lower_the_penalty_and_alpha_does_not_see_it(
    method: str,
    given: dict[str, Any],
    expected: list[tuple[str, bool]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only where one pass gives both gradients has alpha the loss of the weights."""
    supernet = supernet_of(space(SPACES["uneven"], method))
    train, architecture = batch(0), batch(1)
    seen, loss = [], supernet.loss

    def watched(examples: Batch, mixing: Mixing, *, regularised: bool = False) -> torch.Tensor:
        assert examples is train or examples is architecture
        seen.append(("train" if examples is train else "architecture", regularised))
        return loss(examples, mixing)

    monkeypatch.setattr(supernet, "loss", watched)
    settings = SEARCH[method](epochs=2, **given)
    engine = make_engine(supernet, settings, torch.Generator().manual_seed(0))
    engine.start_epoch(0)
    engine.step(train, architecture)
    assert seen == expected


# ---- streams ------------------------------------------------------------------------------------


def step(method: str, **given: Any) -> tuple[Smooth, Callable[[Batch], Pass], list[Batch]]:
    """Take one step; return the supernet, what finds the pass behind an end, and the batches."""
    supernet = Smooth()
    sgd = Sgd(lr=0.1, momentum=0.0)
    settings = SEARCH[method](epochs=2, weights=sgd, **given)
    engine = make_engine(supernet, settings, torch.Generator().manual_seed(0))
    engine.start_epoch(0)
    both = [smooth_batch(1), smooth_batch(2)]
    engine.step(both[0], both[1])

    def last(examples: Batch) -> Pass:
        assert examples.end is not None
        found = supernet.passes[int(examples.end[0]) - 1]
        assert found.batch is examples
        return found

    return supernet, last, both


@pytest.mark.parametrize("given", [SECOND, EXACT])
def test_second_order_goes_on_from_the_step_ahead_and_from_the_step_taken(
    given: dict[str, Any],
) -> None:
    """The architecture's text from the pass at w', the weights' text from that of their step."""
    supernet, last, (train, architecture) = step("darts", **given)
    start = supernet.passes[0].weights
    ahead = last(architecture)
    assert ahead.weights != start
    assert not ahead.tracking
    assert last(train) is supernet.passes[-1]
    assert last(train).regularised
    assert last(train).weights == start


@pytest.mark.parametrize("given", [SECOND, EXACT])
def test_where_the_step_has_no_pass_of_its_own_the_one_at_w_counts(given: dict[str, Any]) -> None:
    supernet, last, (train, architecture) = step("milenas", **given)
    assert last(train) is supernet.passes[0]
    assert last(architecture).weights != supernet.passes[0].weights


# ---- comparing ----------------------------------------------------------------------------------


def test_architectures_are_compared_on_segments_that_follow_each_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    supernet = Smooth()
    starts: list[list[float | None]] = []
    ends = iter(range(100))

    def loss(examples: Batch, mixing: Mixing, *, regularised: bool = False) -> torch.Tensor:
        assert not regularised
        starts.append([None if examples.start is None else float(examples.start[0])])
        examples.end = (torch.tensor(float(next(ends))),)
        return torch.tensor(1.0)

    monkeypatch.setattr(supernet, "loss", loss)
    engine = RandomSampling(supernet, RandomSettings(samples=1), torch.Generator().manual_seed(0))
    segments = [smooth_batch(seed) for seed in range(3)]
    engine.finish(segments, lambda *_: None)
    assert starts == [[None], [None], [1.0], [2.0]]  # the first alone, then all of them
    assert all(segment.end is None for segment in segments)
