"""Proximal policy optimisation (Schulman et al., 2017, arXiv:1707.06347)."""

from __future__ import annotations

import torch
from torch import Tensor


def clipped_objective(now: Tensor, before: Tensor, advantages: Tensor, clip: float) -> Tensor:
    """Return L^CLIP of decisions by their log probabilities, (decisions, architectures).

    With the ratio r = p / p_before and the advantage A of the architecture it is (equation 7)

        min(r * A, clip(r, 1 - epsilon, 1 + epsilon) * A)

    Where p is p_before its gradient is that of REINFORCE, A * grad log p; it has none once r has
    left the interval the way that A drives it.
    """
    ratio = (now - before).exp()
    return torch.minimum(ratio * advantages, ratio.clamp(1 - clip, 1 + clip) * advantages)
