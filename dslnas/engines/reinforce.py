"""REINFORCE of a controller of architectures (Williams, 1992), as ENAS has it.

With R = reward + entropy * H, H the entropy of its decisions, the loss of an architecture is

    b <- b - (1 - decay) * (b - R);    -log p * (R - b)

the baseline b being moved before it is used, as in the published program. H has no gradient. With
proximal updates the same advantage R - b is that of every decision, see `proximal_policy`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from dslnas.engines.controller import Controller, Decided
from dslnas.engines.descent import Descent
from dslnas.engines.optimisers import value_at
from dslnas.engines.proximal_policy import clipped_objective
from dslnas.settings.search_parts import Plain, Proximal
from dslnas.settings.values import Adam
from dslnas.state import State, Stateful, Tensors, number, state_of, take_parts, taken

EPSILON = 1e-3
"""Constant of the published Adam, which adds it to a second moment that is not corrected."""

PLAIN = Plain()


class Reinforce:
    """Trains a controller.

    Attributes:
        baseline: Moving average of what was rewarded.
    """

    def __init__(
        self,
        controller: Controller,
        settings: Adam,
        epochs: int,
        *,
        decay: float,
        entropy: float,
        update: Plain | Proximal = PLAIN,
    ) -> None:
        self._controller = controller
        self._settings, self._epochs = settings, epochs
        self._decay, self._entropy, self._update = decay, entropy, update
        self._adam = Descent(list(controller.parameters()), settings)
        self._rate = value_at(settings.lr, 0, epochs)
        self._steps = 0
        self.baseline = 0.0
        self._parts: dict[str, Stateful] = {
            "weights": Tensors(dict(controller.named_parameters())),
            "moments": self._adam,
        }

    def start_epoch(self, epoch: int) -> None:
        """Set the learning rate of an epoch, counted from 0."""
        self._rate = value_at(self._settings.lr, epoch, self._epochs)

    def update(self, decisions: Sequence[Tensor], rewards: Sequence[float]) -> float:
        """Learn from some architectures and their rewards; return the mean loss before that.

        The architectures are those of the controller as it is.
        """
        decided = self._controller(len(rewards), forced(decisions))
        advantages = self._advantages(rewards, decided)
        if isinstance(self._update, Plain):
            return self._descend(-(decided.log_probability * advantages).mean())
        losses, before = [], decided.log_probabilities.detach()
        for done in range(self._update.passes):
            if done > 0:
                decided = self._controller(len(rewards), forced(decisions))
            now, clip = decided.log_probabilities, self._update.clip
            objective = clipped_objective(now, before, advantages, clip)
            losses.append(self._descend(-objective.sum(0).mean()))
        return losses[0]

    def _advantages(self, rewards: Sequence[float], decided: Decided) -> Tensor:
        """Return by how much architectures exceed the baseline, which moves."""
        advantages = []
        for reward, entropy in zip(rewards, decided.entropy.tolist(), strict=True):
            total = reward + self._entropy * entropy
            self.baseline -= (1 - self._decay) * (self.baseline - total)
            advantages.append(total - self.baseline)
        return decided.log_probability.new_tensor(advantages)

    def _descend(self, loss: Tensor) -> float:
        """Take a step along the gradient of a loss, and return it."""
        gradients = torch.autograd.grad(loss, self._adam.tensors, allow_unused=True)
        self._steps += 1
        self._adam.eps = EPSILON / math.sqrt(1 - self._settings.betas[1] ** self._steps)
        self._adam.step(gradients, self._rate)
        return float(loss.detach())

    def state(self) -> State:
        """Return the controller, the moments of its gradients, the baseline and the steps."""
        numbers = {"baseline": number(self.baseline), "steps": number(self._steps)}
        return {**numbers, **state_of(self._parts)}

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state."""
        self.baseline = float(taken(state, "baseline", number(0.0)))
        self._steps = int(taken(state, "steps", number(0)))
        take_parts(self._parts, state, besides=("baseline", "steps"))


def forced(decisions: Sequence[Tensor]) -> Callable[[Tensor], Tensor]:
    """Return what makes given decisions, one after the other."""
    remaining = iter(decisions)
    return lambda logits: next(remaining)
