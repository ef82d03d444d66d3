"""How loops are compiled. Imports numba: only import it to run a loop.

A loop is written as a *task*: `task(number, args, dtype_of)` does one part of the work that `args`
tell, and returns `DONE`; what raises inside returns 0. `args` points to a record, `dtype_of` (never
read) to values of the dtype that the loop is compiled for. In a record, a tensor is the address of
its values, a table of tensors the address of their addresses, and 0 stands for none. `team` is what
each thread of a team does: its share of the tasks.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
from numba import carray, cfunc, config, from_dtype, int64, njit, types, void
from numba.core import cgutils
from numba.core.caching import NullCache
from numba.extending import intrinsic
from numpy.typing import NDArray

from dslnas.backends.torch.kernels.kept_loops import FOLDER, alone, are_kept
from dslnas.backends.torch.kernels.kernel_args import Buffer, KernelArgs
from dslnas.backends.torch.kernels.kernel_call import TEAM

Args = TypeVar("Args", bound=KernelArgs)
Function = TypeVar("Function", bound=Callable[..., object])

Untyped: TypeAlias = Any
"""Objects of numba and llvmlite, which have no types."""

Values: TypeAlias = NDArray[np.floating[Any]]
"""Values of the dtype that a loop is compiled for."""

Doubles: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.int64]
"""Where something lies, by number."""


class Pointer(Generic[Args]):
    """Type of a pointer to a record; there are none outside of compiled code."""


class DtypeOf:
    """Type of what a loop takes its dtype from; there is none outside of compiled code."""


Task = Callable[[int, Pointer[Args], DtypeOf], int]
DONE = 1

# Only `contract`: a product and a sum may become one step, but NaN and inf keep their meaning and
# the order of a sum stays as it is written.
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract"}}

_ARGS = TEAM.itemsize


_called: list[Untyped] = []
"""Compiled functions that tasks call."""


def _compiled(compiler: Callable[..., Untyped], function: Callable[..., object]) -> Untyped:
    """Return a compiled function, which is kept on disk if there is a place for it.

    Where what is kept is damaged, or the disk is full, this process keeps nothing more, and the
    next one begins anew.
    """
    if not are_kept():
        return compiler()(function)
    before, config.CACHE_DIR = config.CACHE_DIR, str(FOLDER)
    try:
        with alone():
            return compiler(cache=True)(function)
    except Exception:  # files that are no pickles may raise anything
        shutil.rmtree(FOLDER, ignore_errors=True)
        for called in _called:
            called._cache = NullCache()
        return compiler()(function)
    finally:
        config.CACHE_DIR = before


def serial(function: Function) -> Function:
    """Compile a function that tasks call."""
    inner = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "forceinline": True}
    compiled: Function = _compiled(lambda **kept: njit(**_OPTIONS, **inner, **kept), function)
    _called.append(compiled)
    return compiled


def compile_task(task: Task[Args], record: np.dtype[np.void], dtype: np.dtype[Any]) -> Untyped:
    """Compile a task; the result's `address` is what `team` wants and lives as long as it does."""
    args, dtype_of = types.CPointer(from_dtype(record)), types.CPointer(from_dtype(dtype))
    signature = int64(int64, args, dtype_of)
    return _compiled(lambda **kept: cfunc(signature, **_OPTIONS, **kept), task)


@intrinsic  # type: ignore[untyped-decorator]
def _pointer(context: Untyped, address: Untyped) -> Untyped:
    def code(context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped) -> Untyped:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.intp), code


@intrinsic  # type: ignore[untyped-decorator]
def _call(context: Untyped, task: Untyped, number: Untyped, args: Untyped) -> Untyped:
    def code(context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped) -> Untyped:
        word = arguments[0].type
        kind = cgutils.ir.FunctionType(word, [word] * 3)
        called = builder.inttoptr(arguments[0], kind.as_pointer())
        return builder.call(called, [arguments[1], arguments[2], word(0)])

    return types.intp(types.intp, types.intp, types.intp), code


@intrinsic  # type: ignore[untyped-decorator]
def from_bits(context: Untyped, bits: Untyped) -> Untyped:
    """Return the float32 of these 32 bits."""

    def code(context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped) -> Untyped:
        return builder.bitcast(arguments[0], cgutils.ir.FloatType())

    return types.float32(types.int32), code


@serial
def args_at(args: Pointer[Args]) -> Args:
    """Return the record that a pointer points to."""
    record: Args = carray(args, (1,))[0]
    return record


@serial
def is_given(buffer: Buffer) -> bool:
    """Say whether there is a tensor."""
    return bool(buffer != 0)


@serial
def tensor_of(table: Buffer, number: int) -> Buffer:
    """Return a tensor of a table."""
    tensor: Buffer = whole(table, number + 1)[number]
    return tensor


@serial
def flat(tensor: Buffer, size: int, dtype_of: DtypeOf) -> Values:
    """Return the values of a tensor as an array (size,)."""
    values: Values = carray(_pointer(tensor), (size,), carray(dtype_of, (1,)).dtype)
    return values


@serial
def table(tensor: Buffer, rows: int, columns: int, dtype_of: DtypeOf) -> Values:
    """Return the values of a tensor as an array (rows, columns)."""
    values: Values = carray(_pointer(tensor), (rows, columns), carray(dtype_of, (1,)).dtype)
    return values


@serial
def whole(tensor: Buffer, size: int) -> Places:
    """Return whole numbers, such as addresses, as an array (size,)."""
    values: Places = carray(_pointer(tensor), (size,), np.int64)
    return values


@serial
def doubles(tensor: Buffer, rows: int, columns: int) -> Doubles:
    """Return float64 as an array (rows, columns)."""
    values: Doubles = carray(_pointer(tensor), (rows, columns), np.float64)
    return values


@intrinsic  # type: ignore[untyped-decorator]
def _ask(context: Untyped, address: Untyped) -> Untyped:
    """Call a C function without arguments that returns an int."""

    def code(context: Untyped, builder: Untyped, signature: Untyped, arguments: Untyped) -> Untyped:
        kind = cgutils.ir.FunctionType(cgutils.ir.IntType(32), [])
        return builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), [])

    return types.int32(types.intp), code


def _team(call: int) -> None:
    a = carray(_pointer(call), (1,), TEAM)[0]
    first, threads = np.int64(0), np.int64(1)
    if a.thread_number != 0:
        first, threads = np.int64(_ask(a.thread_number)), np.int64(_ask(a.thread_count))
    for number in range(first, a.tasks, threads):
        if _call(a.task, number, call + _ARGS) != DONE:
            a.failed = 1


team = _compiled(lambda **kept: cfunc(void(int64), **_OPTIONS, **kept), _team)
"""Function of one thread: its share of the tasks of a `TEAM`."""
