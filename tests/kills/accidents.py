"""Accidents that processes have: they are killed, or a call of theirs fails."""

from __future__ import annotations

import errno
import os
import random
import resource
import signal
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from tests.kills.calls import Calls, FileCalls, FunctionCalls, OperatorCalls, cut

ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EMFILE, errno.EDQUOT)

NO_MEMORY = (
    "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you "
    "tried to allocate 401408 bytes. Error code 12 (Cannot allocate memory)"
)
"""The message of torch where there is no memory left."""


@dataclass(frozen=True)
class Whole:
    """A process that had no accident: how long it lived, and how often it called what may fail."""

    seconds: float
    counts: dict[str, int]


@dataclass(frozen=True)
class Accident(ABC):
    """An accident, which is drawn within the life of a process that had none."""

    calls: ClassVar[type[Calls] | None] = None
    """Calls of which it meets one."""

    @property
    def end(self) -> float | None:
        """Seconds after which whoever started the process kills it; None if nobody does."""
        return None

    @classmethod
    @abstractmethod
    def draw(cls, drawn: random.Random, whole: Whole) -> Self:
        """Return an accident at some moment of a process."""

    @abstractmethod
    def await_in(self, folder: Path) -> None:
        """Let this process have it, which works in a folder."""


@dataclass(frozen=True)
class After(Accident):
    """A kill after a time."""

    seconds: float

    @property
    def end(self) -> float | None:
        """Seconds after which whoever started the process kills it."""
        return self.seconds

    @classmethod
    def draw(cls, drawn: random.Random, whole: Whole) -> Self:
        return cls(drawn.uniform(0, whole.seconds))

    def await_in(self, folder: Path) -> None:
        pass


@dataclass(frozen=True)
class Early(After):
    """A kill in the first half second."""

    @classmethod
    def draw(cls, drawn: random.Random, whole: Whole) -> Self:
        return cls(drawn.uniform(0, min(0.5, whole.seconds)))


@dataclass(frozen=True)
class AtCall(Accident):
    """A kill before a call that changes a file, or when a share of that file is written."""

    calls = FileCalls

    number: int
    written: float

    @classmethod
    def draw(cls, drawn: random.Random, whole: Whole) -> Self:
        return cls(_number(cls, drawn, whole), drawn.random())

    def await_in(self, folder: Path) -> None:
        def meet(number: int, handle: int | None) -> None:
            if number == self.number:
                if handle is not None:
                    cut(handle, self.written)
                os.killpg(os.getpgrp(), signal.SIGKILL)

        FileCalls(folder, meet).listen()


@dataclass(frozen=True)
class Fails(Accident):
    """A call that changes a file fails, and all after it if the cause stays."""

    calls = FileCalls

    number: int
    code: int
    stays: bool

    @classmethod
    def draw(cls, drawn: random.Random, whole: Whole) -> Self:
        number = _number(cls, drawn, whole)
        return cls(number, drawn.choice(ERRORS), drawn.random() < 0.5)

    def await_in(self, folder: Path) -> None:
        def meet(number: int, handle: int | None) -> None:
            if number == self.number or (self.stays and number > self.number):
                raise OSError(self.code, os.strerror(self.code))

        FileCalls(folder, meet).listen()


@dataclass(frozen=True)
class Full(Accident):
    """From a call on no file may be longer than so many bytes: writes end in their midst."""

    calls = FileCalls

    number: int
    size: int

    @classmethod
    def draw(cls, drawn: random.Random, whole: Whole) -> Self:
        return cls(_number(cls, drawn, whole), int(2 ** drawn.uniform(0, 16)))

    def await_in(self, folder: Path) -> None:
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)

        def meet(number: int, handle: int | None) -> None:
            if number == self.number:
                resource.setrlimit(resource.RLIMIT_FSIZE, (self.size, most))

        FileCalls(folder, meet).listen()


@dataclass(frozen=True)
class NoRoom(Accident):
    """Base of accidents in which a call finds no memory.

    Attributes:
        error: Raised by the call.
    """

    error: ClassVar[Exception]

    number: int

    @classmethod
    def draw(cls, drawn: random.Random, whole: Whole) -> Self:
        return cls(_number(cls, drawn, whole))

    def await_in(self, folder: Path) -> None:
        def meet(number: int, handle: int | None) -> None:
            if number == self.number:
                raise self.error

        assert self.calls is not None
        self.calls(folder, meet).listen()


@dataclass(frozen=True)
class NoMemory(NoRoom):
    """There is no memory when a function of the program is called."""

    calls = FunctionCalls
    error = MemoryError()


@dataclass(frozen=True)
class NoTensor(NoRoom):
    """There is no memory for the result of an operator of torch."""

    calls = OperatorCalls
    error = RuntimeError(NO_MEMORY)


@dataclass(frozen=True)
class Signals(Accident):
    """A signal that means nothing comes again and again, and interrupts calls of the system."""

    milliseconds: float

    @classmethod
    def draw(cls, drawn: random.Random, whole: Whole) -> Self:
        return cls(drawn.uniform(0.5, 5))

    def await_in(self, folder: Path) -> None:
        def ignore(*_: Any) -> None:
            pass

        signal.signal(signal.SIGALRM, ignore)
        seconds = self.milliseconds / 1000
        signal.setitimer(signal.ITIMER_REAL, seconds, seconds)


def _number(kind: type[Accident], drawn: random.Random, whole: Whole) -> int:
    """Return the number of a call that an accident of a kind meets."""
    assert kind.calls is not None
    return drawn.randrange(max(1, whole.counts[kind.calls.__name__]))


KILLS: tuple[type[Accident], ...] = (After, After, AtCall, AtCall, Early)
FAULTS: tuple[type[Accident], ...] = (Fails, Fails, Full, NoMemory, NoTensor, Signals)
"""Accidents of a trial; one that is there twice is drawn twice as often."""
