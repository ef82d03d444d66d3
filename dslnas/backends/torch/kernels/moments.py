"""Moments by channel that loops took of images while they wrote them: norms need not read these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from dslnas.backends.torch.kernels.kernel_args import Buffer

_MOMENTS = "_moments_by_channel"


def remember(images: Tensor, moments: Tensor) -> None:
    """Keep moments of images, (2, C), float64, as long as these live and nobody changes them.

    They are the mean of every channel, and the sum of the squared distances from it. Nothing tells
    whether tensors of inference mode are changed, so nothing is kept of those.
    """
    if not images.is_inference():
        setattr(images, _MOMENTS, (moments, images._version))


def room_for(members: int, parts: int, channels: int) -> dict[str, Any]:
    """Return where loops write the moments of several results: arguments that all of them have."""
    to_moments = torch.empty((2 * members, channels), dtype=torch.float64)
    moments = torch.empty((4 * parts * members, channels), dtype=torch.float64)
    return {"wants_moments": True, "to_moments": to_moments, "moments": moments}


def remember_all(results: Sequence[Tensor], moments: Buffer) -> None:
    """Keep the moments of results, which stand one behind the other."""
    assert isinstance(moments, Tensor)
    for k, result in enumerate(results):
        remember(result, moments[2 * k : 2 * k + 2])


def known_moments(images: Tensor) -> Tensor | None:
    """Return the moments of images, if they are known."""
    moments, version = getattr(images, _MOMENTS, (None, None))
    return None if moments is None or version != images._version else moments
