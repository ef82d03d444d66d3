"""Language modelling: the next token of a text, from all that stand before it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dslnas.data import text, text_survey
from dslnas.data.examples import DataShape
from dslnas.data.facts import Facts
from dslnas.data.tokens import VOCABULARY, TextFacts
from dslnas.language.check.checked import CheckedNetwork
from dslnas.ops.primitive import Example
from dslnas.settings.data_base import DataSettings
from dslnas.settings.sections import EvaluateSettings
from dslnas.settings.texts import TextSettings
from dslnas.tasks.language_settings import SETTINGS
from dslnas.tasks.metric import ACCURACY, BITS_PER_CHARACTER, PERPLEXITY, Column, Row
from dslnas.tasks.task import Chance, Measurement, Task

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Generator

    from dslnas.data.batches import Part
    from dslnas.data.dataset import Data

LARGEST_EXPONENT = 700.0
"""Largest loss whose perplexity is told: just below where a float ends."""

LONGEST = 3
"""Deviations by which the longest segment is longer than the mean, where lengths vary."""

COMPARED_STEPS, COMPARED_COLUMNS = 200, 7
"""Tokens of the test part on which exported networks are compared, (time, batch)."""


class LanguageModel(Task):
    """Prediction of the next token by recurrent cells, by the cross-entropy."""

    name = "language_model"
    example = "token"
    settings = SETTINGS
    needed = "`classes`"
    metrics = (PERPLEXITY, BITS_PER_CHARACTER, ACCURACY)
    columns = (
        Column("test ppl", "test_perplexity", ".2f"),
        Column("validation ppl", "validation_perplexity", ".2f"),
        Column("bits/char", "test_bits_per_character", ".2f"),
    )
    rows = (
        Row("test perplexity", "{test_perplexity:.2f}", "on text that chose nothing"),
        Row("  bits a character", "{test_bits_per_character:.3f}"),
        Row("  next token right", "{test_accuracy:.2%}"),
        Row(
            "validation perplexity",
            "{validation_perplexity:.2f}",
            "the best, of epoch {retrain_epoch}",
        ),
        Row(
            "  of a unigram model",
            "{unigram_validation_perplexity:.2f}",
            "frequencies of tokens alone",
        ),
        Row(
            "vocabulary",
            "{vocabulary:,}",
            "unknown tokens: {unknown_tokens[validation]:,} in validation, "
            "{unknown_tokens[test]:,} in test",
        ),
    )
    files = MappingProxyType(
        {
            VOCABULARY: "its tokens, by number",
            "sample.py": "writes text with it; needs numpy and onnxruntime only",
        }
    )
    selects_epoch = True
    measured_at_once = 10  # as in the published code of DARTS

    # ---- data -----------------------------------------------------------------------------------

    def describe(self, data: DataSettings, network: CheckedNetwork) -> DataShape | None:
        """Return the vocabulary of the text, or that for which the network is made.

        A program that was written out does not say where its text is: the embedded one, or another.
        """
        assert isinstance(data, TextSettings)
        if not data.path and network.classes is not None:
            return DataShape((), network.classes, has_test=None)
        return text_survey.describe(data)

    def is_at_hand(self, data: DataSettings, network: CheckedNetwork) -> bool:
        """Whether there is a path, or the embedded text is meant."""
        is_embedded = data.source == self.settings.source and network.classes is None
        return is_embedded or super().is_at_hand(data, network)

    def check_sizes(
        self, known: DataShape, data: DataSettings, evaluate: EvaluateSettings, *, searching: bool
    ) -> None:
        """Check the tokens of every part against the steps of search and training."""
        assert isinstance(data, TextSettings)
        text.check_lengths(known.counts, data, searching=searching)
        if known.counts:
            training = known.counts["weights"] + known.counts["architecture"]
            text.check_columns(training, evaluate.batch)

    def counts(self, data: Data, part: str) -> Mapping[str, int]:
        """Return the size of the text of a part."""
        assert isinstance(data.facts, TextFacts)
        size = data.facts.parts[part]
        return {
            "tokens": size.tokens,
            "characters": size.characters,
            "unknown tokens": size.unknown,
        }

    def described(self, example: Example, classes: int) -> str:
        """Return in words the size of the vocabulary."""
        return f"{classes} different tokens"

    def load(
        self,
        data: DataSettings,
        device: torch.device | str,
        dtype: torch.dtype,
        *,
        classes: int | None,
        searching: bool,
    ) -> Data:
        """Read a text, divide it in its order, and number its tokens."""
        from dslnas.data import text_tensors

        assert isinstance(data, TextSettings)
        return text_tensors.load(data, device, classes=classes, searching=searching)

    def noise(
        self,
        data: DataSettings,
        example: Example,
        classes: int,
        count: int,
        generator: Generator,
        dtype: torch.dtype,
    ) -> Part:
        """Return random tokens, a segment for each of `count` places."""
        import torch

        from dslnas.data.stream import StreamPart

        steps = self.steps(data)
        tokens = torch.randint(classes, (count * (steps + 1),), generator=generator)
        return StreamPart(tokens, steps)

    def read_facts(self, entries: Mapping[str, Any], run: Path, classes: int) -> Facts:
        """Return the vocabulary, which has a file of its own."""
        from dslnas.data.vocabulary import read_vocabulary

        return read_vocabulary(run, classes)

    def real_inputs(self, part: Part) -> dict[str, np.ndarray]:
        """Return the first tokens in columns, (time, batch)."""
        from dslnas.data.stream import TOKEN, StreamPart

        assert isinstance(part, StreamPart)
        columns = min(COMPARED_COLUMNS, len(part.tokens))
        steps = min(COMPARED_STEPS, len(part.tokens) // columns)
        tokens = part.tokens[: steps * columns].cpu().numpy()
        return {TOKEN: tokens.reshape(columns, steps).T}

    # ---- steps ----------------------------------------------------------------------------------

    def steps(self, data: DataSettings) -> int:
        """Return the length of a segment."""
        assert isinstance(data, TextSettings)
        return data.steps

    def longest(self, data: DataSettings, evaluate: EvaluateSettings) -> int:
        """Return the length of the longest segment, where lengths vary."""
        from dslnas.data.bptt import DEVIATION

        longer = LONGEST * DEVIATION if evaluate.vary == "lengths" else 0
        return self.steps(data) + int(longer)

    def batch_count(self, data: DataSettings, examples: int, batch: int) -> int:
        """Return how many segments columns of the text have."""
        return max(1, (examples // batch - 1) // self.steps(data))

    # ---- loss and metrics -----------------------------------------------------------------------

    def measurement(self, means: Mapping[str, float]) -> Measurement:
        """Return the cross-entropy in nats, its perplexity, and the share that was foretold."""
        loss = means["loss"]
        return Measurement(loss, {PERPLEXITY.name: perplexity(loss), ACCURACY.name: means["right"]})

    def worth(self, measured: Measurement) -> float:
        """Return minus the loss, which no limit of a perplexity cuts off."""
        return -measured.loss

    def chance(self, data: Data) -> Chance:
        """Return minus the loss of word frequencies."""
        assert isinstance(data.facts, TextFacts)
        known = len(data.facts.vocabulary)
        reached = unigram_perplexity(data.weights, data.validation, known)
        worth, what = -math.log(reached), f"frequencies of tokens: a perplexity of {reached:.2f}"
        return Chance(worth, worth, what)

    def guess_loss(self, data: Data) -> float:
        """Return the cross-entropy of tokens that are alike likely, in nats."""
        assert isinstance(data.facts, TextFacts)
        return math.log(max(2, len(data.facts.vocabulary)))

    # ---- reports --------------------------------------------------------------------------------

    def values(self, measured: Measurement, part: str, data: Data) -> Mapping[str, float]:
        """Return the metrics, and the loss in bits, shared among the characters of the part."""
        assert isinstance(data.facts, TextFacts)
        size = data.facts.parts[part]
        bits = measured.loss / math.log(2) * size.tokens / size.characters
        return {**measured.metrics, BITS_PER_CHARACTER.name: bits}

    def more_results(self, data: Data) -> dict[str, object]:
        """Return what word frequencies alone come to, and what the network knows of its text."""
        facts = data.facts
        assert isinstance(facts, TextFacts)
        known = len(facts.vocabulary)
        return {
            **{
                f"unigram_{name}_perplexity": unigram_perplexity(data.training, part, known)
                for name, part in (("test", data.test), ("validation", data.validation))
            },
            "vocabulary": known,
            "unknown_tokens": {part: size.unknown for part, size in facts.parts.items()},
        }


def perplexity(loss: float) -> float:
    """Return how many tokens a model wavers between: e to the loss, or to 700 if that is less."""
    return math.exp(min(loss, LARGEST_EXPONENT))


def unigram_perplexity(training: Part, part: Part, vocabulary: int) -> float:
    """Return the perplexity of word frequencies, each word counted once more than it occurs.

    exp(-mean log p(w)) over all tokens but the first, p(w) = (n(w) + 1) / (N + V).

    Args:
        training: Where words are counted.
        part: Where they are predicted.
        vocabulary: V, the number of different tokens.
    """
    from dslnas.data.stream import StreamPart

    assert isinstance(training, StreamPart)
    assert isinstance(part, StreamPart)
    counts = training.counts(vocabulary).double() + 1
    predicted = part.counts(vocabulary) - part.tokens[:1].bincount(minlength=vocabulary)
    loss = -(predicted * (counts / counts.sum()).log()).sum() / predicted.sum()
    return math.exp(float(loss))
