"""The least that a language model has to beat: how often words are, whatever stands before them."""

from __future__ import annotations

import math

import torch

from dslnas.data.batches import TextPart


def unigram_perplexity(training: TextPart, part: TextPart, vocabulary: int) -> float:
    """Return the perplexity of word frequencies, each word counted once more than it occurs.

    exp(-mean log p(w)) over all tokens but the first, p(w) = (n(w) + 1) / (N + V).

    Args:
        training: Where words are counted.
        part: Where they are predicted.
        vocabulary: V, the number of different tokens.
    """
    counts = torch.bincount(training.tokens, minlength=vocabulary).double() + 1
    loss = -(counts / counts.sum()).log()[part.tokens[1:]].mean()
    return math.exp(float(loss))
