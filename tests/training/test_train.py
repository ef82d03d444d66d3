from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.losses import BatchOutput
from dslnas.backends.torch.network import Inputs, TorchNetwork
from dslnas.data.batches import Batch, Part
from dslnas.data.dataset import Data
from dslnas.diagnostics import UserError
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.images import Digits
from dslnas.settings.sections import EvaluateSettings
from dslnas.settings.values import Cosine, Sgd
from dslnas.space.architecture import Architecture
from dslnas.space.derive.derive import derive
from dslnas.tasks.task import Measurement
from dslnas.training.measure import measure
from dslnas.training.records import EpochRecord, StepRecord
from dslnas.training.train import Trained, fresh_network
from tests.loading import IMAGES, load
from tests.measurements import without_measurements
from tests.spaces import random_scores, space_of
from tests.training.tiny import (
    SPACE,
    Listener,
    architecture,
    random_data,
    random_part,
    run_retrain,
    with_other_labels,
    with_value,
)

WIDE = (3, 32, 32)


def wide_architecture() -> Architecture:
    """Return an architecture for 32 x 32 images that has the auxiliary head of the library."""
    text = SPACE.replace("cells normal }", "cells normal, half, half }")
    text = text.replace(
        "evaluate { ", "cell half like normal { stride 2 }\nevaluate { auxiliary 1; "
    )
    space = space_of(text, WIDE, classes=4)
    return derive(space, random_scores(space, 1))


@pytest.fixture
def wide_data() -> Data:
    return random_data(WIDE, share=4)


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> list[TorchNetwork]:
    """Every network that a training makes: the one that trains, then the exported one."""
    made: list[TorchNetwork] = []

    def make(*arguments: Any) -> TorchNetwork:
        made.append(TorchNetwork(*arguments))
        return made[-1]

    monkeypatch.setattr("dslnas.training.training_state.make_network", make)
    monkeypatch.setattr("dslnas.training.train.make_network", make)
    return made


def accuracy(trained: Trained, part: Part) -> float:
    return measured_on(trained, part).metrics["accuracy"]


def measured_on(trained: Trained, part: Part) -> Measurement:
    return measure(lambda batch: trained.network(batch.inputs["image"])[0], part, IMAGES)


def same(a: Trained, b: Trained) -> bool:
    first, second = a.network.arrays(), b.network.arrays()
    return all((first[k] == second[k]).all() for k in first)


# ---- the result ---------------------------------------------------------------------------------


def test_digits_are_learnt() -> None:
    data = load(Digits(subset=0.3), "cpu")
    report = Listener()
    sgd = Sgd(lr=Cosine(start=0.2, end=0.0))
    trained = run_retrain(architecture(classes=10), data, epochs=8, weights=sgd, report=report)
    assert trained.test.metrics["accuracy"] > 0.7
    assert trained.validation.metrics["accuracy"] > 0.7
    assert report.epochs[-1].train_loss < 0.5 * report.epochs[0].train_loss


def test_what_is_reported_is_what_the_exported_network_does() -> None:
    data = random_data()
    report = Listener()
    trained = run_retrain(architecture(), data, report=report)
    assert not trained.network.training
    assert accuracy(trained, data.test) == trained.test.metrics["accuracy"]
    assert accuracy(trained, data.validation) == trained.validation.metrics["accuracy"]
    assert (
        report.epochs[-1].validation_metrics["accuracy"] == trained.validation.metrics["accuracy"]
    )
    measured = measured_on(trained, data.validation)
    assert report.epochs[-1].validation_loss == measured.loss


def test_the_network_of_the_last_epoch_is_the_result() -> None:
    data = random_data()
    still = Sgd(lr=1e-30, momentum=0.0, weight_decay=0.0)
    trained = run_retrain(architecture(), data, weights=still, epochs=1)
    start, end = fresh_network(architecture(), 0).arrays(), trained.network.arrays()
    for name, array in start.items():
        assert np.allclose(array, end[name], atol=1e-20) == ("running" not in name), name


def test_the_average_of_the_weights_is_what_is_measured_and_exported() -> None:
    data, report = random_data(), Listener()
    trained = run_retrain(architecture(), data, ema=0.9, report=report)
    plain = run_retrain(architecture(), data)
    assert measured_on(trained, data.test) == trained.test
    assert measured_on(trained, data.validation).brief == trained.validation
    assert [record.averaged for record in report.epochs] == [True, True]
    assert report.epochs[-1].train_loss == without_average(data), "steps go on without it"
    assert not same(trained, plain)


