"""Gradients that cannot be differentiated again say so at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import torch

Gradients = TypeVar("Gradients")


def once_differentiable(backward: Callable[..., Gradients]) -> Callable[..., Gradients]:
    """Make the `backward` of a function refuse to become part of a graph.

    torch's decorator of this kind complains only when the second derivative passes the gradient
    itself; one that would have passed it unseen comes out as zero.

    Raises:
        RuntimeError: By what is returned, when gradients are asked for with `create_graph`.
    """

    @wraps(backward)
    def refusing(ctx: Any, *gradients: Any) -> Gradients:
        if torch.is_grad_enabled():
            raise RuntimeError(
                "this loss can be differentiated only once; one that can be differentiated twice "
                "is made inside of `Supernet.differentiable_twice()`"
            )
        return backward(ctx, *gradients)

    return refusing
