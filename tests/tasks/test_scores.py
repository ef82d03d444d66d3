"""Metrics against scikit-learn's."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch

from dslnas.tasks import scores


@pytest.fixture(scope="module")
def metrics() -> Any:
    """Those of scikit-learn, whose import takes a second."""
    return import_module("sklearn.metrics")


@pytest.fixture
def of_classes() -> tuple[torch.Tensor, torch.Tensor]:
    """Return outputs of four classes, ties among them, and labels; the last class is rare."""
    generator = torch.Generator().manual_seed(0)
    outputs = torch.randn((60, 4), generator=generator).mul(2).round()
    targets = torch.tensor([0] * 30 + [1] * 20 + [2] * 8 + [3] * 2)
    return outputs, targets


def test_classes(of_classes: tuple[torch.Tensor, torch.Tensor], metrics: Any) -> None:
    outputs, targets = of_classes
    counts, said = scores.confusion_of_classes(outputs, targets), outputs.argmax(1)
    recall = metrics.recall_score(targets, said, average=None)
    assert counts.recall.tolist() == pytest.approx(recall.tolist())
    f1 = metrics.f1_score(targets, said, average="macro")
    assert scores.mean_of_known(counts.f1) == pytest.approx(f1)
    probabilities = outputs.double().softmax(1)
    true = torch.nn.functional.one_hot(targets, 4).bool()
    area = metrics.roc_auc_score(targets, probabilities, multi_class="ovr", average="macro")
    found = scores.area_under_curve(probabilities, true)
    assert scores.mean_of_known(found) == pytest.approx(float(area), rel=1e-12)


def test_labels(of_classes: tuple[torch.Tensor, torch.Tensor], metrics: Any) -> None:
    outputs, targets = of_classes
    true = torch.nn.functional.one_hot(targets, 4).float()
    counts, said = scores.confusion_of_labels(outputs, true), outputs > 0
    f1 = metrics.f1_score(true.numpy(), said.numpy(), average=None)
    assert counts.f1.tolist() == pytest.approx(np.asarray(f1).tolist())
    both = (counts.recall + counts.specificity) / 2
    for number in range(4):
        balanced = metrics.balanced_accuracy_score(true[:, number], said[:, number])
        assert float(both[number]) == pytest.approx(float(balanced))
        area = metrics.roc_auc_score(true[:, number], outputs[:, number])
        found = scores.area_under_curve(outputs, true > 0.5)[number]
        assert float(found) == pytest.approx(float(area), rel=1e-12)


def test_what_does_not_occur_has_no_score() -> None:
    counts = scores.confusion_of_classes(torch.eye(3)[[0, 1, 1]], torch.tensor([0, 1, 0]))
    assert scores.by_number(counts.recall) == {"0": 0.5, "1": 1.0}
    assert scores.mean_of_known(counts.recall) == 0.75
    nothing = scores.area_under_curve(torch.zeros(3, 1), torch.ones(3, 1).bool())
    assert scores.mean_of_known(nothing, otherwise=0.5) == 0.5
