"""A small language model to export."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch

from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.data.tokens import TextFacts
from tests.backends.recurrent_networks import recurrent_graph

WORD_TOKENS = ("<unk>", "<eos>", "the", "cat", "sat", "on", "a", "mat", "naïve", '"quoted"')
CHARACTERS = ("<unk>", "\n", " ", *"abcdefg")


@cache
def language_model(name: str = "lstm") -> SequenceNetwork:
    """Return a network with random weights, in evaluation mode."""
    return SequenceNetwork(recurrent_graph(name), torch.Generator().manual_seed(0)).eval()


def words(tokens: Sequence[str] = WORD_TOKENS) -> TextFacts:
    """Return the facts of a text of words."""
    return TextFacts(vocabulary=tuple(tokens), level="word")


def characters() -> TextFacts:
    """Return the facts of a text of characters."""
    return TextFacts(vocabulary=CHARACTERS, level="char")
