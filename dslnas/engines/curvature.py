"""How sharp the validation loss is in alpha: the dominant eigenvalue of its Hessian.

A large one foretells that the derived network is much worse than the supernet (Zela et al.,
"Understanding and robustifying differentiable architecture search", ICLR 2020).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

ITERATIONS = 30
TOLERANCE = 1e-4


def dominant_eigenvalue(
    loss: Tensor,
    alphas: Sequence[Tensor],
    generator: torch.Generator,
    iterations: int = ITERATIONS,
    tolerance: float = TOLERANCE,
) -> float:
    """Return the eigenvalue of largest magnitude of the Hessian of a loss in all alphas.

    Power iteration: v <- H v / |H v|, eigenvalue v . H v, from a random start, until it changes by
    less than the relative tolerance. H v is made by differentiating twice, so H is never there.

    Raises:
        ValueError: The loss depends on no alpha: it has no curvature to speak of.
    """
    found = torch.autograd.grad(loss, alphas, create_graph=True, allow_unused=True)
    if all(gradient is None for gradient in found):
        raise ValueError("loss does not depend on alpha")
    gradients = [
        torch.zeros_like(alpha, requires_grad=True) if gradient is None else gradient
        for alpha, gradient in zip(alphas, found, strict=True)
    ]
    vector = [torch.randn(a.shape, generator=generator, dtype=torch.float64) for a in alphas]
    vector = [v.to(a.device, a.dtype) for v, a in zip(vector, alphas, strict=True)]
    eigenvalue = 0.0
    for _ in range(iterations):
        length = _dot(vector, vector) ** 0.5
        if length == 0.0:
            return 0.0
        vector = [v / length for v in vector]
        product = torch.autograd.grad(
            gradients, alphas, vector, retain_graph=True, materialize_grads=True
        )
        before, eigenvalue = eigenvalue, _dot(vector, product)
        vector = list(product)
        if abs(eigenvalue - before) <= tolerance * abs(eigenvalue):
            break
    return eigenvalue


def _dot(first: Sequence[Tensor], second: Sequence[Tensor]) -> float:
    return float(sum((a * b).sum() for a, b in zip(first, second, strict=True)))
