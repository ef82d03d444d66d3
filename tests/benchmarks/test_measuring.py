"""Timers and counters of the benchmarks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import measuring
from measuring import in_own_process, machine, medians_in_turns

needs_linux = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux")


def test_the_machine_is_named_with_cores_threads_and_versions() -> None:
    named = machine()
    assert f"{os.cpu_count()} cores" in named
    assert f"torch {torch.__version__}, {torch.get_num_threads()} threads" in named


def test_works_take_turns_and_every_other_turn_goes_backwards() -> None:
    seen: list[tuple[str, int]] = []
    works = {name: lambda turn, name=name: seen.append((name, turn)) for name in "ab"}
    medians = medians_in_turns(works, 2)
    assert seen == [("a", 0), ("b", 0), ("a", 0), ("b", 0), ("b", 1), ("a", 1)]
    assert list(medians) == ["a", "b"]
    assert all(0 <= seconds < 1 for seconds in medians.values())


MEASURED = """
import torch
from measuring import added_peak_mib
print(added_peak_mib(lambda: torch.ones(2**24)))  # 64 MiB
"""


@needs_linux
@pytest.mark.sample(0)
def test_the_peak_is_what_is_added_meanwhile() -> None:
    """In a process of its own: runs before it in this one keep the memory that they have freed."""
    benchmarks = Path(measuring.__file__).parent
    found = subprocess.run(
        [sys.executable, "-c", MEASURED], cwd=benchmarks, capture_output=True, text=True, check=True
    )
    assert 60 < float(found.stdout) < 80


@pytest.mark.slow
def test_a_process_of_its_own_has_as_many_threads() -> None:
    assert in_own_process(torch.get_num_threads) == torch.get_num_threads()
