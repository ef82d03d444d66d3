"""TF32: whether GPUs round what float32 products and convolutions read, to 10 bits of mantissa.

PyTorch lets convolutions do so by default. Here `float32` means float32: differences of losses at
weights that hardly differ, as second order takes them, would mostly be differences of rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def allow_tensor_float(*, allowed: bool) -> None:
    """Say for this process whether they may."""
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def allows_tensor_float() -> bool:
    """Say whether convolutions may."""
    return torch.backends.cudnn.allow_tf32


@contextmanager
def without_tensor_float() -> Iterator[None]:
    """Run the body, forward and backward, without."""
    before = allows_tensor_float()
    allow_tensor_float(allowed=False)
    try:
        yield
    finally:
        allow_tensor_float(allowed=before)
