"""What a search method is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from dslnas.backends.torch.supernet import Mixing
from dslnas.data.batches import Batch
from dslnas.space.derive.derive import Scores


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


Progress = Callable[[int, int], None]
"""Called with how many things are done, and how many there are."""


class Engine(Protocol):
    """One search method at work on one supernet.

    The caller starts every epoch, gives each step a batch of the weights' data and one of the
    architecture's, may ask for the scores after every epoch, and asks for the result at the end.

    Attributes:
        learns: Whether alpha is moved by gradients, and not drawn.
    """

    learns: bool

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
        """Return the scores that the architecture is derived from.

        Args:
            architecture: The architecture data, for methods that choose by measuring; of text,
                segments in their order.
            progress: Told how much of that is done.
        """
        ...
