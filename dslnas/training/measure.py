"""Loss and accuracy of a network on a part of the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from dslnas.data.batches import Part, in_order

BATCH = 256


@dataclass(frozen=True)
class Measurement:
    """Mean cross-entropy, and the share of examples whose largest logit is the label's."""

    loss: float
    accuracy: float


def measure(logits_of: Callable[[Tensor], Tensor], part: Part) -> Measurement:
    """Measure a network in evaluation mode on a whole part.

    Args:
        logits_of: From images (batch, channels, height, width) to (batch, classes).
        part: The examples.
    """
    loss, right = 0.0, 0
    with torch.inference_mode():
        for images, labels in in_order(part, BATCH):
            logits = logits_of(images)
            loss += float(functional.cross_entropy(logits, labels, reduction="sum"))
            right += int((logits.argmax(1) == labels).sum())
    return Measurement(loss / len(part), right / len(part))
