"""SmoothDARTS: weights that train on perturbed mixtures (Chen and Hsieh, ICML 2020).

The weights w lower L_train at p + delta, p the mixing weights, so that the loss becomes flat around
the mixture and the derived architecture, which is far from it, works as well (arXiv:2002.05283).
Alpha is trained at p itself. `random` draws delta uniformly from [-epsilon, epsilon]; `adversarial`
looks for the worst within it by projected gradient ascent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.engines.objectives.accumulation import filled, loss_and_grads_of
from dslnas.engines.optimisers import value_at
from dslnas.settings.search_parts import PerturbAdversarially, Perturbation

Weights = Mapping[str, Tensor]
"""Mixing weights by cell, (edges, operations)."""


class Perturber:
    """Perturbs the mixtures that the weights of a supernet train on."""

    def __init__(
        self, supernet: Supernet, settings: Perturbation, epochs: int, generator: torch.Generator
    ) -> None:
        """Take how to perturb; `generator` (CPU) draws the noise."""
        self._supernet = supernet
        self._settings = settings
        self._epochs = epochs
        self._generator = generator
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        """Set the size of the perturbation in an epoch, counted from 0."""
        self._epsilon = value_at(self._settings.epsilon, epoch, self._epochs)

    def __call__(self, mixing: Mixing, batch: Batch) -> Mixing:
        """Return a mixture near another one for the weights' step on a batch."""
        assert mixing.weights is not None, "checked by the settings"
        centre = {cell: mixing.weights[cell] for cell in self._supernet.tables}
        found = self.perturbed(centre, self._noise(centre), mixing.weights, batch)
        return Mixing({**mixing.weights, **found})

    def perturbed(self, centre: Weights, noise: Weights, rest: Weights, batch: Batch) -> Weights:
        """Return the perturbation of the weights `centre` that starts with a noise.

        Args:
            centre: Weights of operations.
            noise: Added to them, within the size of the perturbation.
            rest: All mixing weights; what is not in `centre` stays.
            batch: Training batch, for which the adversary makes it worse.
        """
        start = {cell: self.clipped(cell, p + noise[cell]) for cell, p in centre.items()}
        if not isinstance(self._settings, PerturbAdversarially):
            return start
        with self._supernet.evaluating():
            *_, end = start, *self.ascent(centre, start, rest, batch)
            with torch.no_grad():
                before, after = (
                    float(loss_and_grads_of(self._supernet, batch, Mixing({**rest, **p}), []).loss)
                    for p in (centre, end)
                )
        return centre if after < before else end

    def ascent(
        self, centre: Weights, start: Weights, rest: Weights, batch: Batch
    ) -> Iterator[Weights]:
        """Yield where each step of size 2 * epsilon / steps along the signs of the slope ends.

        A step is projected into the cube of epsilon around the centre, and then clipped.
        """
        assert isinstance(self._settings, PerturbAdversarially)
        size, epsilon = 2 * self._epsilon / self._settings.steps, self._epsilon
        here = start
        for _ in range(self._settings.steps):
            variables = {cell: p.detach().clone().requires_grad_() for cell, p in here.items()}
            wanted = list(variables.values())
            mixing = Mixing({**rest, **variables})
            found = loss_and_grads_of(self._supernet, batch, mixing, wanted)
            slopes = zip(centre.items(), filled(found.gradients, wanted), strict=True)
            here = {
                cell: self.clipped(
                    cell, p + (here[cell] + size * slope.sign() - p).clamp(-epsilon, epsilon)
                )
                for (cell, p), slope in slopes
            }
            yield here

    def clipped(self, cell: str, weights: Tensor) -> Tensor:
        """Return weights cut to [0, 1] and divided by their sum; of no sum, the largest is 1."""
        exists = self._supernet.exists(cell)
        cut = weights.clamp(0.0, 1.0).masked_fill(~exists, 0.0)
        largest = weights.masked_fill(~exists, -torch.inf).argmax(-1, keepdim=True)
        nothing = cut.sum(-1, keepdim=True) == 0
        cut = torch.where(nothing, torch.zeros_like(cut).scatter(-1, largest, 1.0), cut)
        return cut / cut.sum(-1, keepdim=True)

    def _noise(self, centre: Weights) -> Weights:
        """Draw uniform noise between -epsilon and epsilon."""
        noise = {}
        for cell, p in centre.items():
            drawn = torch.rand(p.shape, generator=self._generator, dtype=torch.float64)
            noise[cell] = ((2 * drawn - 1) * self._epsilon).to(p.device, p.dtype)
        return noise
