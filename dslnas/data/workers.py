"""Processes that read data: PyTorch's, begun without the locks that threads of this one hold."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Sequence
from multiprocessing import get_all_start_methods
from typing import TypeVar

import torch
from torch.utils.data import DataLoader, Dataset

AHEAD = 2
"""Results that each process has ready."""

MOST_WORKERS = 16

T = TypeVar("T")


def usual_workers() -> int:
    """Return the number of processes that read, where nobody says another: one for every core."""
    known = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1
    return min(cores, MOST_WORKERS)


def loader(
    dataset: Dataset[T],
    order: Iterable[list[int]],
    collate: Callable[[Sequence[T]], T],
    workers: int,
) -> DataLoader[T]:
    """Return what reads batches of a data set in an order.

    The processes begin with a pass and end with it: each holds PyTorch, a quarter of a gigabyte.
    Nothing is drawn in them, so that their number changes no result. Without any, this process
    reads.

    Args:
        dataset: By number what is to be read; pickled to the processes.
        order: The numbers of one batch after the other.
        collate: Joins a batch. Arrays of NumPy go through a pipe; tensors would need memory that
            processes share, which is short in containers.
        workers: The number of processes.
    """
    return DataLoader(
        dataset,
        batch_sampler=order,
        collate_fn=collate,
        num_workers=workers,
        prefetch_factor=AHEAD if workers else None,
        multiprocessing_context=_start_method() if workers else None,
        worker_init_fn=_heed_no_signals,
        generator=torch.Generator(),  # else every pass draws from the one that all share
    )


def _heed_no_signals(worker: int) -> None:
    """Leave signals that go to all processes of a run to the one that reads from this.

    It ends this one when it ends itself; one that ended amid a message would let it wait for ever.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _start_method() -> str:
    """Return how processes are begun: not as a copy of this one, whose threads hold locks."""
    return "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
