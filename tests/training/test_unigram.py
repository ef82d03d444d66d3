"""The unigram model against its formula."""

from __future__ import annotations

import math

import pytest
import torch

from dslnas.data.batches import TextPart
from dslnas.training.unigram import unigram_perplexity


def part(*tokens: int) -> TextPart:
    return TextPart(torch.tensor(tokens), 2)


def test_tokens_are_predicted_by_their_frequency() -> None:
    training = part(0, 0, 0, 1)  # of 3 different ones: (3 + 1) / 7, (1 + 1) / 7, (0 + 1) / 7
    found = unigram_perplexity(training, part(2, 0, 1, 2), 3)
    assert math.log(found) == pytest.approx(
        -(math.log(4 / 7) + math.log(2 / 7) + math.log(1 / 7)) / 3
    )


def test_equal_frequencies_are_as_many_choices() -> None:
    assert unigram_perplexity(part(0, 1, 2, 3), part(3, 2, 1, 0), 4) == pytest.approx(4)
