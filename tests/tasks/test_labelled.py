"""Classes, several labels and numbers: losses, metrics, guesses, and the metric that chooses."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.losses import BatchOutput
from dslnas.data.batches import Batch, Mixed
from dslnas.data.dataset import Data
from dslnas.data.facts import LabelledFacts
from dslnas.data.rows import RowPart
from dslnas.data.tensor_part import TensorPart
from dslnas.settings.images import Digits
from dslnas.settings.sections import EvaluateSettings
from dslnas.settings.tables import Diabetes
from dslnas.tasks.catalogue import TASKS, task_of
from dslnas.tasks.labelled import LabelledTask
from dslnas.tasks.task import Measurement
from dslnas.training.measure import measure
from tests.loading import load

LABELLED = [task for task in TASKS if isinstance(task, LabelledTask)]
CLASSES, LABELS = (task_of(Digits(task=word)) for word in ("classification", "multilabel"))
NUMBERS = task_of(Diabetes())


def targets_of(task: LabelledTask, count: int = 6) -> Tensor:
    return task.random_targets(count, 3, torch.Generator().manual_seed(1), torch.float32)


@pytest.mark.parametrize("task", LABELLED, ids=lambda task: task.name)
def test_weights_and_shares_of_mixed_labels_weigh_the_terms_of_the_loss(task: LabelledTask) -> None:
    outputs = torch.randn((6, 3), generator=torch.Generator().manual_seed(0))
    targets = targets_of(task)
    terms = task.terms(outputs, targets)
    output = BatchOutput((outputs,))
    assert task.loss(output, Batch({}, targets)) == pytest.approx(float(terms.mean()))
    weights = torch.rand(terms.shape)
    weighed = task.loss(output, Batch({}, targets, weights=weights))
    assert weighed == pytest.approx(float((weights * terms).mean()))
    others = targets.roll(1, 0)
    mixed = Batch({}, targets, mixed=Mixed(others, 0.3))
    both = 0.3 * terms.mean() + 0.7 * task.terms(outputs, others).mean()
    assert task.training_loss(output, mixed, EvaluateSettings()) == pytest.approx(float(both))


def test_losses_are_those_of_torch() -> None:
    outputs, classes = torch.randn(5, 3), torch.tensor([0, 2, 1, 1, 0])
    one = BatchOutput((outputs,))
    assert CLASSES.loss(one, Batch({}, classes)) == functional.cross_entropy(outputs, classes)
    labels = torch.rand(5, 3).round()
    expected = functional.binary_cross_entropy_with_logits(outputs, labels)
    torch.testing.assert_close(LABELS.loss(one, Batch({}, labels)), expected)
    torch.testing.assert_close(
        NUMBERS.loss(one, Batch({}, labels)), functional.mse_loss(outputs, labels)
    )


def part(targets: Tensor, **more: Any) -> TensorPart:
    return TensorPart({"image": torch.zeros(len(targets), 1)}, targets=targets, **more)


def data_of(targets: Tensor, **more: Tensor) -> Data:
    whole = part(targets, **more)
    return Data(whole, whole, whole, whole, LabelledFacts())


def test_errors_of_numbers_are_told_in_their_unit() -> None:
    outputs, targets = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.zeros(2, 2)
    unit = torch.tensor([10.0, 0.5], dtype=torch.float64)
    found = measure(lambda batch: outputs, part(targets, unit=unit), NUMBERS)
    each = [10 * math.sqrt(0.5), 0.5 * math.sqrt(2)]
    assert found.metrics["rmse"] == pytest.approx(sum(each) / 2)
    assert found.metrics["mae"] == pytest.approx((10 + 0 + 0 + 1) / 4)
    assert list(found.details.values()) == pytest.approx(each)
    assert found.loss == pytest.approx(5 / 4)


def test_guesses_are_constants_that_are_measured_like_networks() -> None:
    classes = data_of(torch.tensor([0] * 9 + [1]))
    assert CLASSES.more_results(classes)["majority_test_accuracy"] == 0.9
    assert CLASSES.more_results(classes)["majority_test_balanced_accuracy"] == 0.5
    labels = data_of(torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]))
    assert LABELS.more_results(labels)["majority_test_accuracy"] == 0.75
    numbers = data_of(torch.tensor([[1.0], [-1.0]]), unit=torch.tensor([3.0]))
    assert NUMBERS.more_results(numbers)["mean_test_rmse"] == 3.0


def test_a_guess_in_another_metric_is_the_chance_of_that_one() -> None:
    data = data_of(torch.tensor([0] * 9 + [1]))
    balanced = task_of(Digits(metric="balanced_accuracy")).chance(data)
    assert balanced is not None
    assert balanced.guess == 0.5
    assert "a balanced accuracy of 50.00%" in balanced.what
    numbers = data_of(torch.tensor([[1.0], [-1.0]]), unit=torch.tensor([3.0]))
    chance = NUMBERS.chance(numbers)
    assert chance is not None
    assert (chance.worth, chance.guess, chance.unit) == (-3.0, -3.0, 3.0)


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (Digits(), ["accuracy", "balanced_accuracy", "f1", "auc"]),
        (Digits(metric="auc"), ["auc", "accuracy", "balanced_accuracy", "f1"]),
        (Digits(task="multilabel"), ["f1", "accuracy", "balanced_accuracy", "auc"]),
        (Diabetes(metric="mae"), ["mae", "rmse"]),
    ],
)
def test_the_metric_that_is_asked_for_leads(settings: Digits | Diabetes, names: list[str]) -> None:
    task = task_of(settings)
    assert [metric.name for metric in task.metrics] == names
    assert task.criterion == f"validation_{names[0]}"
    worse, better = (Measurement(1.0, dict.fromkeys(names, value)) for value in (0.4, 0.6))
    sign = 1 if task.metrics[0].higher_is_better else -1
    assert sign * task.worth(better) > sign * task.worth(worse)


# ---- data ---------------------------------------------------------------------------------------


def test_rare_classes_weigh_more_or_are_drawn_more_often() -> None:
    plain, weighed, drawn = (
        load(Digits(balance=balance, subset=0.5), "cpu")
        for balance in ("nothing", "weights", "sampling")
    )
    assert isinstance(weighed.weights, RowPart)
    assert isinstance(drawn.weights, RowPart)
    whole = weighed.training
    assert isinstance(whole, TensorPart)
    assert whole.weights is not None
    assert float(whole.weights.mean()) == pytest.approx(1.0)
    sums = [float(whole.weights[whole.targets == label].sum()) for label in range(10)]
    assert sums == pytest.approx([sums[0]] * 10)
    (batch, *_) = weighed.weights.batches(32, torch.Generator().manual_seed(0))
    assert batch.weights is not None
    assert len(batch.weights) == 32
    assert drawn.weights.chances is not None
    assert isinstance(plain.validation, RowPart)
    assert plain.validation.weights is None


def test_a_rare_class_is_drawn_as_often_as_others() -> None:
    targets = torch.tensor([0] * 990 + [1] * 10)
    chances = torch.where(targets == 1, 99.0, 1.0)
    read = part(targets, chances=chances).batches(100, torch.Generator().manual_seed(0))
    share = torch.cat([batch.targets for batch in read]).double().mean()
    assert 0.4 < float(share) < 0.6


def test_labels_of_digits_are_the_segments_that_are_lit() -> None:
    data = load(Digits(task="multilabel", subset=0.2), "cpu")
    assert isinstance(data.weights, RowPart)
    assert data.facts.class_names[0] == "top"
    rows = {tuple(row) for row in data.weights.targets.int().tolist()}
    assert len(rows) == 10, "every digit lights others"
    assert (1, 1, 1, 1, 1, 1, 1) in rows, "8 lights all"
    assert (0, 0, 1, 0, 0, 1, 0) in rows, "1 lights those on the right"


def test_numbers_are_standardised_by_those_that_train() -> None:
    data = load(Diabetes(), "cpu")
    assert isinstance(data.training, TensorPart)
    assert isinstance(data.facts, LabelledFacts)
    targets = data.training.targets
    assert float(targets.mean()) == pytest.approx(0, abs=1e-6)
    assert float(targets.std(correction=0)) == pytest.approx(1, abs=1e-6)
    assert data.facts.target_mean[0] == pytest.approx(152, abs=10)
    assert tuple(data.training.inputs["features"].shape) == (len(targets), 10)
    assert data.facts.entries()["targets"] == {
        "mean": data.facts.target_mean,
        "std": data.facts.target_std,
    }
