"""What training reports while it runs: one record per epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TypeAlias

from dslnas.diagnostics import user_error


@dataclass(frozen=True)
class EpochRecord:
    """One epoch of a search or of a retraining.

    Attributes:
        stage: `search` or `retrain`.
        epoch: Counted from 1.
        epochs: How many there are.
        train_loss: Mean over the steps, on the data that trains the weights.
        architecture_loss: Mean over the steps, on the data that trains alpha; None without.
        validation_loss: On the validation part.
        validation_accuracy: On the validation part, from 0 to 1.
        entropy: By cell, the mean over edges of the entropy of the weights of operations, as a
            share of its largest value; None where operations are not weighed.
        seconds: Time since the stage began.
    """

    stage: str
    epoch: int
    epochs: int
    train_loss: float
    architecture_loss: float | None
    validation_loss: float
    validation_accuracy: float
    entropy: dict[str, float] | None
    seconds: float

    def as_json(self) -> dict[str, object]:
        """Return the record as plain values, what does not apply left out."""
        return {k: v for k, v in asdict(self).items() if v is not None}


@dataclass(frozen=True)
class StepRecord:
    """One step, for a progress bar: `step` of `steps` in `epoch` of `epochs`, counted from 1.

    Stage `compare` comes after `search`, for methods that choose among samples.
    """

    stage: str
    epoch: int
    epochs: int
    step: int
    steps: int


Report: TypeAlias = Callable[[EpochRecord | StepRecord], None]


def check_finite(what: str, loss: float, epoch: int, step: int, method: str) -> None:
    """Stop a training that has diverged.

    Raises:
        UserError: NAS701 with the place and the value.
    """
    if loss != loss or loss in (float("inf"), float("-inf")):
        raise user_error(
            "NAS701",
            f"{what} is {loss} in epoch {epoch}, step {step}",
            where=method,
            help="lower the learning rate, as in `weights sgd(lr = 0.005)`, or clip more",
        )
