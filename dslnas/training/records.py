"""Records of a training while it runs: one after every step and after every epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, Self, TypeAlias

from pydantic import ConfigDict

from dslnas.diagnostics import user_error
from dslnas.json_model import JsonModel, OpenModel, Seconds

LEARN = "learn"
"""Stage of the steps between the epochs of a search."""

STAGES: Mapping[str, str] = {
    "search": "search",
    LEARN: "learning",
    "compare": "comparison",
    "retrain": "training",
}
"""Stages of a run, as they are called for people."""

VALIDATION, DERIVED = "validation_", "derived_"


class EpochRecord(OpenModel):
    """One epoch of a search or of a training from scratch, a line of a run's metrics.

    Metrics of the task on the validation part are further entries, `validation_accuracy` for one,
    and in a search `derived_accuracy` beside it.

    Attributes:
        stage: `search` or `retrain`.
        epoch: Counted from 1.
        epochs: How many there are.
        train_loss: Mean over the steps, on the data that trains the weights.
        architecture_loss: Mean over the steps, on the data that trains alpha; None without.
        validation_loss: On the validation part.
        derived_loss: That of the architecture that would be derived now, in a search whose weights
            are shared; see `dslnas.training.one_shot`.
        seconds: Time since the stage began.
        entropy: This and the next three are observed in a search only, see
            `dslnas.training.monitor.Observation`.
        operations: Operations of the cells that would be derived now.
        skip_share: Share of skip connections among their edges with a choice.
        alpha_change: Root mean square of the changes of alpha in the epoch.
        eigenvalue: Dominant one of the Hessian in alpha, where a stop rule asks for it.
        stopped_operations: Operations of the supernet whose weights have stopped so far, where a
            setting such as `freeze` stops them.
        averaged: Whether averaged weights were measured, where they may be.
        warnings: Warnings for the user.
        chosen: By table of choices, the column of every row in the architecture that would be
            derived now; -1 for an edge that it does without.
        scores: By table the numbers that it is derived from, a row for every edge or other choice
            and a column for every operation of it, with six digits; null for an operation that is
            out of the question.
    """

    model_config = ConfigDict(extra="allow")
    extras_after: ClassVar[str] = "validation_loss"
    __pydantic_extra__: dict[str, float]

    stage: Literal["search", "retrain"]
    epoch: int
    epochs: int
    train_loss: float
    architecture_loss: float | None = None
    validation_loss: float
    derived_loss: float | None = None
    seconds: Seconds
    entropy: Mapping[str, float] | None = None
    operations: Mapping[str, Mapping[str, int]] | None = None
    skip_share: Mapping[str, float] | None = None
    alpha_change: Mapping[str, float] | None = None
    eigenvalue: float | None = None
    stopped_operations: int | None = None
    averaged: bool | None = None
    warnings: tuple[str, ...] = ()
    chosen: Mapping[str, tuple[int, ...]] | None = None
    scores: Mapping[str, tuple[tuple[float | None, ...], ...]] | None = None

    @property
    def validation_metrics(self) -> dict[str, float]:
        """Metrics of the task by name, on the validation part."""
        return self._metrics(VALIDATION)

    @property
    def derived_metrics(self) -> dict[str, float]:
        """Metrics of what would be derived, on the validation part; none if it is not measured."""
        return self._metrics(DERIVED)

    def _metrics(self, prefix: str) -> dict[str, float]:
        entries = self.__pydantic_extra__.items()
        return {key.removeprefix(prefix): v for key, v in entries if key.startswith(prefix)}

    def with_metrics(self, metrics: Mapping[str, float], prefix: str = VALIDATION) -> Self:
        """Return the record with metrics by name, by default of the validation part."""
        return self.updated({f"{prefix}{name}": value for name, value in metrics.items()})

    def as_json(self) -> dict[str, object]:
        """Return the record as plain values, what does not apply left out."""
        return {k: v for k, v in self.model_dump().items() if v is not None and v != ()}


class SearchCheck(JsonModel):
    """The result of a search beside random architectures of its space, measured alike.

    All run with the weights that the search shared, on the validation part.

    Attributes:
        stage: `check`: its line in the metrics comes after those of the search.
        metric: Name of what was measured.
        found: The metric of the result.
        random: The metrics of the random architectures.
        median: Median of those.
        beats_random: Whether the result is better than the median.
    """

    stage: Literal["check"]
    metric: str
    found: float
    random: tuple[float, ...]
    median: float
    beats_random: bool

    def as_json(self) -> dict[str, object]:
        """Return the check as plain values."""
        return self.model_dump()


@dataclass(frozen=True)
class StepRecord:
    """One step, for a progress bar: `step` of `steps` in `epoch` of `epochs`, counted from 1.

    Where segments of text vary in length `steps` is what is expected: it grows with `step`. Stage
    `learn` comes between epochs of `search`, for methods that learn from samples there; `compare`
    comes after it, for methods that choose among samples.
    """

    stage: str
    epoch: int
    epochs: int
    step: int
    steps: int


Line: TypeAlias = EpochRecord | SearchCheck
"""A line of a run's metrics."""

Report: TypeAlias = Callable[[Line | StepRecord], None]

DIVERGED = 10.0
"""A training has diverged whose losses are so many times that of a guess."""


def check_diverged(record: EpochRecord, guess: float | None, where: str) -> None:
    """Raise NAS701 if a network is far worse than a guess with this loss, after an epoch."""
    train, validation = record.train_loss, record.validation_loss
    if guess is not None and min(train, validation) > DIVERGED * guess:
        raise user_error(
            "NAS701",
            f"diverged in epoch {record.epoch}: training loss {train:.4g}, validation loss "
            f"{validation:.4g}, where a guess has {guess:.4g}",
            where=where,
            help="divide the learning rate of `weights` by ten, or clip more",
        )


def check_finite(what: str, loss: float, epoch: int, step: int, method: str) -> None:
    """Raise NAS701 with the place and the value if a training has diverged."""
    if loss != loss or loss in (float("inf"), float("-inf")):
        raise user_error(
            "NAS701",
            f"{what} is {loss} in epoch {epoch}, step {step}",
            where=method,
            help="divide the learning rate of `weights` by ten, or clip more",
        )
