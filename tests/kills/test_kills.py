"""Some trials with fixed seeds; `python -m tests.kills --help` says how to have hundreds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def told(tmp_path: Path, module: str, *arguments: str) -> None:
    """Run trials in a process of their own, which forks, and fail with what it says."""
    command = [sys.executable, "-m", module, "--folder", str(tmp_path), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"


@pytest.mark.parametrize(
    "only", ["search: ratings", "search: streamed", "train: text", "export: in", "repeats: rat"]
)
def test_commands_that_are_killed_come_to_the_same(only: str, tmp_path: Path) -> None:
    told(tmp_path, "tests.kills", "--kills", "6", "--seed", "2", "--cold", "0", "--only", only)


@pytest.mark.parametrize("only", ["search: ratings", "train: image", "export: to", "files: "])
def test_commands_whose_calls_fail_come_to_the_same(only: str, tmp_path: Path) -> None:
    told(tmp_path, "tests.kills", "--faults", "8", "--seed", "2", "--only", only)


def test_two_processes_of_a_command_do_not_harm_each_other(tmp_path: Path) -> None:
    told(tmp_path, "tests.kills.races", "--races", "4", "--seed", "2")
