"""Memory and time that a spec will need, before it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dslnas.app.compile import CompiledArchitecture, CompiledSearch, CompiledSpace
from dslnas.app.data import load_data
from dslnas.app.run import Listener, Notice, silent, telling_of_compilation
from dslnas.tasks.catalogue import task_of

if TYPE_CHECKING:
    from dslnas.backends.torch.runtime import Runtime
    from dslnas.data.dataset import Data
    from dslnas.space.architecture import Architecture
    from dslnas.training.estimate import Estimate


def estimate(
    spec: CompiledSpace | CompiledArchitecture,
    runtime: Runtime,
    steps: int = 3,
    report: Listener = silent,
) -> tuple[Estimate, ...]:
    """Estimate memory and time of a spec: of its search, and of training what it finds.

    Memory is counted from the graphs of the networks. Time is measured on a few steps, on the data
    or, if they are not there, on noise of their shape. An architecture drawn at random stands for
    what the search finds.

    Args:
        spec: The spec.
        runtime: How its networks run.
        steps: Steps whose time is taken, of the search and of the training; 0: none.
        report: Gets notices.

    Raises:
        UserError: The data are wrong.
    """
    with telling_of_compilation(str(runtime.device), report):
        return tuple(_Estimator(spec, runtime, steps, report).stages())


class _Estimator:
    def __init__(
        self,
        spec: CompiledSpace | CompiledArchitecture,
        runtime: Runtime,
        steps: int,
        report: Listener,
    ) -> None:
        self._spec, self._runtime, self._steps, self._report = spec, runtime, steps, report
        self._searches = isinstance(spec, CompiledSearch)

    def stages(self) -> Iterator[Estimate]:
        """Yield the estimate of the search, if there is one, and that of the training."""
        is_there = self._is_there()
        self._say(
            "Reading the data" if is_there else "The data are not here: noise stands for them"
        )
        data = (
            load_data(self._spec, self._runtime, searching=self._searches)
            if is_there
            else self._noise()
        )
        if isinstance(self._spec, CompiledSearch):
            yield self._search(self._spec, data, is_there=is_there)
        yield self._training(data, is_there=is_there)

    def _search(self, spec: CompiledSearch, data: Data, *, is_there: bool) -> Estimate:
        from dslnas.training.estimate import estimate_search
        from dslnas.training.search_plan import SearchPlan
        from dslnas.training.synthetic_data import published_steps

        program, batch, search = spec.program, spec.program.data.batch, spec.search
        self._say(f"Searching by {search.method} for {self._steps} steps")
        count = (
            data.weights.batch_count(batch) if is_there else published_steps(program.data, batch, 1)
        )
        plan = SearchPlan(search, program.data, program.derivation)
        return estimate_search(
            spec.space, spec.graph, plan, data, count, self._runtime, self._steps
        )

    def _training(self, data: Data, *, is_there: bool) -> Estimate:
        from dslnas.training.estimate import estimate_training
        from dslnas.training.synthetic_data import published_steps

        program, architecture = self._spec.program, self._architecture()
        self._say(f"Training an architecture for {self._steps} steps")
        settings = program.evaluate
        count = (
            data.training.batch_count(settings.batch)
            if is_there
            else published_steps(program.data, settings.batch, 2)
        )
        return estimate_training(
            architecture, settings, program.data, data, count, self._runtime, self._steps
        )

    def _architecture(self) -> Architecture:
        """Return the architecture of the spec, or one that is drawn at random."""
        from dslnas.settings.rule import Derivation
        from dslnas.training.baseline import random_architecture

        if isinstance(self._spec, CompiledArchitecture):
            return self._spec.architecture
        # without limits: a latency would have to be measured
        rule = Derivation(rule=self._spec.program.derivation.rule)
        return random_architecture(self._spec.space, rule, 0, self._runtime.device)

    def _is_there(self) -> bool:
        """Whether the data can be read: by their path, or because they come along."""
        program = self._spec.program
        return task_of(program.data).is_at_hand(program.data, program.network)

    def _noise(self) -> Data:
        from dslnas.training.synthetic_data import noise

        program, network, runtime = self._spec.program, self._spec.network, self._runtime
        batch = max(program.data.batch, program.evaluate.batch)
        shape = network.example, network.classes
        return noise(program.data, *shape, batch, runtime.device, runtime.dtype)

    def _say(self, what: str) -> None:
        self._report(Notice(what))
