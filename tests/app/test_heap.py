"""Memory of a run is kept from one step to the next; in a process of its own, as it stays so."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

STEPS = """
import numpy as np, resource
from dslnas.app.heap import keep_memory
print(keep_memory())
def step():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    kept = [np.ones(2**18) for _ in range(50)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
step()
step()
print(step())
"""
"""A step of 100 MiB, which are 25,600 small pages."""

linux = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="memory is not glibc's")


def _run(**env: str) -> tuple[str, int]:
    clean = {k: v for k, v in os.environ.items() if k.split("_")[0] not in ("MALLOC", "GLIBC")}
    run = subprocess.run(
        [sys.executable, "-c", STEPS],
        env={**clean, "PYTHONPATH": os.pathsep.join(sys.path), **env},
        capture_output=True,
        text=True,
        check=True,
    )
    kept, faults = run.stdout.split()
    return kept, int(faults)


@linux
def test_a_step_finds_the_memory_of_the_one_before() -> None:
    _, faults = _run()
    assert faults < 2000


@linux
def test_what_the_environment_says_of_memory_stays() -> None:
    kept, _ = _run(MALLOC_TRIM_THRESHOLD_="100000")
    assert kept == "False"
