"""Protocol of search methods."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import ClassVar, Literal, Protocol, TypeAlias

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing
from dslnas.data.batches import Batch
from dslnas.settings.search_base import SearchSettings
from dslnas.space.derive.derive import Scores
from dslnas.state import State, Stateful


@dataclass(frozen=True)
class StepReport:
    """Losses of one step.

    Attributes:
        train: On the batch that trains the weights, as a scalar tensor: what their step lowers,
            penalties included.
        architecture: On the batch that trains alpha; None if the step used none.
    """

    train: Tensor
    architecture: Tensor | None


Running: TypeAlias = Literal["all", "edges", "kept"]
"""Which operations run: all; one of every edge; one of every edge that a derived cell has."""


@dataclass(frozen=True)
class LargestPass:
    """The pass through the supernet of a method's step that needs most memory.

    Attributes:
        running: Which operations run.
        alpha: Whether alpha has a gradient.
        observe: Whether the other operations run forward.
    """

    running: Running = "all"
    alpha: bool = True
    observe: bool = False


Progress = Callable[[int, int], None]
"""Called with how many things are done, and how many there are."""


def counting(progress: Progress, things: int) -> Callable[[], None]:
    """Return a function that is called whenever one of some things is done, and tells it."""
    done = count(1)
    return lambda: progress(next(done), things)


class Engine(Stateful, Protocol):
    """One search method at work on one supernet.

    The caller starts every epoch, gives each step a batch of the weights' data and one of the
    architecture's, may ask for the scores after every epoch, and asks for the result at the end.
    Methods derive from this class: the abilities at its end, which only some have, say no unless a
    method says otherwise.

    Attributes:
        largest_pass: Pass of a step that needs most memory, to estimate it before it runs.
        learns_between: Whether `end_epoch` may take long, and says how far it is.
        weight_copies: Copies of the weights that the engine keeps besides gradients and momentum.
    """

    largest_pass: ClassVar[LargestPass] = LargestPass()
    learns_between: ClassVar[bool] = False
    weight_copies: ClassVar[int] = 0

    @classmethod
    def largest_pass_with(cls, settings: SearchSettings) -> LargestPass:
        """Return the largest pass with some settings: `largest_pass`, unless they change it."""
        return cls.largest_pass

    def start_epoch(self, epoch: int) -> None:
        """Set the learning rates of an epoch, counted from 0."""
        ...

    def step(self, train: Batch, architecture: Batch) -> StepReport:
        """Update alpha and the weights once."""
        ...

    def mixing(self) -> Mixing:
        """Return how the supernet runs now, for measuring it; needs no gradient."""
        ...

    def alphas(self) -> Mapping[str, Tensor]:
        """Return the architecture parameters by cell, (edges, operations)."""
        ...

    def scores(self) -> Scores:
        """Return the scores that an architecture would be derived from now."""
        ...

    def finish(self, architecture: Sequence[Batch], progress: Progress) -> Scores:
        """Return the scores that the architecture is derived from: those of now, unless measured.

        Args:
            architecture: The architecture data, for methods that choose by measuring; of text,
                segments in their order.
            progress: Told how much of that is done.
        """
        return self.scores()

    @abstractmethod
    def state(self) -> State:
        """Return what it remembers between any two calls of the others.

        That is all but the weights and buffers of the supernet, and the states of generators: who
        stores a search stores those too.
        """
        ...

    @abstractmethod
    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state, in the midst of its epoch: `start_epoch` comes with the next one.

        The engine was made on the same supernet from the same seed. Weights and generators are
        restored after this, generators last.

        Raises:
            StateError: It is of another method, or of another space.
        """
        ...

    # ---- abilities of some methods --------------------------------------------------------------

    def probabilities(self) -> Mapping[str, Tensor] | None:
        """Return the probability of every operation by cell, (edges, operations), or None.

        Each row adds up to 1. Methods without probabilities have neither an entropy to report nor a
        perturbation to derive by. Settings say which those are: `has_probabilities`.
        """
        return None

    def typical_weights(self) -> Mapping[str, Tensor] | None:
        """Return the weights of a run that stands for all, (edges, operations), or None.

        `perturbation` takes them away one by one. They are the probabilities, unless a method
        weighs by something else.
        """
        return self.probabilities()

    def architecture_loss(self, batch: Batch) -> Tensor | None:
        """Return the loss on a batch as a function of `alphas()`, differentiable twice, or None.

        Settings say of a method whether there is one: `is_differentiable`.
        """
        return None

    def end_epoch(self, architecture: Iterator[Batch], progress: Progress) -> Tensor | None:
        """Learn between two epochs, when the weights stand still, after the steps of one.

        Takes as many batches of the architecture data as it needs; returns the mean loss on them,
        or None if it takes none. `progress` is told how much of it is done, where it takes long:
        it may end the search there.
        """
        return None

    @property
    def is_decided(self) -> bool:
        """Whether no edge has anything left to choose from: the search ends."""
        return False

    @property
    def stopped_operations(self) -> int | None:
        """Number of operations whose weights have stopped for good; None if none ever can."""
        return None

    def break_ties(self, generator: torch.Generator) -> None:
        """Move alpha away from a start at which all operations tie, as some training would.

        Steps are timed after this. A method whose steps cost as much as the operations that it
        chooses moves to a random choice; one whose steps always cost the same stays.
        """
        return None
