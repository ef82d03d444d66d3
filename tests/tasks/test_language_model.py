"""Metrics of a language model against their formulas, and segments of text."""

from __future__ import annotations

import math

import pytest
import torch

from dslnas.data.dataset import Data
from dslnas.data.stream import StreamPart
from dslnas.data.tokens import PartFacts, TextFacts
from dslnas.settings.sections import EvaluateSettings
from dslnas.settings.texts import Ptb, TextSettings
from dslnas.tasks.language_model import unigram_perplexity
from dslnas.tasks.task import Measurement
from tests.loading import IMAGES, TEXT


def part(*tokens: int) -> StreamPart:
    return StreamPart(torch.tensor(tokens), 2)


def test_tokens_are_predicted_by_their_frequency() -> None:
    training = part(0, 0, 0, 1)  # of 3 different ones: (3 + 1) / 7, (1 + 1) / 7, (0 + 1) / 7
    found = unigram_perplexity(training, part(2, 0, 1, 2), 3)
    assert math.log(found) == pytest.approx(
        -(math.log(4 / 7) + math.log(2 / 7) + math.log(1 / 7)) / 3
    )


def test_equal_frequencies_are_as_many_choices() -> None:
    assert unigram_perplexity(part(0, 1, 2, 3), part(3, 2, 1, 0), 4) == pytest.approx(4)


def test_perplexity_of_a_uniform_guess_is_the_number_of_choices() -> None:
    measured = TEXT.measurement({"loss": math.log(4), "right": 0.25})
    assert measured.metrics["perplexity"] == pytest.approx(4.0)
    assert measured.metrics["accuracy"] == 0.25


def test_bits_are_shared_among_the_characters_of_the_part() -> None:
    sizes = {"test": PartFacts(10, 50, 0)}
    facts = TextFacts(vocabulary=("a", "<unk>"), level="word", parts=sizes)
    data = Data(part(0), part(0), part(0), part(0), facts)
    values = TEXT.values(Measurement(2 * math.log(2), {}), "test", data)
    assert values["bits_per_character"] == pytest.approx(0.4), "two bits for five characters"


def test_a_perplexity_is_always_a_number() -> None:
    assert TEXT.measurement({"loss": 1e6, "right": 0}).metrics["perplexity"] == math.exp(700)


def test_text_is_compared_by_loss_and_images_by_accuracy() -> None:
    better, worse = Measurement(1.0, {"accuracy": 0.1}), Measurement(2.0, {"accuracy": 0.2})
    assert TEXT.worth(better) > TEXT.worth(worse)
    assert IMAGES.worth(better) < IMAGES.worth(worse)


def test_a_network_runs_once_for_every_step_of_a_segment() -> None:
    assert TEXT.steps(TextSettings(steps=20)) == 20
    assert TEXT.batch_count(TextSettings(steps=20), 8 * 101, 8) == 5
    assert TEXT.longest(Ptb(), EvaluateSettings(vary="lengths")) == 35 + 15
    assert TEXT.longest(Ptb(), EvaluateSettings()) == 35
