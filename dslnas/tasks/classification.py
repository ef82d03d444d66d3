"""Classification: one of some classes for every example."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dslnas.tasks.labelled import LabelledTask, rows_of
from dslnas.tasks.metric import RECALL
from dslnas.tasks.mistakes import wrong_classes
from dslnas.tasks.task import Measurement

if TYPE_CHECKING:
    import torch
    from torch import Generator, Tensor

    from dslnas.data.dataset import Data

CONFUSION = "test_confusion"
"""Result: by class of the test part, how many examples are taken for which class."""


class Classification(LabelledTask):
    """One of some classes for every example, by the cross-entropy."""

    goal = "classification"
    output, outputs = "class", "classes"
    guess, guess_words = "majority", "always the most frequent class"
    detail = RECALL
    mistakes_in = staticmethod(wrong_classes)
    confusion = CONFUSION
    has_classes = True

    def counts(self, data: Data, part: str) -> Mapping[str, int]:
        """Return how many examples of each class a part has."""
        import torch

        names, targets = data.facts.class_names, rows_of(data, part).targets
        numbers = torch.bincount(targets, minlength=len(names)).tolist()
        return dict(zip(names, numbers, strict=True))

    def random_targets(
        self, count: int, classes: int, generator: Generator, dtype: torch.dtype
    ) -> Tensor:
        """Return random classes."""
        import torch

        return torch.randint(classes, (count,), generator=generator)

    def terms(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        """Return the cross-entropies (N,) in nats."""
        from torch.nn.functional import cross_entropy

        return cross_entropy(outputs, targets, reduction="none", label_smoothing=smoothing)

    def mean_loss(self, outputs: Tensor, targets: Tensor, smoothing: float) -> Tensor:
        """Return the mean of the cross-entropies, in one call as the published programs have it."""
        from torch.nn.functional import cross_entropy

        return cross_entropy(outputs, targets, label_smoothing=smoothing)

    def measured(
        self, loss: float, outputs: Tensor, targets: Tensor, unit: Tensor | float
    ) -> Measurement:
        """Return accuracy, and means over classes: of recall, of F1, of one against the rest."""
        from torch.nn.functional import one_hot

        from dslnas.tasks import scores

        counts = scores.confusion_of_classes(outputs, targets)
        true = one_hot(targets, outputs.shape[1]).bool()
        areas = scores.area_under_curve(outputs.double().softmax(1), true)
        values = {
            "accuracy": float(counts.right.sum()) / counts.count,
            "balanced_accuracy": scores.mean_of_known(counts.recall),
            "f1": scores.mean_of_known(counts.f1),
            "auc": scores.mean_of_known(areas, otherwise=0.5),
        }
        return Measurement(loss, self.ordered(values), scores.by_number(counts.recall))

    def results_by_example(self, outputs: Tensor, data: Data) -> dict[str, object]:
        """Return which class is taken for which."""
        from dslnas.data.rows import RowPart
        from dslnas.tasks.tables import confusion

        assert isinstance(data.test, RowPart)
        return {CONFUSION: confusion(outputs, data.test.targets, data.facts.class_names)}

    def fine_worth(self, measured: Measurement, examples: int) -> float:
        """Return the leading metric; the loss decides below what one example more is worth."""
        return self.worth(measured) - math.tanh(measured.loss) / (2 * examples)

    def constant(self, targets: Tensor) -> Tensor:
        """Return the number of examples of every class."""
        import torch

        return torch.bincount(targets).double()

    def guess_loss(self, data: Data) -> float:
        """Return the cross-entropy of classes that are alike likely, in nats."""
        from dslnas.data.rows import RowPart

        assert isinstance(data.weights, RowPart)
        return math.log(max(2, int(data.weights.targets.max()) + 1))
