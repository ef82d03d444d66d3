"""Judges what a target makes of one input: it may be right or refused, soon and in little memory.

Time is that of the processor, so that other work on the computer does not count.
"""

from __future__ import annotations

import faulthandler
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from dslnas.diagnostics import UserError
from tests.fuzz.target import BrokenLawError, Target

MOST_SECONDS = 2.0
MOST_MEGABYTES = 500.0
HANGS = 60
"""Seconds by the clock after which an input is given up."""

_UNIT = 2**20 if sys.platform == "darwin" else 2**10  # of `ru_maxrss`
_PEAK = Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Outcome:
    """Result of one input.

    Attributes:
        is_right: Whether it was read; else it was refused, or failed.
        seconds: Time of the processor.
        megabytes: Most memory taken at a time beyond that before.
        failure: Kind of the failure in one line; "" if it was none.
        details: Traceback of a failure, or its message.
    """

    is_right: bool
    seconds: float
    megabytes: float
    failure: str = ""
    details: str = ""


class _HangError(BaseException):
    """An input takes so long that it is given up."""


def judge(target: Target, content: bytes, folder: Path) -> Outcome:
    """Let a target read one input in a folder of its own."""
    before, started = _memory_now(), time.process_time()
    failure = details = ""
    is_right = False
    try:
        with _giving_up():
            target.read(content, folder)
        is_right = True
    except UserError as error:
        failure = _fault(error)
        details = failure and repr(str(error))
    except (Exception, _HangError) as error:
        failure, details = _kind(error), "".join(traceback.format_exception(error, limit=-12))
    seconds = time.process_time() - started
    megabytes = _peak() - before
    if not failure and seconds > MOST_SECONDS:
        failure, details = "slow", f"took {seconds:.1f} s"
    if not failure and megabytes > MOST_MEGABYTES:
        failure, details = "large", f"took {megabytes:.0f} MB"
    return Outcome(is_right and not failure, seconds, megabytes, failure, details)


def _fault(error: UserError) -> str:
    """Return what is wrong with the way in which an input is refused; "" if nothing is."""
    if not all(wrong.place for wrong in error.diagnostics):
        return "refused without a place"
    if not all(c.isprintable() or c == "\n" for c in error.render()):
        return "refused with what no terminal should get"
    return ""


def _kind(error: BaseException) -> str:
    """Return the kind of an error: its type, and the last place of the program that it came by."""
    if isinstance(error, BrokenLawError):
        return str(error)
    if isinstance(error, _HangError):
        return "hangs"
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if re.search(r"[/\\]dslnas[/\\]", frame.filename)]
    place = ours[-1] if ours else frames[-1]
    path = Path(place.filename)
    return f"{type(error).__name__} in {path.parent.name}/{path.name}, {place.name}"


def _memory_now() -> float:
    """Return the memory in megabytes, and let the peak begin there where the system can do so."""
    with suppress(OSError):
        _PEAK.write_text("5")
    return _peak()


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _UNIT / 2**20


@contextmanager
def _giving_up() -> Iterator[None]:
    """Raise `_HangError` if what is inside does not end."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise _HangError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, HANGS)
    faulthandler.dump_traceback_later(2 * HANGS, exit=True)  # where no handler of Python's is run
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
