"""Retraining on text: SGD, averaged SGD, segments of any length, and which epoch is the result."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dslnas.backends.torch.losses import run_batch
from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.data.batches import Batch
from dslnas.data.dataset import Data
from dslnas.data.stream import StreamPart
from dslnas.diagnostics import UserError
from dslnas.engines.objectives.accumulation import Gradients
from dslnas.engines.optimisers import WeightOptimiser
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.sections import EvaluateSettings
from dslnas.settings.texts import TextFile
from dslnas.settings.values import Sgd
from dslnas.tasks.task import Measurement
from dslnas.training import epochs as module
from dslnas.training.epochs import Epochs
from dslnas.training.keeping import KeepsNothing
from dslnas.training.measure import measure
from dslnas.training.train import Trained
from dslnas.training.training_loss import training_loss
from dslnas.training.training_state import Trainee
from tests.loading import TEXT
from tests.training.tiny import Listener, equal
from tests.training.tiny_text import (
    DROPOUT,
    STEPS,
    WORDS,
    retrain_text,
    text_architecture,
    text_data,
)

METRICS = {"perplexity": 2.0, "accuracy": 0.25}


@pytest.fixture
def data() -> Data:
    return text_data()


def measured_on(trained: Trained, data: Data) -> Measurement:
    return measure(lambda batch: run_batch(trained.network, batch).logits, data.validation, TEXT)


def unigram_perplexity(data: Data) -> float:
    assert isinstance(data.training, StreamPart)
    assert isinstance(data.validation, StreamPart)
    counts = Counter(data.training.tokens[:].tolist())
    shares = torch.tensor([counts[word] for word in range(WORDS)]).double()
    logits = shares.log()
    measured = measure(
        lambda batch: logits.expand(batch.targets.numel(), -1), data.validation, TEXT
    )
    return measured.metrics["perplexity"]


def test_a_text_is_learnt(data: Data) -> None:
    report = Listener()
    trained = retrain_text(data, epochs=12, report=report)
    assert trained.test.metrics["perplexity"] < 0.7 * unigram_perplexity(data)
    assert trained.test.metrics["accuracy"] > 0.5
    assert report.epochs[0].validation_metrics["perplexity"] > 1
    assert report.epochs[0].averaged is False
    assert measured_on(trained, data) == trained.validation


def test_same_seed_gives_the_same_bits(data: Data) -> None:
    given: dict[str, Any] = {"dropout": DROPOUT, "vary": "lengths", "slowness": 1e-2}
    found = []
    for seed, state in ((0, 1), (0, 2), (1, 1)):
        torch.manual_seed(state)  # of the generator that nothing here should use
        found.append(retrain_text(data, seed=seed, **given))
    assert equal(found[0], found[1])
    assert not equal(found[0], found[2])


@pytest.fixture
def losses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Put what validation will measure here, epoch by epoch; then comes the test."""
    given: list[float] = []
    left = iter(given)
    monkeypatch.setattr(module, "measure", lambda *_: Measurement(next(left), METRICS))
    return given


def test_the_network_of_the_best_epoch_is_the_result(data: Data, losses: list[float]) -> None:
    losses[:] = [2.0, 1.0, 3.0, 9.0]
    trained = retrain_text(data, epochs=3)
    assert (trained.epoch, trained.validation.loss, trained.test.loss) == (2, 1.0, 9.0)
    losses += [2.0, 1.0, 9.0]
    assert equal(trained, replace(retrain_text(data, epochs=2), epoch=2))


def test_test_data_choose_nothing(data: Data) -> None:
    trained = retrain_text(data, epochs=3)
    other = retrain_text(replace(data, test=data.weights), epochs=3)
    assert trained.test != other.test
    assert equal(trained, replace(other, test=trained.test))


# ---- averaged SGD -------------------------------------------------------------------------------


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Tensor]]:
    """The weights after every step, and how long the step was as a share of the rate."""
    taken: list[dict[str, Tensor]] = []
    step = WeightOptimiser.step

    def watch(self: WeightOptimiser, gradients: Gradients, share: float) -> None:
        step(self, gradients, share)
        weights = {str(n): w.detach().clone() for n, w in enumerate(self._weights)}
        taken.append({**weights, "share": torch.tensor(share)})

    monkeypatch.setattr(WeightOptimiser, "step", watch)
    return taken