def without_average(data: Data) -> float:
    report = Listener()
    run_retrain(architecture(), data, report=report)
    return report.epochs[-1].train_loss


def test_the_best_epoch_by_validation_is_the_result_where_it_is_asked_for() -> None:
    data, report = random_data(), Listener()
    wild = Sgd(lr=0.3, weight_decay=0.0)
    trained = run_retrain(architecture(), data, epochs=4, epoch="best", weights=wild, report=report)
    found = [record.validation_metrics["accuracy"] for record in report.epochs]
    assert trained.epoch == found.index(max(found)) + 1
    assert trained.validation.metrics["accuracy"] == max(found)
    assert measured_on(trained, data.validation).brief == trained.validation


def test_smoothed_labels_share_some_of_a_label_among_all_classes() -> None:
    logits, targets = torch.randn(5, 4), torch.tensor([0, 3, 1, 1, 2])
    settings = EvaluateSettings(label_smoothing=0.2)
    batch = Batch({}, targets)
    found = IMAGES.training_loss(BatchOutput((logits,)), batch, settings)
    smooth = 0.8 * torch.nn.functional.one_hot(targets, 4) + 0.2 / 4
    torch.testing.assert_close(found, -(smooth * logits.log_softmax(1)).sum(1).mean())
    plain = IMAGES.training_loss(BatchOutput((logits,)), batch, EvaluateSettings())
    assert plain == IMAGES.loss(BatchOutput((logits,)), batch)


def test_same_seed_gives_the_same_bits() -> None:
    first, again, other = (run_retrain(architecture(), random_data(), seed=s) for s in (0, 0, 1))
    assert same(first, again)
    assert (first.test, first.validation) == (again.test, again.validation)
    assert not same(first, other)


def test_drop_path_is_seeded_too() -> None:
    found = []
    for state in (1, 2):
        torch.manual_seed(state)  # of the generator that nothing here should use
        found.append(run_retrain(architecture(), random_data(), drop_path=0.5))
    assert same(*found)


def test_records_arrive_in_order() -> None:
    report = Listener()
    run_retrain(architecture(), random_data(), epochs=2, batch=16, report=report)
    seen = [
        (r.epoch, "end" if isinstance(r, EpochRecord) else f"{r.step} of {r.steps}")
        for r in report.records
    ]
    epoch = [*(f"{n + 1} of 4" for n in range(4)), "end"]  # 64 examples
    assert seen == [(number, what) for number in (1, 2) for what in epoch]
    assert {(r.stage, r.epochs) for r in report.records} == {("retrain", 2)}
    assert isinstance(report.records[0], StepRecord)
    assert all(r.architecture_loss is None and r.entropy is None for r in report.epochs)


def test_a_fresh_network_is_what_training_starts_from(networks: list[TorchNetwork]) -> None:
    fresh = fresh_network(architecture(), 7)
    assert not fresh.training
    assert fresh.graph == build_derived_graph(architecture())
    again, other = fresh_network(architecture(), 7), fresh_network(architecture(), 8)
    weight = "stem/0_conv/weight"
    assert (fresh.arrays()[weight] == again.arrays()[weight]).all()
    assert not (fresh.arrays()[weight] == other.arrays()[weight]).any()


# ---- which data do what -------------------------------------------------------------------------


def test_both_parts_of_the_training_data_train() -> None:
    data = random_data()
    trained = run_retrain(architecture(), data)
    for changed in (
        replace(data, weights=with_other_labels(data.weights)),
        replace(data, architecture=with_other_labels(data.architecture)),
    ):
        assert not same(trained, run_retrain(architecture(), changed))


def test_validation_data_train_nothing() -> None:
    data = random_data()
    changed = replace(data, validation=with_other_labels(with_value(data.validation, 3.0)))
    reports = Listener(), Listener()
    first = run_retrain(architecture(), data, report=reports[0])
    other = run_retrain(architecture(), changed, report=reports[1])
    assert same(first, other)
    assert first.test == other.test
    for one, two in zip(reports[0].epochs, reports[1].epochs, strict=True):
        assert one.train_loss == two.train_loss
        assert one.validation_loss != two.validation_loss


