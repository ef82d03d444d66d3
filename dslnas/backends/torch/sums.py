"""Sums of images weighed by alpha, with the batch norms that are folded into them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from dslnas.backends.torch.kernels.mix import mix
from dslnas.backends.torch.kernels.norm import Norm, Rule
from dslnas.backends.torch.primitives import numbers
from dslnas.backends.torch.randomness import RunState
from dslnas.graph.analysis.plan import Step
from dslnas.graph.graph import Node

MOST_PLACES = 4096
"""Sampled architectures rarely come back: what was looked up for them is forgotten."""


class Sums:
    """Weighs and sums in the runs of one network.

    Where each weight stands in alpha is looked up once per step of a plan.
    """

    def __init__(self, tensors: Callable[[Node], list[Tensor]]) -> None:
        """Take what finds the tensors of a node."""
        self._tensors = tensors
        self._places: dict[object, Tensor] = {}

    @staticmethod
    def takes(node: Node) -> bool:
        """Whether a node is a sum of images with one weight for each: no stack of edges."""
        one_weight_each = node.mix is not None and node.mix.rows == 1
        return one_weight_each and node.primitive == "mix" and len(node.shape) == 3

    def __call__(
        self,
        step: Step,
        inputs: Sequence[Tensor],
        mixing: Mapping[str, Tensor] | None,
        run: RunState,
    ) -> Tensor:
        """Return the sum over the inputs of a_k * x_k, or a_k * norm(x_k) where a norm is folded.

        Args:
            step: Step of a `mix`; tells rows and columns of alpha, and the norms.
            inputs: (batch, channels, height, width) each.
            mixing: By cell the weights, (edges, operations); None counts each 1.
            run: Says whether norms train.
        """
        weights = None if mixing is None else self._weights(step, mixing)
        found = [norm for norm in step.folded if norm is not None]
        norms = [None if norm is None else Norm(*self._tensors(norm)) for norm in step.folded]
        # `fold_norms` leaves only norms of the same arguments to a sum
        momentum, eps = numbers(found[0]) if found else (0.0, 0.0)
        return mix(inputs, weights, norms, Rule(momentum, eps, run.training, run.tracking))

    def _weights(self, step: Step, mixing: Mapping[str, Tensor]) -> Tensor:
        assert step.node.mix is not None
        alpha = mixing[step.node.mix.cell]
        key = (step.rows, step.columns)
        if key not in self._places:
            if len(self._places) >= MOST_PLACES:
                self._places.clear()
            with torch.inference_mode(False):  # a step may use them after a measurement
                self._places[key] = torch.tensor(key, device=alpha.device)
        rows, columns = self._places[key]
        return alpha[rows, columns]
