"""How a search ends: at the last epoch, by a rule, or with the best of what it passed through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from dslnas.settings.rule import Count, Derivation, Rule
from dslnas.settings.stop import Convolutions, Eigenvalue, Skips, Stable
from dslnas.settings.values import Adam
from dslnas.space.cell_stats import convolution_count
from dslnas.space.derive.derive import derive
from dslnas.tasks.task import Measurement
from dslnas.training import review as module
from dslnas.training.one_shot import OneShot
from dslnas.training.search_plan import SearchResult
from dslnas.training.snapshots import best, best_of_every_size
from tests.training.tiny import Listener, random_data, run_search, tiny_space

FAST = Adam(lr=0.3, weight_decay=0.0)  # so that another cell is derived after every epoch
EPOCHS = 5


def run(report: Listener | None = None, method: str = "darts", **given: Any) -> SearchResult:
    return run_search(
        method, random_data(), seed=1, epochs=EPOCHS, report=report, **{"arch": FAST, **given}
    )


def operations(result: SearchResult) -> dict[str, int]:
    texts = [edge.operations[0].text for edge in result.architecture.cells["normal"].edges]
    return {text: texts.count(text) for text in texts}


def measuring(accuracies: list[float]) -> Callable[..., Measurement]:
    left = iter(accuracies)
    return lambda *_: Measurement(1.0, {"accuracy": next(left)})


@pytest.fixture
def accuracies(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Accuracies of the supernet on the validation part, epoch by epoch."""
    given = [0.5, 0.75, 0.6, 0.75, 0.1]
    monkeypatch.setattr(module, "measure", measuring(given))
    return given


@pytest.fixture
def derived(monkeypatch: pytest.MonkeyPatch, accuracies: list[float]) -> None:
    """Let the derived network be best in epochs that are not those of the supernet."""
    monkeypatch.setattr(OneShot, "measure", measuring([0.2, 0.5, 0.6, 0.1, 0.6]))


def test_the_last_epoch_is_the_result_by_default() -> None:
    report = Listener()
    found = run(report)
    assert (found.epoch, found.stopped, found.family) == (EPOCHS, None, ())
    assert len(report.epochs) == EPOCHS
    assert report.epochs[-1].operations == {"normal": operations(found)}


@pytest.mark.usefixtures("derived")
def test_the_best_epoch_is_that_of_the_best_derived_network() -> None:
    report = Listener()
    found = run(report, derivation=Derivation(epoch="best", against=0))
    assert found.epoch == 5, "the latest of the two best, whatever the supernet came to"
    assert found.family == ()
    assert found.stopped is None
    assert report.epochs[4].operations == {"normal": operations(found)}
    assert found.architecture.cells == derive(tiny_space(), found.scores).cells


def test_scores_are_those_of_the_epoch_and_alphas_those_of_the_end(
    accuracies: list[float],
) -> None:
    found = run(derivation=Derivation(epoch="every_size"))
    now = found.alphas["normal"].softmax(-1).double()
    assert not torch.allclose(torch.tensor(found.scores["normal"]).double(), now, atol=1e-3)


def test_every_size_keeps_the_best_of_each(accuracies: list[float]) -> None:
    report = Listener()
    found = run(report, derivation=Derivation(epoch="every_size"))
    assert report.epochs[0].operations is not None
    conv = "relu_conv_bn(3)"
    by_epoch = [e.operations["normal"].get(conv, 0) for e in report.epochs if e.operations]
    assert [member.size for member in found.family] == [(s,) for s in sorted(set(by_epoch))]
    for member in found.family:
        same = [n for n, size in enumerate(by_epoch, 1) if (size,) == member.size]
        assert member.epoch == max(same, key=lambda n: (accuracies[n - 1], n))
        assert member.value == accuracies[member.epoch - 1]
        assert member.size == (convolution_count(member.architecture.cells["normal"]),)
        assert member.architecture.cells == derive(tiny_space(), member.scores).cells
    assert best_of_every_size(found.family) == found.family
    assert found.epoch == best(found.family).epoch == 4
    assert found.architecture == best(found.family).architecture


