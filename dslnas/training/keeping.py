"""The contract between loops that can be gone on with and the keeper that stores them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import NonNegativeInt

from dslnas.json_model import JsonModel, Seconds
from dslnas.state import State
from dslnas.training.records import EpochRecord


class LoopProgress(JsonModel):
    """How far a search or a training is, in numbers.

    Attributes:
        steps: How many steps of the epoch under way are done.
        seconds: How long it took so far.
    """

    steps: NonNegativeInt = 0
    seconds: Seconds = 0.0

    @property
    def epochs(self) -> int:
        """How many epochs are over."""
        raise NotImplementedError

    @property
    def told(self) -> str:
        """How far it is in words, for people."""
        if self.steps > 0:
            return f"after step {self.steps} of epoch {self.epochs + 1}"
        return f"after epoch {self.epochs}"


P = TypeVar("P", bound=LoopProgress)


@dataclass(frozen=True)
class Saved(Generic[P]):
    """A search or a training between two steps.

    Attributes:
        progress: How far it is, and all that is no tensor.
        state: Everything else; tensors that nobody else writes to.
    """

    progress: P
    state: State


class Keeper(Protocol[P]):
    """Stores a loop, and says when it ends early."""

    def after_step(self, save: Callable[[], Saved[P]]) -> None:
        """Store the loop amid an epoch, where that was asked for.

        Args:
            save: Returns the loop as it is now; called only if it is stored.

        Raises:
            KeyboardInterrupt: Somebody wants the loop to end, and it was stored.
        """
        ...

    def after_epoch(self, record: EpochRecord, save: Callable[[], Saved[P]]) -> None:
        """Write an epoch down and store the loop: what was told is never done again."""
        ...

    def check_stop(self) -> None:
        """Let long work that is not stored be broken off; it will be done again.

        Raises:
            KeyboardInterrupt: Somebody wants the loop to end.
        """
        ...


class KeepsNothing:
    """The keeper of a loop that nobody will go on with."""

    def after_step(self, save: Callable[[], Saved[P]]) -> None:
        """Do nothing."""

    def after_epoch(self, record: EpochRecord, save: Callable[[], Saved[P]]) -> None:
        """Do nothing."""

    def check_stop(self) -> None:
        """Do nothing."""
