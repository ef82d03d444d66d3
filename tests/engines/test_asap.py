"""ASAP: the temperature falls, weak operations leave, and the search ends when all is decided."""

from __future__ import annotations

import pytest
import torch

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.asap import Asap
from dslnas.settings.gradient_methods import AsapSettings
from dslnas.settings.values import Adam
from tests.engines.by_hand import softmax
from tests.engines.small import SPACES, TEXTS, batch, segment, space, supernet_of
from tests.training.tiny import Listener, random_data, run_search

SETTINGS = AsapSettings(epochs=50)


def start(settings: AsapSettings = SETTINGS, name: str = "uneven") -> tuple[Supernet, Asap]:
    """Return a supernet and the method at work on it, with alphas that are far apart."""
    supernet = supernet_of(space(TEXTS[name]))
    engine = Asap(supernet, settings, torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    for alpha in engine.alphas().values():
        alpha.data = torch.randn(alpha.shape, generator=generator, dtype=torch.float64)
    return supernet, engine


def test_weights_train_alone_as_long_as_the_temperature_is_one_or_more() -> None:
    temperatures = []
    _, engine = start()
    for epoch in range(SETTINGS.epochs):
        engine.start_epoch(epoch)
        temperatures.append(engine._annealed.temperature)
    assert temperatures == pytest.approx([1.6 * 0.95**epoch for epoch in range(50)])
    assert sum(t >= 1.0 for t in temperatures) == SETTINGS.warm_epochs == 10


@pytest.mark.parametrize("epochs", [5, 25, 100])
def test_any_number_of_epochs_has_the_same_share_of_warm_ones(epochs: int) -> None:
    settings = AsapSettings(epochs=epochs)
    _, engine = start(settings)
    assert settings.warm_epochs == epochs / 5
    engine.start_epoch(settings.warm_epochs)
    assert engine._annealed.temperature == pytest.approx(1.6 * 0.95**10)


def test_weights_are_the_softmax_at_the_temperature() -> None:
    supernet, engine = start()
    engine.start_epoch(30)
    for cell, p in engine.probabilities().items():
        alpha = engine.alphas()[cell] / (1.6 * 0.95**30)
        expected = softmax(alpha, supernet.tables[cell].rows)
        torch.testing.assert_close(p, expected, rtol=1e-12, atol=0)


def test_an_operation_below_its_share_leaves_after_the_epoch() -> None:
    supernet, engine = start()
    engine.start_epoch(10)
    before = engine.probabilities()
    engine.end_epoch(iter(()), lambda *_: None)
    after = engine.probabilities()
    gone = 0
    for cell, table in supernet.tables.items():
        for row, count in enumerate(table.rows):
            p = before[cell][row][:count]
            stays = p >= 0.4 / count
            gone += int((~stays).sum())
            expected = torch.where(stays, p, 0.0) / p[stays].sum()
            torch.testing.assert_close(after[cell][row][:count], expected)
    assert gone > 0
    engine.end_epoch(iter(()), lambda *_: None)
    again = engine.probabilities()
    for cell, exists in engine._annealed.exists.items():
        assert torch.equal(exists, again[cell] > 0)


def test_a_warm_up_prunes_nothing() -> None:
    _, engine = start()
    engine.start_epoch(9)
    before = engine.probabilities()
    engine.end_epoch(iter(()), lambda *_: None)
    assert all(torch.equal(p, before[cell]) for cell, p in engine.probabilities().items())


@pytest.mark.parametrize("name", [*sorted(SPACES), "recurrent"])
@pytest.mark.sample(3)
def test_training_goes_on_until_every_edge_has_one_operation(name: str) -> None:
    settings = AsapSettings(epochs=4, warmup=0, temperature=0.5, arch=Adam(lr=1.0, weight_decay=0))
    supernet, engine = start(settings, name)
    for epoch in range(4):
        engine.start_epoch(epoch)
        examples = segment(epoch) if name == "recurrent" else batch(epoch)
        report = engine.step(examples, examples)
        assert bool(report.train.isfinite())
        engine.end_epoch(iter(()), lambda *_: None)
    engine._annealed.temperature = 1e-6
    engine.end_epoch(iter(()), lambda *_: None)
    assert engine.is_decided
    for cell, table in supernet.tables.items():
        for row, columns in zip(
            engine._annealed.exists[cell].tolist(), table.candidates, strict=True
        ):
            assert sum(row[o] for o in columns) == 1
    engine.step(examples, examples)


def test_edges_with_one_operation_left_are_told_apart_by_alpha() -> None:
    supernet, engine = start()
    engine.start_epoch(49)
    engine._annealed.temperature = 1e-6
    engine.end_epoch(iter(()), lambda *_: None)
    for cell, rows in engine.scores().items():
        shares = softmax(engine.alphas()[cell].detach(), supernet.tables[cell].rows)
        for row, scores in enumerate(rows):
            left = [o for o in supernet.tables[cell].candidates[row] if scores[o] > 0]
            assert [scores[o] for o in left] == pytest.approx([float(shares[row, left[0]])])


def test_the_search_ends_when_all_is_decided() -> None:
    listener = Listener()
    found = run_search(
        "asap", random_data(), epochs=9, report=listener, warmup=1, temperature=0.01,
        arch=Adam(lr=0.1),
    )  # fmt: skip
    assert found.stopped == "every edge has one operation left"
    assert found.epoch == len(listener.epochs) < 9
    assert not any(w for epoch in listener.epochs for w in epoch.warnings if "alpha" in w)
