"""Errors that mean that the system gave a process too little: memory, or open files.

Libraries tell of it in many ways: a shared object that cannot be mapped is an import that fails.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

from dslnas.diagnostics import UserError, user_error

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

_FILES = (errno.EMFILE, errno.ENFILE)
_NO_MEMORY = (
    "cannot allocate memory",
    "can't allocate memory",
    "could not allocate",
    "unable to allocate",
    "not enough memory",
    "out of memory",
    "bad_alloc",
    "failed to map segment",
    "cannot map zero-fill pages",
    "can't start new thread",
)
"""Words of libraries, in lower case, where memory or address space ran out."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, or what led to it, is that memory ran out."""
    return any(_is_memory(one) for one in _causes(error))


def shortage(error: BaseException) -> UserError | None:
    """Return in words what there was too little of and how to allow more; None for other errors."""
    for one in _causes(error):
        if isinstance(one, OSError) and one.errno in _FILES:
            return _too_few_files()
        if _is_memory(one) or (isinstance(one, SystemError) and _address_space() is not None):
            return _too_little_memory(str(one))
    return None


def limit_of_memory(error: BaseException) -> UserError | None:
    """Return in words that memory ran out for a limit of this process; None where it has none."""
    return None if _address_space() is None else _too_little_memory(str(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    told = str(error).lower()
    return isinstance(error, (RuntimeError, ImportError, OSError)) and any(
        text in told for text in _NO_MEMORY
    )


def _too_few_files() -> UserError:
    limit = "" if resource is None else resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return user_error(
        "NAS031",
        f"too many open files: this process may open {limit}",
        where="dslnas",
        help="allow more with `ulimit -n 1024`, and run it again",
    )


def _too_little_memory(reason: str) -> UserError:
    limit = _address_space()
    allowed = "" if limit is None else f": this process may have {limit / 2**20:,.0f} MiB"
    free = "use a machine with more memory, or end other programs"
    return user_error(
        "NAS031",
        f"out of memory{allowed}" + (f" ({' '.join(reason.split())[:120]})" if reason else ""),
        where="dslnas",
        help=f"{free if limit is None else 'allow more with `ulimit -v unlimited`'}, and run it "
        "again",
    )


def _address_space() -> int | None:
    """Return the limit of the address space in bytes; None where there is none."""
    if resource is None:
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit
