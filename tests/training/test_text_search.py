"""Searching recurrent cells on text, with every method."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.data.dataset import Data
from dslnas.diagnostics import UserError
from dslnas.engines.catalogue import ENGINES
from dslnas.engines.gradient_engine import GradientEngine
from dslnas.settings.rule import Derivation
from dslnas.settings.stop import Eigenvalue
from dslnas.settings.values import Sgd
from dslnas.space.derive.derive import derive
from dslnas.tasks.language_model import perplexity
from dslnas.tasks.task import Measurement
from dslnas.training import search as module
from dslnas.training.one_shot import OneShot
from dslnas.training.records import EpochRecord
from tests.engines.kinds import one_of_each_base
from tests.engines.small import supernet_of
from tests.training.tiny import Listener
from tests.training.tiny_text import DROPOUT, search_text, text_data, text_space

EVERY_ENGINE = pytest.mark.parametrize(
    "method", one_of_each_base(m for m in ENGINES if m != "pc_darts")
)


@pytest.fixture
def data() -> Data:
    return text_data()


@pytest.fixture
def supernets(monkeypatch: pytest.MonkeyPatch) -> list[Supernet]:
    """Every supernet that a search makes."""
    made: list[Supernet] = []

    def make(*arguments: Any, **named: Any) -> Supernet:
        made.append(Supernet(*arguments, **named))
        return made[-1]

    monkeypatch.setattr(module, "Supernet", make)
    return made


@EVERY_ENGINE
@pytest.mark.sample(3)
def test_every_method_searches_and_says_the_perplexity(method: str, data: Data) -> None:
    report = Listener()
    found = search_text(method, data, epochs=1, report=report)
    assert found.architecture.cells == derive(text_space(), found.scores).cells
    for record in report.epochs:
        assert record.validation_metrics["perplexity"] == pytest.approx(
            perplexity(record.validation_loss)
        )
        assert record.validation_loss > 0
        assert record.averaged is None
        assert record.skip_share == {"recurrent": 0.0}, "behind a gate nothing is skipped"


# One per way of drawing what is random.
@pytest.mark.parametrize("method", ["darts", "gdas", "nasp", "random"])
@pytest.mark.sample(2)
def test_same_seed_gives_the_same_bits(method: str, data: Data, supernets: list[Supernet]) -> None:
    first, again = (search_text(method, data, epochs=1) for _ in range(2))
    assert first.scores == again.scores
    a, b = (list(s.network.state_dict().values()) for s in supernets)
    assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_what_the_spec_says_of_training_reaches_the_supernet(
    data: Data, supernets: list[Supernet]
) -> None:
    search_text("darts", data, epochs=1, slowness=0.5)
    (supernet,) = supernets
    assert supernet.slowness == 0.5
    assert isinstance(supernet.network.run_state.generator, torch.Generator)


def test_dropout_is_that_of_the_settings_until_architectures_are_compared(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, dict[str, float]]] = []
    loss = Supernet.loss

    def watch(self: Supernet, *arguments: Any, **named: Any) -> Any:
        state = self.network.run_state
        seen.append(("train" if torch.is_grad_enabled() else "compare", dict(state.dropout)))
        return loss(self, *arguments, **named)

    monkeypatch.setattr(Supernet, "loss", watch)
    search_text("random", data, epochs=1)
    assert {what for what, _ in seen} == {"train", "compare"}
    assert all(rates == (DROPOUT.rates() if what == "train" else {}) for what, rates in seen)


def test_the_best_epoch_is_that_of_the_lowest_loss(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    derived = iter([Measurement(loss, {"perplexity": 8.0}) for loss in (2.0, 1.0, 3.0)])
    monkeypatch.setattr(OneShot, "measure", lambda *_: next(derived))
    found = search_text("darts", data, epochs=3, derivation=Derivation(epoch="best", against=0))
    assert found.epoch == 2


def test_text_is_compared_at_the_end_by_the_perplexity_of_the_shared_weights(data: Data) -> None:
    report = Listener()
    derivation = Derivation(compare=4, against=3)
    found = search_text("darts", data, report=report, derivation=derivation)
    assert all(record.derived_metrics["perplexity"] > 1 for record in report.epochs)
    assert found.check is not None
    assert (found.check.metric, len(found.check.random)) == ("perplexity", 3)
    assert found.check.beats_random == (found.check.found < found.check.median)


def test_operations_can_be_scored_by_what_is_lost_without_them(data: Data) -> None:
    report = Listener()
    plan = Derivation(by="perturbation")
    found = search_text("darts", data, report=report, derivation=plan)
    assert [r.stage for r in report.records[-3:]] == ["compare"] * 3
    assert found.architecture.cells == derive(text_space(), found.scores).cells
    assert any(score != 0 for row in found.scores["recurrent"] for score in row)


def test_the_eigenvalue_is_taken_of_text(data: Data) -> None:
    report = Listener()
    search_text("darts", data, report=report, stop=(Eigenvalue(window=1),))
    assert all(record.eigenvalue is not None for record in report.epochs)


@pytest.mark.sample(0)
def test_a_rule_that_never_holds_changes_nothing(data: Data) -> None:
    """The look ahead has masks of its own: none."""
    never = Eigenvalue(ratio=1e-9, window=1)
    reports = Listener(), Listener()
    rules: tuple[tuple[Eigenvalue, ...], ...] = ((), (never,))
    plain, watched = (
        search_text("darts", data, report=report, stop=stop)
        for report, stop in zip(reports, rules, strict=True)
    )
    assert [record.eigenvalue is None for record in reports[1].epochs] == [False, False]
    assert torch.equal(plain.alphas["recurrent"], watched.alphas["recurrent"])
    losses = ([record.train_loss for record in report.epochs] for report in reports)
    assert next(losses) == next(losses)


@pytest.mark.sample(0)
def test_the_eigenvalue_is_that_of_nothing_dropped(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss, seen = GradientEngine.architecture_loss, list[dict[str, float]]()

    def watch(self: GradientEngine, batch: Batch) -> Any:
        seen.append(dict(self._supernet.network.run_state.dropout))
        return loss(self, batch)

    monkeypatch.setattr(GradientEngine, "architecture_loss", watch)
    search_text("darts", data, stop=(Eigenvalue(window=1),))
    assert seen == [{}, {}]


@pytest.mark.parametrize("fails", [False, True])
def test_dropout_comes_back_after_a_comparison(fails: bool) -> None:
    supernet = supernet_of(text_space())
    state = supernet.network.run_state
    state.dropout, state.generator = DROPOUT.rates(), torch.Generator().manual_seed(0)
    before = state.generator.get_state()

    def compare() -> None:
        with supernet.without_dropout():
            assert state.dropout == {}
            assert state.generator is not None
            torch.rand(3, generator=state.generator)
            if fails:
                raise UserError([])

    if fails:
        with pytest.raises(UserError):
            compare()
    else:
        compare()
    assert state.dropout == DROPOUT.rates()
    assert torch.equal(state.generator.get_state(), before)


@pytest.mark.sample(0)
def test_validation_and_test_data_train_nothing(data: Data, supernets: list[Supernet]) -> None:
    reports = Listener(), Listener()
    changed = replace(data, validation=data.test, test=data.validation)
    for given, report in zip((data, changed), reports, strict=True):
        search_text("darts", given, report=report)
    a, b = (list(s.network.state_dict().values()) for s in supernets)
    assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))

    def trained(record: EpochRecord) -> tuple[float, float | None]:
        return record.train_loss, record.architecture_loss

    one, two = (report.epochs for report in reports)
    assert [trained(r) for r in one] == [trained(r) for r in two]
    assert one[0].validation_loss != two[0].validation_loss


def test_text_is_learnt_by_a_supernet(data: Data) -> None:
    report = Listener()
    weights = Sgd(lr=5.0, momentum=0.0, clip=0.25)
    search_text("darts", data, epochs=8, report=report, batch=12, dropout=None, weights=weights)
    assert report.epochs[-1].train_loss < 0.75 * report.epochs[0].train_loss
