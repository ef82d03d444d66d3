"""Tensors that stay in a set: what an optimiser leaves of them is brought back after every step.

No gradient is taken through that. A row that is too long is divided by its norm over the bound, so
steps are those of projected gradient descent; means of such rows are not too long either.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from dslnas.ops.primitive import Weight


class ConstrainedParameter(nn.Parameter):
    """A parameter of which a `Weight` says what steps have to keep."""

    weight: Weight

    def bring_back(self) -> None:
        """Move to the set, in place."""
        if self.weight.bound > 0:
            norms = self.norm(dim=1, keepdim=True)
            self.div_((norms / self.weight.bound).clamp_(min=1.0))
        if self.weight.has_mean:
            self[0] = self[1:].mean(0)


def parameter(tensor: Tensor, weight: Weight) -> nn.Parameter:
    """Return a parameter that starts with a tensor, brought back where steps have to keep a set."""
    if weight.bound == 0 and not weight.has_mean:
        return nn.Parameter(tensor)
    made = ConstrainedParameter(tensor)
    made.weight = weight
    constrain((made,))
    return made


def constrain(parameters: Iterable[Tensor]) -> None:
    """Bring all parameters back that steps have taken out of their sets."""
    with torch.no_grad():
        for each in parameters:
            if isinstance(each, ConstrainedParameter):
                each.bring_back()
