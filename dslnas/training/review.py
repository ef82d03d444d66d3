"""The review of a search after every epoch: its quality, what it would derive, what to doubt."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import torch
from pydantic import ConfigDict
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.data.dataset import Data
from dslnas.engines.curvature import dominant_eigenvalue
from dslnas.engines.protocol import Engine
from dslnas.graph.analysis.size import check_final
from dslnas.json_model import JsonModel
from dslnas.settings.stop import Eigenvalue
from dslnas.space.choice_table import ChoiceTable
from dslnas.space.continuous import with_found
from dslnas.space.derive.derive import Scores, chosen_columns, with_chosen
from dslnas.state import Generators, State, Stateful, state_of, take_parts
from dslnas.tasks.catalogue import task_of
from dslnas.tasks.task import Measurement
from dslnas.training.doubts import Doubts
from dslnas.training.measure import measure
from dslnas.training.monitor import Monitor
from dslnas.training.one_shot import OneShot, by_row
from dslnas.training.records import (
    DERIVED,
    EpochRecord,
    check_diverged,
    check_finite,
)
from dslnas.training.search_plan import SearchPlan
from dslnas.training.snapshots import Snapshot
from dslnas.training.stopping import Stop, stop_after

ARCHITECTURE, TRAINING = "architecture loss", "training loss"
"""Names of the losses of a step."""


class Candidate(JsonModel):
    """The architecture that would be derived after an epoch, in numbers.

    Attributes:
        epoch: Counted from 1.
        scores: Scores from which it is derived, by cell.
        value: Worth by which epochs are compared.
        found: Weights that belong to the architecture, by cell and value.
    """

    model_config = ConfigDict(ser_json_inf_nan="constants")

    epoch: int
    scores: Mapping[str, tuple[tuple[float, ...], ...]]
    value: float
    found: Mapping[str, Mapping[str, tuple[float, ...]]] = {}


class Reviewed(JsonModel):
    """All that is known from the epochs so far, but for tensors.

    Attributes:
        measured: The supernet on the validation part, after every epoch.
        candidates: Architectures to derive, after every epoch in which alpha learns.
        eigenvalues: Dominant ones after these epochs, where a stop rule asks for them.
        said: Warnings that were given.
    """

    measured: tuple[Measurement, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    eigenvalues: tuple[float, ...] = ()
    said: tuple[str, ...] = ()

    @property
    def epochs(self) -> int:
        """How many epochs are over."""
        return len(self.measured)


class Review:
    """Looks at one search after each of its epochs.

    Attributes:
        history: Architectures to derive, after every epoch in which alpha learns; the last ones,
            where no others can be the result.
        one_shot: Measures architectures by the shared weights; None where none are shared.
    """

    def __init__(
        self, plan: SearchPlan, supernet: Supernet, engine: Engine, data: Data, seed: int
    ) -> None:
        """Begin before the first epoch."""
        self._plan, self._supernet, self._engine = plan, supernet, engine
        self._data, self._seed = data, seed
        self._task = task_of(plan.data)
        learns = plan.settings.learns and not plan.settings.draws
        shares = plan.settings.shares_weights
        self.one_shot = OneShot(plan, supernet, data.validation, seed) if shares else None
        self._monitor = Monitor(supernet, plan.space.cells, engine.alphas(), learns=learns)
        self._doubts = Doubts(supernet, self._task, data)
        self.history: list[Snapshot] = []
        self._remembered = _remembered(plan)
        self._measured: list[Measurement] = []
        self._eigenvalues: list[float] = []
        self._sharpness = torch.Generator().manual_seed(seed)

    def after(
        self,
        losses: Mapping[str, float],
        batches: Callable[[], Iterator[Batch]],
        seconds: Callable[[], float],
    ) -> EpochRecord:
        """Measure the supernet, see what would be derived from it, and return both.

        Args:
            losses: Mean losses of the epoch, by name.
            batches: Yields the architecture data for a look at its loss.
            seconds: Returns how long the search took until now.

        Raises:
            UserError: NAS701 if the search has diverged.
        """
        settings, epoch, where = self._plan.settings, len(self._measured), self.where
        measured = self._measure()
        steps = self._data.weights.batch_count(self._plan.data.batch)
        check_finite("validation loss", measured.loss, epoch + 1, steps, where)
        self._measured.append(measured.brief)
        scores = _frozen(self._engine.scores())
        found = self._supernet.found()
        chosen = self._chosen(scores)
        architecture = with_found(with_chosen(self._plan.space, chosen), found)
        columns = by_row(chosen, self._supernet.tables)
        derived = None if self.one_shot is None else self.one_shot.measure(columns)
        is_warm = settings.is_warm(epoch)
        eigenvalue = None if is_warm else self._eigenvalue(batches)
        if not is_warm:
            params = check_final(architecture)
            value = self._worth(measured, derived)
            snapshot = Snapshot(epoch + 1, architecture, scores, params, measured, value, found)
            self.history.append(snapshot)
            self.history = self.history[-self._remembered :]
        engine = self._engine
        seen = self._monitor.observe(
            architecture, engine.probabilities(), engine.alphas(), warm=is_warm
        )
        may_fall = is_warm or settings.draws or not settings.learns
        doubts = self._doubts.after(self._measured, engine.mixing(), may_fall=may_fall)
        seen = replace(seen, warnings=(*seen.warnings, *doubts))
        record = EpochRecord(
            stage="search",
            epoch=epoch + 1,
            epochs=settings.epochs,
            train_loss=losses[TRAINING],
            architecture_loss=losses.get(ARCHITECTURE),
            validation_loss=measured.loss,
            derived_loss=None if derived is None else derived.loss,
            seconds=seconds(),
            eigenvalue=eigenvalue,
            stopped_operations=engine.stopped_operations,
            chosen=columns,
            scores=_written(scores, self._supernet.tables),
            **vars(seen),
        )
        check_diverged(record, self._task.guess_loss(self._data), where)
        record = record.with_metrics(measured.metrics)
        return record.with_metrics({} if derived is None else derived.metrics, DERIVED)

    @property
    def where(self) -> str:
        """The place of the search in its spec, for messages."""
        return f"search {self._plan.method}"

    @property
    def epochs(self) -> int:
        """How many epochs are over."""
        return len(self._measured)

    def stop(self) -> Stop | None:
        """Return why the search ends early now, if it does."""
        if self.history:
            found = stop_after(self._plan.settings.stop, self.history, self._eigenvalues)
            if found is not None:
                return found
        if self.epochs > 0 and self._engine.is_decided:
            return Stop("every edge has one operation left", self.epochs)
        return None

    # ---- to be gone on with ---------------------------------------------------------------------

    def reviewed(self) -> Reviewed:
        """Return what is known so far, but for tensors."""
        return Reviewed(
            measured=tuple(self._measured),
            candidates=tuple(
                Candidate(epoch=c.epoch, scores=_frozen(c.scores), value=c.value, found=c.found)
                for c in self.history
            ),
            eigenvalues=tuple(self._eigenvalues),
            said=tuple(sorted(self._monitor.said | self._doubts.said)),
        )

    def state(self) -> State:
        """Return the tensors that belong to `reviewed`."""
        return state_of(self._parts)

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state; its numbers are taken by themselves."""
        take_parts(self._parts, state)

    def take_numbers(self, reviewed: Reviewed) -> None:
        """Go on from the epochs that are known."""
        self._monitor.said, self._doubts.said = {*reviewed.said}, {*reviewed.said}
        self._measured = [*reviewed.measured]
        self._eigenvalues = [*reviewed.eigenvalues]
        self.history = [self._snapshot(candidate) for candidate in reviewed.candidates]

    @property
    def _parts(self) -> dict[str, Stateful]:
        sharpness = Generators({"of_alpha": self._sharpness})
        return {"monitor": self._monitor, "sharpness": sharpness}

    def _snapshot(self, candidate: Candidate) -> Snapshot:
        chosen = self._chosen(candidate.scores)
        architecture = with_found(with_chosen(self._plan.space, chosen), candidate.found)
        return Snapshot(
            candidate.epoch,
            architecture,
            candidate.scores,
            check_final(architecture),
            self._measured[candidate.epoch - 1],
            candidate.value,
            candidate.found,
        )

    # ---- parts of a look ------------------------------------------------------------------------

    def _chosen(self, scores: Scores) -> dict[str, Mapping[int, int]]:
        return chosen_columns(self._plan.space, scores, self._plan.derivation.rule, self._seed)

    def _measure(self) -> Measurement:
        mixing = self._engine.mixing()
        self._supernet.network.eval()
        logits_of = self._doubts.watched(lambda batch: self._supernet.logits(batch, mixing))
        return measure(logits_of, self._data.validation, self._task)

    def _worth(self, supernet: Measurement, derived: Measurement | None) -> float:
        """Return what epochs are compared by.

        This is what would be derived; of every size it is the supernet, as published (MiLeNAS,
        section 4.3), and where weights are not shared the one network that trains.
        """
        if self.one_shot is None or self._plan.derivation.epoch == "every_size":
            return self._task.worth(supernet)
        return -math.inf if derived is None else self._task.worth(derived)

    def _eigenvalue(self, batches: Callable[[], Iterator[Batch]]) -> float | None:
        """Return the sharpness in alpha on one batch of architecture data, if a rule asks."""
        asks = any(isinstance(rule, Eigenvalue) for rule in self._plan.settings.stop)
        if not asks:
            return None
        self._supernet.network.train()
        batch = next(batches())
        with self._supernet.untracked(), self._supernet.without_dropout():
            loss = self._engine.architecture_loss(batch)
        if loss is None:
            return None
        alphas = list(self._engine.alphas().values())
        value = dominant_eigenvalue(loss, alphas, self._sharpness)
        self._eigenvalues.append(value)
        return value


def _remembered(plan: SearchPlan) -> int:
    """Return how many of the last epochs may have the result, or are looked at by stop rules."""
    if plan.derivation.epoch != "last":
        return plan.settings.epochs
    return 1 + max((rule.looks_back() for rule in plan.settings.stop), default=0)


def _written(
    scores: Scores, tables: Mapping[str, ChoiceTable]
) -> dict[str, tuple[tuple[float | None, ...], ...]]:
    """Return the scores of operations that exist, with six digits; None for those below all."""
    return {
        name: tuple(
            tuple(float(f"{score:.6g}") if math.isfinite(score) else None for score in row[:count])
            for row, count in zip(scores[name], table.rows, strict=True)
        )
        for name, table in tables.items()
    }


def _frozen(scores: Scores) -> dict[str, tuple[tuple[float, ...], ...]]:
    return {cell: tuple(tuple(row) for row in rows) for cell, rows in scores.items()}
