"""Memory and time that a spec will need, before it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dslnas.app.compiled import CompiledArchitecture, CompiledSearch, CompiledSpace
from dslnas.app.data import load_data
from dslnas.app.own_loops import loops_for, search_work, training_work
from dslnas.app.run import Listener, Notice, silent, telling_how_far
from dslnas.app.search import plan_of
from dslnas.diagnostics import user_error
from dslnas.tasks.catalogue import task_of

if TYPE_CHECKING:
    from dslnas.backends.torch.runtime import Runtime
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
        UserError: The data are wrong, or NAS014: how the networks run is left open.
    """
    if not runtime.is_settled:
        where = "execution" if runtime.execution == "auto" else "precision"
        raise user_error(
            "NAS014",
            "`auto` leaves open what is to be estimated",
            where=where,
            help="name one way; a run measures several when it begins",
        )
    return tuple(_stages(spec, runtime, steps, report))


def _stages(
    spec: CompiledSpace | CompiledArchitecture, runtime: Runtime, steps: int, report: Listener
) -> Iterator[Estimate]:
    """Yield the estimate of the search, if there is one, and that of the training."""
    from dslnas.graph.lower.network import build_derived_graph
    from dslnas.training.estimate import estimate_search, estimate_training
    from dslnas.training.synthetic_data import noise, published_steps

    program, network = spec.program, spec.network
    settings, evaluate, device = program.data, program.evaluate, str(runtime.device)
    is_there = task_of(settings).is_at_hand(settings, program.network)
    if is_there:
        report(Notice("Reading the data"))
        with telling_how_far(report):
            data = load_data(spec, runtime, searching=isinstance(spec, CompiledSearch))
    else:
        report(Notice("The data are not here: noise stands for them"))
        size = max(settings.batch, evaluate.batch)
        shape = network.example, network.classes
        data = noise(settings, *shape, size, runtime.device, runtime.dtype)
    if isinstance(spec, CompiledSearch):
        report(Notice(f"Searching by {spec.method} for {steps} steps"))
        batch = settings.batch
        count = data.weights.batch_count(batch) if is_there else published_steps(settings, batch, 1)
        work = None if count is None else search_work(spec, count)
        with loops_for(work, device, runtime.passes, report, compiles=runtime.compiles):
            yield estimate_search(plan_of(spec), data, count, runtime, steps)
    architecture, batch = _architecture(spec, runtime), evaluate.batch
    report(Notice(f"Training an architecture for {steps} steps"))
    count = data.training.batch_count(batch) if is_there else published_steps(settings, batch, 2)
    graph = build_derived_graph(architecture)
    work = None if count is None else training_work(graph, program, count)
    with loops_for(work, device, runtime.passes, report, compiles=runtime.compiles):
        yield estimate_training(architecture, evaluate, settings, data, count, runtime, steps)


def _architecture(spec: CompiledSpace | CompiledArchitecture, runtime: Runtime) -> Architecture:
    """Return the architecture of the spec, or one that is drawn at random."""
    from dslnas.settings.rule import Derivation
    from dslnas.training.baseline import random_architecture

    if isinstance(spec, CompiledArchitecture):
        return spec.architecture
    # without limits: a latency would have to be measured
    rule = Derivation(rule=spec.program.derivation.rule)
    return random_architecture(spec.space, rule, 0)
