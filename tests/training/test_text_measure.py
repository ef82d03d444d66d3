"""Measuring on text: every token counts once, and states are carried in order."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dslnas.data.batches import Batch
from dslnas.training.measure import measure
from tests.loading import TEXT
from tests.training.tiny_text import STEPS, WORDS, text_part


def bigram(batch: Batch) -> Tensor:
    """Return logits of the word that follows: three for the rule, some noise for the others."""
    noise = torch.linspace(-1, 1, WORDS * WORDS).view(WORDS, WORDS)
    rule = torch.nn.functional.one_hot((3 * torch.arange(WORDS) + 1) % WORDS, WORDS)
    return (3 * rule + noise)[batch.inputs["token"].flatten()]


@pytest.mark.parametrize("count", [2, 5, 17, 90, 401])
def test_every_token_but_the_first_counts_once(count: int) -> None:
    part = text_part(0, count)
    measured = measure(bigram, part, TEXT)
    inputs, targets = part.tokens[:-1], part.tokens[1:]
    whole = Batch({"token": inputs[:, None]}, targets[:, None])
    logits = bigram(whole).double()
    expected = torch.nn.functional.cross_entropy(logits, targets)
    assert measured.loss == pytest.approx(float(expected), rel=1e-6)
    right = int((logits.argmax(1) == targets).sum())
    assert measured.metrics["accuracy"] == right / (count - 1)


def test_states_are_carried_from_segment_to_segment() -> None:
    starts: list[float | None] = []

    def count_up(batch: Batch) -> Tensor:
        before = 0.0 if batch.start is None else float(batch.start[0])
        starts.append(None if batch.start is None else before)
        batch.end = (torch.tensor(before + 1),)
        return bigram(batch)

    part = text_part(0, 10 * 4 * STEPS + 1)
    measure(count_up, part, TEXT)
    assert starts == [None, 1.0, 2.0, 3.0]
    measure(count_up, part, TEXT)
    assert starts[4:] == [None, 1.0, 2.0, 3.0], "a pass begins anew"
