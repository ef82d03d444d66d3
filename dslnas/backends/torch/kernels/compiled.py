"""Whether compiled loops can be used, and for which tensors; compiles and runs them when wanted."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

from dslnas.backends.torch.kernels.pool_of_threads import torch_threads
from dslnas.backends.torch.kernels.records import BLEND, GATE, SEPARABLE

_RECORDS = {
    "channels": BLEND,
    "separables": SEPARABLE,
    "highway": GATE,
}
"""Modules with tasks, and the record that theirs read."""

_NAMES = {name: record.names or () for name, record in _RECORDS.items()}
_NONE = {name: dict.fromkeys(names, 0) for name, names in _NAMES.items()}
_PACKED = {
    name: struct.Struct("=4q" + "".join("qd"[record[n].kind == "f"] for n in _NAMES[name]))
    for name, record in _RECORDS.items()
}
"""A record behind a `TEAM`, as bytes."""

Kernel: TypeAlias = Literal["separable", "mix", "gate"]
"""A function of this package that has loops of its own, and torch's functions to fall back on."""

_switched_off: set[Kernel] = set()

_DTYPES = {torch.float32: np.dtype(np.float32), torch.float64: np.dtype(np.float64)}


@lru_cache(1)
def available() -> bool:
    """Say whether numba (the extra `fast`) is installed and goes with the numpy that is here."""
    try:
        import_module("numba")
    except ImportError:
        return False
    return True


def has_loops(kernel: Kernel) -> bool:
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
    dtype = tensors[0].dtype
    return (
        dtype in _DTYPES
        and all(tensor.is_cpu and tensor.dtype == dtype for tensor in tensors)
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
    )


@dataclass
class Told:
    """What compiled loops are told.

    Attributes:
        module: Where the tasks stand.
        dtype: Of the tensors.
        values: By name of the module's record; what is not given is 0.
    """

    module: str
    dtype: torch.dtype
    values: dict[str, float]

    def run(self, task: str, tasks: int) -> None:
        """Do tasks 0 to `tasks`, on as many threads as torch has.

        Imports numba (half a second) at the first call. A task is compiled when it first meets a
        dtype, which takes a second; the result is kept on disk where that is possible.
        """
        threads = min(tasks, torch.get_num_threads())
        pool = torch_threads() if threads > 1 else None
        asked = (0, 0) if pool is None else (pool.number_of_thread, pool.number_of_threads)
        address = _compiled(self.module, task, self.dtype).address
        values = {**_NONE[self.module], **self.values}.values()
        record = _PACKED[self.module].pack(address, tasks, *asked, *values)
        team, alone = _team()
        if pool is None:
            alone(record)
        else:
            pool.parallel(team, record, threads, 0)


@lru_cache(1)
def _team() -> tuple[int, Any]:
    """Return the address of a thread's function, and the same to be called from here."""
    address: int = import_module("dslnas.backends.torch.kernels.jit").team.address
    return address, ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)


@lru_cache(None)
def _compiled(module: str, task: str, dtype: torch.dtype) -> Any:
    jit = import_module("dslnas.backends.torch.kernels.jit")
    tasks = import_module(f"dslnas.backends.torch.kernels.{module}").TASKS
    return jit.compile_task(tasks[task], _RECORDS[module], _DTYPES[dtype])


def channels_last(x: Tensor) -> Tensor:
    """Return a tensor (B, C, H, W) whose values lie in the order (B, H, W, C)."""
    return x.contiguous(memory_format=torch.channels_last)
