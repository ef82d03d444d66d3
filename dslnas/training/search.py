"""The search: an engine updates alpha and weights until the epochs are over, or a rule ends it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import torch

from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Supernet
from dslnas.backends.torch.synchronised import share_statistics
from dslnas.data.batches import Batch, Reading, forever
from dslnas.data.dataset import Data
from dslnas.engines.catalogue import make_engine
from dslnas.engines.protocol import Engine, Progress, StepReport
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.state import Generators, Stateful, Tensors, copied, state_of, take_parts
from dslnas.tasks.catalogue import task_of
from dslnas.training.ending import Ending
from dslnas.training.keeping import Keeper, LoopProgress, Saved
from dslnas.training.records import Report, StepRecord, check_finite
from dslnas.training.review import ARCHITECTURE, TRAINING, Review, Reviewed
from dslnas.training.search_plan import SearchPlan, SearchResult


class SearchProgress(LoopProgress):
    """How far a search is.

    Attributes:
        reviewed: All that is known from the epochs that are over.
        losses: Sums of the losses of the steps in the epoch under way, by name.
    """

    reviewed: Reviewed = Reviewed()
    losses: Mapping[str, float] = {}

    @property
    def epochs(self) -> int:
        """How many epochs are over."""
        return self.reviewed.epochs


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
        norms=settings.norms or 0.0,
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
    The keeper may store the search after every step: `take` goes on from there to the same bits.
    """

    def __init__(
        self,
        plan: SearchPlan,
        data: Data,
        seed: int,
        runtime: Runtime,
        report: Report,
        keeper: Keeper[SearchProgress],
    ) -> None:
        self._begin, self._seed = time.perf_counter(), seed
        self._plan, self._data, self._report, self._keeper = plan, data, report, keeper
        self._generator = torch.Generator().manual_seed(seed)
        self._supernet = make_supernet(plan, self._generator, seed, runtime)
        self._constraints = ResourceConstraints(plan.space, plan.derivation)
        self._engine: Engine = make_engine(
            self._supernet, plan.settings, self._generator, self._constraints
        )
        self._review = Review(plan, self._supernet, self._engine, data, seed)
        batch, augment = plan.data.batch, plan.data.augmentations
        self._architecture = forever(data.architecture, batch, self._generator, augment)
        self._weights: Reading | None = None
        self._steps, self._losses = 0, dict[str, float]()

    def run(self) -> SearchResult:
        """Search, and derive what is found.

        Raises:
            UserError: NAS701 if a loss is not finite.
            KeyboardInterrupt: The keeper wants the search to end.
        """
        review, settings = self._review, self._plan.settings
        stop = review.stop()
        while stop is None and review.epochs < settings.epochs:
            losses = self._train()
            record = review.after(losses, self._held_out, self._seconds)
            self._keeper.after_epoch(record, self.save)
            self._report(record)
            stop = review.stop()
        self._supernet.network.train()
        ending = Ending(
            self._plan,
            self._supernet,
            self._engine,
            self._data,
            self._generator,
            self._seed,
            self._compared,
            self._keeper.check_stop,
        )
        found, family = ending.found(review, stop)
        found, check = ending.checked(found, review.one_shot, self._constraints)
        return SearchResult(
            architecture=found.architecture,
            scores=found.scores,
            epoch=found.epoch if settings.learns and settings.shares_weights else None,
            family=family,
            stopped=None if stop is None else stop.reason,
            check=check,
            alphas={name: a.detach().cpu().clone() for name, a in self._engine.alphas().items()},
            seconds=self._seconds(),
        )

    def _train(self) -> dict[str, float]:
        """Train for one epoch, or for what is left of it, and return the mean losses."""
        plan, epoch, where = self._plan, self._review.epochs, self._review.where
        steps = self._data.weights.batch_count(plan.data.batch)
        if self._weights is None:
            self._engine.start_epoch(epoch)
            self._weights = self._read_weights()
        self._supernet.network.train()
        for train in self._weights:
            self._steps += 1
            losses = self._engine.step(train, next(self._architecture))
            share_statistics(self._supernet.network, self._supernet.ranks)
            for what, value in _named(losses):
                check_finite(what, value, epoch + 1, self._steps, where)
                self._losses[what] = self._losses.get(what, 0.0) + value
            self._keeper.after_step(self.save)
            record = StepRecord("search", epoch + 1, plan.settings.epochs, self._steps, steps)
            self._report(record)
        means = {what: total / steps for what, total in self._losses.items()}
        progress = self._between_epochs()
        self._weights, self._steps, self._losses = None, 0, {}
        learnt_from = self._engine.end_epoch(self._architecture, progress)
        if learnt_from is not None:
            means[ARCHITECTURE] = float(learnt_from)
            check_finite(ARCHITECTURE, means[ARCHITECTURE], epoch + 1, steps, where)
        return means

    def _between_epochs(self) -> Progress:
        """Return what is told how far learning after the last step of an epoch is.

        A search that ends meanwhile is stored as it was before: the learning will be done again.
        Where nothing is learnt, nothing is told, and nothing copied.
        """
        if not self._engine.learns_between:
            return lambda *_: None
        before, plan, epoch = self.save(), self._plan, self._review.epochs + 1

        def progress(done: int, all_: int) -> None:
            self._report(StepRecord("learn", epoch, plan.settings.epochs, done, all_))
            self._keeper.after_step(lambda: before)

        return progress

    def _seconds(self) -> float:
        """Return how long it took so far, before an interruption too."""
        return time.perf_counter() - self._begin

    def _compared(self, done: int, all_: int) -> None:
        self._report(StepRecord("compare", 1, 1, done, all_))
        self._keeper.check_stop()

    def _held_out(self) -> Iterator[Batch]:
        """Yield the architecture data once, for a network in training mode."""
        return self._data.architecture.held_out(self._plan.data.batch, self._generator)

    # ---- to be gone on with ---------------------------------------------------------------------

    def save(self) -> Saved[SearchProgress]:
        """Return a copy of the search as it is now, between two steps or two epochs."""
        progress = SearchProgress(
            reviewed=self._review.reviewed(),
            steps=self._steps,
            losses=self._losses,
            seconds=self._seconds(),
        )
        return Saved(progress, copied(state_of(self._parts())))

    def take(self, saved: Saved[SearchProgress]) -> None:
        """Go on from where a search was saved.

        Raises:
            StateError: It is another search.
        """
        progress = saved.progress
        if progress.steps > 0:
            self._weights = self._read_weights()
        take_parts(self._parts(), saved.state)
        self._review.take_numbers(progress.reviewed)
        self._steps, self._losses = progress.steps, dict(progress.losses)
        self._begin -= progress.seconds

    def _parts(self) -> dict[str, Stateful]:
        """Return all that has tensors; generators come last, as what is made draws from them."""
        network = self._supernet.network
        masks = network.run_state.generator
        assert masks is not None, "made with the supernet"
        reading = {} if self._weights is None else {"weights": self._weights}
        return {
            "engine": self._engine,
            "architecture": self._architecture,
            **reading,
            "review": self._review,
            "network": Tensors(network.state_dict()),
            "generators": Generators({"order": self._generator, "masks": masks}),
        }

    def _read_weights(self) -> Reading:
        batch, augment = self._plan.data.batch, self._plan.data.augmentations
        return self._data.weights.batches(batch, self._generator, augment)


def _named(losses: StepReport) -> Iterator[tuple[str, float]]:
    """Yield the losses of a step by name, in the order in which a step takes them."""
    if losses.architecture is not None:
        yield ARCHITECTURE, float(losses.architecture)
    yield TRAINING, float(losses.train)