def test_once_validation_stalls_the_mean_of_the_weights_is_measured_and_exported(
    data: Data, losses: list[float], steps: list[dict[str, Tensor]]
) -> None:
    losses[:] = [1.0, 2.0, 3.0, 0.5, 0.4, 9.0]  # the third is worse than the first: stalled
    report = Listener()
    trained = retrain_text(data, epochs=5, average=1, report=report)
    assert [record.averaged for record in report.epochs] == [False, False, False, True, True]
    assert trained.epoch == 5
    after = steps[3 * len(steps) // 5 :]
    for number, array in enumerate(trained.network.arrays().values()):
        mean = torch.stack([step[str(number)] for step in after]).mean(0)
        assert torch.allclose(torch.from_numpy(array), mean, atol=1e-6)


def test_steps_do_not_know_of_the_average(
    data: Data, losses: list[float], steps: list[dict[str, Tensor]]
) -> None:
    for average in (0, 1):
        losses += [1.0, 2.0, 3.0, 0.5, 0.4, 9.0]
        retrain_text(data, epochs=5, average=average)
    half = len(steps) // 2
    for plain, averaged in zip(steps[:half], steps[half:], strict=True):
        assert all(torch.equal(plain[key], averaged[key]) for key in plain)


def test_a_moving_average_is_measured_and_exported_from_the_first_step_on(
    data: Data, steps: list[dict[str, Tensor]]
) -> None:
    report, decay = Listener(), 0.9
    trained = retrain_text(data, epochs=2, ema=decay, report=report)
    assert [record.averaged for record in report.epochs] == [True, True]
    until = len(steps) * trained.epoch // 2
    for number, array in enumerate(trained.network.arrays().values()):
        mean = steps[0][str(number)].double()
        for count, step in enumerate(steps[1:until], 1):
            kept = min(decay, (1 + count) / (10 + count))
            mean = kept * mean + (1 - kept) * step[str(number)]
        assert torch.allclose(torch.from_numpy(array).double(), mean, atol=1e-5)


# ---- segments, dropout, penalty -----------------------------------------------------------------


def test_the_rate_follows_the_length_of_a_segment_where_lengths_vary(
    data: Data, steps: list[dict[str, Tensor]], monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths: list[int] = []
    run = SequenceNetwork.run

    def watch(self: SequenceNetwork, tokens: Tensor, *rest: Any, **named: Any) -> Any:
        if self.training:
            lengths.append(len(tokens))
        return run(self, tokens, *rest, **named)

    monkeypatch.setattr(SequenceNetwork, "run", watch)
    retrain_text(data, epochs=1)
    assert {float(step["share"]) for step in steps} == {1.0}
    steps.clear()
    lengths.clear()
    retrain_text(data, epochs=2, vary="lengths")
    assert len(set(lengths)) > 2
    assert [float(step["share"]) for step in steps] == pytest.approx([n / STEPS for n in lengths])


@pytest.mark.parametrize(("vary", "is_recorded"), [("nothing", True), ("lengths", False)])
def test_segments_whose_lengths_vary_are_not_recorded(
    data: Data, vary: str, is_recorded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dslnas.backends.torch.runtime.CudaRecorder", lambda device: None)
    settings = EvaluateSettings.model_validate({"batch": 4, "vary": vary})
    graph = build_derived_graph(text_architecture(), training=True)
    trainee = Trainee(graph, settings, 0, Runtime(torch.device("cpu"), execution="graphs"))
    texts = TextFile(batch=4, steps=STEPS)
    Epochs(trainee, settings, texts, data, lambda record: None, KeepsNothing())
    assert (trainee.network.graphs is not None) == is_recorded


def test_a_step_that_fails_leaves_the_rate_as_it_was() -> None:
    weight = nn.Parameter(torch.ones(1))
    descent = WeightOptimiser([weight], Sgd(lr=0.5, momentum=0.0, weight_decay=0.0), 1)
    descent.step(descent.gradients(weight.sum()), 0.5)
    assert (weight.item(), descent.rate) == (0.75, 0.5)
    with pytest.raises(ValueError, match="longer"):
        descent.step([None, None], 0.5)
    assert descent.rate == 0.5


def test_states_are_carried_within_an_epoch_and_begin_anew_with_it(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Batch, bool]] = []
    loss = training_loss

    def watch(network: Any, batch: Batch, *rest: Any) -> Any:
        result = loss(network, batch, *rest)
        seen.append((batch, batch.start is None))
        return result

    monkeypatch.setattr(module, "training_loss", watch)
    retrain_text(data, epochs=2)
    half = len(seen) // 2
    assert [is_new for _, is_new in seen] == [number % half == 0 for number in range(2 * half)]
    for (before, _), (after, is_new) in pairwise(seen):
        if not is_new:
            assert before.end is not None
            assert after.start is not None
            assert all(torch.equal(a, b) for a, b in zip(before.end, after.start, strict=True))
            assert not any(state.requires_grad for state in after.start)


def test_the_slowness_penalty_changes_the_training_but_not_what_is_reported(data: Data) -> None:
    still = Sgd(lr=1e-30, momentum=0.0, weight_decay=0.0)
    reports = Listener(), Listener()
    for slowness, report in zip((0.0, 1.0), reports, strict=True):
        retrain_text(data, epochs=1, weights=still, slowness=slowness, report=report)
    assert reports[0].epochs[0].train_loss == reports[1].epochs[0].train_loss
    assert not equal(retrain_text(data), retrain_text(data, slowness=1.0))


def test_dropout_only_trains(data: Data) -> None:
    trained = retrain_text(data, dropout=DROPOUT)
    assert not equal(trained, retrain_text(data))
    assert measured_on(trained, data) == measured_on(trained, data) == trained.validation


def test_a_loss_that_is_not_finite_stops_the_training(data: Data) -> None:
    with pytest.raises(UserError, match="NAS701"):
        retrain_text(data, weights=Sgd(lr=1e38, clip=0.0))


def test_more_columns_than_the_text_has_are_a_message(data: Data) -> None:
    with pytest.raises(UserError) as caught:
        retrain_text(data, batch=200)
    assert "evaluate.batch: error[NAS611]: " in caught.value.render()
