"""Whether loops of our own can be used: numba is there, they are not switched off, tensors suit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib import import_module
from operator import attrgetter
from typing import Any

import torch
from torch import Tensor

from dslnas.backends.torch.kernels.kernel_args import Kernel
from dslnas.backends.torch.kernels.kernel_call import DTYPES

_switched_off: set[Kernel] = set()
_kind = attrgetter("dtype", "is_cpu")


@lru_cache(1)
def why_unavailable() -> str | None:
    """Say why no loops can be compiled; None if they can, by numba, the extra `fast`."""
    try:
        numba: Any = import_module("numba")
    except ImportError as error:  # it is not installed, or for another numpy
        return str(error)
    return "NUMBA_DISABLE_JIT is set" if numba.config.DISABLE_JIT else None


def available() -> bool:
    """Say whether loops can be compiled."""
    return why_unavailable() is None


def has_loops(kernel: str) -> bool:
    """Say whether a kernel runs by its own loops; else it runs by torch's functions."""
    return kernel not in _switched_off and available()


@contextmanager
def without_loops(*kernels: Kernel) -> Iterator[None]:
    """Run the body with kernels on torch's functions, as where numba is not installed.

    Passes are chosen when a network is placed on a device, so place it inside of the body too.
    """
    before = set(_switched_off)
    _switched_off.update(kernels)
    try:
        yield
    finally:
        _switched_off.intersection_update(before)


def plain_cpu(tensors: Sequence[Tensor]) -> bool:
    """Say whether tensors lie on the CPU and share one of the dtypes that loops are made for.

    Also false where torch wants to see operations of its own: under autocast and when it compiles.
    """
    if torch.compiler.is_compiling():  # asked first: what follows cannot be traced
        return False
    dtype = tensors[0].dtype
    return (
        dtype in DTYPES
        and set(map(_kind, tensors)) == {(dtype, True)}
        and not any(map(Tensor.is_neg, tensors))  # whose memory has other signs than they
        and not torch.is_autocast_enabled("cpu")
    )


def channels_last(x: Tensor) -> Tensor:
    """Return a tensor (B, C, H, W) whose values lie in the order (B, H, W, C), as they are read."""
    return x.resolve_neg().contiguous(memory_format=torch.channels_last)


def empty_images(shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    """Return a tensor of a shape (B, C, H, W) without values, in the same order."""
    return torch.empty(shape, dtype=dtype, memory_format=torch.channels_last)
