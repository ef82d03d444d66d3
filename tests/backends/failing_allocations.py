"""Loops in which one allocation fails, every one in turn: each is an error, and nothing else."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from torch import Tensor

from dslnas.backends.torch.kernels.kernel_args import Access
from dslnas.backends.torch.kernels.kernel_call import KernelCall
from tests.backends.awkward_memory import with_buffers

_ALLOCATE = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint32)


class Allocations:
    """Memory of compiled loops, of which a request can fail.

    Loops take their memory by a name that is looked up when they are loaded, so they must not be
    loaded before.

    Attributes:
        count: Requests so far.
        failing: Number of the one that fails, from 1 on.
    """

    def __init__(self) -> None:
        """Stand in front of what numba allocates with."""
        from llvmlite import binding
        from numba import njit
        from numba.core.runtime import _nrt_python

        njit(lambda: None)()  # names are set once, with the first function
        self.count, self.failing, self._kept = 0, -1, list[object]()
        for name, address in _nrt_python.c_helpers.items():
            if name.startswith("MemInfo_alloc") and name.endswith("aligned"):
                function = _ALLOCATE(self._asked(_ALLOCATE(address)))
                self._kept.append(function)
                pointer = ctypes.cast(function, ctypes.c_void_p).value
                binding.add_symbol(f"NRT_{name}", pointer)

    def _asked(self, allocate: Any) -> Callable[[int, int], int | None]:
        def asked(size: int, alignment: int) -> int | None:
            self.count += 1
            found: int | None = None if self.count == self.failing else allocate(size, alignment)
            return found

        return asked


@contextmanager
def failing_once_each(allocations: Allocations) -> Iterator[dict[str, int]]:
    """Run every task as often as it allocates, each time without one; then as it is.

    Gives the requests of each task, by the kind of its arguments and its name.
    """
    run = KernelCall.run
    requests: dict[str, int] = {}

    def run_without(self: KernelCall, task: str, tasks: int) -> None:
        before: list[tuple[Tensor, Tensor]] = []

        def kept(access: Access, x: Tensor) -> Tensor:
            if access.written:
                before.append((x, x.clone()))
            return x

        with_buffers(self._args, kept)
        allocations.count = 0
        run(self, task, tasks)
        name = f"{type(self._args).__name__} {task}"
        if name in requests:
            return
        requests[name] = allocations.count
        for number in range(requests[name]):
            allocations.count, allocations.failing = 0, number + 1
            with pytest.raises(MemoryError, match=f"no memory for `{task}`"):
                run(self, task, tasks)
        allocations.failing = -1
        for x, then in before:
            x.copy_(then)
        run(self, task, tasks)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(KernelCall, "run", run_without)
        patch.setattr(sys, "unraisablehook", lambda given: None)
        yield requests
