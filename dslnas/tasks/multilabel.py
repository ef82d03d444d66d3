"""Several labels at once: of each, whether an example has it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dslnas.tasks.labelled import LabelledTask, rows_of
from dslnas.tasks.metric import RECALL_OF_LABELS
from dslnas.tasks.mistakes import wrong_labels
from dslnas.tasks.task import Measurement

if TYPE_CHECKING:
    import torch
    from torch import Generator, Tensor

    from dslnas.data.dataset import Data


class Multilabel(LabelledTask):
    """Several labels at once, each there or not, by the binary cross-entropy of every logit.

    A label is claimed if its logit is above 0. Metrics are means over labels.
    """

    goal = "multilabel"
    output, outputs = "label", "labels"
    guess, guess_words = "majority", "always the more frequent answer for every label"
    detail = RECALL_OF_LABELS
    mistakes_in = staticmethod(wrong_labels)

    def counts(self, data: Data, part: str) -> Mapping[str, int]:
        """Return how many examples of a part have each label."""
        having = rows_of(data, part).targets.sum(0).long().tolist()
        return dict(zip(data.facts.class_names, having, strict=True))

    def random_targets(
        self, count: int, classes: int, generator: Generator, dtype: torch.dtype
    ) -> Tensor:
        """Return random labels."""
        import torch

        return torch.randint(2, (count, classes), generator=generator).to(dtype)

    def terms(self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
        """Return the binary cross-entropies (N, K) in nats."""
        from torch.nn.functional import binary_cross_entropy_with_logits

        return binary_cross_entropy_with_logits(outputs, targets, reduction="none")

    def measured(
        self, loss: float, outputs: Tensor, targets: Tensor, unit: Tensor | float
    ) -> Measurement:
        """Return the share of labels that are right, and means over labels."""
        from dslnas.tasks import scores

        counts = scores.confusion_of_labels(outputs, targets)
        areas = scores.area_under_curve(outputs, targets > 0.5)
        right = ((outputs > 0) == (targets > 0.5)).double().mean()
        balanced = (counts.recall + counts.specificity) / 2
        values = {
            "f1": scores.mean_of_known(counts.f1),
            "accuracy": float(right),
            "balanced_accuracy": scores.mean_of_known(balanced, otherwise=0.5),
            "auc": scores.mean_of_known(areas, otherwise=0.5),
        }
        return Measurement(loss, self.ordered(values), scores.by_number(counts.recall))

    def constant(self, targets: Tensor) -> Tensor:
        """Return the logit of every label's frequency, each counted once more on both sides."""
        has = targets.double().sum(0)
        result: Tensor = ((has + 1) / (len(targets) - has + 1)).log()
        return result

    def guess_loss(self, data: Data) -> float:
        """Return the cross-entropy of labels that are there in one case of two, in nats."""
        return math.log(2)
