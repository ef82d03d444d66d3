"""Errors by which libraries tell that memory or open files ran out."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from dslnas.files import cannot_write
from dslnas.shortage import limit_of_memory, shortage

FILES = OSError(errno.EMFILE, os.strerror(errno.EMFILE))
MAPPING = ImportError("libtorch_cpu.so: failed to map segment from shared object")
LLVM = "could not find/load shared object file 'libllvmlite.so'"


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Say which limit is told."""

    def set_(limit: int) -> None:
        monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))

    return set_


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("error", [FILES, caused(ImportError("no module"), FILES)])
def test_too_few_open_files_are_told_with_the_limit(
    error: Exception, limits: Callable[[int], None]
) -> None:
    limits(8)
    assert str(shortage(error)) == (
        "dslnas: error[NAS031]: too many open files: this process may open 8\n"
        "  = help: allow more with `ulimit -n 1024`, and run it again"
    )


@pytest.mark.parametrize(
    "error",
    [
        MAPPING,
        caused(OSError(LLVM), MAPPING),
        OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
        SystemError("error return without exception set"),
    ],
)
def test_too_little_memory_is_told_with_the_limit(
    error: Exception, limits: Callable[[int], None]
) -> None:
    limits(2**30)
    told = str(shortage(error))
    assert told.startswith("dslnas: error[NAS031]: out of memory: this process may have 1,024 MiB")
    assert told.endswith("help: allow more with `ulimit -v unlimited`, and run it again")


def test_without_a_limit_the_machine_has_too_little_memory(limits: Callable[[int], None]) -> None:
    limits(resource.RLIM_INFINITY)
    assert str(shortage(MAPPING)).endswith(
        "help: use a machine with more memory, or end other programs, and run it again"
    )
    assert shortage(SystemError("a fault")) is None
    assert limit_of_memory(MemoryError()) is None


@pytest.mark.parametrize(
    "error", [ImportError("no module"), ValueError("out of memory"), OSError()]
)
def test_other_errors_are_none_of_a_limit(error: Exception, limits: Callable[[int], None]) -> None:
    limits(2**30)
    assert shortage(error) is None


def test_a_file_that_no_handle_is_left_for_needs_no_other_place(tmp_path: Path) -> None:
    assert "NAS031" in str(cannot_write(tmp_path, FILES))
    assert "NAS021" in str(cannot_write(tmp_path, OSError(errno.ENOSPC, "full")))
