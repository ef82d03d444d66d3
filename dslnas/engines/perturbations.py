"""SmoothDARTS: weights that train on perturbed mixtures (Chen and Hsieh, ICML 2020).

The weights w lower L_train at p + delta, p the mixing weights, so that the loss becomes flat around
the mixture and the derived architecture, which is far from it, works as well (arXiv:2002.05283).
Alpha is trained at p itself. `random` draws delta uniformly from [-epsilon, epsilon]; `adversarial`
looks for the worst within it by projected gradient ascent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

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
        self,
        supernet: Supernet,
        exists: Mapping[str, Tensor],
        settings: Perturbation,
        epochs: int,
        generator: torch.Generator,
    ) -> None:
        """Take how to perturb.

        Args:
            supernet: Runs the mixtures.
            exists: Which operations have a weight, by cell.
            settings: Kind and size of the perturbation.
            epochs: All epochs of the search.
            generator: Draws the noise; on the CPU.
        """
        self._supernet = supernet
        self._exists = exists
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
        return self.perturbed(mixing, self._noise(centre), batch)

    def perturbed(self, mixing: Mixing, noise: Weights, batch: Batch) -> Mixing:
        """Return the perturbation of a mixture that starts with a noise on its operations."""
        assert mixing.weights is not None, "checked by the settings"
        centre = {cell: mixing.weights[cell] for cell in noise}
        start = {cell: self.clipped(cell, p + noise[cell]) for cell, p in centre.items()}
        if not isinstance(self._settings, PerturbAdversarially):
            return _with(mixing, start)
        with self._supernet.evaluating():
            *_, end = self.ascent(mixing, start, batch)
            found = _with(mixing, end)
            with torch.no_grad():
                before, after = (
                    float(loss_and_grads_of(self._supernet, batch, tried, []).loss)
                    for tried in (mixing, found)
                )
        return mixing if after < before else found

    def ascent(self, mixing: Mixing, start: Weights, batch: Batch) -> Iterator[Weights]:
        """Yield where each step of size 2 * epsilon / steps along the signs of the slope ends.

        A step is projected into the cube of epsilon around the centre, and then clipped.
        """
        assert isinstance(self._settings, PerturbAdversarially)
        assert mixing.weights is not None, "checked by the settings"
        size, epsilon = 2 * self._epsilon / self._settings.steps, self._epsilon
        here = start
        for _ in range(self._settings.steps):
            variables = {cell: p.detach().clone().requires_grad_() for cell, p in here.items()}
            wanted = list(variables.values())
            found = loss_and_grads_of(self._supernet, batch, _with(mixing, variables), wanted)
            slopes = zip(variables, filled(found.gradients, wanted), strict=True)
            moved = {cell: here[cell] + size * slope.sign() for cell, slope in slopes}
            here = {
                cell: self.clipped(cell, centre + (moved[cell] - centre).clamp(-epsilon, epsilon))
                for cell in moved
                for centre in (mixing.weights[cell],)
            }
            yield here

    def clipped(self, cell: str, weights: Tensor) -> Tensor:
        """Return weights cut to [0, 1] and divided by their sum; of no sum, the largest is 1."""
        exists = self._exists[cell]
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


def _with(mixing: Mixing, weights: Weights) -> Mixing:
    """Return a mixture with other weights of some cells."""
    assert mixing.weights is not None, "checked by the settings"
    return replace(mixing, weights={**mixing.weights, **weights})
