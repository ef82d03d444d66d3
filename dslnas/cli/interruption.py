"""Signals that end a run early: it is stored after its step, and told how to go on with it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, Any

import click

from dslnas.app.run import RunInterrupted
from dslnas.cli.main import INTERRUPTED, SIGNALS, STOPPED
from dslnas.cli.printing import say
from dslnas.diagnostics import command
from dslnas.launch import launched
from dslnas.runs.stop_request import StopRequest

_EVERY_SECOND = getattr(signal, "SIGXCPU", None)
"""Signal that comes again and again, once a process has had its time of the processor."""


class Interrupted(click.ClickException):
    """Ctrl-C ended a command; click hands on this, where it makes an `Abort` of others."""

    exit_code = INTERRUPTED

    def show(self, file: IO[Any] | None = None) -> None:
        """Tell it on stderr, where there is something to tell."""
        if self.message:
            _say(self.message)


class Stopped(Interrupted):
    """Another signal ended it (EX_TEMPFAIL: the command may be run again)."""

    exit_code = STOPPED


@contextmanager
def ending_on_signals(arguments: Sequence[str]) -> Iterator[StopRequest]:
    """Run a command inside of this whose loops ask the flag after every step.

    Where no loop runs a signal ends the command at once; so does a second Ctrl-C. `arguments` are
    those of the command, from which the line is made that goes on.

    Raises:
        Interrupted: It was interrupted.
    """
    stop, came, launch = StopRequest(), list[int](), launched()

    def handle(number: int, frame: FrameType | None) -> None:
        is_first = not came
        came.append(number)
        if number == _EVERY_SECOND:
            signal.signal(number, signal.SIG_IGN)
        stop.ask()  # also where it is raised: some callbacks of Python swallow what is raised there
        # torchrun hands on what came to all of its processes already
        is_meant = number == signal.SIGINT and not is_first and launch.is_alone
        if not stop.is_heard or is_meant:
            raise KeyboardInterrupt
        if is_first and launch.writes:
            more = "; Ctrl-C ends it at once" if launch.is_alone else ""
            _say(f"Ending after this step{more}")

    in_main = threading.current_thread() is threading.main_thread()  # Python's rule for signals
    before = {number: signal.getsignal(number) for number in SIGNALS if in_main}
    for number, old in before.items():
        if old is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, handle)
    try:
        yield stop
    except KeyboardInterrupt as error:
        path = error.path if isinstance(error, RunInterrupted) else None
        kind = Interrupted if not came or signal.SIGINT in came else Stopped
        raise kind(_told(path, arguments) if launch.writes else "") from None
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _told(path: Path | None, arguments: Sequence[str]) -> str:
    """Return how the command can be gone on with, which made or found a run in `path`."""
    if "--resume" in arguments:  # which needs --out: it is the command
        more = []
    elif path is None:
        return "interrupted; nothing was written yet"
    elif any(a == "--out" or a.startswith("--out=") for a in arguments):
        more = ["--resume"]
    else:
        more = ["--out", str(path), "--resume"]
    return f"interrupted; go on with\n  {command(*arguments, *more)}"


def _say(text: str) -> None:
    """Tell people something; after a SIGHUP there may be nobody left to tell."""
    with suppress(OSError):
        say(text, err=True)
