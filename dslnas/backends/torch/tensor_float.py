"""TF32: whether GPUs round what float32 products and convolutions read, to 10 bits of mantissa.

PyTorch lets convolutions do so by default. Here `float32` means float32: differences of losses at
weights that hardly differ, as second order takes them, would mostly be differences of rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch


class TensorFloat(NamedTuple):
    """Kinds of arithmetic on a GPU that may round in this process."""

    products: bool
    convolutions: bool

    def apply(self) -> None:
        """Let it be so from now on; what is so is not touched, since processors read it, too."""
        matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
        if matmul.allow_tf32 != self.products:
            matmul.allow_tf32 = self.products
        if cudnn.allow_tf32 != self.convolutions:
            cudnn.allow_tf32 = self.convolutions


EVERYTHING, NOTHING = TensorFloat(True, True), TensorFloat(False, False)


def tensor_float() -> TensorFloat:
    """Return what may."""
    return TensorFloat(torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32)


@contextmanager
def without_tensor_float() -> Iterator[None]:
    """Run the body, forward and backward, without."""
    before = tensor_float()
    NOTHING.apply()
    try:
        yield
    finally:
        before.apply()
