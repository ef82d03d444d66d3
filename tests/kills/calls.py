"""Calls of a process that may fail: those that change files, those of functions, and of operators.

Each kind is counted, and whoever wants it meets one before it is made.
"""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from inspect import CO_GENERATOR
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

import dslnas
from dslnas.files import PART

CHANGES = {
    *("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod"),
    "fcntl.flock",
}
"""Calls that change files besides `open` and `fsync`, as Python's audit names them."""

Meet: TypeAlias = Callable[[int, int | None], None]
"""Gets the number of a call, from 0, before it is made, and the open file that it is made for."""

_OURS = os.path.dirname(dslnas.__file__)


def nothing(number: int, handle: int | None) -> None:
    """Let a call be made."""


class Calls(ABC):
    """Calls of a kind that this process makes, which works in a folder.

    Attributes:
        count: How many there were.
    """

    def __init__(self, folder: Path, meet: Meet = nothing) -> None:
        self.count = 0
        self._folder, self._meet = f"{folder}{os.sep}", meet

    @abstractmethod
    def listen(self) -> None:
        """Count from now on, to the end of this process."""

    def _call(self, handle: int | None = None) -> None:
        number, self.count = self.count, self.count + 1
        self._meet(number, handle)


class FileCalls(Calls):
    """Calls that change files below the folder."""

    def listen(self) -> None:
        """Count from now on, to the end of this process."""
        self._sync: Callable[[int], None] = os.fsync
        sys.addaudithook(self._hear)
        os.fsync = self._sync_file  # type: ignore[assignment] # files are given by handles here

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if flags & (os.O_WRONLY | os.O_RDWR) and self._is_ours(path):
                self._call()
        elif event == "fcntl.flock" or (event in CHANGES and self._is_ours(arguments[0])):
            self._call()

    def _sync_file(self, handle: int) -> None:
        """Stand for `os.fsync`: a file is whole from here on."""
        if self._is_ours(Path(f"/proc/self/fd/{handle}").readlink()):
            self._call(handle)
        self._sync(handle)

    def _is_ours(self, path: object) -> bool:
        """Whether a path is below the folder; a relative one is."""
        if not isinstance(path, str | bytes | os.PathLike):
            return False
        text = os.fsdecode(path)
        return not os.path.isabs(text) or text.startswith(self._folder)


class FunctionCalls(Calls):
    """Calls of functions of the program, up to one that fails.

    Generators are left out: one that is thrown away is called, too, and cannot raise anything.
    """

    def listen(self) -> None:
        """Count from now on, to the end of this process."""
        sys.setprofile(self._hear)

    def _hear(self, frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if (
            event == "call"
            and not code.co_flags & CO_GENERATOR
            and code.co_filename.startswith(_OURS)
        ):
            self._call()


class OperatorCalls(Calls):
    """Calls of operators of torch, forward and backward, which allocate their results.

    Counted, or made to fail, when the result is there: its size tells whether it needed memory.
    """

    def listen(self) -> None:
        """Count from now on, to the end of this process."""
        from torch.utils._python_dispatch import TorchDispatchMode

        count = self._call

        class Counting(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch has no types here
            def __torch_dispatch__(
                self, function: Any, types: Any, given: Any = (), named: Any = None
            ) -> Any:
                result = function(*given, **(named or {}))
                if allocates(function, result):
                    count()
                return result

        mode: Any = Counting
        mode().__enter__()


def allocates(operator: Any, result: Any) -> bool:
    """Whether a result of an operator of torch has memory of its own: views have none."""
    from torch import Tensor

    if all(one.alias_info is not None for one in operator._schema.returns):
        return False
    results = result if isinstance(result, tuple | list) else (result,)
    return any(isinstance(one, Tensor) and one.untyped_storage().nbytes() for one in results)


def cut(handle: int, share: float) -> None:
    """Leave a share of what was written to an open file, as if the process had come so far."""
    path = Path(f"/proc/self/fd/{handle}")
    is_part, content = path.readlink().name.endswith(PART), path.read_bytes()
    kept = 0 if is_part else content.rfind(b"\n", 0, len(content) - 1) + 1  # all but its last line
    os.ftruncate(handle, kept + int(share * (len(content) - kept)))
