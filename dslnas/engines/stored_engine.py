"""Base of engines: one remembers its method, its epoch, and the states of its parts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import torch
from torch import Tensor

from dslnas.engines.protocol import Engine
from dslnas.settings.search_base import SearchSettings
from dslnas.state import State, StateError, Stateful, number, state_of, take_parts, taken

METHOD, EPOCH = "method", "epoch"


class StoredEngine(Engine):
    """An engine that is the sum of its parts between any two steps."""

    def __init__(self, settings: SearchSettings) -> None:
        self._method = settings.method
        self._epoch = 0

    @abstractmethod
    def _parts(self) -> dict[str, Stateful]:
        """Return the parts that remember something, by name.

        Those of the supernet and generators are not among them, nor what follows from the epoch.
        """

    def start_epoch(self, epoch: int) -> None:
        """Begin an epoch, counted from 0."""
        self._set_epoch(epoch)

    def _set_epoch(self, epoch: int) -> None:
        """Set all that follows from the epoch: learning rates, say. Nothing else moves."""
        self._epoch = epoch

    def state(self) -> State:
        """Return the method, the epoch and the states of the parts."""
        method = torch.tensor(list(self._method.encode()), dtype=torch.uint8)
        return {METHOD: method, EPOCH: number(self._epoch), **state_of(self._parts())}

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state, in the epoch that it was in."""
        method = bytes(taken(state, METHOD).tolist()).decode(errors="replace")
        if method != self._method:
            raise StateError(f"it is of `{method}`, not of `{self._method}`")
        epoch = int(taken(state, EPOCH, number(0)))
        take_parts(self._parts(), state, besides=(METHOD, EPOCH))
        self._set_epoch(epoch)
