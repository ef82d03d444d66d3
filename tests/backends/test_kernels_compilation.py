"""Loops are compiled ahead, or told of, and never for work that is hardly longer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
import torch

from dslnas.backends.torch.kernels import compilation
from dslnas.backends.torch.kernels.argument_check import fields_of
from dslnas.backends.torch.kernels.availability import available
from dslnas.backends.torch.kernels.compilation import Work, record_type
from dslnas.backends.torch.kernels.kernel_args import KernelArgs, Loops
from dslnas.backends.torch.kernels.kernel_call import tasks_of

CODE = """
import torch
from dslnas.backends.torch.kernels.compilation import record_type, telling_of_compilation
from dslnas.backends.torch.kernels.kernel_call import compiled_task, tasks_of
with telling_of_compilation(lambda text: print(text.split(";")[0].rsplit(":")[0])):
    for name in ("finalize_stats", "reduce_grad"):
        compiled_task(record_type(tasks_of("norm")[name]), name, torch.float32)
print("done")
"""
TOLD = "Compiling loops for this processor, once\n  norm finalize_stats\n  norm reduce_grad\n"


@pytest.mark.slow  # it compiles loops from nothing
def test_compilation_is_told_once_on_a_machine(tmp_path: Path) -> None:
    pytest.importorskip("numba")
    surroundings = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    for expected in (f"{TOLD}done\n", "done\n"):
        command = [sys.executable, "-c", CODE]
        done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True)
        assert done.stdout == expected


@pytest.mark.skipif(not available(), reason="numba is not installed")
@pytest.mark.parametrize("kernel", get_args(Loops))
def test_every_task_says_which_record_it_reads(kernel: Loops) -> None:
    """Compiling all loops ahead then asks for the same as the calls of a run."""
    kinds = {record_type(task) for task in tasks_of(kernel).values()}
    assert all(issubclass(kind, KernelArgs) and fields_of(kind) for kind in kinds)
    assert kernel in {kind.kernel for kind in kinds}


@pytest.mark.skipif(not available(), reason="numba is not installed")
def test_that_loops_cannot_be_kept_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dslnas.backends.torch.kernels import kept_loops

    (tmp_path / "file").touch()
    monkeypatch.setattr(kept_loops, "are_kept", kept_loops.are_kept.__wrapped__)
    for place, is_kept in ((tmp_path, True), (tmp_path / "file", False)):
        monkeypatch.setattr(kept_loops, "FOLDER", place / "loops")
        assert (compilation.announced() == compilation.COMPILING) == is_kept
    assert f"cannot be kept in {tmp_path}/file/loops" in compilation.announced()


@pytest.mark.skipif(not available(), reason="numba is not installed")
def test_a_user_without_a_home_keeps_no_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    from dslnas.backends.torch.kernels import kept_loops

    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr("numba.config.CACHE_DIR", "")
    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.setattr(kept_loops, "FOLDER", kept_loops.cache_folder())
    assert not kept_loops.are_kept.__wrapped__()


@pytest.mark.skipif(not available(), reason="numba is not installed")
def test_loops_are_compiled_ahead_for_dtypes_that_they_are_made_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, torch.dtype]] = []
    monkeypatch.setattr(
        compilation, "compiled_task", lambda kind, name, dtype: asked.append((kind.kernel, dtype))
    )
    for dtype in (torch.float32, torch.float64):
        assert compilation.compile_all(dtype) == len([one for one in asked if one[1] == dtype])
    assert {kernel for kernel, _ in asked} == set(get_args(Loops))
    assert ("gate", torch.float64) not in asked


def test_long_work_is_worth_compiling_and_short_work_is_not() -> None:
    assert not Work(flops=0, calls=0).is_worth_compiling
    assert not Work(flops=10**10, calls=10**4).is_worth_compiling
    assert Work(flops=10**12, calls=0).is_worth_compiling
    assert Work(flops=0, calls=10**7).is_worth_compiling
