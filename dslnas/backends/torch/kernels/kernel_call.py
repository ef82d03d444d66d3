"""The door to compiled loops: arguments are checked before any address is taken."""

from __future__ import annotations

import ctypes
import struct
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from importlib import import_module
from operator import attrgetter
from typing import NamedTuple, Protocol, TypeAlias, get_type_hints

import numpy as np
import torch
from torch import Tensor

from dslnas.backends.torch.kernels.kernel_args import (
    Access,
    Accesses,
    Buffer,
    KernelArgs,
)
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

_TEAM = struct.Struct("=5q")
_CODES = {int: "q", bool: "q", float: "d"}


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
        if dtype not in DTYPES:
            raise InternalError(f"there are no loops for {dtype}")
        self._args, self._dtype = args, dtype
        accesses, numbers = _contract(type(args), _fields(type(args)).numbers_of(args))
        addresses, self._tables = _addresses_of(args, accesses, dtype)
        self._packed = numbers + struct.pack(f"={len(addresses)}q", *addresses)

    def run(self, task: str, tasks: int) -> None:
        """Do tasks 0 to `tasks`, on as many threads as torch has.

        Imports numba (half a second) at the first call. A task is compiled when it first meets a
        dtype, which takes a second; the result is kept on disk where that is possible.

        Raises:
            MemoryError: A task found no memory to work in.
        """
        threads = min(tasks, torch.get_num_threads())
        pool = torch_threads() if threads > 1 else None
        asked = (0, 0) if pool is None else (pool.thread_number, pool.thread_count)
        address = _compiled(type(self._args), task, self._dtype).address
        record = ctypes.create_string_buffer(
            _TEAM.pack(address, tasks, *asked, 0) + self._packed, _TEAM.size + len(self._packed)
        )
        team, alone = _team()
        if pool is None:
            alone(record)
        else:
            pool.parallel(team, record, threads, 0)
        if _TEAM.unpack_from(record)[-1]:
            raise MemoryError(f"no memory for `{task}` of `{self._args.kernel}`")


Span: TypeAlias = tuple[int, int, bool, str, int]
"""Where a tensor starts and ends in memory, whether a loop writes it, its argument and its number
there."""


def _addresses_of(
    args: KernelArgs, accesses: Mapping[str, Accesses], dtype: torch.dtype
) -> tuple[list[int], list[array[int]]]:
    """Return the addresses of all buffers, and the tables of addresses among them."""
    addresses: list[int] = []
    tables: list[array[int]] = []
    spans: list[Span] = []
    for name, access in accesses.items():
        value = getattr(args, name)
        if isinstance(access, Access):
            addresses += _checked(args, name, (value,), (access,), dtype, spans)
            continue
        tensors = () if value is None else value
        if not isinstance(tensors, Sequence):
            raise TypeError(f"{args.kernel}: {name} is a {type(value).__name__}, not a sequence")
        if len(tensors) != len(access):
            wanted = f"{len(tensors)} tensors, not {len(access)}"
            raise InternalError(f"{args.kernel}: {name} has {wanted}")
        tables.append(array("q", _checked(args, name, tensors, access, dtype, spans)))
        addresses.append(tables[-1].buffer_info()[0])
    _check_overlaps(args, spans)
    return addresses, tables


def _checked(
    args: KernelArgs, name: str, tensors: Sequence[object], accesses: Sequence[Access],
    dtype: torch.dtype, spans: list[Span],
) -> list[int]:  # fmt: skip
    """Check the tensors of an argument, note where they lie, and return their addresses.

    There are hundreds at every step: this loop is the price of the door.
    """
    row: list[int] = []
    for tensor, (shape, own, written, optional, layout) in zip(tensors, accesses, strict=True):
        if tensor is None and optional:
            row.append(0)
            continue
        if not (
            isinstance(tensor, Tensor)
            and tensor.is_cpu
            and tensor.dtype == (own or dtype)
            and tensor.shape == shape
            and tensor.is_contiguous(memory_format=layout)
        ):
            raise _error(f"{args.kernel}: {name}[{len(row)}]", tensor, accesses[len(row)], dtype)
        start = tensor.data_ptr()
        spans.append((start, start + tensor.nbytes, written, name, len(row)))
        row.append(start)
    return row


