"""Processes of a command that are killed: forked from this one, or started from nothing.

Importing torch takes longer than a whole run of the tests. A fork of a process that has imported
it, and never computed anything, is a command from its first line on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.kills.folders import CACHE
from tests.kills.moments import Calls, Moment

PAUSE = 0.001
"""Seconds between two looks at a process."""

LONGEST = 600.0
"""Seconds after which a process that nobody kills is taken for one that hangs."""


@dataclass(frozen=True)
class End:
    """The end of a process.

    Attributes:
        code: Its exit code; None where it was killed.
        seconds: How long it lived.
        calls: How many of its calls changed files, where that was counted.
        out: Its stdout.
        told: Its stderr.
    """

    code: int | None
    seconds: float
    calls: int
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


def forked(arguments: Sequence[str], folder: Path, logs: Path, moment: Moment) -> End:
    """Run a command in a fork of this process, in a folder, and let it die at a moment."""

    def command() -> int:
        from dslnas.cli.main import main

        calls = Calls(folder, moment)
        sys.addaudithook(calls.hear)
        os.fsync = calls.sync  # type: ignore[assignment] # files are given by handles here
        sys.argv = ["dslnas", *arguments]
        try:
            main()
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else 0
        finally:
            (logs / "calls").write_text(str(calls.count))
        return 0

    return _watched(_fork(command, folder, logs), logs, moment)


def called(function: Callable[[Path], None], folder: Path, logs: Path) -> None:
    """Call a function in a fork of this process, in a folder."""

    def command() -> int:
        function(folder)
        return 0

    end = _watched(_fork(command, folder, logs), logs, Moment())
    assert end.code == 0, end.told


def _fork(command: Callable[[], int], folder: Path, logs: Path) -> int:
    """Return the number of a process that runs a function in a folder."""
    (logs / "calls").unlink(missing_ok=True)
    pid = os.fork()
    if pid:
        return pid
    code = 3
    try:
        os.setpgid(0, 0)
        os.chdir(folder)
        os.environ |= environment(folder)
        sys.stdin = open(os.devnull)  # noqa: SIM115 - it lives as long as the process
        for number, name in ((1, "out"), (2, "err")):
            log = os.open(logs / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(log, number)
        sys.stdout = open(1, "w", encoding="utf-8")  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", buffering=1)  # noqa: SIM115
        code = command()
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def started(arguments: Sequence[str], folder: Path, logs: Path, moment: Moment) -> End:
    """Run a command as a new process, in a folder, and let it die after a time."""
    with (logs / "out").open("wb") as out, (logs / "err").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "dslnas", *arguments],
            cwd=folder,
            env={**os.environ, **environment(folder)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            process_group=0,
        )
        end = _watched(process.pid, logs, moment)
    process.returncode = 0  # it was waited for
    return end


def environment(folder: Path) -> dict[str, str]:
    """Return the variables of a process: its cache is in the folder, and it has one thread."""
    return {"XDG_CACHE_HOME": str(folder / CACHE), "OMP_NUM_THREADS": "1"}


def _watched(pid: int, logs: Path, moment: Moment) -> End:
    """Wait for a process, kill its group at a moment, and return how it ended."""
    begin = time.monotonic()
    until = LONGEST if moment.seconds is None else moment.seconds
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        gone = time.monotonic() - begin
        if ended:
            break
        if gone >= until:
            _kill(pid)
            _, status = os.waitpid(pid, 0)
            break
        time.sleep(PAUSE)
    assert gone < LONGEST, f"it hangs: {(logs / 'err').read_text()}"
    code = os.waitstatus_to_exitcode(status)
    calls = logs / "calls"
    return End(
        code=None if code == -signal.SIGKILL else code,
        seconds=gone,
        calls=int(calls.read_text() or "0") if calls.exists() else 0,
        out=(logs / "out").read_bytes() if (logs / "out").exists() else b"",
        told=(logs / "err").read_text(errors="replace") if (logs / "err").exists() else "",
    )


def _kill(pid: int) -> None:
    """Kill the group of a process, or the process alone, whose group is not there yet."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        os.kill(pid, signal.SIGKILL)
