"""The recurrent search network of DARTS, step by step, and its search steps of both orders.

Liu, Simonyan and Yang, ICLR 2019, section 3.2. Tokens are (time, batch); rows of states multiply
matrices from the left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

NODES = 8
ACTIVATIONS: tuple[Callable[[Tensor], Tensor] | None, ...] = (
    None, torch.tanh, torch.relu, torch.sigmoid, lambda x: x,
)  # fmt: skip
"""Operations of an edge, by column of alpha; nothing comes through the first."""


@dataclass(frozen=True)
class Dropout:
    """Rates of dropout, each with one mask for all steps: embedding, cell input, state, output."""

    embedding: float = 0.0
    inputs: float = 0.0
    state: float = 0.0
    output: float = 0.0


PUBLISHED = Dropout(embedding=0.2, inputs=0.75, state=0.25, output=0.75)


def mask_of(like: Tensor, rate: float) -> Tensor:
    """Return a mask of (batch, width) that keeps the mean."""
    return torch.empty_like(like).bernoulli_(1 - rate).div_(1 - rate)


class SearchCell(nn.Module):
    """A cell of which every node reads all before it, through all activations."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.empty(2 * width, 2 * width).uniform_(-0.04, 0.04))
        self.nodes = nn.ParameterList(
            nn.Parameter(torch.empty(width, 2 * width).uniform_(-0.04, 0.04)) for _ in range(NODES)
        )
        self.norm = nn.BatchNorm1d(width, affine=False)

    def forward(
        self, x: Tensor, h: Tensor, weights: Tensor, masks: tuple[Tensor | None, Tensor | None]
    ) -> Tensor:
        """Return the next state, (batch, width)."""
        of_x, of_h = masks
        joined = torch.cat([_masked(x, of_x), _masked(h, of_h)], dim=-1)
        gate, value = (joined @ self.first).chunk(2, dim=-1)
        states: Tensor = self.norm(h + torch.sigmoid(gate) * (torch.tanh(value) - h))[None]
        row = 0
        for matrix in self.nodes:
            count = len(states)
            product = _masked(states, of_h).flatten(0, 1) @ matrix
            gate, value = product.view(count, len(h), -1).chunk(2, dim=-1)
            gate = torch.sigmoid(gate)
            node = torch.zeros_like(h)
            for column, activation in enumerate(ACTIVATIONS):
                if activation is None:
                    continue
                shares = weights[row : row + count, column].view(-1, 1, 1)
                moved = states + gate * (activation(value) - states)
                node = node + (shares * moved).sum(0)
            row += count
            states = torch.cat([states, self.norm(node)[None]])
        return states[-NODES:].mean(0)


def _masked(x: Tensor, mask: Tensor | None) -> Tensor:
    return x if mask is None else x * mask


class SearchNetwork(nn.Module):
    """Words in, the same matrix to words out, and the cell between.

    Attributes:
        alpha: Scores (edge, activation); no weight of the module.
    """

    def __init__(self, words: int, width: int, dropout: Dropout) -> None:
        super().__init__()
        self._sizes = words, width, dropout
        self.dropout = dropout
        self.embedding = nn.Embedding(words, width)
        self.cell = SearchCell(width)
        self.bias = nn.Parameter(torch.zeros(words))
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        self.alpha = (1e-3 * torch.randn(NODES * (NODES + 1) // 2, 5)).requires_grad_()

    def new(self) -> SearchNetwork:
        """Return another network of this size, with the same alpha and fresh weights."""
        other = SearchNetwork(*self._sizes).to(self.bias.device, self.bias.dtype)
        other.alpha = self.alpha.detach().clone().requires_grad_()
        return other

    def forward(self, tokens: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        """Return log-probabilities (time, batch, words) and the cell's outputs."""
        weights, drops = self.alpha.softmax(-1), self._drops
        embedded = self.embedding(tokens)
        embedded = _masked(embedded, drops(embedded[0], self.dropout.embedding))
        masks = drops(h, self.dropout.inputs), drops(h, self.dropout.state)
        outputs = []
        for x in embedded:
            h = self.cell(x, h, weights, masks)
            outputs.append(h)
        raw = torch.stack(outputs)
        dropped = _masked(raw, drops(h, self.dropout.output))
        logits = F.linear(dropped, self.embedding.weight, self.bias)
        return logits.log_softmax(-1), raw

    def _drops(self, like: Tensor, rate: float) -> Tensor | None:
        return mask_of(like, rate) if self.training and rate > 0 else None


@dataclass
class Segment:
    """Tokens (time, batch), those that come next, and the state before them (batch, width)."""

    tokens: Tensor
    targets: Tensor
    state: Tensor