# ---- rules that end it --------------------------------------------------------------------------


def test_a_rule_ends_the_search_with_the_epoch_it_says() -> None:
    report, full = Listener(), Listener()
    run(full)
    found = run(report, stop=(Stable(epochs=10), Convolutions(most=2, reducing=0)))
    assert found.stopped is not None
    assert found.stopped.startswith("no cell has more convolutions than expected: `normal` ")
    assert found.epoch == len(report.epochs) == 1
    assert report.epochs[0].train_loss == full.epochs[0].train_loss
    assert report.epochs[0].epochs == EPOCHS, "of how many there would have been"


def test_a_rule_that_never_holds_changes_nothing() -> None:
    plain, found = run(), run(stop=(Skips(most=9), Stable(epochs=EPOCHS)))
    assert found.stopped is None
    assert found.scores == plain.scores


@pytest.mark.usefixtures("derived")
def test_the_best_epoch_of_a_stopped_search_is_one_before_the_stop() -> None:
    rule = Stable(epochs=1)
    derivation = Derivation(epoch="best", against=0)
    found = run(arch=Adam(lr=1e-5), stop=(rule,), derivation=derivation)
    assert found.stopped == "cells have not changed since epoch 1"
    assert found.epoch == 2


def test_no_rule_is_asked_in_a_warm_up() -> None:
    report = Listener()
    found = run(report, warmup=2, stop=(Convolutions(most=2, reducing=0),))
    assert found.epoch == len(report.epochs) == 3
    changes = [e.alpha_change["normal"] for e in report.epochs if e.alpha_change]
    assert changes[:2] == [0.0, 0.0]
    assert changes[2] > 0
    assert [e.architecture_loss is None for e in report.epochs] == [True, True, False]
    assert [e.warnings for e in report.epochs[:2]] == [(), ()]


@pytest.mark.sample(0)
def test_a_search_that_is_all_warm_up_still_ends_in_an_architecture() -> None:
    for epoch in ("last", "best", "every_size"):
        found = run(warmup=EPOCHS, derivation=Derivation(epoch=epoch))
        assert found.epoch == EPOCHS


def test_the_eigenvalue_is_reported_where_a_rule_asks_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = iter([1.0, 2.0, 8.0])
    monkeypatch.setattr(module, "dominant_eigenvalue", lambda *_: next(values))
    report = Listener()
    found = run(report, warmup=1, stop=(Eigenvalue(ratio=0.3, window=1),))
    assert [e.eigenvalue for e in report.epochs] == [None, 1.0, 2.0, 8.0]
    assert found.stopped == "dominant eigenvalue of the Hessian in alpha rose from 2 to 8"
    assert found.epoch == 3, "before it rose"
    assert report.epochs[2].operations == {"normal": operations(found)}


@pytest.mark.sample(0)
def test_looking_at_the_curvature_changes_no_bit() -> None:
    reports = Listener(), Listener()
    plain = run(reports[0])
    asked = run(reports[1], stop=(Eigenvalue(ratio=1e-9),))
    assert plain.scores == asked.scores
    assert [e.validation_loss for e in reports[0].epochs] == [
        e.validation_loss for e in reports[1].epochs
    ]
    assert all(e.eigenvalue is None for e in reports[0].epochs)
    assert all(e.eigenvalue is not None for e in reports[1].epochs)


# ---- what is derived ----------------------------------------------------------------------------


def test_the_rule_of_the_spec_holds_in_every_epoch() -> None:
    rule = Rule((Count("relu_conv_bn(3)", least=2), Count("skip_connect", most=0)))
    report = Listener()
    found = run(report, derivation=Derivation(rule=rule))
    assert operations(found) == {"relu_conv_bn(3)": 2}
    assert all(e.operations == {"normal": {"relu_conv_bn(3)": 2}} for e in report.epochs)


def test_warnings_arrive_with_the_epoch() -> None:
    report = Listener()
    run(report, arch=Adam(lr=1e-12, weight_decay=0.0))
    still = "alpha does not move: raise the learning rate of `arch`"
    assert [still in e.warnings for e in report.epochs] == [True, *[False] * (EPOCHS - 1)]
