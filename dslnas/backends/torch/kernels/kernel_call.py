"""The door to compiled loops: arguments are checked before any address is taken."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from itertools import accumulate
from time import perf_counter
from typing import Protocol

import numpy as np
import torch

from dslnas.backends.torch.kernels.argument_check import Contract, fields_of
from dslnas.backends.torch.kernels.kernel_args import KernelArgs, Loops
from dslnas.backends.torch.kernels.openmp import torch_threads
from dslnas.diagnostics import InternalError

TEAM = np.dtype(
    [(name, np.int64) for name in ("task", "tasks", "thread_number", "thread_count", "failed")]
)
"""Work for all threads: address of the task, how many of them, the addresses of two functions that
tell a thread its number and that of all (0: there is one), and whether a task failed. The arguments
of the tasks lie behind it."""

DTYPES = {torch.float32: np.dtype(np.float32), torch.float64: np.dtype(np.float64)}
"""Dtypes that loops are compiled for."""

_PACKAGE = "dslnas.backends.torch.kernels"
_TEAM = struct.Struct("=5q")
_WORD = 8


class KernelCall:
    """Loops of a kernel with their arguments, of which all tensors live as long as the call."""

    def __init__(self, args: KernelArgs, dtype: torch.dtype) -> None:
        """Check the arguments, then take their addresses.

        Args:
            args: Arguments of the loops.
            dtype: Dtype that the loops are compiled for.

        Raises:
            TypeError: An argument is no tensor where there must be one.
            InternalError: One has another shape, dtype, layout or device, or lies where a loop
                writes another; loops would read or write what is not there.
        """
        if dtype not in args.dtypes:
            raise InternalError(f"there are no loops of `{args.kernel}` for {dtype}")
        kind = type(args)
        known = fields_of(kind)
        layout = _layout(kind, known.numbers_of(args))
        addresses = layout.contract.addresses_of(known.buffers_of(args), dtype)
        self._args, self._dtype = args, dtype
        self._record = ctypes.create_string_buffer(layout.size)
        layout.write(self._record, addresses)

    def run(self, task: str, tasks: int) -> None:
        """Do tasks 0 to `tasks`, on as many threads as torch has.

        Imports numba (half a second) at the first call. A task is compiled when it first meets a
        dtype, which takes from a second to half a minute; see `kept_loops` for where it is kept.

        Raises:
            MemoryError: A task found no memory to work in.
        """
        threads = min(tasks, torch.get_num_threads())
        pool = torch_threads() if threads > 1 else None
        asked = (0, 0) if pool is None else (pool.thread_number, pool.thread_count)
        record, address = self._record, compiled_task(type(self._args), task, self._dtype).address
        _TEAM.pack_into(record, 0, address, tasks, *asked, 0)
        team, alone = _team()
        if pool is None:
            alone(record)
        else:
            pool.parallel(team, record, threads, 0)
        if _TEAM.unpack_from(record)[-1]:
            raise MemoryError(f"no memory for `{task}` of `{self._args.kernel}`")


class _Layout:
    """Memory of calls alike: what a team needs, numbers, addresses of buffers, then their tables.

    Attributes:
        contract: Rules that the buffers keep.
        size: Bytes of a record with its tables.
    """

    def __init__(self, kind: type[KernelArgs], numbers: tuple[object, ...]) -> None:
        self.contract = Contract(kind, numbers)
        codes, tables = fields_of(kind).codes.values(), self.contract.tables
        counts = [1 if count is None else count for count in tables]
        self._body = struct.Struct("=" + "".join(codes) + f"{len(tables) + sum(counts)}q")
        self.size = _TEAM.size + self._body.size
        firsts = [0, *accumulate(counts)]
        first_table = self.size - sum(counts) * _WORD
        self._singles = [(k, firsts[k]) for k, count in enumerate(tables) if count is None]
        self._tables = [
            first_table + first * _WORD if count else 0
            for first, count in zip(firsts, tables, strict=False)
        ]

    def write(self, record: ctypes.Array[ctypes.c_char], addresses: list[int]) -> None:
        """Write all but what a team needs; `addresses` are those of all tensors."""
        own = ctypes.addressof(record)
        heads = [own + table if table else 0 for table in self._tables]
        for buffer, place in self._singles:
            heads[buffer] = addresses[place]
        self._body.pack_into(record, _TEAM.size, *self.contract.numbers, *heads, *addresses)


@lru_cache(1024)
def _layout(kind: type[KernelArgs], numbers: tuple[object, ...]) -> _Layout:
    return _Layout(kind, numbers)


def record_of(kind: type[KernelArgs]) -> np.dtype[np.void]:
    """Return the record that loops read: numbers, then addresses."""
    known = fields_of(kind)
    numbers = [
        (name, np.float64 if code == "d" else np.int64) for name, code in known.codes.items()
    ]
    return np.dtype([*numbers, *((name, np.int64) for name in known.buffers)])


@lru_cache(1)
def _team() -> tuple[int, Callable[[object], None]]:
    """Return the address of a thread's function, and the same to be called from here."""
    address: int = import_module(f"{_PACKAGE}.jit").team.address
    return address, ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)


class CompiledTask(Protocol):
    """A task that can be called by its address as long as it lives."""

    @property
    def address(self) -> int:
        """Where its code begins."""

    @property
    def cache_hits(self) -> int:
        """How often it was found on disk."""


watchers: list[Callable[[Loops, str, float], None]] = []
"""Called when a task of a kernel was compiled, with the seconds that it took."""


def tasks_of(kernel: Loops) -> Mapping[str, Callable[..., int]]:
    """Return the tasks of a kernel by name. Imports numba."""
    tasks: Mapping[str, Callable[..., int]] = import_module(f"{_PACKAGE}.{kernel}_numba").TASKS
    return tasks


@lru_cache(None)
def compiled_task(args: type[KernelArgs], task: str, dtype: torch.dtype) -> CompiledTask:
    """Return a task for records of a type and values of a dtype. Imports numba."""
    begin, jit = perf_counter(), import_module(f"{_PACKAGE}.jit")
    function = tasks_of(args.kernel)[task]
    compiled: CompiledTask = jit.compile_task(function, record_of(args), DTYPES[dtype])
    if compiled.cache_hits == 0:
        for watcher in watchers:
            watcher(args.kernel, task, perf_counter() - begin)
    return compiled
