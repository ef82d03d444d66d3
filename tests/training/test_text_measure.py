"""Measuring on text: every token counts once, and states are carried in order."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from dslnas.data.batches import Batch, TextPart
from dslnas.training.measure import Measurement, measure, worth
from tests.training.test_measure import part_of
from tests.training.tiny_text import STEPS, WORDS, text_part


def bigram(batch: Batch) -> Tensor:
    """Return logits of the word that follows: three for the rule, some noise for the others."""
    noise = torch.linspace(-1, 1, WORDS * WORDS).view(WORDS, WORDS)
    rule = torch.nn.functional.one_hot((3 * torch.arange(WORDS) + 1) % WORDS, WORDS)
    return (3 * rule + noise)[batch.inputs.flatten()]


@pytest.mark.parametrize("count", [2, 5, 17, 90, 401])
def test_every_token_but_the_first_counts_once(count: int) -> None:
    part = text_part(0, count)
    measured = measure(bigram, part)
    whole = Batch(part.tokens[:-1, None], part.tokens[1:, None])
    logits = bigram(whole).double()
    expected = torch.nn.functional.cross_entropy(logits, part.tokens[1:])
    assert measured.loss == pytest.approx(float(expected), rel=1e-6)
    right = int((logits.argmax(1) == part.tokens[1:]).sum())
    assert measured.accuracy == right / (count - 1)


def test_states_are_carried_from_segment_to_segment() -> None:
    starts: list[float | None] = []

    def count_up(batch: Batch) -> Tensor:
        before = 0.0 if batch.start is None else float(batch.start[0])
        starts.append(None if batch.start is None else before)
        batch.end = (torch.tensor(before + 1),)
        return bigram(batch)

    part = text_part(0, 10 * 4 * STEPS + 1)
    measure(count_up, part)
    assert starts == [None, 1.0, 2.0, 3.0]
    measure(count_up, part)
    assert starts[4:] == [None, 1.0, 2.0, 3.0], "a pass begins anew"


def test_perplexity_and_bits_of_a_uniform_guess() -> None:
    part = TextPart(torch.arange(50) % 4, STEPS)
    measured = measure(lambda batch: torch.zeros(batch.targets.numel(), 4), part)
    assert measured.perplexity == pytest.approx(4.0)
    # two bits for a token of five characters
    assert measured.bits_per_character(tokens=10, characters=50) == pytest.approx(0.4)


def test_a_perplexity_is_always_a_number() -> None:
    assert Measurement(1e6, 0.0).perplexity == math.exp(700)


def test_text_is_compared_by_loss_and_images_by_accuracy() -> None:
    better, worse = Measurement(1.0, 0.1), Measurement(2.0, 0.2)
    assert worth(better, text_part(0, 9)) > worth(worse, text_part(0, 9))
    assert worth(better, part_of(3)) < worth(worse, part_of(3))
