"""Processes of a command that are killed: forked from this one, or started from nothing.

Importing torch takes longer than a whole run of the tests. A fork of a process that has imported
it, and never computed anything, is a command from its first line on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from tests.kills.accidents import Accident, After
from tests.kills.calls import Calls
from tests.kills.folders import CACHE

LONGEST = 600.0
"""Seconds after which a process that nobody kills is taken for one that hangs."""


@dataclass(frozen=True)
class End:
    """The end of a process.

    Attributes:
        code: Its exit code; None where it was killed.
        seconds: How long it lived.
        out: Its stdout.
        told: Its stderr.
    """

    code: int | None
    seconds: float
    out: bytes
    told: str

    @property
    def is_killed(self) -> bool:
        """Whether it was killed."""
        return self.code is None


def import_all(kept_loops: Path) -> None:
    """Import what runs need, so that forks have it; nothing is computed.

    Loops are compiled into a folder that all processes share.
    """
    os.environ["NUMBA_CACHE_DIR"] = str(kept_loops)
    from dslnas.app import loops, own_loops, pipeline, repeat, sweep  # noqa: F401
    from dslnas.backends.torch import threads  # noqa: F401
    from dslnas.cli.render import comparison, progress, report  # noqa: F401
    from dslnas.exporters import export, predict  # noqa: F401
    from dslnas.report import page, view  # noqa: F401
    from dslnas.runs import checkpoint, keeper, resume  # noqa: F401
    from dslnas.training import search, steps, train  # noqa: F401


def forked(arguments: Sequence[str], folder: Path, accident: Accident | None = None) -> End:
    """Run a command in a fork of this process, in a folder, and let it have an accident."""

    def command() -> int:
        if accident is not None:
            accident.await_in(folder)
        return _command(arguments)

    return _fork(command, folder)(None if accident is None else accident.end)


def forked_beside(arguments: Sequence[str], folder: Path) -> Callable[[], End]:
    """Run a command as `forked` does, and return what waits for its end."""
    return partial(_fork(lambda: _command(arguments), folder), None)


def _command(arguments: Sequence[str]) -> int:
    from dslnas.cli.main import main

    sys.argv = ["dslnas", *arguments]
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    return 0


def counted(arguments: Sequence[str], folder: Path, calls: Calls) -> int:
    """Run a command as `forked` does, and return how many calls it made of those that may fail."""
    reading, writing = os.pipe()

    def command() -> int:
        calls.listen()
        try:
            return _command(arguments)
        finally:
            sys.setprofile(None)
            os.write(writing, str(calls.count).encode())

    end = _fork(command, folder)(None)
    assert end.code == 0, end.told
    count = int(os.read(reading, 100))
    os.close(reading)
    os.close(writing)
    return count


def called(function: Callable[[Path], None], folder: Path) -> None:
    """Call a function in a fork of this process, in a folder."""

    def command() -> int:
        function(folder)
        return 0

    end = _fork(command, folder)(None)
    assert end.code == 0, end.told


def _fork(command: Callable[[], int], folder: Path) -> Callable[[float | None], End]:
    """Run a function in a fork of this process, in a folder.

    Returns:
        A function that waits for its end, and kills it after so many seconds.
    """
    streams = Streams()
    pid = os.fork()
    if pid:
        return partial(_watched, pid, streams)
    code = 3
    try:
        os.setpgid(0, 0)
        os.chdir(folder)
        os.environ |= environment(folder)
        sys.stdin = open(os.devnull)  # noqa: SIM115 - it lives as long as the process
        for number, handle in enumerate(streams.handles, 1):
            os.dup2(handle, number)
            os.close(handle)
        sys.stdout = open(1, "w", encoding="utf-8")  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", buffering=1)  # noqa: SIM115
        code = command()
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def started(arguments: Sequence[str], folder: Path, accident: After | None = None) -> End:
    """Run a command as a new process, in a folder, and kill it if that is its accident."""
    streams = Streams()
    out, err = streams.handles
    process = subprocess.Popen(
        [sys.executable, "-m", "dslnas", *arguments],
        cwd=folder,
        env={**os.environ, **environment(folder)},
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=err,
        process_group=0,
    )
    end = _watched(process.pid, streams, None if accident is None else accident.end)
    process.returncode = 0  # it was waited for
    return end


class Streams:
    """Hears stdout and stderr of a process by pipes: where files are full there is no log.

    Attributes:
        handles: The ends that it writes to.
    """

    def __init__(self) -> None:
        pipes = [os.pipe(), os.pipe()]
        self.handles = [writing for _, writing in pipes]
        self._ends = [open(reading, "rb") for reading, _ in pipes]  # noqa: SIM115

    def read(self) -> list[bytes]:
        """Close the ends of the process here, and return what it wrote when it has closed them."""
        for handle in self.handles:
            os.close(handle)
        with ThreadPoolExecutor() as pool:
            return [*pool.map(_all_of, self._ends)]


def _all_of(end: BinaryIO) -> bytes:
    with end:
        return end.read()


def environment(folder: Path) -> dict[str, str]:
    """Return the variables of a process: its cache is in the folder, and it has one thread."""
    return {"XDG_CACHE_HOME": str(folder / CACHE), "OMP_NUM_THREADS": "1"}


def _watched(pid: int, streams: Streams, seconds: float | None) -> End:
    """Wait for a process, kill its group after so many seconds, and return how it ended."""
    begin = time.monotonic()
    limit = LONGEST if seconds is None else seconds
    late = threading.Timer(limit, _kill, (pid,))
    late.start()
    out, err = streams.read()
    _, status = os.waitpid(pid, 0)
    late.cancel()
    gone, told = time.monotonic() - begin, err.decode(errors="replace")
    assert gone < LONGEST, f"it hangs: {told}"
    code = os.waitstatus_to_exitcode(status)
    return End(None if code == -signal.SIGKILL else code, gone, out, told)


def _kill(pid: int) -> None:
    """Kill the group of a process, or the process alone, whose group is not there yet."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        os.killpg(pid, signal.SIGKILL)
