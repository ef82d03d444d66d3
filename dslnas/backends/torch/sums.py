"""Sums of images with the batch norms and drop paths that are folded into them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from dslnas.backends.torch.fast import norm_of
from dslnas.backends.torch.kernels.mix import mix
from dslnas.backends.torch.kernels.norm import Rule
from dslnas.backends.torch.primitives import numbers
from dslnas.backends.torch.randomness import RunState
from dslnas.graph.analysis.folding import Folded
from dslnas.graph.analysis.plan import Step
from dslnas.graph.graph import Node

MOST_PLACES = 4096
"""Sampled architectures rarely come back: what was looked up for them is forgotten."""

_NOTHING = Folded(None, None)


class Sums:
    """Weighs and sums in the runs of one network.

    Where each weight stands in alpha is looked up once per step of a plan.
    """

    def __init__(self, tensors: Callable[[Node], list[Tensor]]) -> None:
        """Take what finds the tensors of a node."""
        self._tensors = tensors
        self._places: dict[object, Tensor] = {}

    @staticmethod
    def takes(step: Step) -> bool:
        """Whether a step sums images: with one weight for each, or applying norms to them."""
        if step.node.mix is None:
            return bool(step.folded)
        one_weight_each = step.node.primitive == "mix" and step.node.mix.rows == 1
        return one_weight_each and len(step.node.shape) == 3

    def __call__(
        self,
        step: Step,
        inputs: Sequence[Tensor],
        mixing: Mapping[str, Tensor] | None,
        run: RunState,
    ) -> Tensor:
        """Return the sum over the inputs of a_k * x_k, with norms and drop paths that are folded.

        Args:
            step: Step of a sum; tells rows and columns of alpha, norms and drop paths.
            inputs: (batch, channels, height, width) each.
            mixing: By cell the weights, (edges, operations); None counts each 1.
            run: Says whether norms train, and what was drawn.
        """
        row = step.node.mix
        weights = None if mixing is None or row is None else self._weights(step, mixing[row.cell])
        folded = step.folded or (_NOTHING,) * len(inputs)
        # `fold_norms` leaves only norms of the same arguments to a sum
        first = next((norm for norm, _ in folded if norm is not None), None)
        momentum, eps = (0.0, 0.0) if first is None else numbers(first)
        rule = Rule(momentum, eps, run.training, run.tracking)
        norms = [None if norm is None else norm_of(self._tensors(norm)) for norm, _ in folded]
        counts = [None if drop is None else run.counts.pop(drop.name, None) for _, drop in folded]
        return mix(inputs, weights, norms, rule, counts)

    def _weights(self, step: Step, alpha: Tensor) -> Tensor:
        key = (step.rows, step.columns)
        if key not in self._places:
            if len(self._places) >= MOST_PLACES:
                self._places.clear()
            with torch.inference_mode(False):  # a step may use them after a measurement
                self._places[key] = torch.tensor(key, device=alpha.device)
        rows, columns = self._places[key]
        return alpha[rows, columns]
