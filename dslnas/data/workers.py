"""Processes that read data: PyTorch's, begun without the locks that threads of this one hold."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing import forkserver, get_all_start_methods, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import Any, TypeVar

import torch
from torch.utils.data import DataLoader, Dataset

from dslnas.diagnostics import user_error
from dslnas.launch import launched

AHEAD = 2
"""Results that each process has ready."""

MOST_WORKERS = 16

SOON = 5.0
"""Seconds in which it is known how a process has ended."""

T = TypeVar("T")


def usual_workers() -> int:
    """Return the number of processes that read, where nobody says another: one for every core.

    Several processes of a run on this machine share the cores.
    """
    known = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1
    return max(1, min(cores // launched().local_size, MOST_WORKERS))


def read_in_order(
    dataset: Dataset[T],
    order: Iterable[list[Any]],
    collate: Callable[[Sequence[T]], T],
    workers: int,
) -> Iterator[T]:
    """Yield batches of a data set in an order.

    The processes begin with a pass and end with it: each holds PyTorch, a quarter of a gigabyte.
    Nothing is drawn in them, so that their number changes no result. Without any, this process
    reads.

    Args:
        dataset: By index what is to be read; pickled to the processes.
        order: The indices of one batch after the other.
        collate: Joins a batch. Arrays of NumPy go through a pipe; tensors would need memory that
            processes share, which is short in containers.
        workers: The number of processes.

    Raises:
        UserError: NAS613 if one of the processes was ended.
    """
    loader = DataLoader(
        dataset,
        batch_sampler=order,
        collate_fn=collate,
        num_workers=workers,
        prefetch_factor=AHEAD if workers else None,
        multiprocessing_context=_start_method() if workers else None,
        worker_init_fn=_belong_to_parent,
        generator=torch.Generator(),  # else every pass draws from the one that all share
    )
    reading: Any = iter(loader)
    guard = _Guard(reading) if workers else None
    try:
        yield from reading
    except RuntimeError as error:
        cause = guard.cause() if guard else ""
        if not cause:
            raise
        raise user_error(
            "NAS613",
            f"a process that reads data was ended by {cause}",
            where="data.workers",
            help="if the memory was full, use fewer `workers`; `--resume` goes on with the run",
        ) from error


class _Guard(Thread):
    """Ends all processes of a pass as soon as one has ended.

    One that is killed amid a message leaves half of it in the pipe, and the pipe locked: this
    process would wait for the rest for ever. It gets the end of a file instead, as nobody is left
    who could write.
    """

    def __init__(self, reading: Any) -> None:
        """Begin to wait; `reading` is the iterator of a loader."""
        super().__init__(daemon=True)
        self._processes: list[BaseProcess] = reading._workers
        self._pipe: Connection = reading._worker_result_queue._writer
        self._code: int | None = None
        self.start()

    def run(self) -> None:
        """Wait for the first process that ends: by itself at the end of a pass, or by others."""
        (first, *_) = wait([process.sentinel for process in self._processes])
        for process in self._processes:
            if process.sentinel == first:
                self._code = process.exitcode
            process.kill()
        self._pipe.close()

    def cause(self) -> str:
        """Return in words what ended a process; "" if all are there, or end by themselves."""
        self.join(timeout=SOON)
        if self._code is not None and self._code < 0:
            return f"signal {-self._code}"
        return "" if self._code in (None, 0) else "a fault of its own"


def _begin_server() -> None:
    """Begin the process that begins the others, out of the reach of signals.

    Those that go to all processes of a run are left to the one that reads. It ends the others when
    it ends itself; had they ended before, it could not go on to the step after which it is stored.
    """
    resource_tracker.ensure_running()  # else it begins next, and lets signals through
    chosen = signal.valid_signals() - {signal.SIGCHLD}  # by which it hears that others ended
    before = signal.pthread_sigmask(signal.SIG_BLOCK, chosen)
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _belong_to_parent(worker: int) -> None:
    """End when the process ends that reads from this one, and leave signals to it.

    PyTorch asks for the process that began this one, and that is the server.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # where no server has kept them off
        signal.signal(number, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None, "this is no process of its own"
    wait([parent.sentinel])
    os._exit(1)


def _start_method() -> str:
    """Return how processes are begun: not as a copy of this one, whose threads hold locks."""
    if "forkserver" not in get_all_start_methods():
        return "spawn"
    _begin_server()
    return "forkserver"
