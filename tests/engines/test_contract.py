"""What every search method must do; a new engine is tested by standing in the table."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.catalogue import ENGINES, make_engine
from dslnas.engines.engine import Engine
from dslnas.engines.relaxed import Relaxed
from dslnas.language.check_search import DRAWN as DRAWN_METHODS
from dslnas.language.check_search import RELAXED
from dslnas.settings.search import SEARCH
from dslnas.settings.values import Adam, Cosine, Sgd
from dslnas.space.derive import Scores, derive
from tests.engines.small import SPACES, batch, space, supernet_of

EVERY_ENGINE = pytest.mark.parametrize("method", ENGINES)
# Random search begins anew every few epochs: see test_random_search.
EVERY_SEARCH = pytest.mark.parametrize("method", [m for m in ENGINES if m != "random_search"])
SPACE = "uneven"
FEW: dict[str, dict[str, Any]] = {"random": {"samples": 8}, "random_search": {"each": 1}}
DRAWN = {"random", "random_search"}
"""Methods whose alphas are an architecture that was drawn."""
EVERY_LEARNER = pytest.mark.parametrize("method", [m for m in ENGINES if m not in DRAWN])
ON_EVERY_SPACE = {"darts", "pc_darts", "gdas", "nasp", "random"}
"""The others see cells through the same code as one of these."""
ENGINES_ON_SPACES = pytest.mark.parametrize(
    ("method", "name"),
    [(m, n) for m in ENGINES for n in sorted(SPACES) if m in ON_EVERY_SPACE or n == "skipped"],
)


def start(
    method: str, name: str = SPACE, seed: int = 0, dtype: torch.dtype = torch.float32, **given: Any
) -> tuple[Supernet, Engine]:
    """Return a supernet and an engine at work on it; `given` are settings."""
    settings = SEARCH[method](**{"epochs": 2, "warmup": 0, **FEW.get(method, {}), **given})
    supernet = supernet_of(space(SPACES[name], method), seed, dtype)
    generator = torch.Generator().manual_seed(seed)
    engine = make_engine(method, supernet, settings, generator)
    engine.start_epoch(0)
    return supernet, engine


def search(method: str, steps: int = 3, seed: int = 0) -> tuple[list[Tensor], Scores]:
    """Return all tensors after some steps, alphas first, and the scores."""
    supernet, engine = start(method, seed=seed)
    for number in range(steps):
        engine.step(*batches(number))
    state = [v.clone() for v in supernet.network.state_dict().values()]
    held_out = [batch(90, dtype=torch.float32), batch(91, size=3, dtype=torch.float32)]
    scores = engine.finish(held_out, lambda *_: None)
    return [a.detach().clone() for a in engine.alphas().values()] + state, scores


def batches(number: int) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    return batch(number, dtype=torch.float32), batch(50 + number, dtype=torch.float32)


def test_there_is_an_engine_for_the_settings_of_every_method() -> None:
    assert set(ENGINES) == set(SEARCH)


def test_the_check_knows_which_methods_have_a_softmax_and_which_draw() -> None:
    engines = {method: start(method)[1] for method in ENGINES}
    assert {m for m, engine in engines.items() if isinstance(engine, Relaxed)} == set(RELAXED)
    assert {m for m, engine in engines.items() if not engine.learns} == set(DRAWN_METHODS)


@EVERY_ENGINE
def test_same_seed_gives_the_same_bits(method: str) -> None:
    (first, scores), (again, scores_again) = search(method), search(method)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert scores == scores_again


@EVERY_ENGINE
def test_another_seed_gives_something_else(method: str) -> None:
    (first, scores), (other, other_scores) = search(method), search(method, seed=1)
    assert scores != other_scores
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


@EVERY_ENGINE
def test_alphas_have_the_rows_and_columns_of_the_space(method: str) -> None:
    supernet, engine = start(method)
    engine.step(*batches(0))
    shapes = {name: tuple(a.shape) for name, a in engine.alphas().items()}
    assert {cell: shapes[cell] for cell in supernet.tables} == {"wide": (4, 4), "narrow": (2, 2)}
    assert list(shapes.items()) == list(supernet.network.graph.alphas.items())


@EVERY_SEARCH
def test_alphas_move(method: str) -> None:
    _, engine = start(method, arch=Adam(lr=0.1))
    before = [a.detach().clone() for a in engine.alphas().values()]
    for number in range(4):
        engine.step(*batches(number))
    after = [a.detach() for a in engine.alphas().values()]
    assert all(not torch.equal(a, b) for a, b in zip(before, after, strict=True))


@EVERY_LEARNER
def test_in_a_warm_up_only_weights_move(method: str) -> None:
    supernet, engine = start(method, warmup=1, arch=Adam(lr=0.1))
    assert engine.learns
    alphas = [a.detach().clone() for a in engine.alphas().values()]
    weights = [w.detach().clone() for w in supernet.weights()]
    for number in range(2):
        assert engine.step(*batches(number)).architecture is None
    pairs = list(zip(engine.alphas().values(), alphas, strict=True))
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not all(torch.equal(a, b) for a, b in zip(supernet.weights(), weights, strict=True))
    engine.start_epoch(1)
    engine.step(*batches(2))
    assert all(not torch.equal(a, b) for a, b in pairs)


@EVERY_ENGINE
def test_scores_are_there_between_epochs(method: str) -> None:
    supernet, engine = start(method)
    engine.step(*batches(0))
    before = [v.clone() for v in supernet.network.state_dict().values()]
    scores = engine.scores()
    assert derive(space(SPACES[SPACE]), scores).is_architecture
    assert engine.scores() == scores, "to ask changes nothing"
    after = supernet.network.state_dict().values()
    assert all(torch.equal(a, b) for a, b in zip(after, before, strict=True))


@ENGINES_ON_SPACES
def test_any_space_is_stepped_through_and_derived_from(method: str, name: str) -> None:
    supernet, engine = start(method, name)
    for number in range(2):
        report = engine.step(*batches(number))
        assert report.train.shape == ()
        for loss in (report.train, report.architecture):
            assert loss is None or (bool(loss.isfinite()) and not loss.requires_grad)
    tensors = itertools.chain(engine.alphas().values(), supernet.network.state_dict().values())
    assert all(bool(tensor.isfinite().all()) for tensor in tensors)
    scores = engine.finish([batch(90, dtype=torch.float32)], lambda *_: None)
    assert list(scores) == list(supernet.tables)
    for cell, table in supernet.tables.items():
        assert [len(row) for row in scores[cell]] == [table.width] * len(table.rows)
        assert all(isinstance(x, float) for row in scores[cell] for x in row)
    assert derive(space(SPACES[name]), scores).is_architecture


@EVERY_ENGINE
def test_a_few_examples_can_be_learnt_by_heart(method: str) -> None:
    _, engine = start(method, weights=Sgd(lr=0.05, weight_decay=0.0))
    examples = batch(0, dtype=torch.float32)
    losses = [float(engine.step(examples, examples).train) for _ in range(20)]
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])


@EVERY_SEARCH
def test_at_a_learning_rate_of_zero_nothing_moves(method: str) -> None:
    falling = Cosine(start=0.1, end=0.0)
    supernet, engine = start(method, weights=Sgd(lr=falling), arch=Adam(lr=falling))
    engine.step(*batches(0))
    engine.start_epoch(2)  # one after the last: the cosine has reached its end
    alphas = [a.detach().clone() for a in engine.alphas().values()]
    weights = [w.detach().clone() for w in supernet.weights()]
    engine.step(*batches(1))
    if method not in DRAWN:
        pairs = zip(engine.alphas().values(), alphas, strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)
    assert all(torch.equal(a, b) for a, b in zip(supernet.weights(), weights, strict=True))
    engine.start_epoch(1)
    engine.step(*batches(1))
    assert not all(torch.equal(a, b) for a, b in zip(supernet.weights(), weights, strict=True))


@EVERY_ENGINE
def test_the_network_can_be_measured_between_steps(method: str) -> None:
    supernet, engine = start(method)
    engine.step(*batches(0))
    before = {k: v.clone() for k, v in supernet.network.state_dict().items()}
    supernet.network.eval()
    with torch.inference_mode():
        logits = supernet.logits(batches(1)[0][0], engine.mixing())
    assert logits.shape == (6, 3)
    assert all(torch.equal(v, before[k]) for k, v in supernet.network.state_dict().items())
    supernet.network.train()
    engine.step(*batches(1))


@EVERY_ENGINE
def test_finishing_trains_no_weights(method: str) -> None:
    supernet, engine = start(method)
    engine.step(*batches(0))
    before = [w.detach().clone() for w in supernet.weights()]
    engine.finish([batch(90, dtype=torch.float32)], lambda *_: None)
    assert all(torch.equal(a, b) for a, b in zip(supernet.weights(), before, strict=True))


@EVERY_ENGINE
def test_works_in_double_precision(method: str) -> None:
    supernet, engine = start(method, dtype=torch.float64)
    report = engine.step(batch(0), batch(1))
    assert report.train.dtype == torch.float64
    assert {w.dtype for w in supernet.weights()} == {torch.float64}
