"""Encoder, predictor and decoder of architectures (NAO, Luo et al., NeurIPS 2018, section 3).

    encoder     two tokens a step, embedded and joined; H_t the outputs of an LSTM, each divided by
                its norm; E = mean_t H_t, divided by its norm
    predictor   sigmoid of layers on E: how good the architecture is, from 0 to 1
    decoder     an LSTM that starts with h = c = E and reads token by token; its output x attends to
                all H_t: y = tanh(W_o [sum_t a_t H_t, x]), a = softmax_t((W_i x) . H_t)

A better architecture near another one is decoded from H + eta * dP/dH, divided by its norms, P
being what is predicted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from dslnas.engines.tokens import BEGIN

DROPOUT = 0.1
"""Rate at which the predictor drops values of its layers while it trains."""

INITIAL = 0.1
"""Weights start in U(-0.1, 0.1)."""

Legal: TypeAlias = Callable[[Tensor], Tensor]
"""From tokens so far, (sequences, tokens), to which may be next, (sequences, all tokens)."""


@dataclass(frozen=True)
class Encoded:
    """Some architectures as numbers.

    Attributes:
        outputs: H, (architectures, steps, units).
        embedding: E, (architectures, units).
    """

    outputs: Tensor
    embedding: Tensor


class Surrogate(nn.Module):
    """Tells how good an architecture is, and makes architectures of what it thinks of them."""

    def __init__(
        self, tokens: int, units: int, layers: int, width: int, generator: torch.Generator
    ) -> None:
        """Draw the weights from `generator`, which draws what is dropped while it trains too.

        Args:
            tokens: Tokens that there are.
            units: Width of both LSTMs, an even number.
            layers: Layers of the predictor.
            width: Width of its layers.
            generator: On the CPU.
        """
        super().__init__()
        self._generator = generator
        with torch.random.fork_rng(devices=()):  # layers draw first weights from everybody's
            self._make_layers(tokens, units, layers, width)
        for weight in self.parameters():
            weight.data.copy_(INITIAL * (2 * torch.rand(weight.shape, generator=generator) - 1))

    def _make_layers(self, tokens: int, units: int, layers: int, width: int) -> None:
        self.encoder_embedding = nn.Embedding(tokens, units // 2)
        self.encoder = nn.LSTM(units, units, batch_first=True)
        sizes = [units, *[width] * layers]
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(sizes))
        self.regressor = nn.Linear(sizes[-1], 1)
        self.decoder_embedding = nn.Embedding(tokens, units)
        self.decoder = nn.LSTM(units, units, batch_first=True)
        self.attention = nn.Linear(units, units, bias=False)
        self.joined = nn.Linear(2 * units, units, bias=False)
        self.out = nn.Linear(units, tokens)

    def encode(self, sequences: Tensor) -> Encoded:
        """Encode (architectures, tokens)."""
        embedded = self.encoder_embedding(sequences)
        outputs, _ = self.encoder(embedded.flatten(1).unflatten(1, (sequences.shape[1] // 2, -1)))
        return _normalised(outputs)

    def predict(self, encoded: Encoded) -> Tensor:
        """Return how good architectures are, (architectures,), from 0 to 1."""
        x = encoded.embedding
        for layer in self.layers:
            x = self._dropped(layer(x).relu())
        value: Tensor = self.regressor(x).sigmoid()[:, 0]
        return value

    def _dropped(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        kept = torch.rand(x.shape, generator=self._generator) >= DROPOUT
        return x * kept / (1 - DROPOUT)

    def log_probabilities(self, encoded: Encoded, sequences: Tensor) -> Tensor:
        """Return (architectures, tokens, all tokens): of each token after the true ones."""
        begun = functional.pad(sequences[:, :-1], (1, 0), value=BEGIN)
        return self._read(encoded, begun, None)[0]

    def decode(self, encoded: Encoded, length: int, legal: Legal) -> tuple[Tensor, Tensor]:
        """Return the tokens that are most probable one by one, and all log-probabilities."""
        begun = torch.full((len(encoded.embedding), 1), BEGIN)
        tokens, logs, state = begun[:, :0], [], None
        for _ in range(length):
            found, state = self._read(encoded, begun, state)
            logs.append(found)
            may = legal(tokens)
            begun = found[:, 0].masked_fill(~may, -torch.inf).argmax(1, keepdim=True)
            tokens = torch.cat([tokens, begun], 1)
        return tokens, torch.cat(logs, 1)

    def _read(
        self, encoded: Encoded, tokens: Tensor, state: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Read on from a state of the decoder, at first E; return log-probabilities and it."""
        first = encoded.embedding[None].contiguous()
        before = (first, first) if state is None else state
        x, after = self.decoder(self.decoder_embedding(tokens), before)
        shares = (self.attention(x) @ encoded.outputs.transpose(1, 2)).softmax(-1)
        y = self.joined(torch.cat([shares @ encoded.outputs, x], -1)).tanh()
        return self.out(y).log_softmax(-1), after

    def gradient(self, encoded: Encoded) -> Tensor:
        """Return dP/dH: where architectures get better."""
        with torch.enable_grad():
            outputs = encoded.outputs.detach().requires_grad_()
            predicted = self.predict(_embedded(outputs)).sum()
        (found,) = torch.autograd.grad(predicted, outputs)
        return found


def moved(encoded: Encoded, gradient: Tensor, eta: float) -> Encoded:
    """Return H + eta * dP/dH, divided by its norms, and its embedding."""
    return _normalised(encoded.outputs.detach() + eta * gradient)


def _normalised(outputs: Tensor) -> Encoded:
    return _embedded(functional.normalize(outputs, dim=-1))


def _embedded(outputs: Tensor) -> Encoded:
    return Encoded(outputs, functional.normalize(outputs.mean(1), dim=-1))
