"""Weights that are slices of larger tensors, as `dslnas.graph.slices` says."""

from __future__ import annotations

from torch import Tensor

from dslnas.graph.slices import slice_of
from dslnas.ops.primitive import Shape


def sliced(tensor: Tensor, shape: Shape) -> Tensor:
    """Return the slice of a shape; the tensor itself where it has that shape.

    Statistics of batch norm stay views, which are written to.
    """
    if tensor.shape == shape:
        return tensor
    return tensor[slice_of(shape, tuple(tensor.shape))].contiguous()
