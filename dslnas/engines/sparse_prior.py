"""BayesNAS' prior: how large each gate may be, and what the data say of it.

A gate has the prior N(0, gamma); as gamma falls to 0 the gate goes. Groups of gates share one
gamma; of several gates of a group the first dimension has the members. Minimising the evidence is
done in turns: omega from gamma and the curvature, the gates by a lasso that omega weighs, gamma
from both (Zhou, Yang, Wang and Pan, ICML 2019, arXiv:1905.04919, algorithm 1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from dslnas.state import State, Stateful, Tensors, number, state_of, take_parts, taken

NOTHING_TOLD = 1 / (2 * math.pi * math.e)
"""Variance at which the entropy of a normal distribution, ln(2 pi e gamma) / 2, is 0: with less,
the prior of a gate leaves nothing to choose. That the paper prunes by it is not confirmed."""

COUNTS = ("batches", "targets")


class Fisher:
    """Information of gates, the diagonal of the Hessian, from gradients g of batches of B targets.

    It is B * var(g) + mean(g)^2.

    Attributes:
        batches: How many gradients there were.
        targets: B.
    """

    def __init__(self, gates: Mapping[str, Tensor]) -> None:
        """Start without any gradients."""
        self._sums = {name: torch.zeros_like(s) for name, s in gates.items()}
        self._squares = {name: torch.zeros_like(s) for name, s in gates.items()}
        self.batches = self.targets = 0

    def add(self, gradients: Sequence[Tensor]) -> None:
        """Add the gradients of a batch, one per gate."""
        self.batches += 1
        for name, gradient in zip(self._sums, gradients, strict=True):
            self._sums[name] += gradient
            self._squares[name] += gradient.square()

    def __getitem__(self, name: str) -> Tensor:
        """Return the information of some gates."""
        mean = self._sums[name] / self.batches
        variance = self._squares[name] / self.batches - mean.square()
        return self.targets * variance.clamp(min=0) + mean.square()

    def _parts(self) -> dict[str, Stateful]:
        return {"sums": Tensors(self._sums), "squares": Tensors(self._squares)}

    def state(self) -> State:
        """Return the sums, and what they are of."""
        counts = {"batches": number(self.batches), "targets": number(self.targets)}
        return {**counts, **state_of(self._parts())}

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state."""
        self.batches, self.targets = (int(taken(state, n, number(0))) for n in COUNTS)
        take_parts(self._parts(), state, besides=COUNTS)


def group_lasso(gates: Tensor, omega: Tensor) -> Tensor:
    """Return the sum over groups of omega * ||s||; gates are (members, ...), omega (...)."""
    sizes: Tensor = gates.norm(dim=0)
    return (omega * sizes).sum()


def updated(
    gates: Tensor, gamma: Tensor, curvature: Tensor, strength: float
) -> tuple[Tensor, Tensor]:
    """Return gamma and omega of groups after a closed-form update.

    With h = curvature / strength and c = 1 / (1 / gamma + h), the posterior variance,
    omega^2 = sum over members of |1 / gamma - c / gamma^2| = sum of |h / (1 + h * gamma)|, and the
    new gamma is ||s|| / omega. Where the loss does not depend on a gate, such as that of `none`,
    omega and gamma are 0: the data say nothing for it.

    Args:
        gates: s, (members, ...).
        gamma: (...).
        curvature: Diagonal of the loss's Hessian in the gates, (members, ...).
        strength: The weight of the lasso in the loss.
    """
    h = curvature / strength
    omega = (h / (1 + h * gamma)).abs().sum(0).sqrt()
    return torch.where(omega > 0, gates.norm(dim=0) / omega, 0.0), omega


def joined(operations: Tensor, edges: Tensor) -> Tensor:
    """Return gamma with 1 / gamma = 1 / gamma_o + 1 / gamma_e: a dead edge takes all with it."""
    return 1 / (1 / operations + 1 / edges)
