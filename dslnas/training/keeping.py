"""What a long loop tells after every step and every epoch, so that it can be gone on with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from dslnas.json_model import JsonModel
from dslnas.state import State
from dslnas.training.records import EpochRecord

P = TypeVar("P", bound=JsonModel)


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
        """Write an epoch down and store the loop: what was told is never done again.

        Raises:
            KeyboardInterrupt: Somebody wants the loop to end, and it was stored.
        """
        ...


class KeepsNothing:
    """The keeper of a loop that nobody will go on with."""

    def after_step(self, save: Callable[[], Saved[P]]) -> None:
        """Do nothing."""

    def after_epoch(self, record: EpochRecord, save: Callable[[], Saved[P]]) -> None:
        """Do nothing."""
