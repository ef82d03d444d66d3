"""Processes that read: one that is killed ends a pass, and signals to all are left to the run."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from subprocess import PIPE, Popen
from typing import TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray
from torch.utils.data import Dataset

from dslnas.data.workers import read_in_order
from dslnas.diagnostics import UserError

Read: TypeAlias = tuple[int, NDArray[np.uint8]]

PATIENCE = 30.0
"""Seconds within which a run has to end."""


class Large(Dataset[Read]):
    """Examples that no pipe holds, each with the process that read it."""

    def __getitem__(self, row: int) -> Read:
        return os.getpid(), np.zeros(2**20, np.uint8)


def only(read: Sequence[Read]) -> Read:
    (one,) = read
    return one


def reading() -> Iterator[Read]:
    return read_in_order(Large(), [[row] for row in range(100)], only, workers=2)


@pytest.mark.slow
@pytest.mark.parametrize("which", [0, 1])
def test_a_process_that_is_killed_amid_a_message_ends_the_pass(which: int) -> None:
    found = reading()
    processes = [pid for pid, _ in (next(found), next(found))]
    time.sleep(0.5)  # now one of them is writing, and the other waits until it has
    os.kill(processes[which], signal.SIGKILL)
    begin = time.monotonic()
    with pytest.raises(UserError) as raised:
        list(found)
    assert time.monotonic() - begin < PATIENCE
    (told,) = raised.value.diagnostics
    assert (told.code, told.message) == (
        "NAS613",
        "a process that reads data was ended by signal 9",
    )
    check_gone(processes)


def check_gone(processes: Iterable[int]) -> None:
    """Check that processes end."""
    end = time.monotonic() + PATIENCE
    left = set(processes)
    while left and time.monotonic() < end:
        left = set(filter(is_there, left))
        time.sleep(0.05)
    assert not left


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
def test_no_signal_but_the_last_reaches_them() -> None:
    found = reading()
    processes = {pid for pid, _ in (next(found), next(found))}
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        for pid in processes:
            os.kill(pid, number)
    assert {pid for pid, _ in found} == processes
    check_gone(processes)


READER = """
import sys, time
from tests.data.test_workers import reading

if __name__ == "__main__":
    found = reading()
    print(*{pid for pid, _ in (next(found), next(found))}, flush=True)
    time.sleep(100)
"""


@pytest.mark.slow
def test_none_is_left_over_where_the_run_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "reader.py"
    program.write_text(READER)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with Popen([sys.executable, program], stdout=PIPE, text=True, env=env) as reader:
        assert reader.stdout is not None
        processes = [int(pid) for pid in reader.stdout.readline().split()]
        reader.kill()
    assert len(processes) == 2
    check_gone(processes)
