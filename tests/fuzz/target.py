"""A target: something of the program that reads what others wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st


class BrokenLawError(AssertionError):
    """A law does not hold, such as that a program is the same when it is formatted."""


@dataclass(frozen=True)
class Target:
    """A reader, and what it is given to read.

    Attributes:
        name: Name on the command line, and of its folder in the corpus.
        read: Reads bytes in an empty folder that stays between inputs. It returns, or raises
            `UserError`; all else is a failure, `BrokenLawError` for one.
        seeds: Returns inputs that are right, or nearly: all others come from these.
        words: Pieces of text that the reader knows, put in here and there.
        fresh: Strategy for new inputs; None where there are seeds alone.
        is_text: Whether inputs are changed word by word, rather than byte by byte.
    """

    name: str
    read: Callable[[bytes, Path], None]
    seeds: Callable[[], Sequence[bytes]]
    words: Sequence[bytes] = ()
    fresh: st.SearchStrategy[bytes] | None = None
    is_text: bool = False