def _error(where: str, tensor: object, access: Access, dtype: torch.dtype) -> Exception:
    """Return what tells how a tensor differs from what a loop needs."""
    if not isinstance(tensor, Tensor):
        return TypeError(f"{where} is a {type(tensor).__name__}, not a tensor")
    return InternalError(f"{where} {_fault(tensor, access, access.dtype or dtype)}")


def _fault(tensor: Tensor, access: Access, dtype: torch.dtype) -> str:
    """Return how a tensor differs from what a loop needs."""
    if not tensor.is_cpu:
        return f"lies on {tensor.device}, not on the CPU"
    if tensor.dtype != dtype:
        return f"is of {tensor.dtype}, not of {dtype}"
    if tensor.shape != access.shape:
        return f"has the shape {tuple(tensor.shape)}, not {access.shape}"
    return f"has the strides {tensor.stride()}, not those of {access.layout}"


def _check_overlaps(args: KernelArgs, spans: list[Span]) -> None:
    """Check that what a loop writes overlaps nothing else."""
    end = end_written = 0
    for start, stop, written, name, number in sorted(spans):
        if start == stop:
            continue
        if start < (end if written else end_written):
            raise InternalError(f"{args.kernel}: {name}[{number}] overlaps another argument")
        if stop > end:
            end = stop
        if written and stop > end_written:
            end_written = stop


class _Fields(NamedTuple):
    """Fields of a kind of arguments, by name.

    Attributes:
        codes: Letters of `struct` for the numbers that loops see.
        buffers: They stand behind the numbers in a record.
        fixed: All that are no buffers.
        numbers_of: Returns the values of `fixed`.
    """

    codes: Mapping[str, str]
    buffers: tuple[str, ...]
    fixed: tuple[str, ...]
    numbers_of: Callable[[KernelArgs], tuple[object, ...]]


@lru_cache(None)
def _fields(kind: type[KernelArgs]) -> _Fields:
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    codes = {name: _CODES[hints[name]] for name in names if hints[name] in _CODES}
    buffers = tuple(name for name in names if hints[name] == Buffer)
    fixed = tuple(name for name in names if name not in buffers)
    return _Fields(codes, buffers, fixed, attrgetter(*fixed))


@lru_cache(1024)
def _contract(
    kind: type[KernelArgs], numbers: tuple[object, ...]
) -> tuple[Mapping[str, Accesses], bytes]:
    """Return what must hold of buffers in their order, and the numbers as a record has them."""
    codes, buffers, fixed, _ = _fields(kind)
    values = dict(zip(fixed, numbers, strict=True))
    accesses = kind(**values, **dict.fromkeys(buffers)).accesses()
    if accesses.keys() != set(buffers):
        raise InternalError(f"{kind.__name__} does not say what must hold of every buffer")
    packed = struct.pack("=" + "".join(codes.values()), *(values[name] for name in codes))
    return {name: accesses[name] for name in buffers}, packed


def record_of(kind: type[KernelArgs]) -> np.dtype[np.void]:
    """Return the record that loops read: numbers, then addresses."""
    codes, buffers, _, _ = _fields(kind)
    numbers = [(name, np.float64 if code == "d" else np.int64) for name, code in codes.items()]
    return np.dtype([*numbers, *((name, np.int64) for name in buffers)])


@lru_cache(1)
def _team() -> tuple[int, Callable[[object], None]]:
    """Return the address of a thread's function, and the same to be called from here."""
    address: int = import_module("dslnas.backends.torch.kernels.jit").team.address
    return address, ctypes.CFUNCTYPE(None, ctypes.c_void_p)(address)


class CompiledTask(Protocol):
    """A task that can be called by its address as long as it lives."""

    @property
    def address(self) -> int:
        """Where its code begins."""


@lru_cache(None)
def _compiled(args: type[KernelArgs], task: str, dtype: torch.dtype) -> CompiledTask:
    package = "dslnas.backends.torch.kernels"
    jit = import_module(f"{package}.jit")
    tasks = import_module(f"{package}.{args.kernel}_numba").TASKS
    compiled: CompiledTask = jit.compile_task(tasks[task], record_of(args), DTYPES[dtype])
    return compiled
