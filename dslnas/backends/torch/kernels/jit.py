"""How loops are compiled. Imports numba: only import it to run a loop.

A loop is written as a *task*: `task(number, told, like)` does one part of the work that a record
tells. `told` is a pointer to the record, `like` a pointer (never read) to values of the dtype that
the loop is compiled for. `team` is what each thread of a team does: its share of the tasks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import carray, cfunc, from_dtype, int64, njit, types, void
from numba.core import cgutils
from numba.extending import intrinsic

from dslnas.backends.torch.kernels.records import TEAM

_TOLD = TEAM.itemsize

Task = Callable[[Any, Any, Any], None]

# Only `contract`: a product and a sum may become one step, but NaN and inf keep their meaning and
# the order of a sum stays as it is written.
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "fastmath": {"contract"}}


def _compiled(compiler: Callable[..., Any], function: Callable[..., Any]) -> Any:
    try:
        return compiler(cache=True)(function)
    except RuntimeError:  # no folder that compiled code could be kept in
        return compiler()(function)


def serial(function: Callable[..., Any]) -> Any:
    """Compile a function that tasks call."""
    inner: dict[str, Any] = {
        "no_cpython_wrapper": True,
        "no_cfunc_wrapper": True,
    }  # only compiled code calls it
    return _compiled(lambda **kept: njit(**_OPTIONS, **inner, **kept), function)


def compile_task(task: Task, record: np.dtype[Any], dtype: np.dtype[Any]) -> Any:
    """Compile a task; the result's `address` is what `run` wants and lives as long as it does."""
    told, like = types.CPointer(from_dtype(record)), types.CPointer(from_dtype(dtype))
    signature = void(int64, told, like)
    return _compiled(lambda **kept: cfunc(signature, **_OPTIONS, **kept), task)


@intrinsic  # type: ignore[untyped-decorator]
def _pointer(context: Any, address: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.intp), code


@intrinsic  # type: ignore[untyped-decorator]
def _call(context: Any, task: Any, number: Any, told: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = arguments[0].type
        kind = cgutils.ir.FunctionType(cgutils.ir.VoidType(), [word] * 3)
        called = builder.inttoptr(arguments[0], kind.as_pointer())
        builder.call(called, [arguments[1], arguments[2], word(0)])
        return context.get_dummy_value()

    return types.void(types.intp, types.intp, types.intp), code


@intrinsic  # type: ignore[untyped-decorator]
def from_bits(context: Any, bits: Any) -> Any:
    """Return the float32 of these 32 bits."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], cgutils.ir.FloatType())

    return types.float32(types.int32), code


@serial
def flat(address: int, size: int, like: Any) -> Any:
    """Return what lies at an address as an array (size,) of the dtype that `like` points to."""
    return carray(_pointer(address), (size,), carray(like, (1,)).dtype)


@serial
def table(address: int, rows: int, columns: int, like: Any) -> Any:
    """Return what lies at an address as an array (rows, columns)."""
    return carray(_pointer(address), (rows, columns), carray(like, (1,)).dtype)


@serial
def whole(address: int, size: int) -> Any:
    """Return a table of whole numbers, such as addresses, (size,)."""
    return carray(_pointer(address), (size,), np.int64)


@serial
def doubles(address: int, rows: int, columns: int) -> Any:
    """Return a table of float64 (rows, columns)."""
    return carray(_pointer(address), (rows, columns), np.float64)


@intrinsic  # type: ignore[untyped-decorator]
def _ask(context: Any, address: Any) -> Any:
    """Call a C function without arguments that returns an int."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = cgutils.ir.FunctionType(cgutils.ir.IntType(32), [])
        return builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), [])

    return types.int32(types.intp), code


@serial
def add_products(total: Any, x: Any, y: Any) -> None:
    """Add x * y, number by number, to a total, whose length counts."""
    for m in range(total.size):
        total[m] += x[m] * y[m]


def _team(told: int) -> None:
    a = carray(_pointer(told), (1,), TEAM)[0]
    first, threads = np.int64(0), np.int64(1)
    if a.number_of_thread != 0:
        first, threads = np.int64(_ask(a.number_of_thread)), np.int64(_ask(a.number_of_threads))
    for number in range(first, a.tasks, threads):
        _call(a.task, number, told + _TOLD)


team = _compiled(lambda **kept: cfunc(void(int64), **_OPTIONS, **kept), _team)
"""What one thread does of the tasks of a `records.TEAM`, behind which lies what tasks are told."""
