"""Memory of a run: kept from one step to the next, in large pages."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import lru_cache

_KEPT, _AHEAD, _MAPPED = -1, -2, -3
"""Settings of glibc's `mallopt`: how much is kept when it is free, how much is asked for ahead, and
the size from which a piece of memory is mapped by itself and given back as soon as it is free."""

_MOST, _MOST_MAPPED = 2**31 - 1, 2**25
"""Their largest values, of the first two and of the last."""

_ROOM = 2**31 - 2**26
"""Bytes of addresses that are taken at once; there is no memory behind them before it is used."""

_PAGE = 4096

_LARGE_PAGES = 14
"""Advice to Linux."""


@lru_cache(1)
def keep_memory() -> bool:
    """Let this process keep the memory that it frees, in large pages; say whether it can.

    A step frees hundreds of megabytes at its end, and the next one asks for them again. By itself
    glibc gives them back meanwhile, and Linux fills new pages with zeros. What the environment says
    of memory stays as it is.
    """
    is_set = any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ)
    if sys.platform != "linux" or is_set:
        return False
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt") or not hasattr(libc, "gnu_get_libc_version"):
        return False
    libc.sbrk.argtypes, libc.sbrk.restype = [ctypes.c_ssize_t], ctypes.c_size_t
    libc.malloc.argtypes, libc.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
    libc.free.argtypes = [ctypes.c_void_p]
    libc.madvise.argtypes = [ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int]
    for number, value in ((_MAPPED, _MOST_MAPPED), (_KEPT, _MOST), (_AHEAD, _ROOM)):
        libc.mallopt(number, value)
    start = -(-libc.sbrk(0) // _PAGE) * _PAGE
    libc.free(libc.malloc(_MOST_MAPPED - _PAGE))
    libc.mallopt(_AHEAD, _MOST_MAPPED)
    size = libc.sbrk(0) - start
    return bool(size > 0 and libc.madvise(start, size, _LARGE_PAGES) == 0)
