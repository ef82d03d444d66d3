"""The search: an engine updates alpha and weights until the epochs are over, or a rule ends it."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch, forever
from dslnas.data.dataset import Data
from dslnas.engines.catalogue import make_engine
from dslnas.engines.curvature import dominant_eigenvalue
from dslnas.engines.protocol import Engine, StepReport
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.graph.analysis.size import check_final
from dslnas.settings.stop import Eigenvalue
from dslnas.space.architecture import Architecture
from dslnas.space.derive.derive import Scores, derive
from dslnas.tasks.catalogue import task_of
from dslnas.tasks.task import Measurement
from dslnas.training.comparison import Comparisons
from dslnas.training.constraints import architecture_keeps_to
from dslnas.training.doubts import Doubts
from dslnas.training.fine_tuning import FineTuning
from dslnas.training.measure import measure
from dslnas.training.monitor import Monitor
from dslnas.training.one_shot import OneShot
from dslnas.training.perturbation import Selection
from dslnas.training.records import (
    DERIVED,
    EpochRecord,
    Report,
    StepRecord,
    check_diverged,
    check_finite,
)
from dslnas.training.search_plan import SearchPlan, SearchResult
from dslnas.training.snapshots import Snapshot, best, best_of_every_size
from dslnas.training.stopping import Stop, stop_after

ARCHITECTURE, TRAINING = "architecture loss", "training loss"


def make_supernet(
    plan: SearchPlan, generator: torch.Generator, seed: int, runtime: Runtime
) -> Supernet:
    """Return a supernet as a search trains it.

    Weights are drawn from `generator`, on the CPU; what is dropped follows from `seed`.
    """
    settings = plan.settings
    supernet = Supernet(
        plan.space,
        plan.graph,
        generator,
        runtime,
        loss_of=task_of(plan.data).loss,
        slowness=settings.slowness or 0.0,
        accumulate=settings.accumulate,
    )
    state = supernet.network.run_state
    state.generator = torch.Generator(runtime.device).manual_seed(seed)
    state.dropout = {} if settings.dropout is None else settings.dropout.rates()
    return supernet


class Search:
    """A search for the best architecture of a space.

    One epoch is one pass over the weights' data; every step gets a batch of the architecture's data
    too. The validation part trains nothing. `seed` is that of weights, alpha, order and samples.
    """

    def __init__(
        self, plan: SearchPlan, data: Data, seed: int, runtime: Runtime, report: Report
    ) -> None:
        self._begin, self._seed = time.perf_counter(), seed
        self._plan, self._data, self._report = plan, data, report
        self._generator = torch.Generator().manual_seed(seed)
        self._task = task_of(plan.data)
        self._supernet = make_supernet(plan, self._generator, seed, runtime)
        self._constraints = ResourceConstraints(plan.space, runtime.device, plan.derivation)
        self._engine: Engine = make_engine(
            self._supernet, plan.settings, self._generator, self._constraints
        )
        learns = plan.settings.learns and not plan.settings.draws
        shares = plan.settings.shares_weights
        self._one_shot = OneShot(plan, self._supernet, data.validation, seed) if shares else None
        self._monitor = Monitor(self._supernet, self._engine.alphas(), learns=learns)
        self._doubts = Doubts(self._supernet, self._task, data)
        self._history: list[Snapshot] = []
        self._eigenvalues: list[float] = []
        self._sharpness = torch.Generator().manual_seed(seed)

    def run(self) -> SearchResult:
        """Search, and derive what is found.

        Raises:
            UserError: NAS701 if a loss is not finite.
        """
        settings, batch = self._plan.settings, self._plan.data.batch
        augment = self._plan.data.augmentations
        architecture = forever(self._data.architecture, batch, self._generator, augment)
        stop: Stop | None = None
        for epoch in range(settings.epochs):
            sums = self._train(epoch, architecture)
            self._look(epoch, sums)
            if self._history:
                stop = stop_after(settings.stop, self._history, self._eigenvalues)
            if self._engine.is_decided and stop is None:
                stop = Stop("every edge has one operation left", epoch + 1)
            if stop is not None:
                break
        self._supernet.network.train()
        found, family = self._result(stop)
        check = None
        if self._one_shot is not None:
            comparisons = Comparisons(self._plan, self._one_shot, self._supernet, self._seed)
            found = comparisons.best_nearby(found, self._compared)
            check = comparisons.check(found, self._constraints)
        if check is not None:
            self._report(check)
        return SearchResult(
            architecture=found.architecture,
            scores=found.scores,
            epoch=found.epoch if settings.learns else None,
            family=family,
            stopped=None if stop is None else stop.reason,
            check=check,
            alphas={name: a.detach().cpu().clone() for name, a in self._engine.alphas().items()},
            seconds=time.perf_counter() - self._begin,
        )

    def _train(self, epoch: int, architecture: Iterator[Batch]) -> dict[str, float]:
        """Train for one epoch and return the mean losses."""
        plan, epochs = self._plan, self._plan.settings.epochs
        steps = self._data.weights.batch_count(plan.data.batch)
        where = f"search {plan.method}"
        self._engine.start_epoch(epoch)
        self._supernet.network.train()
        sums: dict[str, float] = {}
        batch, augment = plan.data.batch, plan.data.augmentations
        weights = self._data.weights.batches(batch, self._generator, augment)
        for step, train in enumerate(weights, 1):
            losses = self._engine.step(train, next(architecture))
            for what, value in _named(losses):
                check_finite(what, value, epoch + 1, step, where)
                sums[what] = sums.get(what, 0.0) + value
            self._report(StepRecord("search", epoch + 1, epochs, step, steps))
        means = {what: total / steps for what, total in sums.items()}
        learnt_from = self._engine.end_epoch(architecture)
        if learnt_from is not None:
            means[ARCHITECTURE] = float(learnt_from)
            check_finite(ARCHITECTURE, means[ARCHITECTURE], epoch + 1, steps, where)
        return means

    def _look(self, epoch: int, losses: Mapping[str, float]) -> None:
        """Measure the supernet, see what would be derived from it, and report both."""
        settings, derivation = self._plan.settings, self._plan.derivation
        measured = self._measure()
        steps = self._data.weights.batch_count(self._plan.data.batch)
        where = f"search {self._plan.method}"
        check_finite("validation loss", measured.loss, epoch + 1, steps, where)
        scores = self._engine.scores()
        architecture = derive(self._plan.space, scores, derivation.rule, self._seed)
        derived = self._measure_derived(scores)
        is_warm = settings.is_warm(epoch)
        eigenvalue = None if is_warm else self._eigenvalue()
        if not is_warm:
            params = check_final(architecture)
            value = self._worth(measured, derived)
            self._history.append(Snapshot(epoch + 1, architecture, scores, params, measured, value))
        engine = self._engine
        seen = self._monitor.observe(
            architecture, engine.probabilities(), engine.alphas(), warm=is_warm
        )
        may_fall = is_warm or settings.draws or not settings.learns
        doubts = self._doubts.after(epoch + 1, measured, engine.mixing(), may_fall=may_fall)
        seen = replace(seen, warnings=(*seen.warnings, *doubts))
        record = EpochRecord(
            stage="search",
            epoch=epoch + 1,
            epochs=settings.epochs,
            train_loss=losses[TRAINING],
            architecture_loss=losses.get(ARCHITECTURE),
            validation_loss=measured.loss,
            derived_loss=None if derived is None else derived.loss,
            seconds=time.perf_counter() - self._begin,
            eigenvalue=eigenvalue,
            stopped_operations=engine.stopped_operations,
            **vars(seen),
        )
        check_diverged(record, self._task.guess_loss(self._data), where)
        record = record.with_metrics(measured.metrics)
        self._report(record.with_metrics({} if derived is None else derived.metrics, DERIVED))

    def _measure(self) -> Measurement:
        mixing = self._engine.mixing()
        self._supernet.network.eval()
        logits_of = self._doubts.watched(lambda batch: self._supernet.logits(batch, mixing))
        return measure(logits_of, self._data.validation, self._task)

    def _measure_derived(self, scores: Scores) -> Measurement | None:
        """Measure what scores prefer by the shared weights, if the method shares any."""
        if self._one_shot is None:
            return None
        return self._one_shot.measure(self._one_shot.choice(scores))

    def _worth(self, supernet: Measurement, derived: Measurement | None) -> float:
        """Return what epochs are compared by.

        This is what would be derived; of every size it is the supernet, as published (MiLeNAS,
        section 4.3), and where weights are not shared the one network that trains.
        """
        if self._one_shot is None or self._plan.derivation.epoch == "every_size":
            return self._task.worth(supernet)
        return -math.inf if derived is None else self._task.worth(derived)

    def _eigenvalue(self) -> float | None:
        """Return the sharpness in alpha on one batch of architecture data, if a rule asks."""
        asks = any(isinstance(rule, Eigenvalue) for rule in self._plan.settings.stop)
        if not asks:
            return None
        self._supernet.network.train()
        batch = next(self._held_out())
        with self._supernet.untracked(), self._supernet.without_dropout():
            loss = self._engine.architecture_loss(batch)
        if loss is None:
            return None
        alphas = list(self._engine.alphas().values())
        value = dominant_eigenvalue(loss, alphas, self._sharpness)
        self._eigenvalues.append(value)
        return value

    def _result(self, stop: Stop | None) -> tuple[Snapshot, tuple[Snapshot, ...]]:
        """Return what was found, and the family it belongs to."""
        derivation = self._plan.derivation
        if derivation.epoch != "last" and self._history:
            # Where none keeps to the limits, the best is taken, and refused when it is trained.
            kept = [
                s for s in self._history if self._keeps_to_limits(s.architecture)
            ] or self._history
            family = best_of_every_size(kept) if derivation.epoch == "every_size" else ()
            return best(kept), family
        if stop is not None and derivation.by == "magnitude":
            return next(c for c in self._history if c.epoch == stop.epoch), ()
        scores = self._final_scores()
        architecture = derive(self._plan.space, scores, derivation.rule, self._seed)
        epoch = self._plan.settings.epochs if stop is None else self._history[-1].epoch
        return Snapshot(epoch, architecture, scores, check_final(architecture)), ()

    def _compared(self, done: int, all_: int) -> None:
        self._report(StepRecord("compare", 1, 1, done, all_))

    def _keeps_to_limits(self, architecture: Architecture) -> bool:
        limits, device = self._plan.derivation.limits, self._supernet.device
        return architecture_keeps_to(architecture, limits, device)

    def _final_scores(self) -> Scores:
        """Return the scores at the end; some methods find them by comparing."""
        weights = self._engine.typical_weights()
        if self._plan.derivation.by == "perturbation" and weights is not None:
            return self._perturbed(weights)
        with self._supernet.without_dropout():
            held_out = [b for b in self._held_out() if len(b) > 1]
            return self._engine.finish(held_out, self._compared)

    def _perturbed(self, weights: Mapping[str, Tensor]) -> Scores:
        """Return scores that prefer what is decided by perturbation."""
        plan, supernet, generator = self._plan, self._supernet, self._generator
        part = self._data.architecture
        selection = Selection(
            supernet.tables,
            weights,
            OneShot(plan, supernet, part, self._seed).worth,
            generator,
            progress=self._compared,
        )
        if plan.derivation.tune > 0:
            times = selection.rounds - 1
            selection.tune = FineTuning(plan, supernet, self._data, times, generator)
        return selection.scores()

    def _held_out(self) -> Iterator[Batch]:
        """Yield the architecture data once, for a network in training mode."""
        return self._data.architecture.held_out(self._plan.data.batch, self._generator)


def _named(losses: StepReport) -> Iterator[tuple[str, float]]:
    """Yield the losses of a step by name, in the order in which a step takes them."""
    if losses.architecture is not None:
        yield ARCHITECTURE, float(losses.architecture)
    yield TRAINING, float(losses.train)
