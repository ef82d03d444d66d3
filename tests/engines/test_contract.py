"""The contract of every search method; a new engine is tested by standing in the table."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.engines.catalogue import ENGINES, make_engine
from dslnas.engines.protocol import Engine
from dslnas.settings.search import SEARCH
from dslnas.settings.values import Adam, Cosine, Sgd, Variational
from dslnas.space.derive.derive import Scores, derive
from tests.engines.kinds import ON_EVERY_SPACE, stands_for_its_base
from tests.engines.methods import ALONE, FEW, METHODS, model_of
from tests.engines.small import SEQUENCES, SPACES, TEXTS, batch, segment, space, supernet_of

SPACE = "uneven"
NOT_RECURRENT = {"pc_darts"}
"""It searches a part of the channels of images."""


def on(
    images: Iterable[str], methods: Iterable[str], *, shared: bool = False
) -> pytest.MarkDecorator:
    """Run a test with methods on spaces of images and on those of text."""
    return on_pairs(((m, n) for m in methods for n in (*images, *SEQUENCES)), shared=shared)


def on_pairs(pairs: Iterable[tuple[str, str]], *, shared: bool = False) -> pytest.MarkDecorator:
    """Run a test with methods on spaces that they fit; on text most of them with `-m slow`.

    So run those behind the first of a base where what is tested is `shared` by all that have it.
    """
    fit = [(m, n) for m, n in pairs if m not in NOT_RECURRENT or n not in SEQUENCES]
    return pytest.mark.parametrize(
        ("method", "name"),
        [pytest.param(m, n, marks=slow_on(m, n, shared=shared)) for m, n in fit],
    )


def slow_on(method: str, name: str, *, shared: bool = False) -> list[pytest.MarkDecorator]:
    on_text = name in SEQUENCES and method not in ON_EVERY_SPACE
    is_behind = shared and method in ENGINES and not stands_for_its_base(method)
    return [pytest.mark.slow] if on_text or is_behind else []


EVERY_ENGINE = on([SPACE], METHODS)
EVERY_KIND = on([SPACE], METHODS, shared=True)
"""For what the settings of a method hardly touch."""
EVERY_SEARCH = on([SPACE], (m for m in METHODS if m not in ALONE))
DRAWN = {method for method, model in SEARCH.items() if not model.learns}
"""Methods whose alphas are an architecture that was drawn."""
EVERY_LEARNER = on([SPACE], (m for m in METHODS if m not in DRAWN | ALONE))
ENGINES_ON_SPACES = on_pairs(
    (m, n)
    for m in METHODS
    for n in (*sorted(SPACES), *SEQUENCES)
    if m in ON_EVERY_SPACE or n in ("skipped", "chosen") or n in SEQUENCES
)
DROPOUT = Variational(words=0.1, embedded=0.1, input=0.2, state=0.1, output=0.2)
ALPHAS = {
    SPACE: {"wide": (4, 4), "narrow": (2, 2)},
    "recurrent": {"searched": (3, 3)},
}
TO_LEARN = {SPACE: (12, 0.2), "recurrent": (40, 0.7)}
"""Steps and learning rate."""
SLOW_TO_LEARN = {"snas": 20}
"""More steps, of a method whose weights and alpha share each draw."""
TOKENS = (torch.arange(4)[:, None] + torch.arange(4)) % 3
COUNTING = Batch({"token": TOKENS[:-1]}, TOKENS[1:], axis=1)
BY_HEART = [
    pytest.param(m, n, marks=slow_on(m, n, shared=True))
    for m in METHODS
    for n in (SPACE, *SEQUENCES)
    if m not in NOT_RECURRENT or n not in SEQUENCES
]
LOGITS = {SPACE: (6, 3), "recurrent": (20, 3)}


def start(
    method: str, name: str = SPACE, seed: int = 0, dtype: torch.dtype = torch.float32, **given: Any
) -> tuple[Supernet, Engine]:
    """Return a supernet and an engine at work on it.

    `given` are settings; the optimiser of alpha is left out where there is none.
    """
    model = model_of(method)
    if "arch" not in model.settings():
        given.pop("arch", None)
    settings = model(**{"epochs": 2, "warmup": 0, **FEW.get(method, {}), **given})
    supernet = supernet_of(space(TEXTS[name], method), seed, dtype)
    if name in SEQUENCES:
        supernet.network.run_state.dropout = DROPOUT.rates()
    generator = torch.Generator().manual_seed(seed)
    engine = make_engine(supernet, settings, generator)
    engine.start_epoch(0)
    return supernet, engine


def search(method: str, name: str, steps: int = 3, seed: int = 0) -> tuple[list[Tensor], Scores]:
    """Return all tensors after an epoch of some steps, alphas first, and the scores."""
    supernet, engine = start(method, name, seed=seed)
    run_epoch(engine, name, range(steps))
    state = [v.clone() for v in supernet.network.state_dict().values()]
    held_out = [some(name, 90), some(name, 91)]
    scores = engine.finish(held_out, lambda *_: None)
    return [a.detach().clone() for a in engine.alphas().values()] + state, scores


@cache
def stepped(method: str, name: str) -> tuple[Supernet, Engine]:
    """Return a search after one step, once for all tests. Nobody may change it."""
    supernet, engine = start(method, name)
    engine.step(*batches(name, 0))
    return supernet, engine


def run_epoch(engine: Engine, name: str, numbers: Iterable[int]) -> None:
    """Take the steps of an epoch, and what comes after them."""
    for number in numbers:
        engine.step(*batches(name, number))
    engine.end_epoch((some(name, 70 + number) for number in itertools.count()), lambda *_: None)


searched = cache(search)
"""The same, once for all tests. Nobody may write to it."""


def some(name: str, seed: int, dtype: torch.dtype = torch.float32) -> Batch:
    """Return a batch that fits a space."""
    return segment(seed) if name in SEQUENCES else batch(seed, dtype=dtype)


def batches(name: str, number: int) -> tuple[Batch, Batch]:
    return some(name, number), some(name, 50 + number)


def test_there_is_an_engine_for_the_settings_of_every_method() -> None:
    assert set(ENGINES) == set(SEARCH)


@pytest.mark.parametrize("method", METHODS)
def test_settings_say_what_alpha_can_be_asked(method: str) -> None:
    _, engine = start(method)
    assert model_of(method).has_probabilities == (engine.probabilities() is not None)
    loss, alphas = engine.architecture_loss(some(SPACE, 0)), list(engine.alphas().values())
    assert model_of(method).is_differentiable == (loss is not None)
    if loss is not None:
        gradients = torch.autograd.grad(loss, alphas, create_graph=True)
        assert all(gradient.requires_grad for gradient in gradients)


@EVERY_ENGINE
@pytest.mark.sample(6)
def test_same_seed_gives_the_same_bits(method: str, name: str) -> None:
    (first, scores), (again, scores_again) = searched(method, name), search(method, name)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert scores == scores_again


@EVERY_KIND
@pytest.mark.sample(5)
def test_another_seed_gives_something_else(method: str, name: str) -> None:
    (first, scores), (other, other_scores) = searched(method, name), search(method, name, seed=1)
    assert scores != other_scores
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


@EVERY_ENGINE
def test_alphas_have_the_rows_and_columns_of_the_space(method: str, name: str) -> None:
    supernet, engine = stepped(method, name)
    shapes = {name: tuple(a.shape) for name, a in engine.alphas().items()}
    assert {cell: shapes[cell] for cell in supernet.tables} == ALPHAS[name]
    if method == "darts_minus":  # a column that is not alpha's: that of the skip connections
        shapes = {cell: (rows, columns + 1) for cell, (rows, columns) in shapes.items()}
    assert list(shapes.items()) == list(supernet.network.graph.alphas.items())


@EVERY_SEARCH
@pytest.mark.sample(8)
def test_alphas_move(method: str, name: str) -> None:
    _, engine = start(method, name, arch=Adam(lr=0.1))
    before = [a.detach().clone() for a in engine.alphas().values()]
    run_epoch(engine, name, range(4))
    after = [a.detach() for a in engine.alphas().values()]
    assert all(not torch.equal(a, b) for a, b in zip(before, after, strict=True))


@EVERY_LEARNER
@pytest.mark.sample(8)
def test_in_a_warm_up_only_weights_move(method: str, name: str) -> None:
    supernet, engine = start(method, name, warmup=1, arch=Adam(lr=0.1))
    alphas = [a.detach().clone() for a in engine.alphas().values()]
    weights = [w.detach().clone() for w in supernet.weights()]
    for number in range(2):
        assert engine.step(*batches(name, number)).architecture is None
    assert engine.end_epoch(iter(()), lambda *_: None) is None
    assert all(torch.equal(a, b) for a, b in zip(engine.alphas().values(), alphas, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(supernet.weights(), weights, strict=True))
    engine.start_epoch(1)
    run_epoch(engine, name, range(2, 4))
    moved = zip(engine.alphas().values(), alphas, strict=True)
    assert all(not torch.equal(a, b) for a, b in moved)


@EVERY_KIND
def test_only_methods_that_learn_between_epochs_say_how_far_they_are(
    method: str, name: str
) -> None:
    _, engine = start(method, name)
    engine.step(*batches(name, 0))
    told: list[tuple[int, int]] = []
    batches_left = (some(name, 70 + number) for number in itertools.count())
    engine.end_epoch(batches_left, lambda *how_far: told.append(how_far))
    assert engine.learns_between or not told


@EVERY_ENGINE
def test_scores_are_there_between_epochs(method: str, name: str) -> None:
    supernet, engine = stepped(method, name)
    before = [v.clone() for v in supernet.network.state_dict().values()]
    scores = engine.scores()
    derive(space(TEXTS[name]), scores)
    assert engine.scores() == scores, "to ask changes nothing"
    after = supernet.network.state_dict().values()
    assert all(torch.equal(a, b) for a, b in zip(after, before, strict=True))


@ENGINES_ON_SPACES
@pytest.mark.sample(20)
def test_any_space_is_stepped_through_and_derived_from(method: str, name: str) -> None:
    supernet, engine = start(method, name)
    for number in range(2):
        report = engine.step(*batches(name, number))
        assert report.train.shape == ()
        for loss in (report.train, report.architecture):
            assert loss is None or (bool(loss.isfinite()) and not loss.requires_grad)
    tensors = itertools.chain(engine.alphas().values(), supernet.network.state_dict().values())
    assert all(bool(tensor.isfinite().all()) for tensor in tensors)
    scores = engine.finish([some(name, 90)], lambda *_: None)
    assert list(scores) == list(supernet.tables)
    for cell, table in supernet.tables.items():
        assert [len(row) for row in scores[cell]] == [table.width] * len(table.rows)
        assert all(isinstance(x, float) for row in scores[cell] for x in row)
    derive(space(TEXTS[name]), scores)


@pytest.mark.parametrize(("method", "name"), BY_HEART)
@pytest.mark.sample(4)
def test_a_few_examples_can_be_learnt_by_heart(method: str, name: str) -> None:
    steps, rate = TO_LEARN[name]
    steps += SLOW_TO_LEARN.get(method, 0)
    supernet, engine = start(method, name, weights=Sgd(lr=rate, weight_decay=0.0))
    supernet.network.run_state.dropout = {}
    examples = COUNTING if name in SEQUENCES else some(name, 0)
    losses = [float(engine.step(examples, examples).train) for _ in range(steps)]
    assert sum(losses[-3:]) < 0.5 * sum(losses[:3])


@on([], METHODS)
def test_a_stream_goes_on_where_it_was_left(method: str, name: str) -> None:
    supernet, engine = start(method, name)
    train, architecture = batches(name, 0)
    engine.step(train, architecture)
    supernet.network.run_state.dropout = {}
    for before in (train, architecture):
        assert before.start is None
        if before.end is None:  # not every method looks at the architecture data
            continue
        assert [tuple(state.shape) for state in before.end] == [(4, 4)] * 3
        assert not any(state.requires_grad for state in before.end)
        with torch.no_grad():
            there, anew = (
                supernet.loss(replace(some(name, 10), start=states), engine.mixing())
                for states in (before.end, None)
            )
        assert there != anew
    assert train.end is not None
    following, other = batches(name, 1)
    following.start = train.end
    assert bool(engine.step(following, other).train.isfinite())


@EVERY_SEARCH
@pytest.mark.sample(8)
def test_at_a_learning_rate_of_zero_nothing_moves(method: str, name: str) -> None:
    falling = Cosine(start=0.1, end=0.0)
    supernet, engine = start(method, name, weights=Sgd(lr=falling), arch=Adam(lr=falling))
    engine.step(*batches(name, 0))
    engine.start_epoch(2)  # one after the last: the cosine has reached its end
    alphas = [a.detach().clone() for a in engine.alphas().values()]
    weights = [w.detach().clone() for w in supernet.weights()]
    run_epoch(engine, name, [1])
    if not SEARCH[method].draws:  # else they may be what was drawn, or have a rate of their own
        pairs = zip(engine.alphas().values(), alphas, strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)
    assert all(torch.equal(a, b) for a, b in zip(supernet.weights(), weights, strict=True))
    engine.start_epoch(1)
    engine.step(*batches(name, 1))
    assert not all(torch.equal(a, b) for a, b in zip(supernet.weights(), weights, strict=True))


@EVERY_KIND
@pytest.mark.sample(5)
def test_the_network_can_be_measured_between_steps(method: str, name: str) -> None:
    supernet, engine = start(method, name)
    engine.step(*batches(name, 0))
    before = {k: v.clone() for k, v in supernet.network.state_dict().items()}
    supernet.network.eval()
    with torch.inference_mode():
        logits = supernet.logits(batches(name, 1)[0], engine.mixing())
    assert logits.shape == LOGITS[name]
    assert all(torch.equal(v, before[k]) for k, v in supernet.network.state_dict().items())
    supernet.network.train()
    engine.step(*batches(name, 1))


@EVERY_KIND
def test_finishing_trains_no_weights(method: str, name: str) -> None:
    supernet, engine = start(method, name)
    engine.step(*batches(name, 0))
    before = [w.detach().clone() for w in supernet.weights()]
    engine.finish([some(name, 90)], lambda *_: None)
    assert all(torch.equal(a, b) for a, b in zip(supernet.weights(), before, strict=True))


@EVERY_KIND
def test_works_in_double_precision(method: str, name: str) -> None:
    supernet, engine = start(method, name, dtype=torch.float64)
    report = engine.step(some(name, 0, torch.float64), some(name, 1, torch.float64))
    assert report.train.dtype == torch.float64
    assert {w.dtype for w in supernet.weights()} == {torch.float64}
