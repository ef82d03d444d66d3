"""torch's own threads, for loops that torch does not know.

A second pool of threads would be slow: for milliseconds after its work a thread of the one spins,
waiting for more, on the core that a thread of the other needs.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch


@dataclass(frozen=True)
class Threads:
    """Functions of the OpenMP library that torch uses.

    Attributes:
        parallel: Takes the address of a function, that of its argument, the number of threads and
            0; every thread calls the function.
        thread_number: Address of a function that tells a thread its number.
        thread_count: Address of a function that tells how many there are.
    """

    parallel: Callable[[int, object, int, int], None]
    thread_number: int
    thread_count: int


@lru_cache(1)
def torch_threads() -> Threads | None:
    """Return torch's threads; None where they are not those of GNU's OpenMP or alike."""
    path = Path(torch.__file__).with_name("lib") / "libtorch_cpu.so"
    try:
        library = ctypes.CDLL(str(path))
        parallel = library.GOMP_parallel
        asked = (library.omp_get_thread_num, library.omp_get_num_threads)
    except (OSError, AttributeError):
        return None
    parallel.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint]
    parallel.restype = None
    number, count = (ctypes.cast(function, ctypes.c_void_p).value for function in asked)
    assert number is not None
    assert count is not None
    return Threads(parallel, number, count)
