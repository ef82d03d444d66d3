"""When loops are compiled: ahead of all runs, or in a run that tells of it; never for a short one.

Compiling takes some seconds for each kernel, once on a machine. A run that would take hardly longer
runs by torch's functions instead. Sums of both differ in the last bits, so the choice depends on
the work alone, not on what is compiled already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, NamedTuple, get_args, get_type_hints

import torch

from dslnas.backends.torch.kernels.availability import available
from dslnas.backends.torch.kernels.kernel_args import Kernel, KernelArgs, Loops
from dslnas.backends.torch.kernels.kernel_call import compiled_task, tasks_of, watchers
from dslnas.graph.graph import PrimitiveGraph

KERNELS: Final[tuple[Kernel, ...]] = get_args(Kernel)

COMPILING = "Compiling loops for this processor, once; `dslnas loops` does so ahead of all runs"
NOT_KEPT = (
    "Compiling loops, as every run will: they cannot be kept in {folder}; let NUMBA_CACHE_DIR name "
    "another one"
)

WORTH = 20.0
"""Seconds of a run from which on loops save more than compiling them takes."""

PER_FLOP, PER_CALL = 1e-10, 1e-5
"""Seconds that a multiply-add and the call of a primitive take on a usual core, about."""

RUNS = 3
"""A step runs the network once, and its gradient takes about as long as two runs."""


class Work(NamedTuple):
    """Work of a search or a training.

    Attributes:
        flops: Multiply-adds of all its runs of the network, without gradients.
        calls: Primitives that these runs call.
    """

    flops: int
    calls: int

    @property
    def is_worth_compiling(self) -> bool:
        """Whether it takes much longer than compiling loops for it."""
        return RUNS * (self.flops * PER_FLOP + self.calls * PER_CALL) >= WORTH


def work_of(graph: PrimitiveGraph, batch: int, steps: int, runs: int) -> Work:
    """Return the work of running a network so often, on batches of examples of so many steps."""
    return Work(graph.flops() * batch * steps * runs, len(graph.nodes) * steps * runs)


def is_installed() -> bool:
    """Say whether numba is there; it is not imported, so it may still be of no use."""
    return find_spec("numba") is not None


@contextmanager
def telling_of_compilation(tell: Callable[[str], None]) -> Iterator[None]:
    """Tell when loops are compiled in the body, and how long each took; not of those on disk."""
    if not available():
        yield
        return
    events: Any = import_module("numba.core.event")
    told = False

    def on_start(_: object, __: object) -> None:
        nonlocal told
        if not told:
            told = True
            tell(announced())

    def on_compiled(kernel: Loops, task: str, seconds: float) -> None:
        tell(f"  {kernel} {task}: {seconds:.1f} s")

    watchers.append(on_compiled)
    listener = type("Listener", (events.Listener,), {"on_start": on_start, "on_end": on_start})()
    try:
        with events.install_listener("numba:run_pass", listener):
            yield
    finally:
        watchers.remove(on_compiled)


def announced() -> str:
    """Return what is told when the first loop is compiled."""
    place: Any = import_module("dslnas.backends.torch.kernels.kept_loops")
    return COMPILING if place.are_kept() else NOT_KEPT.format(folder=place.FOLDER)


def compile_all(dtype: torch.dtype) -> int:
    """Compile all loops for a dtype, those that are not on disk; return how many there are."""
    tasks = [task for kernel in get_args(Loops) for task in tasks_of(kernel).items()]
    loops = [(record_type(task), name) for name, task in tasks]
    there = [(kind, name) for kind, name in loops if dtype in kind.dtypes]
    for kind, name in there:
        compiled_task(kind, name, dtype)
    return len(there)


def record_type(task: Callable[..., int]) -> type[KernelArgs]:
    """Return the type of the record that a task reads, as its signature says."""
    (kind,) = get_args(get_type_hints(task)["args"])
    found: type[KernelArgs] = kind
    return found
