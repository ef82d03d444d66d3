"""Metrics of predictions: functions of all outputs and targets of a part at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Confusion:
    """Counts of one class or label after the other, float64 (K,).

    Attributes:
        right: Examples that have it and are said to.
        true: Examples that have it.
        said: Examples that are said to have it.
        count: Examples in all.
    """

    right: Tensor
    true: Tensor
    said: Tensor
    count: int

    @property
    def recall(self) -> Tensor:
        """Share of the examples with a class that are found; nan where there are none."""
        return self.right / self.true

    @property
    def specificity(self) -> Tensor:
        """Share of the examples without a label of which none is claimed; nan without any."""
        return 1 - (self.said - self.right) / (self.count - self.true)

    @property
    def f1(self) -> Tensor:
        """2 right / (true + said); nan where a class neither occurs nor is claimed."""
        return 2 * self.right / (self.true + self.said)


def confusion_of_classes(outputs: Tensor, targets: Tensor) -> Confusion:
    """Return the counts of predicting the class with the largest of outputs (N, K)."""
    said, classes = outputs.argmax(1), outputs.shape[1]
    right = said[said == targets]
    counts = [torch.bincount(one, minlength=classes).double() for one in (right, targets, said)]
    return Confusion(counts[0], counts[1], counts[2], len(targets))


def confusion_of_labels(outputs: Tensor, targets: Tensor) -> Confusion:
    """Return the counts of predicting the labels whose outputs (N, K) are above 0."""
    said, true = outputs > 0, targets > 0.5
    counts = [one.double().sum(0) for one in (said & true, true, said)]
    return Confusion(counts[0], counts[1], counts[2], len(targets))


def mean_of_known(values: Tensor, otherwise: float = 0.0) -> float:
    """Return the mean of those values that are no nan; `otherwise` if all are."""
    known = values[~values.isnan()]
    return float(known.mean()) if len(known) else otherwise


def area_under_curve(scores: Tensor, true: Tensor) -> Tensor:
    """Return the area under the ROC curve of every column, float64 (K,).

    It is the probability that an example with a label scores higher than one without, a tie counted
    half: (R - p (p + 1) / 2) / (p n), R the sum of the ranks of the p examples with it, n the
    number of others; nan where p or n is 0.

    Args:
        scores: (N, K).
        true: Which examples have a label, bool (N, K).
    """
    columns = []
    for score, has in zip(scores.t().contiguous(), true.t(), strict=True):
        ordered = score.sort().values
        below, upto = (torch.searchsorted(ordered, score, right=right) for right in (False, True))
        ranks = (below + upto + 1).double() / 2
        with_, without = has.double().sum(), (~has).double().sum()
        total = (ranks * has).sum() - with_ * (with_ + 1) / 2
        columns.append(total / (with_ * without))
    return torch.stack(columns)


def by_number(values: Tensor) -> dict[str, float]:
    """Return values (K,) by their number; nan are left out."""
    pairs = enumerate(values.tolist())
    return {str(number): value for number, value in pairs if value == value}