def test_test_labels_change_the_test_accuracy_alone() -> None:
    data = random_data()
    changed = replace(data, test=with_other_labels(data.test))
    reports = Listener(), Listener()
    first, other = (
        run_retrain(architecture(), d, epochs=8, weights=Sgd(lr=0.1), report=report)
        for d, report in zip((data, changed), reports, strict=True)
    )
    assert same(first, other)
    assert first.validation == other.validation
    assert first.test.metrics["accuracy"] > 0.5 > other.test.metrics["accuracy"]
    common = ([without_measurements(e) for e in report.epochs] for report in reports)
    assert next(common) == next(common)


# ---- what only trains ---------------------------------------------------------------------------


def test_the_auxiliary_head_trains_and_is_not_exported(
    wide_data: Data, networks: list[TorchNetwork]
) -> None:
    found = wide_architecture()
    trained = run_retrain(found, wide_data, epochs=1, auxiliary=0.4, drop_path=0.2)
    training, exported = networks
    assert training.graph.auxiliary is not None
    start = TorchNetwork(training.graph, torch.Generator().manual_seed(0)).arrays()
    head = [k for k, _ in training.named_parameters() if k.startswith("auxiliary/")]
    assert len(head) == 8  # two convolutions, two batch norms, a linear map
    assert all((start[k] != training.arrays()[k]).any() for k in head)
    assert exported is trained.network
    assert exported.graph == build_derived_graph(found)
    names = [node.name for node in exported.graph.nodes]
    assert not [n for n in names if "auxiliary" in n or "drop_path" in n]
    assert [n for n in (node.name for node in training.graph.nodes) if "drop_path" in n]
    assert set(training.state_dict()) - set(exported.state_dict()) == {
        k for k in training.state_dict() if k.startswith("auxiliary/")
    }
    assert accuracy(trained, wide_data.test) == trained.test.metrics["accuracy"]


def test_loss_is_that_of_the_head_and_a_share_of_the_auxiliary_ones(wide_data: Data) -> None:
    losses = []
    for auxiliary in (0.2, 0.4, 0.8):
        report = Listener()
        run_retrain(
            wide_architecture(),
            wide_data,
            epochs=1,
            batch=64,  # so there is one step only, before which nothing has moved
            auxiliary=auxiliary,
            report=report,
        )
        losses.append(report.epochs[0].train_loss)
    assert losses[2] - losses[1] == pytest.approx(2 * (losses[1] - losses[0]), rel=1e-4)
    assert 0.2 < (losses[2] - losses[1]) / 0.4 < 5  # the auxiliary loss, near log(4) at the start


def test_drop_path_rises_linearly_from_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    rates: list[float] = []

    class Watched(TorchNetwork):
        def forward(self, inputs: Inputs, *rest: Any, **named: Any) -> tuple[Tensor, ...]:
            if self.training:
                rates.append(self.run_state.drop_path_rate)
            return super().forward(inputs, *rest, **named)

    monkeypatch.setattr("dslnas.training.training_state.make_network", Watched)
    run_retrain(architecture(), random_data(), epochs=4, batch=64, drop_path=0.4)
    assert rates == pytest.approx([0.0, 0.1, 0.2, 0.3])


def test_drop_path_changes_training_from_the_second_epoch_on() -> None:
    runs = []
    for drop_path in (0.0, 0.8):
        report = Listener()
        run_retrain(architecture(), random_data(), epochs=2, drop_path=drop_path, report=report)
        runs.append([record.train_loss for record in report.epochs])
    assert runs[0][0] == runs[1][0]
    assert runs[0][1] != runs[1][1]


# ---- divergence ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({}, "training loss is nan in epoch 1, step 1"),
        ({"weights": Sgd(lr=1e38, clip=0.0)}, "training loss is nan in epoch 1, step 2"),
        (
            {"weights": Sgd(lr=1e38, clip=0.0), "batch": 64},
            "validation loss is nan in epoch 1, step 1",
        ),
    ],
)
def test_a_loss_that_is_not_finite_stops_the_training(given: dict[str, Any], where: str) -> None:
    data = random_data()
    if not given:
        data = replace(data, weights=with_value(random_part(1, 40), torch.nan))
    with pytest.raises(UserError) as caught:
        run_retrain(architecture(), data, **given)
    assert caught.value.render() == (
        f"training: error[NAS701]: {where}\n"
        "  = help: divide the learning rate of `weights` by ten, or clip more"
    )
