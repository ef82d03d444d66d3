"""Tensors in memory that is awkward for loops: odd strides and addresses, and pages that end."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.kernels.kernel_args import Access, KernelArgs
from dslnas.backends.torch.kernels.kernel_call import KernelCall

PAGE = mmap.PAGESIZE
NAN = float("nan")


def _dense(x: Tensor) -> Tensor:
    """Return strides as loops want them: those of images with channels innermost."""
    images = x.dim() == 4
    return x.contiguous(memory_format=torch.channels_last if images else torch.contiguous_format)


def _turned(x: Tensor) -> Tensor:
    return x.mT.contiguous().mT if x.dim() > 1 else x.clone()


def _every_second(x: Tensor) -> Tensor:
    return torch.full((*x.shape, 2), NAN, dtype=x.dtype)[..., 0].copy_(x)


def _examples_apart(x: Tensor) -> Tensor:
    return _dense(torch.full((2 * len(x), *x.shape[1:]), NAN, dtype=x.dtype))[::2].copy_(x)


def _among_channels(x: Tensor) -> Tensor:
    axis = min(1, x.dim() - 1)
    shape = [size + 3 * (number == axis) for number, size in enumerate(x.shape)]
    room = _dense(torch.full(shape, NAN, dtype=x.dtype))
    return room.narrow(axis, 2, x.shape[axis]).copy_(x)


def _among_columns(x: Tensor) -> Tensor:
    room = torch.full((*x.shape[:-1], x.shape[-1] + 2), NAN, dtype=x.dtype)
    return room[..., 1:-1].copy_(x)


def _one_further(x: Tensor) -> Tensor:
    room = torch.full((x.numel() + 2,), NAN, dtype=x.dtype)
    return room.as_strided(x.shape, _dense(x).stride(), 1).copy_(x)


def _in_bytes(x: Tensor) -> Tensor:
    room = torch.full((x.nbytes + 2 * x.itemsize,), 255, dtype=torch.uint8)
    return room.view(x.dtype).as_strided(x.shape, _dense(x).stride(), 1).copy_(x)


def _at_an_odd_address(x: Tensor) -> Tensor:
    if not x.numel():
        return x.clone()
    room = torch.frombuffer(bytearray(x.nbytes + 1), dtype=x.dtype, offset=1)
    return room.as_strided(x.shape, _dense(x).stride()).copy_(x)


def _alike_by_example(x: Tensor) -> Tensor:
    return x[:1].clone().expand_as(x) if len(x) else x


def _one_value(x: Tensor) -> Tensor:
    return x.new_full((), 0.5).expand_as(x)


def _one_by_channel(x: Tensor) -> Tensor:
    return x[..., :1].clone().expand_as(x) if x.numel() else x


def _negated_when_read(x: Tensor) -> Tensor:
    found: Tensor = torch._neg_view(_dense(-x).clone())
    return found


LAYOUTS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "in rows": torch.clone,
    "channels innermost": _dense,
    "turned": _turned,
    "every second value": _every_second,
    "every second example": _examples_apart,
    "some channels of more": _among_channels,
    "some columns of more": _among_columns,
    "one value further": _one_further,
    "in a buffer of bytes": _in_bytes,
    "at an odd address": _at_an_odd_address,
    "examples in one place": _alike_by_example,
    "columns in one place": _one_by_channel,
    "all in one place": _one_value,
    "negated when read": _negated_when_read,
}
"""Memory in which a caller's tensor may lie; what surrounds it is NaN, so that reading it shows."""


def before_the_end(x: Tensor) -> Tensor:
    """Return a copy with the same strides that ends where memory does."""
    return _guarded(x, -(x.nbytes) % PAGE)


def before_the_end_odd(x: Tensor) -> Tensor:
    """Return one that ends a byte earlier, at an odd address."""
    return _guarded(x, (-x.nbytes - 1) % PAGE)


def from_the_start(x: Tensor) -> Tensor:
    """Return one that begins where memory does."""
    return _guarded(x, 0)


PLACES = before_the_end, before_the_end_odd, from_the_start


def _guarded(x: Tensor, offset: int) -> Tensor:
    """Return a copy of dense values between two pages that nobody may touch."""
    if not x.numel():
        return x.clone()
    pages = -(-(offset + x.nbytes) // PAGE)
    room = mmap.mmap(-1, (pages + 2) * PAGE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(room))
    for page in (0, pages + 1):
        _protect(start + page * PAGE, PAGE, 0)
    count = x.numel()
    values = torch.frombuffer(room, dtype=x.dtype, count=count, offset=PAGE + offset)
    return values.as_strided(x.shape, x.stride()).copy_(x)


def _make_read_only(x: Tensor) -> None:
    """Let whoever writes to a guarded copy end the process."""
    if x.numel():
        first, last = x.data_ptr() // PAGE, (x.data_ptr() + x.nbytes - 1) // PAGE
        _protect(first * PAGE, (last - first + 1) * PAGE, mmap.PROT_READ)


def _protect(start: int, size: int, access: int) -> None:
    if ctypes.CDLL(None).mprotect(ctypes.c_void_p(start), ctypes.c_size_t(size), access):
        raise OSError("pages cannot be protected")


@contextmanager
def guarded(place: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Give every loop copies of all its buffers, where a step beside one ends the process."""
    run = KernelCall.run

    def run_guarded(self: KernelCall, task: str, tasks: int) -> None:
        copies: list[tuple[Tensor, Tensor]] = []

        def moved(access: Access, x: Tensor) -> Tensor:
            copy = place(x)
            if access.written:
                copies.append((x, copy))
            else:
                _make_read_only(copy)
            return copy

        run(KernelCall(with_buffers(self._args, moved), self._dtype), task, tasks)
        for original, copy in copies:
            original.copy_(copy)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(KernelCall, "run", run_guarded)
        yield


def with_buffers(args: KernelArgs, change: Callable[[Access, Tensor], Tensor]) -> KernelArgs:
    """Return arguments with every tensor that is there changed."""

    def changed(access: Access, x: Tensor | None) -> Tensor | None:
        return None if x is None else change(access, x)

    new: dict[str, Any] = {}
    for name, accesses in args.accesses().items():
        value = getattr(args, name)
        if isinstance(accesses, Access):
            new[name] = changed(accesses, value)
        elif value is not None:
            new[name] = [changed(a, x) for a, x in zip(accesses, value, strict=True)]
    return replace(args, **new)  # type: ignore[type-var]
