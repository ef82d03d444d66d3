"""Loss and accuracy of a network on a part of the data."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from dslnas.backends.torch.losses import cross_entropy
from dslnas.data.batches import Batch, ImagePart, Part

BATCH = 256
"""Examples that are measured at once; more of them are only faster."""

LARGEST_EXPONENT = 700.0
"""Of a perplexity: just below where a float ends."""


@dataclass(frozen=True)
class Measurement:
    """What a network is worth on a part.

    Attributes:
        loss: Mean cross-entropy of a target, in nats.
        accuracy: Share of the targets that have the largest logit, from 0 to 1; of a text, the
            share of the tokens that were foretold.
    """

    loss: float
    accuracy: float

    @property
    def perplexity(self) -> float:
        """How many tokens it wavers between: e to the loss, or to 700 where that is less."""
        return math.exp(min(self.loss, LARGEST_EXPONENT))

    def bits_per_character(self, tokens: int, characters: int) -> float:
        """Return the loss in bits, shared among the characters of a text.

        Args:
            tokens: Number of them in the text.
            characters: Number of them in the same text.
        """
        return self.loss / math.log(2) * tokens / characters


def measure(logits_of: Callable[[Batch], Tensor], part: Part) -> Measurement:
    """Measure a network in evaluation mode on a whole part.

    The states of recurrent cells are carried from batch to batch; every target counts once and
    alike, whatever batch it is in.

    Args:
        logits_of: From a batch to (targets, classes), in the order of its flattened targets. Of a
            batch of text it also sets the end.
        part: What is measured.
    """
    loss, right, count = 0.0, 0, 0
    with torch.inference_mode():
        for batch in part.in_order(BATCH):
            logits, targets = logits_of(batch), batch.targets.flatten()
            terms = cross_entropy(logits, batch, "none")
            loss += float(terms.sum(dtype=torch.float64))
            right += int((logits.argmax(1) == targets).sum())
            count += len(batch)
    return Measurement(loss / count, right / count)


def worth(measured: Measurement, part: Part) -> float:
    """Return what networks are compared by, more is better: accuracy, of a text minus the loss."""
    return measured.accuracy if isinstance(part, ImagePart) else -measured.loss
