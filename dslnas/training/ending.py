"""The end of a search: its scores, the epoch that counts, and a check of what is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.data.dataset import Data
from dslnas.engines.protocol import Engine, Progress
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.graph.analysis.size import check_final
from dslnas.space.architecture import Architecture
from dslnas.space.continuous import with_found
from dslnas.space.derive.derive import Scores, derive
from dslnas.training.comparison import Comparisons
from dslnas.training.constraints import architecture_keeps_to
from dslnas.training.fine_tuning import FineTuning
from dslnas.training.one_shot import OneShot
from dslnas.training.perturbation import Selection
from dslnas.training.records import SearchCheck
from dslnas.training.review import Review
from dslnas.training.search_plan import SearchPlan
from dslnas.training.snapshots import Snapshot, best, best_of_every_size
from dslnas.training.stopping import Stop


class Ending:
    """Takes the result from a search whose epochs are over."""

    def __init__(
        self,
        plan: SearchPlan,
        supernet: Supernet,
        engine: Engine,
        data: Data,
        generator: torch.Generator,
        seed: int,
        progress: Progress,
        check_stop: Callable[[], None],
    ) -> None:
        """Take all that a search has.

        `progress` is told how far comparisons are; after steps `check_stop` may end them.
        """
        self._plan, self._supernet, self._engine, self._data = plan, supernet, engine, data
        self._generator, self._seed, self._progress = generator, seed, progress
        self._check_stop = check_stop

    def found(self, review: Review, stop: Stop | None) -> tuple[Snapshot, tuple[Snapshot, ...]]:
        """Return what was found, and the family it belongs to."""
        derivation, history = self._plan.derivation, review.history
        if derivation.epoch != "last" and history:
            # Where none keeps to the limits, the best is taken, and refused when it is trained.
            kept = [s for s in history if self._keeps_to_limits(s.architecture)] or history
            family = best_of_every_size(kept) if derivation.epoch == "every_size" else ()
            return best(kept), family
        if stop is not None and derivation.by == "magnitude":
            return next(c for c in history if c.epoch == stop.epoch), ()
        scores = self._scores()
        found = self._supernet.found()
        derived = derive(self._plan.space, scores, derivation.rule, self._seed)
        architecture = with_found(derived, found)
        epoch = self._plan.settings.epochs if stop is None else history[-1].epoch
        params = check_final(architecture)
        return Snapshot(epoch, architecture, scores, params, found=found), ()

    def checked(
        self, found: Snapshot, one_shot: OneShot | None, constraints: ResourceConstraints
    ) -> tuple[Snapshot, SearchCheck | None]:
        """Return the best nearby, where that is asked for, and how it compares with random ones."""
        if one_shot is None:
            return found, None
        comparisons = Comparisons(
            self._plan, one_shot, self._supernet, self._seed, self._check_stop
        )
        found = comparisons.best_nearby(found, self._progress)
        return found, comparisons.check(found, constraints)

    def _keeps_to_limits(self, architecture: Architecture) -> bool:
        return architecture_keeps_to(architecture, self._plan.derivation.limits)

    def _scores(self) -> Scores:
        """Return the scores at the end; some methods find them by comparing."""
        weights = self._engine.typical_weights()
        if self._plan.derivation.by == "perturbation" and weights is not None:
            return self._perturbed(weights)
        with self._supernet.without_dropout():
            held_out = [b for b in self._held_out() if len(b) > 1]
            return self._engine.finish(held_out, self._progress)

    def _perturbed(self, weights: Mapping[str, Tensor]) -> Scores:
        """Return scores that prefer what is decided by perturbation."""
        plan, supernet, generator = self._plan, self._supernet, self._generator
        part = self._data.architecture
        selection = Selection(
            supernet.tables,
            weights,
            OneShot(plan, supernet, part, self._seed).worth,
            generator,
            progress=self._progress,
        )
        if plan.derivation.tune > 0:
            times = selection.rounds - 1
            selection.tune = FineTuning(
                plan, supernet, self._data, times, generator, self._check_stop
            )
        return selection.scores()

    def _held_out(self) -> Iterator[Batch]:
        return self._data.architecture.held_out(self._plan.data.batch, self._generator)
