"""Loops touch no memory but that of their arguments, wherever and however these lie."""

from __future__ import annotations

import signal
import sys
from typing import get_args

import pytest
import torch

from dslnas.backends.torch.kernels import kernel_call
from dslnas.backends.torch.kernels.availability import available, has_loops
from dslnas.backends.torch.kernels.compilation import record_type
from dslnas.backends.torch.kernels.kernel_args import KernelArgs, Loops
from dslnas.backends.torch.kernels.kernel_call import CompiledTask, tasks_of
from tests.backends.awkward_memory import PLACES, guarded
from tests.backends.failing_allocations import Allocations, failing_once_each
from tests.backends.loop_cases import (
    DTYPES,
    USUAL,
    Case,
    cases,
    compare,
    laid,
    plain_cases,
    some_cases,
)
from tests.backends.loop_operations import OPERATIONS
from tests.python_process import python

pytestmark = pytest.mark.skipif(not available(), reason="numba is not installed")

CHECKED = {
    "LD_PRELOAD": "libc_malloc_debug.so.0",
    "GLIBC_TUNABLES": "glibc.malloc.check=3:glibc.malloc.perturb=128",
}
"""Memory is checked whenever some is returned; new memory is full of 3.4e38."""

THREADS = {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive"}
"""Two threads share the tasks; on a busy machine, waiting for each other takes them no time."""

DAMAGE = (
    "import ctypes, torch\n"
    "x = torch.empty(6)\n"
    "ctypes.memset(x.data_ptr(), 1, x.nbytes + 1)\n"
    "del x\n"
)
BESIDE = (
    "import ctypes, torch\n"
    "from tests.backends.awkward_memory import {place}\n"
    "x = {place}(torch.ones(6))\n"
    "ctypes.string_at(x.data_ptr() + {beside}, 1)\n"
)


def usual(name: str) -> Case:
    """Return the case of an operation in which nothing is unusual."""
    given = OPERATIONS[name].tensors(USUAL, torch.float32)
    return Case("usual", name, given, laid("in rows"))


@pytest.mark.parametrize("name", OPERATIONS)
def test_awkward_memory_and_odd_sizes_change_no_number(name: str) -> None:
    for case in some_cases(name):
        compare(case)


def test_the_operations_run_every_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    found: set[tuple[type[KernelArgs], str]] = set()
    compiled = kernel_call.compiled_task

    def note(args: type[KernelArgs], task: str, dtype: torch.dtype) -> CompiledTask:
        found.add((args, task))
        return compiled(args, task, dtype)

    monkeypatch.setattr(kernel_call, "compiled_task", note)
    for name in OPERATIONS:
        compare(usual(name))
    assert found == {
        (record_type(function), task)
        for kernel in get_args(Loops)
        for task, function in tasks_of(kernel).items()
    }
    assert all(map(has_loops, get_args(Loops)))


def _alone(function: str, **env: str) -> None:
    """Call a function of this file in a process of its own, which may die of it."""
    run = python(
        f"from tests.backends.test_kernels_memory import {function} as f; f()", **THREADS, **env
    )
    assert run.returncode == 0, run.stdout + run.stderr


def run_all_cases() -> None:
    """Run all cases, and say how many."""
    count = 0
    for name in OPERATIONS:
        for dtype in DTYPES:
            for case in cases(name, dtype):
                compare(case)
                count += 1
    print(f"{count} cases")


def run_guarded() -> None:
    """Run one case of each size with every buffer of the loops in pages of its own."""
    for place in PLACES:
        with guarded(place):
            for name in OPERATIONS:
                for case in plain_cases(name):
                    print(
                        place.__name__, case.operation, case.name, flush=True
                    )  # the last one dies
                    compare(case)


def run_without_memory() -> None:
    """Run all loops without one of their allocations, and with all."""
    with failing_once_each(Allocations()) as requests:
        for name in OPERATIONS:
            compare(usual(name))
    assert sum(requests.values()) > 0, "none has been asked for here"


@pytest.mark.slow
def test_no_loop_damages_memory() -> None:
    if python(DAMAGE, **CHECKED).returncode == 0:
        pytest.skip("the C library here does not check its memory")
    for name in OPERATIONS:  # compiled before, as compiling is slow where memory is checked
        for case in plain_cases(name):
            compare(case)
    _alone("run_all_cases", **CHECKED)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="pages are protected by a call of Linux")
def test_no_loop_reads_or_writes_beside_its_buffers() -> None:
    for place, beside in (
        ("before_the_end", 24),
        ("before_the_end_odd", 25),
        ("from_the_start", -1),
    ):
        died = python(BESIDE.format(place=place, beside=beside))
        assert died.returncode == -signal.SIGSEGV, "what guards the buffers does not"
    _alone("run_guarded")


@pytest.mark.slow
def test_a_loop_without_one_of_its_allocations_is_an_error() -> None:
    _alone("run_without_memory")
