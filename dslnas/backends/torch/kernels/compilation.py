"""Telling that loops are compiled, which takes half a minute, once on a machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from dslnas.backends.torch.kernels.availability import available


@contextmanager
def telling_of_compilation(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell` when the first loop is compiled in the body; loops that are kept on disk are not.

    Args:
        tell: Called once at most.
    """
    if not available():
        yield
        return
    events: Any = import_module("numba.core.event")
    told = False

    def on_start(_: object, __: object) -> None:
        nonlocal told
        if not told:
            told = True
            tell()

    listener = type("Listener", (events.Listener,), {"on_start": on_start, "on_end": on_start})()
    with events.install_listener("numba:run_pass", listener):
        yield
